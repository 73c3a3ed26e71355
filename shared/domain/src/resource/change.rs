//! A create, update or delete on its way through the rules.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::calendar::{Booking, CalendarEdit};
use crate::account::Account;
use crate::models::Model;
use crate::references::References;
use crate::rules::fields::{Sent, text, value};
use crate::words;

/// A create or an update on its way from the merged body to the stored record.
#[derive(Debug)]
pub struct Change<'a> {
    /// What the record is.
    pub model: &'static Model,
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
        text(&self.record, field)
    }

    /// A string field of the record as it was stored.
    #[must_use]
    pub fn stored_text(&self, field: &str) -> Option<&str> {
        text(self.stored?, field)
    }

    /// What the body says of a field that is new.
    #[must_use]
    pub fn news(&self, field: &str) -> Sent<&Value> {
        Sent::of(self.sent, field)
    }

    /// Whether the stored value of a field may be the system's own: a default, or what followed from other fields.
    #[must_use]
    pub fn may_be_ours(&self, field: &str) -> bool {
        self.said.is_none_or(|said| Sent::of(said, field).is_mentioned())
    }

    /// Whether the body itself says the value that the record has: be it new or a repetition, nothing overrules it.
    #[must_use]
    pub fn is_stated(&self, field: &str) -> bool {
        value(self.body, field).is_some_and(|stated| self.record.get(field) == Some(stated))
    }

    /// Sets a field of the record.
    #[track_caller]
    pub fn set(&mut self, field: &str, value: impl Into<Value>) {
        debug_assert!(self.model.has_field(field), "{} has no field {field}", self.model.kind);
        self.record.insert(field.to_owned(), value.into());
    }

    /// Sets a field unless the record has it.
    #[track_caller]
    pub fn set_default(&mut self, field: &str, value: impl Into<Value>) {
        if !self.record.contains_key(field) {
            self.set(field, value);
        }
    }

    /// Takes a field out of the record.
    #[track_caller]
    pub fn remove(&mut self, field: &str) {
        debug_assert!(self.model.has_field(field), "{} has no field {field}", self.model.kind);
        self.record.shift_remove(field);
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

words! {
    /// The warnings of `docs/contract.md#rules-across-records`, and of `docs/contract.md#late-messages`.
    #[expect(missing_docs, reason = "the contract's words say it")]
    pub enum WarningCode {
        OutsideProjectDates = "outside_project_dates",
        UnknownPhase = "unknown_phase",
        TimeOffConflict = "time_off_conflict",
        DoubleBooked = "double_booked",
        AssignmentConflict = "assignment_conflict",
        InsuranceExpired = "insurance_expired",
        LicenseExpired = "license_expired",
        CertificationExpired = "certification_expired",
        SkillGap = "skill_gap",
        StaleUpdate = "stale_update",
    }
}
