//! What differs between the five inbound resources: one trait, implemented once in each inbound function.
//!
//! Everything here is pure: records in, decisions out. Reading and writing is the pipeline's work.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::account::Account;
use crate::defect::Defects;
use crate::events::EventDraft;
use crate::models::Model;
use crate::references::{Reference, References};
use crate::rejection::Rejection;

/// One inbound resource: its model and the rules of its own.
pub trait Resource: Send + Sync + 'static {
    /// The function that takes it in, as it is called in the template and in logs.
    const FUNCTION: &'static str;

    /// Fields, key and id prefix: the one source of parsing, limits and JSON Schema.
    const MODEL: &'static Model;

    /// The times that the system records as work goes on, when the sender does not tell them.
    const RECORDED: &'static [&'static str] = &[];

    /// Rules among the fields of one record that need nothing else: order of dates, windows, sums, fields that need others.
    ///
    /// `whole` says that `record` is all there is: a partner that is absent is missing. It is a new record, or a stored
    /// one with the body merged over it (then it has a `version`). A body alone is checked with `whole = false`: only
    /// what is wrong whatever is stored is reported. A value that is bad is there, and can't be read.
    fn check(record: &Map<String, Value>, whole: bool, defects: &mut Defects);

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

    /// The events of a change that was settled and found to be one, in the order in which they are raised.
    fn raise(change: &Change<'_>) -> Vec<EventDraft>;

    /// The events of a deletion, or why the record can't be deleted. Only called where the model allows deletion.
    ///
    /// # Errors
    /// `Rejection::Conflict` (409) when the state or an open work order forbids it.
    fn delete(_deletion: &mut Deletion<'_>) -> Result<Vec<EventDraft>, Rejection> {
        Ok(Vec::new())
    }
}

/// A create or an update on its way from the merged body to the stored record.
#[derive(Debug)]
pub struct Change<'a> {
    /// When the request is handled; whole seconds.
    pub now: Timestamp,
    /// The tenant, with its defaults.
    pub account: &'a Account,
    /// The record before; `None` when it is new.
    pub stored: Option<&'a Map<String, Value>>,
    /// The fields that were sent, normalised, without the control fields; null clears.
    pub body: &'a Map<String, Value>,
    /// Those of them that say something new: a whole row that is sent again says nothing but what has changed in it.
    pub sent: &'a Map<String, Value>,
    /// The fields of the record before of which the sender said something else, with what it said; `None` when that is
    /// not known.
    pub said: Option<&'a Map<String, Value>>,
    /// The record after: `sent` merged over `stored`, without nulls. `id`, `version`, `createdAt` and `updatedAt` are
    /// in it when `raise` is called; `id` also during `settle`.
    pub record: Map<String, Value>,
    /// What the references of the record were resolved to.
    pub references: &'a References,
    /// What stands in the record's own calendar; of a new record, what stood in that of the record whose number it takes.
    /// The cards of these work orders are among the references when `needs_own_calendar` asked for them.
    pub bookings: &'a [Booking],
    /// Facts that the sender should know and that change nothing.
    pub warnings: Vec<Warning>,
    /// What the people and companies on this record have in their calendars from now on.
    pub calendar: Vec<CalendarEdit>,
}

impl Change<'_> {
    /// A string field of the record as it will be stored.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        self.record.get(field).and_then(Value::as_str)
    }

    /// A string field of the record as it was stored.
    #[must_use]
    pub fn stored_text(&self, field: &str) -> Option<&str> {
        self.stored.and_then(|stored| stored.get(field)).and_then(Value::as_str)
    }

    /// Whether the stored value of a field may be the system's own: a default, or what followed from other fields.
    #[must_use]
    pub fn may_be_ours(&self, field: &str) -> bool {
        self.said.is_none_or(|said| said.contains_key(field))
    }

    /// Whether the body itself says the value that the record has: be it new or a repetition, nothing overrules it.
    #[must_use]
    pub fn is_stated(&self, field: &str) -> bool {
        self.body.get(field).is_some_and(|value| !value.is_null() && self.record.get(field) == Some(value))
    }

    /// Sets a field of the record.
    pub fn set(&mut self, field: &str, value: impl Into<Value>) {
        self.record.insert(field.to_owned(), value.into());
    }

    /// Sets a field unless the record has it.
    pub fn set_default(&mut self, field: &str, value: impl Into<Value>) {
        if !self.record.contains_key(field) {
            self.set(field, value);
        }
    }

    /// Adds a warning.
    pub fn warn(&mut self, code: WarningCode, field: impl Into<String>, message: impl Into<String>) {
        self.warnings.push(Warning { code, field: field.into(), message: message.into() });
    }
}

