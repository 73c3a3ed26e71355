//! Requests for time off (contract 3.5): never deleted, only cancelled.

use super::parts::{TAIL, control_without_delete};
use super::{Kind, Model};
use crate::schema::Class::{P0, P2};
use crate::schema::declare::{key, natural_key, on_create, optional, positive, string, text};
use crate::schema::{Field, Type, fields};

/// A request for time off.
pub static TIME_OFF: Model = Model {
    kind: Kind::TimeOff,
    prefix: "to_",
    key: "requestNumber",
    deletable: false,
    fields: fields![&control_without_delete("to_", NO_DELETE), OWN, TAIL],
    card: &["requestNumber", "status"],
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
/// What events say instead of a type that is about health, family or duty (contract 5.2).
pub(crate) const PROTECTED_LEAVE: &str = "protected_leave";
/// Types as events show them.
pub(crate) const PUBLIC_TYPE: &[&str] =
    &["vacation", "personal", "holiday", "training", "unpaid", "other", PROTECTED_LEAVE];
const NO_DELETE: &str = "`delete` is not offered: use status `cancelled`";
/// States of a request (contract section 4).
pub(crate) const STATUS: &[&str] = &["requested", "approved", "denied", "cancelled"];

const OWN: &[Field] = &[
    natural_key("requestNumber", "natural key = HR system request id; `TO-5531`"),
    optional("employeeId", Type::Id("emp_"), P0, "one of the two on create; must exist and not be terminated"),
    optional("employeeNumber", key(50), P0, "cannot change after create (409 `immutable_field`)"),
    on_create("type", Type::Enum(TYPE), P2, "events carry the public form, see 5.2"),
    optional("status", Type::Enum(STATUS), P0, "default `requested`; section 4"),
    on_create("startDate", Type::Date, P0, "in the employee time zone"),
    on_create("endDate", Type::Date, P0, "inclusive; >= startDate; span <= 366 days"),
    optional("startTime", Type::Time, P0, "partial day: only if startDate = endDate; with endTime"),
    optional("endTime", Type::Time, P0, "> startTime"),
    optional("hours", positive(8784, 2), P0, "total; <= 24 x days"),
    optional("paid", Type::Bool, P0, "default true, false for `unpaid`"),
    optional("includeWeekends", Type::Bool, P0, "default false: only the employee workDays count"),
    optional("timeZone", Type::TimeZone, P0, "default employee"),
    optional("notes", text(1000), P2, "never in events"),
    optional("decision", Type::Object(DECISION), P0, "allowed when status is approved or denied"),
    optional("cancellationReason", string(500), P2, ""),
];

const DECISION: &[Field] = &[
    optional("byEmployeeId", Type::Id("emp_"), P0, ""),
    optional("byEmployeeNumber", key(50), P0, "approver, must exist"),
    optional("at", Type::DateTime, P0, "default now"),
    optional("note", text(1000), P2, "reason; never in events"),
];
