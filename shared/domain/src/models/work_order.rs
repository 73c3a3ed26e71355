//! Work orders: `docs/contract.md#work-order`.

use super::parts::{ADDRESS, CONTACT, TAIL, WORK_DAYS, control};
use super::{Kind, Model};
use crate::schema::Class::{P0, P1, P2};
use crate::schema::declare::{
    code, int, key, list, money, natural_key, number, on_create, optional, positive, required, shaped, string, text,
};
use crate::schema::{Field, Shape, Type, fields};

/// A job to be done at a place and a time.
pub static WORK_ORDER: Model = Model {
    kind: Kind::WorkOrder,
    prefix: "wo_",
    key: "workOrderNumber",
    deletable: true,
    fields: fields![&control("wo_"), OWN, TAIL],
    card: &["workOrderNumber", "title", "status", "parentWorkOrderNumber", "parentWorkOrderId"],
};

/// States of a work order.
pub(crate) const STATUS: &[&str] = &["unscheduled", "scheduled", "in_progress", "on_hold", "completed", "cancelled"];
/// How soon it is wanted.
pub(crate) const PRIORITY: &[&str] = &["low", "normal", "high", "urgent"];
const MATERIAL_STATUS: &[&str] = &["planned", "ordered", "delivered", "installed", "returned"];

const OWN: &[Field] = &[
    natural_key("workOrderNumber", "your number: it finds the record, whatever the case of its letters; `WO-12345`"),
    on_create("title", string(200), P0, "what is to be done, in one line; `Install HVAC System`"),
    optional("description", text(8000), P2, "scope of work"),
    optional("instructions", text(8000), P2, "for the crew; gate codes go in `accessNotes`"),
    optional("accessNotes", text(1000), P2, "gate codes, alarm, parking"),
    optional("workType", string(60), P0, "your own word for the kind of work; `install`, `punch list`"),
    optional("trade", string(60), P0, "trade that does it; `electrical`"),
    optional(
        "status",
        Type::Enum(STATUS),
        P0,
        "default `scheduled` with a `scheduledStart`, else `unscheduled`; see the table of states",
    ),
    optional("priority", Type::Enum(PRIORITY), P0, "default `normal`"),
    optional("projectId", Type::Id("proj_"), P0, "project that it belongs to, by id; must exist"),
    optional(
        "projectNumber",
        key(50),
        P0,
        "project that it belongs to, by number; must exist and agree with `projectId` if both are sent",
    ),
    optional(
        "phase",
        string(100),
        P0,
        "phase of the project; a name that its list does not have gives a warning; `Rough-in`",
    ),
    optional("costCode", code(40), P0, "cost code of lines that have none of their own; `03-3100.L`"),
    optional(
        "parentWorkOrderNumber",
        key(50),
        P0,
        "order that this one is a part of; must exist, be another one and have no parent itself; an order that is a \
         parent gets none",
    ),
    optional("scheduledStart", Type::DateTime, P0, "planned start, with offset; stored in UTC"),
    optional(
        "scheduledEnd",
        Type::DateTime,
        P0,
        "planned end; after `scheduledStart`, which it needs, and at most 366 days later",
    ),
    optional(
        "timeZone",
        Type::TimeZone,
        P0,
        "IANA time zone of the site, for local days; default: the project's, then the account's",
    ),
    optional(
        "dailyStartTime",
        Type::Time,
        P0,
        "when each day's shift begins, on work of several days; needs `dailyEndTime`; `07:00`",
    ),
    optional(
        "dailyEndTime",
        Type::Time,
        P0,
        "when it ends; earlier than the start means a night shift; needs `dailyStartTime`",
    ),
    optional("workDays", WORK_DAYS, P0, "days on which there is work; default `mon` to `fri`"),
    optional(
        "actualStart",
        Type::DateTime,
        P0,
        "when work began; set to now on the first `in_progress` when it is absent",
    ),
    optional(
        "actualEnd",
        Type::DateTime,
        P0,
        "when it ended; not before `actualStart`; set to now on `completed` when it is absent",
    ),
    optional("requiredHeadcount", int(1, 500), P0, "how many people are wanted"),
    optional("estimatedHours", number(0, 100_000, 2), P0, "hours of labour, all people together"),
    optional(
        "requiredSkills",
        list(20, &string(80)),
        P0,
        "skills or certifications that somebody on it should hold; one that nobody holds gives a warning",
    ),
    optional("siteAddress", ADDRESS, P0, "where the work is; default: the project's"),
    optional("siteContact", CONTACT, P1, "whom to call on site; not in events"),
    optional("customerName", string(200), P1, "who the work is for"),
    optional("customerReference", string(100), P0, "the customer's own number, such as a purchase order"),
    optional(
        "assignments",
        list(100, &Type::Object(ASSIGNMENTS)),
        P0,
        "who does it; replaced whole, and new employees raise `employee.assigned`",
    ),
    optional("materials", list(200, &Type::Object(MATERIALS)), P0, "what is built in; replaced whole"),
    optional("equipment", list(50, &Type::Object(EQUIPMENT)), P0, "machines and tools; replaced whole"),
    optional(
        "currency",
        Type::Currency,
        P0,
        "ISO 4217 currency of the amounts; default: the project's, then the account's",
    ),
    optional("notToExceed", money(2), P2, "most that it may cost"),
    optional("cancellationReason", string(500), P0, "why it was cancelled; required when `status` is `cancelled`"),
    optional("completionNotes", text(4000), P2, "remarks on completion"),
];

