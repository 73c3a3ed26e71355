//! Facts that the sender should know and that change nothing.
//!
//! They are about what the request touches: what points at a record that was not read for it gives no warning.

mod crew;
mod papers;
mod project;

use domain::resource::Change;
use domain::rules::fields::value;
use serde_json::{Map, Value};

use crate::status::Status;

/// Whether a change that sends no references concerns the stored ones: it moves the order, asks for other skills or
/// another phase, or opens it again, which may give warnings; or it renumbers the order in the calendars of its people.
pub(crate) fn concerned(stored: &Map<String, Value>, merged: &Map<String, Value>) -> bool {
    let changed = |field: &str| value(stored, field) != value(merged, field);
    let closed = |record| !Status::of(record).is_some_and(Status::is_open);
    ["workOrderNumber", "scheduledStart", "scheduledEnd", "timeZone", "requiredSkills", "phase"]
        .into_iter()
        .any(changed)
        || (closed(stored) && changed("status"))
}

/// Adds the warnings of the settled record. Nobody has to be anywhere for an order that is closed.
pub(crate) fn add(change: &mut Change<'_>) {
    if Status::of(&change.record).is_some_and(Status::is_open) {
        project::add(change);
        crew::add(change);
    }
}
