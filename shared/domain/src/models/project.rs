//! Projects, `docs/contract.md#project`: never deleted, only cancelled.

use super::parts::{ADDRESS, CONTACT, TAIL, WORK_DAYS, control_without_delete};
use super::{Kind, Model};
use crate::schema::Class::{Contact, Operational, Private};
use crate::schema::declare::{
    code, int, key, list, money, natural_key, number, on_create, optional, required, string, text,
};
use crate::schema::{Field, Type, fields};
use crate::words;

/// What work orders belong to.
pub static PROJECT: Model = Model {
    kind: Kind::Project,
    prefix: "proj_",
    key: "projectNumber",
    deletable: false,
    fields: fields![&control_without_delete("proj_", NO_DELETE), OWN, TAIL],
};

const NO_DELETE: &str = "`upsert` (default) creates or updates; `create` is refused with 409 when the record exists, \
                         `update` with 404 when it does not; projects are not deleted: use status `cancelled`";
words! {
    /// States of a project: `docs/contract.md#states-of-a-project`.
    pub enum Status {
        /// Work has not begun.
        Planning = "planning",
        /// Work goes on.
        Active = "active",
        /// Work is interrupted.
        OnHold = "on_hold",
        /// Work is done.
        Completed = "completed",
        /// Work will not be done.
        Cancelled = "cancelled",
    }
}
const PHASE_STATUS: &[&str] = &["not_started", "in_progress", "completed"];

const OWN: &[Field] = &[
    natural_key("projectNumber", "your job number: it finds the record; `2025-014`"),
    on_create("name", string(200), Operational, "name of the project; `Riverside Medical Office Building`"),
    optional("description", text(8000), Private, "what is built"),
    optional("status", Type::Enum(Status::WORDS), Operational, "default `planning`; see the table of states"),
    optional("projectType", string(60), Operational, "your own word for the kind of project; `commercial TI`"),
    optional("customerName", string(200), Contact, "who the project is for"),
    optional("customerNumber", key(50), Operational, "the customer's number in your accounting"),
    optional("customerContact", CONTACT, Contact, "whom to call at the customer"),
    optional("siteAddress", ADDRESS, Operational, "where the site is; default of the project's work orders"),
    optional("timeZone", Type::TimeZone, Operational, "time zone of every date of the project; default: the account's"),
    optional("startDate", Type::Date, Operational, "planned first day"),
    optional("endDate", Type::Date, Operational, "planned last day; not before `startDate`, at most 20 years later"),
    optional("actualStartDate", Type::Date, Operational, "first day on which work was done"),
    optional(
        "actualEndDate",
        Type::Date,
        Operational,
        "last day; not before `actualStartDate`; set to today on `completed` when it is absent",
    ),
    optional("percentComplete", number(0, 100, 2), Operational, "how much is done, in percent"),
    optional("currency", Type::Currency, Operational, "currency of all amounts; default: the account's"),
    optional("contractValue", money(2), Private, "what the customer pays in all"),
    optional("budget", Type::Object(BUDGET), Private, "what the project may cost; replaced whole"),
    optional("retainagePercent", number(0, 100, 2), Private, "percent of each bill that the customer keeps back"),
    optional("projectManagerId", Type::Id("emp_"), Operational, "project manager, by id"),
    optional("projectManagerNumber", key(50), Operational, "project manager, by number; must exist and be active"),
    optional("superintendentId", Type::Id("emp_"), Operational, "superintendent or general foreman, by id"),
    optional("superintendentNumber", key(50), Operational, "superintendent or general foreman, by number; must exist"),
    optional(
        "team",
        list(200, &Type::Object(TEAM)),
        Operational,
        "people on the project; replaced whole, and new people raise `employee.assigned`",
    ),
    optional("phases", list(100, &Type::Object(PHASES)), Operational, "phases in their order; replaced whole"),
    optional("permits", list(50, &Type::Object(PERMITS)), Operational, "permits of the project; replaced whole"),
    optional("dailyStartTime", Type::Time, Operational, "when the usual shift begins"),
    optional("dailyEndTime", Type::Time, Operational, "when the usual shift ends"),
    optional("workDays", WORK_DAYS, Operational, "days on which there is work; default `mon` to `fri`"),
    optional("prevailingWage", Type::Bool, Operational, "whether certified payroll is needed; default false"),
    optional("unionJob", Type::Bool, Operational, "whether it is a union job; default false"),
];

const BUDGET: &[Field] = &[
    required("total", money(2), Private, "the whole budget; not less than the sum of its parts"),
    optional("labor", money(2), Private, "part for labour"),
    optional("materials", money(2), Private, "part for materials"),
    optional("equipment", money(2), Private, "part for equipment"),
    optional("subcontract", money(2), Private, "part for subcontractors"),
    optional("other", money(2), Private, "part for everything else"),
    optional("contingency", money(2), Private, "part kept for surprises"),
];

const TEAM: &[Field] = &[
    optional("employeeId", Type::Id("emp_"), Operational, "who, by id; this or the number"),
    optional("employeeNumber", key(50), Operational, "who, by number; this or the id"),
    required("role", string(60), Operational, "what the person does there; `superintendent`"),
    optional("startDate", Type::Date, Operational, "first day on the project"),
    optional("endDate", Type::Date, Operational, "last day; not before `startDate`"),
    optional("allocationPercent", int(1, 100), Operational, "share of the person's time, in percent; default 100"),
];

const PHASES: &[Field] = &[
    required(
        "name",
        string(100),
        Operational,
        "name of the phase; each once in a project, whatever the case of its letters",
    ),
    optional("code", code(40), Operational, "cost code of the phase"),
    optional("startDate", Type::Date, Operational, "first day"),
    optional("endDate", Type::Date, Operational, "last day; not before `startDate`"),
    optional("budget", money(2), Private, "what the phase may cost"),
    optional("status", Type::Enum(PHASE_STATUS), Operational, "default `not_started`"),
];

const PERMITS: &[Field] = &[
    required("number", string(60), Operational, "number of the permit"),
    optional("type", string(60), Operational, "kind of permit; `building`"),
    optional("issuedOn", Type::HistoricDate, Operational, "day of issue"),
    optional("expiresOn", Type::HistoricDate, Operational, "last day on which it is valid; not before `issuedOn`"),
];
