//! Work orders: `docs/contract.md#work-order`.

use super::parts::{ADDRESS, CONTACT, TAIL, WORK_DAYS, control};
use super::{Kind, Model};
use crate::schema::Class::{Contact, Operational, Private};
use crate::schema::declare::{
    code, int, key, list, money, natural_key, number, on_create, optional, positive, required, shaped, string, text,
};
use crate::schema::{Field, Shape, Type, fields};
use crate::words;

/// A job to be done at a place and a time.
pub static WORK_ORDER: Model = Model {
    kind: Kind::WorkOrder,
    prefix: "wo_",
    key: "workOrderNumber",
    deletable: true,
    fields: fields![&control("wo_"), OWN, TAIL],
};

words! {
    /// States of a work order: `docs/contract.md#states-of-a-work-order`.
    pub enum Status {
        /// Has no date yet.
        Unscheduled = "unscheduled",
        /// Has a date.
        Scheduled = "scheduled",
        /// Work goes on.
        InProgress = "in_progress",
        /// Work is interrupted.
        OnHold = "on_hold",
        /// Work is done.
        Completed = "completed",
        /// Work will not be done.
        Cancelled = "cancelled",
    }
}

impl Status {
    /// Whether work remains to be done: only then are people booked, and warned about.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Completed | Self::Cancelled)
    }
}
/// How urgent a work order is.
pub(crate) const PRIORITY: &[&str] = &["low", "normal", "high", "urgent"];
const MATERIAL_STATUS: &[&str] = &["planned", "ordered", "delivered", "installed", "returned"];

const OWN: &[Field] = &[
    natural_key("workOrderNumber", "your number: it finds the record, whatever the case of its letters; `WO-12345`"),
    on_create("title", string(200), Operational, "what is to be done, in one line; `Install HVAC System`"),
    optional("description", text(8000), Private, "scope of work"),
    optional("instructions", text(8000), Private, "for the crew; gate codes go in `accessNotes`"),
    optional("accessNotes", text(1000), Private, "gate codes, alarm, parking"),
    optional("workType", string(60), Operational, "your own word for the kind of work; `install`, `punch list`"),
    optional("trade", string(60), Operational, "trade that does it; `electrical`"),
    optional(
        "status",
        Type::Enum(Status::WORDS),
        Operational,
        "default `scheduled` with a `scheduledStart`, else `unscheduled`; see the table of states",
    ),
    optional("priority", Type::Enum(PRIORITY), Operational, "default `normal`"),
    optional("projectId", Type::Id("proj_"), Operational, "project that it belongs to, by id; must exist"),
    optional(
        "projectNumber",
        key(50),
        Operational,
        "project that it belongs to, by number; must exist and agree with `projectId` if both are sent",
    ),
    optional(
        "phase",
        string(100),
        Operational,
        "phase of the project; a name that its list does not have gives a warning; `Rough-in`",
    ),
    optional("costCode", code(40), Operational, "cost code of lines that have none of their own; `03-3100.L`"),
    optional(
        "parentWorkOrderNumber",
        key(50),
        Operational,
        "order that this one is a part of; must exist, be another one and have no parent itself; an order that is a \
         parent gets none",
    ),
    optional("scheduledStart", Type::DateTime, Operational, "planned start, with offset; stored in UTC"),
    optional(
        "scheduledEnd",
        Type::DateTime,
        Operational,
        "planned end; after `scheduledStart`, which it needs, and at most 366 days later",
    ),
    optional(
        "timeZone",
        Type::TimeZone,
        Operational,
        "IANA time zone of the site, for local days; default: the project's, then the account's",
    ),
    optional(
        "dailyStartTime",
        Type::Time,
        Operational,
        "when each day's shift begins, on work of several days; needs `dailyEndTime`; `07:00`",
    ),
    optional(
        "dailyEndTime",
        Type::Time,
        Operational,
        "when it ends; earlier than the start means a night shift; needs `dailyStartTime`",
    ),
    optional("workDays", WORK_DAYS, Operational, "days on which there is work; default `mon` to `fri`"),
    optional(
        "actualStart",
        Type::DateTime,
        Operational,
        "when work began; set to now on the first `in_progress` when it is absent",
    ),
    optional(
        "actualEnd",
        Type::DateTime,
        Operational,
        "when it ended; not before `actualStart`; set to now on `completed` when it is absent",
    ),
    optional("requiredHeadcount", int(1, 500), Operational, "how many people are wanted"),
    optional("estimatedHours", number(0, 100_000, 2), Operational, "hours of labour, all people together"),
    optional(
        "requiredSkills",
        list(20, &string(80)),
        Operational,
        "skills or certifications that somebody on it should hold; one that nobody holds gives a warning",
    ),
    optional("siteAddress", ADDRESS, Operational, "where the work is; default: the project's"),
    optional("siteContact", CONTACT, Contact, "whom to call on site; not in events"),
    optional("customerName", string(200), Contact, "who the work is for"),
    optional("customerReference", string(100), Operational, "the customer's own number, such as a purchase order"),
    optional(
        "assignments",
        list(100, &Type::Object(ASSIGNMENTS)),
        Operational,
        "who does it; replaced whole, and new employees raise `employee.assigned`",
    ),
    optional("materials", list(200, &Type::Object(MATERIALS)), Operational, "what is built in; replaced whole"),
    optional("equipment", list(50, &Type::Object(EQUIPMENT)), Operational, "machines and tools; replaced whole"),
    optional(
        "currency",
        Type::Currency,
        Operational,
        "ISO 4217 currency of the amounts; default: the project's, then the account's",
    ),
    optional("notToExceed", money(2), Private, "most that it may cost"),
    optional(
        "cancellationReason",
        string(500),
        Operational,
        "why it was cancelled; required when `status` is `cancelled`",
    ),
    optional("completionNotes", text(4000), Private, "remarks on completion"),
];

