//! A create, update or delete on its way through the rules.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::calendar::{Booking, CalendarEdit};
use crate::account::Account;
use crate::models::Model;
use crate::references::References;
use crate::rules::fields::{Sent, text, value};
use crate::trace::MAX_HOPS;
use crate::words;

/// A create or an update on its way from the merged body to the stored record.
#[derive(Debug)]
pub struct Change<'a> {
    /// The resource's model.
    pub model: &'static Model,
    /// When the request is handled; whole seconds.
    pub now: Timestamp,
    /// The tenant, with its defaults.
    pub account: &'a Account,
    /// The record before; `None` when it is new.
    pub stored: Option<&'a Map<String, Value>>,
    /// The fields that were sent, normalised, without the control fields; null clears.
    pub body: &'a Map<String, Value>,
    /// Those of them that say something new. Of a whole row that is sent again, these are the fields that changed.
    pub sent: &'a Map<String, Value>,
    /// The fields of the stored record that differ from what the sender last sent, with what it sent; `None` when that is
    /// not known.
    pub said: Option<&'a Map<String, Value>>,
    /// The record after: `sent` merged over `stored`, without nulls. `id`, `version`, `createdAt` and `updatedAt` are
    /// in it when `raise` is called; `id` also during `settle`.
    pub record: Map<String, Value>,
    /// What the references of the record were resolved to.
    pub references: &'a References,
    /// The record's own calendar; for a new record, that of the deleted record whose number it takes.
    /// These work orders are among the references when `needs_own_calendar` asked for them.
    pub bookings: &'a [Booking],
    /// Warnings for the answer.
    pub warnings: Vec<Warning>,
    /// Edits of the calendars of the people and companies on this record.
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

    /// What the body says of a field, if that is new.
    #[must_use]
    pub fn news(&self, field: &str) -> Sent<&Value> {
        Sent::of(self.sent, field)
    }

    /// Whether the stored value of a field may come from the system (a default, or derived from other fields) and not from
    /// the sender.
    #[must_use]
    pub fn may_be_ours(&self, field: &str) -> bool {
        self.said.is_none_or(|said| Sent::of(said, field).is_mentioned())
    }

    /// Whether the body itself sends the value that the record has, new or repeated: then no default overrides it.
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
    /// The record to delete.
    pub stored: &'a Map<String, Value>,
    /// Open work orders that the employee or vendor is assigned to; empty for other resources.
    pub open_orders: &'a [Booking],
    /// Edits of the calendars of others.
    pub calendar: Vec<CalendarEdit>,
}

/// A warning in a 200 answer. It does not affect what is stored.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Warning {
    /// The code, for programs.
    pub code: WarningCode,
    /// The field that it is about.
    pub field: String,
    /// The message, for people; to be read after the field's name.
    pub message: String,
}

impl Warning {
    /// That nobody gets the events of a call, because it came round too often.
    #[must_use]
    pub fn loop_stopped() -> Self {
        let message =
            format!("was sent in answer to {MAX_HOPS} deliveries in a row: its events are delivered to nobody");
        Self { code: WarningCode::LoopStopped, field: "$".to_owned(), message }
    }
}

words! {
    /// The warnings of `docs/contract.md#rules-across-records`, of `#late-messages` and of `#loops`.
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
        LoopStopped = "loop_stopped",
    }
}