/// Who is on it, one line per person or subcontract crew.
const ASSIGNMENTS: &[Field] = &[
    optional("employeeId", Type::Id("emp_"), P0, "employee, by id; a line names an employee or a vendor, never both"),
    optional("employeeNumber", key(50), P0, "employee, by number"),
    optional("vendorId", Type::Id("ven_"), P0, "subcontractor's crew, by id"),
    optional("vendorNumber", key(50), P0, "subcontractor's crew, by number"),
    optional("role", string(60), P0, "what they do; `foreman`, `journeyman electrician`"),
    optional("lead", Type::Bool, P0, "whether they lead the crew; at most one line of an order; default false"),
    optional("crew", string(60), P0, "name of the crew"),
    optional("headcount", int(1, 200), P0, "how many people; lines of a vendor only; default 1"),
    optional("start", Type::DateTime, P0, "from when; within the order's own times; default its whole time"),
    optional("end", Type::DateTime, P0, "until when; after `start`"),
    optional("hours", positive(9999, 2), P0, "planned hours of this line in all"),
    optional("notes", text(500), P2, "remarks"),
];

/// What is built in.
const MATERIALS: &[Field] = &[
    required("name", string(200), P0, "what it is; `#5 rebar, 20 ft`"),
    optional("sku", string(60), P0, "article number"),
    required("quantity", positive(999_999_999, 4), P0, "how much, as a JSON number above 0"),
    required(
        "unit",
        shaped(20, Shape::Unit),
        P0,
        "unit of the quantity; advised: `ea` `lf` `sf` `sy` `cy` `ton` `lb` `gal` `hr` `bag` `roll`",
    ),
    optional("unitCost", money(4), P2, "cost of one unit, up to four decimals; `0.0525`"),
    optional("costCode", code(40), P0, "cost code of this line; `03-2100.M`"),
    optional("vendorId", Type::Id("ven_"), P0, "supplier, by id"),
    optional("vendorNumber", key(50), P0, "supplier, by number"),
    optional("status", Type::Enum(MATERIAL_STATUS), P0, "default `planned`"),
    optional("neededBy", Type::Date, P0, "day by which it has to be there"),
    optional("notes", text(500), P2, "remarks"),
];

/// What is needed on site and leaves again.
const EQUIPMENT: &[Field] = &[
    required("name", string(120), P0, "what it is; `Telehandler 10k`"),
    optional("equipmentNumber", key(50), P0, "your number for the machine"),
    optional("quantity", int(1, 999), P0, "how many; default 1"),
    optional("rental", Type::Bool, P0, "whether it is rented; default false"),
    optional("vendorId", Type::Id("ven_"), P0, "rental company, by id"),
    optional("vendorNumber", key(50), P0, "rental company, by number"),
    optional("startDate", Type::Date, P0, "first day on site"),
    optional("endDate", Type::Date, P0, "last day; not before `startDate`"),
];
