//! Work orders (contract 3.1).

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
    card: &["workOrderNumber", "title", "status", "parentWorkOrderNumber"],
};

/// States of a work order (contract section 4).
pub(crate) const STATUS: &[&str] = &["unscheduled", "scheduled", "in_progress", "on_hold", "completed", "cancelled"];
/// How soon it is wanted.
pub(crate) const PRIORITY: &[&str] = &["low", "normal", "high", "urgent"];
const MATERIAL_STATUS: &[&str] = &["planned", "ordered", "delivered", "installed", "returned"];

const OWN: &[Field] = &[
    natural_key("workOrderNumber", "natural key, unique per tenant, compared case-insensitively; `WO-12345`"),
    on_create("title", string(200), P0, "`Install HVAC System`"),
    optional("description", text(8000), P2, "scope of work (free text: kept out of events)"),
    optional("instructions", text(8000), P2, "for the crew; gate codes go in `accessNotes`"),
    optional("accessNotes", text(1000), P2, "gate codes, alarm, parking: never in events"),
    optional("workType", string(60), P0, "tenant word: `install`, `punch list`"),
    optional("trade", string(60), P0, "`electrical`"),
    optional(
        "status",
        Type::Enum(STATUS),
        P0,
        "default `scheduled` if scheduledStart is given, else `unscheduled`; section 4",
    ),
    optional("priority", Type::Enum(PRIORITY), P0, "default `normal`"),
    optional("projectId", Type::Id("proj_"), P0, "must exist"),
    optional("projectNumber", key(50), P0, "must exist; if both are sent they must agree"),
    optional(
        "phase",
        string(100),
        P0,
        "`Rough-in`; must be a phase of the project when it lists phases (else warning)",
    ),
    optional("costCode", code(40), P0, "default cost code of the lines"),
    optional("parentWorkOrderNumber", key(50), P0, "must exist, one level, not itself"),
    optional("scheduledStart", Type::DateTime, P0, "offset required; stored in UTC"),
    optional("scheduledEnd", Type::DateTime, P0, "> scheduledStart, at most 366 days later; needs scheduledStart"),
    optional("timeZone", Type::TimeZone, P0, "IANA; default project, then tenant"),
    optional("dailyStartTime", Type::Time, P0, "multi-day shift `07:00`; with dailyEndTime"),
    optional("dailyEndTime", Type::Time, P0, "may be earlier than the start: night shift"),
    optional("workDays", WORK_DAYS, P0, "multi-day; default mon..fri"),
    optional("actualStart", Type::DateTime, P0, "set to now on the first `in_progress` if absent"),
    optional("actualEnd", Type::DateTime, P0, ">= actualStart; set to now on `completed` if absent"),
    optional("requiredHeadcount", int(1, 500), P0, "people wanted"),
    optional("estimatedHours", number(0, 100_000, 2), P0, "labour hours"),
    optional("requiredSkills", list(20, &string(80)), P0, "matched to employee skills/certifications (warning only)"),
    optional("siteAddress", ADDRESS, P0, "default = project address"),
    optional("siteContact", CONTACT, P1, "not in events"),
    optional("customerName", string(200), P1, ""),
    optional("customerReference", string(100), P0, "customer PO"),
    optional(
        "assignments",
        list(100, &Type::Object(ASSIGNMENTS)),
        P0,
        "replaced whole; new employees raise `employee.assigned`",
    ),
    optional("materials", list(200, &Type::Object(MATERIALS)), P0, "replaced whole"),
    optional("equipment", list(50, &Type::Object(EQUIPMENT)), P0, "replaced whole"),
    optional("currency", Type::Currency, P0, "ISO 4217; default project, then tenant"),
    optional("notToExceed", money(2), P2, "cost cap"),
    optional("cancellationReason", string(500), P0, "required when status = `cancelled`"),
    optional("completionNotes", text(4000), P2, ""),
];

/// Who is on it, one line per person or subcontract crew.
const ASSIGNMENTS: &[Field] = &[
    optional("employeeId", Type::Id("emp_"), P0, "employee XOR vendor: exactly one kind"),
    optional("employeeNumber", key(50), P0, "natural key of the employee"),
    optional("vendorId", Type::Id("ven_"), P0, "subcontract crew"),
    optional("vendorNumber", key(50), P0, ""),
    optional("role", string(60), P0, "`foreman`, `journeyman electrician`"),
    optional("lead", Type::Bool, P0, "crew lead; at most one `true` per work order; default false"),
    optional("crew", string(60), P0, "crew name"),
    optional("headcount", int(1, 200), P0, "vendor lines only; default 1"),
    optional("start", Type::DateTime, P0, "inside scheduledStart..scheduledEnd; default whole window"),
    optional("end", Type::DateTime, P0, "> start"),
    optional("hours", positive(9999, 2), P0, "planned hours, total on this line"),
    optional("notes", text(500), P2, ""),
];

/// What is built in.
const MATERIALS: &[Field] = &[
    required("name", string(200), P0, "`#5 rebar, 20 ft`"),
    optional("sku", string(60), P0, ""),
    required("quantity", positive(999_999_999, 4), P0, "JSON number > 0"),
    required("unit", shaped(20, Shape::Unit), P0, "free text; advise ea lf sf sy cy ton lb gal hr bag roll"),
    optional("unitCost", money(4), P2, "4 decimals: `0.0525` per lb is normal"),
    optional("costCode", code(40), P0, "CSI / WBS `03-2100.M`"),
    optional("vendorId", Type::Id("ven_"), P0, "supplier"),
    optional("vendorNumber", key(50), P0, ""),
    optional("status", Type::Enum(MATERIAL_STATUS), P0, "default `planned`"),
    optional("neededBy", Type::Date, P0, ""),
    optional("notes", text(500), P2, ""),
];

/// What is needed on site and leaves again.
const EQUIPMENT: &[Field] = &[
    required("name", string(120), P0, "`Telehandler 10k`"),
    optional("equipmentNumber", key(50), P0, ""),
    optional("quantity", int(1, 999), P0, "default 1"),
    optional("rental", Type::Bool, P0, "default false"),
    optional("vendorId", Type::Id("ven_"), P0, "rental house"),
    optional("vendorNumber", key(50), P0, ""),
    optional("startDate", Type::Date, P0, ""),
    optional("endDate", Type::Date, P0, ">= startDate"),
];