/// A deletion before it is stored.
#[derive(Debug)]
pub struct Deletion<'a> {
    /// When the request is handled; whole seconds.
    pub now: Timestamp,
    /// The record that goes.
    pub stored: &'a Map<String, Value>,
    /// The work orders that the person or company is on, and are open (empty for other resources).
    pub open_orders: &'a [Booking],
    /// What leaves other people's calendars with it.
    pub calendar: Vec<CalendarEdit>,
}

/// A fact in a 200 answer that changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Warning {
    /// The machine's word for it.
    pub code: WarningCode,
    /// The field that it is about.
    pub field: String,
    /// The person's sentence.
    pub message: String,
}

/// The warnings of `docs/contract.md#rules-across-records`, and of `docs/contract.md#late-messages`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the contract's words say it")]
pub enum WarningCode {
    OutsideProjectDates,
    UnknownPhase,
    TimeOffConflict,
    DoubleBooked,
    AssignmentConflict,
    InsuranceExpired,
    LicenseExpired,
    CertificationExpired,
    SkillGap,
    StaleUpdate,
}

/// A work order in the calendar of a person or a company that is assigned to it, or of the work order that it is a part
/// of (then without times).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Booking {
    /// The work order's id.
    pub id: String,
    /// Its number, for messages.
    pub number: String,
    /// When the person is on it; absent while it is unscheduled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Timestamp>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Timestamp>,
}

/// Time off, requested or approved, in the calendar of a person.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Leave {
    /// The request's id.
    pub id: String,
    /// Its number, for messages.
    pub number: String,
    /// First day, `YYYY-MM-DD` in `time_zone`.
    pub start_date: String,
    /// Last day, inclusive.
    pub end_date: String,
    /// `HH:MM` on a partial day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
    /// `HH:MM` on a partial day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    /// IANA name.
    pub time_zone: String,
    /// Whether it is approved already; otherwise it is requested.
    pub approved: bool,
}

/// One change of a calendar, written in the same transaction as the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CalendarEdit {
    /// `booking` stands in the calendar of the employee, vendor or parent order with this natural key. A parent is only
    /// booked while it is as it was read: it must not get a parent itself at the same moment.
    Book {
        /// Whose calendar.
        of: Holder,
        /// What stands there.
        booking: Booking,
    },
    /// The parent order stays as it was read; nothing is written, since its list is full.
    Hold {
        /// Whose list.
        of: Holder,
    },
    /// The work order `order_id` leaves the calendar.
    Unbook {
        /// Whose calendar.
        of: Holder,
        /// The work order's id.
        order_id: String,
    },
    /// `leave` stands in the calendar of the employee.
    Leave {
        /// Whose calendar.
        of: Holder,
        /// What stands there.
        leave: Leave,
    },
    /// The request `leave_id` leaves the calendar.
    Unleave {
        /// Whose calendar.
        of: Holder,
        /// The request's id.
        leave_id: String,
    },
}

/// Whose calendar it is: an employee, a vendor or a parent order, by its natural key as stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Holder {
    /// Employee, vendor or work order.
    pub kind: crate::models::Kind,
    /// `employeeNumber`, `vendorNumber` or `workOrderNumber`, as stored.
    pub number: String,
}

impl CalendarEdit {
    /// Whose calendar it changes.
    #[must_use]
    pub const fn holder(&self) -> &Holder {
        match self {
            Self::Book { of, .. }
            | Self::Hold { of }
            | Self::Unbook { of, .. }
            | Self::Leave { of, .. }
            | Self::Unleave { of, .. } => of,
        }
    }

    /// The same, to be changed.
    pub const fn holder_mut(&mut self) -> &mut Holder {
        match self {
            Self::Book { of, .. }
            | Self::Hold { of }
            | Self::Unbook { of, .. }
            | Self::Leave { of, .. }
            | Self::Unleave { of, .. } => of,
        }
    }
}
