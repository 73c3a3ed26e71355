//! Projects (contract 3.2): never deleted, only cancelled.

use super::parts::{ADDRESS, CONTACT, TAIL, WORK_DAYS, control_without_delete};
use super::{Kind, Model};
use crate::schema::Class::{P0, P1, P2};
use crate::schema::declare::{
    code, int, key, list, money, natural_key, number, on_create, optional, required, string, text,
};
use crate::schema::{Field, Type, fields};

/// What work orders belong to.
pub static PROJECT: Model = Model {
    kind: Kind::Project,
    prefix: "proj_",
    key: "projectNumber",
    deletable: false,
    fields: fields![&control_without_delete("proj_", NO_DELETE), OWN, TAIL],
    card: &[
        "projectNumber",
        "name",
        "status",
        "timeZone",
        "currency",
        "siteAddress",
        "startDate",
        "endDate",
        "phases",
        "dailyStartTime",
        "dailyEndTime",
        "workDays",
    ],
};

const NO_DELETE: &str = "`delete` is not offered (there is no project.deleted): use status `cancelled`";
/// States of a project (contract section 4).
pub(crate) const STATUS: &[&str] = &["planning", "active", "on_hold", "completed", "cancelled"];
const PHASE_STATUS: &[&str] = &["not_started", "in_progress", "completed"];

const OWN: &[Field] = &[
    natural_key("projectNumber", "natural key = job number; `2025-014`"),
    on_create("name", string(200), P0, "`Riverside Medical Office Building`"),
    optional("description", text(8000), P2, ""),
    optional("status", Type::Enum(STATUS), P0, "default `planning`"),
    optional("projectType", string(60), P0, "`commercial TI`"),
    optional("customerName", string(200), P1, ""),
    optional("customerNumber", key(50), P0, "AR number in the ERP"),
    optional("customerContact", CONTACT, P1, ""),
    optional("siteAddress", ADDRESS, P0, ""),
    optional("timeZone", Type::TimeZone, P0, "IANA; default tenant; governs every date of the project"),
    optional("startDate", Type::Date, P0, "planned"),
    optional("endDate", Type::Date, P0, "planned, >= startDate, <= 20 years"),
    optional("actualStartDate", Type::Date, P0, ""),
    optional("actualEndDate", Type::Date, P0, ">= actualStartDate; set to today on `completed` if absent"),
    optional("percentComplete", number(0, 100, 2), P0, ""),
    optional("currency", Type::Currency, P0, "default tenant"),
    optional("contractValue", money(2), P2, ""),
    optional("budget", Type::Object(BUDGET), P2, "never in events"),
    optional("retainagePercent", number(0, 100, 2), P2, ""),
    optional("projectManagerId", Type::Id("emp_"), P0, ""),
    optional("projectManagerNumber", key(50), P0, "must exist and be active"),
    optional("superintendentId", Type::Id("emp_"), P0, ""),
    optional("superintendentNumber", key(50), P0, "general foreman"),
    optional("team", list(200, &Type::Object(TEAM)), P0, "replaced whole; new people raise `employee.assigned`"),
    optional("phases", list(100, &Type::Object(PHASES)), P0, "ordered"),
    optional("permits", list(50, &Type::Object(PERMITS)), P0, ""),
    optional("dailyStartTime", Type::Time, P0, "default shift"),
    optional("dailyEndTime", Type::Time, P0, ""),
    optional("workDays", WORK_DAYS, P0, "default mon..fri"),
    optional("prevailingWage", Type::Bool, P0, "certified payroll job; default false"),
    optional("unionJob", Type::Bool, P0, "default false"),
];

const BUDGET: &[Field] = &[
    required("total", money(2), P2, ""),
    optional("labor", money(2), P2, ""),
    optional("materials", money(2), P2, ""),
    optional("equipment", money(2), P2, ""),
    optional("subcontract", money(2), P2, ""),
    optional("other", money(2), P2, ""),
    optional("contingency", money(2), P2, "sum of the parts must be <= total"),
];

const TEAM: &[Field] = &[
    optional("employeeId", Type::Id("emp_"), P0, "one of the two"),
    optional("employeeNumber", key(50), P0, ""),
    required("role", string(60), P0, "`superintendent`"),
    optional("startDate", Type::Date, P0, ""),
    optional("endDate", Type::Date, P0, ">= startDate"),
    optional("allocationPercent", int(1, 100), P0, "default 100"),
];

const PHASES: &[Field] = &[
    required("name", string(100), P0, "unique in the project (case-insensitive)"),
    optional("code", code(40), P0, ""),
    optional("startDate", Type::Date, P0, ""),
    optional("endDate", Type::Date, P0, ">= startDate"),
    optional("budget", money(2), P2, ""),
    optional("status", Type::Enum(PHASE_STATUS), P0, "default `not_started`"),
];

const PERMITS: &[Field] = &[
    required("number", string(60), P0, ""),
    optional("type", string(60), P0, "`building`"),
    optional("issuedOn", Type::Date, P0, ""),
    optional("expiresOn", Type::Date, P0, ">= issuedOn"),
];
