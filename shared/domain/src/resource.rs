//! What differs between the five inbound resources: one trait, implemented once in each inbound function.
//!
//! Everything here is pure: records in, decisions out. Reading and writing is the pipeline's work.

mod calendar;
mod change;
mod said;
mod settle;
#[cfg(feature = "testing")]
pub mod testing;

use serde_json::{Map, Value};

pub use self::calendar::{Booking, CalendarEdit, Holder, Leave};
pub use self::change::{Change, Deletion, Warning, WarningCode};
pub use self::said::NOTE;
pub use self::settle::{Action, FoundBy, Merged, Settled, Upsert};
use crate::defect::Defects;
use crate::events::EventDraft;
use crate::models::Model;
use crate::references::Reference;
use crate::rejection::Rejection;
use crate::rules::fields::Extent;

/// One inbound resource: its model and the rules of its own.
pub trait Resource: Send + Sync + 'static {
    /// Name of the Lambda function, as in the template and in logs.
    const FUNCTION: &'static str;

    /// Fields, key and id prefix: the one source of parsing, limits and JSON Schema.
    const MODEL: &'static Model;

    /// Fields with times that the system records when the sender does not send them: `actualStart`.
    const RECORDED: &'static [&'static str] = &[];

    /// Rules among the fields of one record that need nothing else: order of dates, windows, sums, fields that need others.
    ///
    /// A whole record that has a `version` is a stored one with the body merged over it. An invalid value counts as given,
    /// but has no value that a rule could read.
    fn check(record: &Map<String, Value>, extent: Extent, defects: &mut Defects);

    /// Every reference that `record` makes, with the paths of the fields that make it.
    fn references(record: &Map<String, Value>) -> Vec<Reference>;

    /// Whether the rules need the references that are stored already, and not only those that were sent
    /// (a moved work order can double-book the people who were on it before).
    #[must_use]
    fn needs_stored_references(_stored: &Map<String, Value>, _merged: &Map<String, Value>) -> bool {
        false
    }

    /// Whether the rules depend on who is in the record's own calendar (an order that is given a parent may not have
    /// orders under it). The change is then only good while that calendar stays as it was read.
    #[must_use]
    fn needs_own_calendar(_stored: Option<&Map<String, Value>>, _merged: &Map<String, Value>) -> bool {
        false
    }

    /// Completes `change.record` (defaults, ids of references, state machine, dates that follow from a status), adds
    /// warnings and calendar edits, or refuses the change.
    ///
    /// # Errors
    /// `Rejection::Invalid` for references and first states (400), `Rejection::Conflict` for what the stored state
    /// forbids (409).
    fn settle(change: &mut Change<'_>) -> Result<(), Rejection>;

    /// The events of a settled change, in the order in which they are raised. Not called when nothing changed.
    fn raise(change: &Change<'_>) -> Vec<EventDraft>;

    /// The events of a deletion, or why the record can't be deleted. Only called where the model allows deletion.
    ///
    /// # Errors
    /// `Rejection::Conflict` (409) when the state or an open work order forbids it.
    fn delete(_deletion: &mut Deletion<'_>) -> Result<Vec<EventDraft>, Rejection> {
        Ok(Vec::new())
    }
}