/// Assignments: one line per employee or subcontract crew.
const ASSIGNMENTS: &[Field] = &[
    optional(
        "employeeId",
        Type::Id("emp_"),
        Operational,
        "employee, by id; a line names an employee or a vendor, never both",
    ),
    optional("employeeNumber", key(50), Operational, "employee, by number"),
    optional("vendorId", Type::Id("ven_"), Operational, "subcontractor's crew, by id"),
    optional("vendorNumber", key(50), Operational, "subcontractor's crew, by number"),
    optional("role", string(60), Operational, "what they do; `foreman`, `journeyman electrician`"),
    optional(
        "lead",
        Type::Bool,
        Operational,
        "whether they lead the crew; at most one line of an order; default false",
    ),
    optional("crew", string(60), Operational, "name of the crew"),
    optional("headcount", int(1, 200), Operational, "how many people; lines of a vendor only; default 1"),
    optional("start", Type::DateTime, Operational, "from when; within the order's own times; default its whole time"),
    optional("end", Type::DateTime, Operational, "until when; after `start`"),
    optional("hours", positive(9999, 2), Operational, "planned hours of this line in all"),
    optional("notes", text(500), Private, "remarks"),
];

/// Materials: what stays in the building.
const MATERIALS: &[Field] = &[
    required("name", string(200), Operational, "what it is; `#5 rebar, 20 ft`"),
    optional("sku", string(60), Operational, "article number"),
    required("quantity", positive(999_999_999, 4), Operational, "how much, as a JSON number above 0"),
    required(
        "unit",
        shaped(20, Shape::Unit),
        Operational,
        "unit of the quantity; advised: `ea` `lf` `sf` `sy` `cy` `ton` `lb` `gal` `hr` `bag` `roll`",
    ),
    optional("unitCost", money(4), Private, "cost of one unit, up to four decimals; `0.0525`"),
    optional("costCode", code(40), Operational, "cost code of this line; `03-2100.M`"),
    optional("vendorId", Type::Id("ven_"), Operational, "supplier, by id"),
    optional("vendorNumber", key(50), Operational, "supplier, by number"),
    optional("status", Type::Enum(MATERIAL_STATUS), Operational, "default `planned`"),
    optional("neededBy", Type::Date, Operational, "day by which it has to be there"),
    optional("notes", text(500), Private, "remarks"),
];

/// Equipment: what is needed on site and taken away again.
const EQUIPMENT: &[Field] = &[
    required("name", string(120), Operational, "what it is; `Telehandler 10k`"),
    optional("equipmentNumber", key(50), Operational, "your number for the machine"),
    optional("quantity", int(1, 999), Operational, "how many; default 1"),
    optional("rental", Type::Bool, Operational, "whether it is rented; default false"),
    optional("vendorId", Type::Id("ven_"), Operational, "rental company, by id"),
    optional("vendorNumber", key(50), Operational, "rental company, by number"),
    optional("startDate", Type::Date, Operational, "first day on site"),
    optional("endDate", Type::Date, Operational, "last day; not before `startDate`"),
];
