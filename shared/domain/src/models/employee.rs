//! Employees: `docs/contract.md#employee`.

use super::parts::{ADDRESS, TAIL, WORK_DAYS, control};
use super::{Kind, Model};
use crate::schema::Class::{Contact, Operational, Private};
use crate::schema::declare::{
    key, list, money, natural_key, number, on_create, optional, positive, required, shaped, string,
};
use crate::schema::{Field, Shape, Type, fields};
use crate::words;

/// A person who works.
pub static EMPLOYEE: Model = Model {
    kind: Kind::Employee,
    prefix: "emp_",
    key: "employeeNumber",
    deletable: true,
    fields: fields![&control("emp_"), OWN, TAIL],
};

words! {
    /// States of an employee.
    pub enum Status {
        /// Works.
        Active = "active",
        /// On leave.
        Inactive = "inactive",
        /// Has left.
        Terminated = "terminated",
    }
}
const EMPLOYMENT_TYPE: &[&str] = &["full_time", "part_time", "seasonal", "temporary", "union_hall", "contractor"];
const SKILL_LEVEL: &[&str] = &["apprentice", "intermediate", "journeyman", "master"];

const PERSON_NAME: Type = shaped(100, Shape::PersonName);

const OWN: &[Field] = &[
    natural_key("employeeNumber", "your payroll or HR number: it finds the record; `E-1042`"),
    on_create("firstName", PERSON_NAME, Contact, "given name, in any script; no `:`, which accounting systems refuse"),
    optional("middleName", PERSON_NAME, Contact, "middle name; no `:`"),
    on_create(
        "lastName",
        PERSON_NAME,
        Contact,
        "family name; no `:`; repeat the first name of people who have one name only",
    ),
    optional("preferredName", string(100), Contact, "what the person is called on site"),
    on_create("role", string(60), Operational, "what the person does; `foreman`, `carpenter`, `project manager`"),
    optional(
        "status",
        Type::Enum(Status::WORDS),
        Operational,
        "default `active`; `inactive` is on leave, `terminated` has left",
    ),
    optional("employmentType", Type::Enum(EMPLOYMENT_TYPE), Operational, "default `full_time`"),
    optional("hireDate", Type::HistoricDate, Operational, "first day of employment"),
    optional(
        "terminationDate",
        Type::HistoricDate,
        Operational,
        "last day; required when `status` is `terminated`, and not before `hireDate`",
    ),
    optional("trade", string(60), Operational, "trade of the person; `concrete`"),
    optional("classification", string(60), Operational, "pay class or grade; `Apprentice 3rd year`"),
    optional("unionLocal", string(60), Private, "the union's local; private, since membership is protected data"),
    optional("email", Type::Email, Contact, "work e-mail; not a key, since crews may share one"),
    optional("phone", Type::Phone, Contact, "work phone"),
    optional("mobilePhone", Type::Phone, Private, "private mobile phone"),
    optional("address", ADDRESS, Private, "home address"),
    optional("emergencyContact", Type::Object(EMERGENCY_CONTACT), Private, "whom to call in an emergency"),
    optional(
        "skills",
        list(50, &Type::Object(SKILLS)),
        Operational,
        "what the person can do; the list is replaced whole",
    ),
    optional(
        "certifications",
        list(50, &Type::Object(CERTIFICATIONS)),
        Operational,
        "cards and licences of the person; the list is replaced whole",
    ),
    optional(
        "languages",
        list(10, &shaped(35, Shape::LanguageTag)),
        Operational,
        "languages spoken, as BCP 47 tags; `es-MX`",
    ),
    optional("supervisorId", Type::Id("emp_"), Operational, "whom the person reports to, by id"),
    optional(
        "supervisorNumber",
        key(50),
        Operational,
        "whom the person reports to, by number; must exist and be somebody else",
    ),
    optional("crew", string(60), Operational, "the crew that the person usually works in; `Concrete A`"),
    optional("homeBranch", string(80), Operational, "branch or yard; `Austin`"),
    optional("timeZone", Type::TimeZone, Operational, "time zone of the person's time off; default: the account's"),
    optional("workDays", WORK_DAYS, Operational, "days on which the person works; default `mon` to `fri`"),
    optional("hoursPerDay", positive(24, 2), Operational, "hours of a whole day; default 8"),
    optional(
        "timeOffApprovalRequired",
        Type::Bool,
        Operational,
        "default true; with false, requests for time off are approved on receipt",
    ),
    optional("currency", Type::Currency, Operational, "currency of the rates; default: the account's"),
    optional("hourlyCostRate", money(4), Private, "what an hour costs you, with burden"),
    optional("hourlyBillRate", money(4), Private, "what an hour is billed at"),
];

const EMERGENCY_CONTACT: &[Field] = &[
    required("name", string(100), Private, "name of the contact"),
    required("phone", Type::Phone, Private, "phone of the contact"),
    optional("relationship", string(40), Private, "who that is; `spouse`"),
];

const SKILLS: &[Field] = &[
    required("name", string(80), Operational, "name of the skill; each once, whatever the case of its letters"),
    optional("level", Type::Enum(SKILL_LEVEL), Operational, "how well"),
    optional("yearsExperience", number(0, 70, 1), Operational, "for how many years"),
];

const CERTIFICATIONS: &[Field] = &[
    required("name", string(120), Operational, "name of the certification; `OSHA 30`"),
    optional("number", string(60), Private, "number on the card"),
    optional("issuer", string(120), Operational, "who issued it"),
    optional("issuedOn", Type::HistoricDate, Operational, "day of issue"),
    optional("expiresOn", Type::HistoricDate, Operational, "last day on which it is valid; not before `issuedOn`"),
];
