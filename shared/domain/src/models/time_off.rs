//! Requests for time off, `docs/contract.md#time-off`: never deleted, only cancelled.

use super::parts::{TAIL, control_without_delete};
use super::{Kind, Model};
use crate::schema::Class::{Operational, Private};
use crate::schema::declare::{key, natural_key, on_create, optional, positive, string, text};
use crate::schema::{Field, Type, fields};
use crate::words;

/// A request for time off.
pub static TIME_OFF: Model = Model {
    kind: Kind::TimeOff,
    prefix: "to_",
    key: "requestNumber",
    deletable: false,
    fields: fields![&control_without_delete("to_", NO_DELETE), OWN, TAIL],
};

const TYPE: &[&str] = &[
    "vacation",
    "personal",
    "sick",
    "holiday",
    "bereavement",
    "jury_duty",
    "military",
    "parental",
    "medical",
    "workers_comp",
    "training",
    "unpaid",
    "other",
];
/// What events say instead of a type that is about health, family or duty.
pub(crate) const PROTECTED_LEAVE: &str = "protected_leave";
/// Types as events show them.
pub(crate) const PUBLIC_TYPE: &[&str] =
    &["vacation", "personal", "holiday", "training", "unpaid", "other", PROTECTED_LEAVE];
const NO_DELETE: &str = "`upsert` (default) creates or updates; `create` is refused with 409 when the record exists, \
                         `update` with 404 when it does not; requests are not deleted: use status `cancelled`";
words! {
    /// States of a request: `docs/contract.md#states-of-time-off`.
    pub enum Status {
        /// Waits for a decision.
        Requested = "requested",
        /// Granted.
        Approved = "approved",
        /// Refused; final.
        Denied = "denied",
        /// Withdrawn; final.
        Cancelled = "cancelled",
    }
}

impl Status {
    /// Whether somebody decided: only then is there a `decision`.
    #[must_use]
    pub const fn is_decided(self) -> bool {
        matches!(self, Self::Approved | Self::Denied)
    }

    /// Whether the time off stands in the employee's calendar.
    #[must_use]
    pub const fn is_booked(self) -> bool {
        matches!(self, Self::Requested | Self::Approved)
    }
}

const OWN: &[Field] = &[
    natural_key("requestNumber", "the request's id in your HR system: it finds the record; `TO-5531`"),
    optional(
        "employeeId",
        Type::Id("emp_"),
        Operational,
        "whose time off, by id; this or the number to create; must not be terminated, can't change later",
    ),
    optional(
        "employeeNumber",
        key(50),
        Operational,
        "whose time off, by number; this or the id to create; can't change later (409 `immutable_field`)",
    ),
    on_create(
        "type",
        Type::Enum(TYPE),
        Private,
        "reason; events say `protected_leave` for what concerns health, family or duty",
    ),
    optional("status", Type::Enum(Status::WORDS), Operational, "default `requested`; see the table of states"),
    on_create("startDate", Type::Date, Operational, "first day, in the request's time zone"),
    on_create(
        "endDate",
        Type::Date,
        Operational,
        "last day, inclusive; not before `startDate`, and at most 366 days in all",
    ),
    optional(
        "startTime",
        Type::Time,
        Operational,
        "of a part of a day: only when both dates are the same, and with `endTime`",
    ),
    optional("endTime", Type::Time, Operational, "end of the part of a day; after `startTime`"),
    optional("hours", positive(8784, 2), Operational, "hours in all; at most 24 a day"),
    optional("paid", Type::Bool, Operational, "whether it is paid; default true, but false for `unpaid`"),
    optional(
        "includeWeekends",
        Type::Bool,
        Operational,
        "default false: only the days on which the person works count",
    ),
    optional("timeZone", Type::TimeZone, Operational, "time zone of the dates; default: the person's"),
    optional("notes", text(1000), Private, "remarks"),
    optional(
        "decision",
        Type::Object(DECISION),
        Operational,
        "who decided, and why; only with `status` `approved` or `denied`",
    ),
    optional("cancellationReason", string(500), Private, "why it was cancelled"),
];

const DECISION: &[Field] = &[
    optional("byEmployeeId", Type::Id("emp_"), Operational, "who decided, by id"),
    optional("byEmployeeNumber", key(50), Operational, "who decided, by number; must exist"),
    optional("at", Type::DateTime, Operational, "when; default now"),
    optional("note", text(1000), Private, "reason for the decision"),
];
