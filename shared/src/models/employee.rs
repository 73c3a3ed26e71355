//! Employees (contract 3.3).

use super::parts::{ADDRESS, TAIL, WORK_DAYS, control};
use super::{Kind, Model};
use crate::schema::Class::{P0, P1, P2};
use crate::schema::declare::{
    key, list, money, natural_key, number, on_create, optional, positive, required, shaped, string,
};
use crate::schema::{Field, Shape, Type, fields};

/// A person who works.
pub static EMPLOYEE: Model = Model {
    kind: Kind::Employee,
    prefix: "emp_",
    key: "employeeNumber",
    deletable: true,
    fields: fields![&control("emp_"), OWN, TAIL],
    card: &[
        "employeeNumber",
        "firstName",
        "lastName",
        "role",
        "status",
        "timeZone",
        "workDays",
        "hoursPerDay",
        "timeOffApprovalRequired",
        "skills",
        "certifications",
    ],
};

/// States of an employee (contract section 4).
pub(crate) const STATUS: &[&str] = &["active", "inactive", "terminated"];
const EMPLOYMENT_TYPE: &[&str] = &["full_time", "part_time", "seasonal", "temporary", "union_hall", "contractor"];
const SKILL_LEVEL: &[&str] = &["apprentice", "intermediate", "journeyman", "master"];

const PERSON_NAME: Type = shaped(100, Shape::PersonName);

const OWN: &[Field] = &[
    natural_key("employeeNumber", "natural key = payroll / HR number; `E-1042` (QBO keeps 15 characters)"),
    on_create("firstName", PERSON_NAME, P1, "any script; no `:`, tab or newline (QBO rule)"),
    optional("middleName", PERSON_NAME, P1, ""),
    on_create("lastName", PERSON_NAME, P1, "single-name people: repeat the name"),
    optional("preferredName", string(100), P1, ""),
    on_create("role", string(60), P0, "`foreman`, `carpenter`, `project manager`"),
    optional("status", Type::Enum(STATUS), P0, "default `active`; inactive = on leave"),
    optional("employmentType", Type::Enum(EMPLOYMENT_TYPE), P0, "default `full_time`"),
    optional("hireDate", Type::Date, P0, ""),
    optional("terminationDate", Type::Date, P0, "required when terminated; >= hireDate"),
    optional("trade", string(60), P0, ""),
    optional("classification", string(60), P0, "`Apprentice 3rd year`"),
    optional("unionLocal", string(60), P2, "union membership is special-category data"),
    optional("email", Type::Email, P1, "work e-mail; not a key (crews share addresses)"),
    optional("phone", Type::Phone, P1, "work phone"),
    optional("mobilePhone", Type::Phone, P2, ""),
    optional("address", ADDRESS, P2, "home"),
    optional("emergencyContact", Type::Object(EMERGENCY_CONTACT), P2, ""),
    optional("skills", list(50, &Type::Object(SKILLS)), P0, "replaced whole"),
    optional("certifications", list(50, &Type::Object(CERTIFICATIONS)), P0, "replaced whole"),
    optional("languages", list(10, &shaped(35, Shape::LanguageTag)), P0, "BCP 47: `es-MX`"),
    optional("supervisorId", Type::Id("emp_"), P0, ""),
    optional("supervisorNumber", key(50), P0, "must exist; not itself"),
    optional("crew", string(60), P0, "home crew"),
    optional("homeBranch", string(80), P0, ""),
    optional("timeZone", Type::TimeZone, P0, "governs time off; default tenant"),
    optional("workDays", WORK_DAYS, P0, "default mon..fri"),
    optional("hoursPerDay", positive(24, 2), P0, "default 8"),
    optional("timeOffApprovalRequired", Type::Bool, P0, "false = requests are approved on receipt; default true"),
    optional("currency", Type::Currency, P0, ""),
    optional("hourlyCostRate", money(4), P2, "burdened cost"),
    optional("hourlyBillRate", money(4), P2, ""),
];

const EMERGENCY_CONTACT: &[Field] = &[
    required("name", string(100), P2, ""),
    required("phone", Type::Phone, P2, ""),
    optional("relationship", string(40), P2, ""),
];

const SKILLS: &[Field] = &[
    required("name", string(80), P0, "unique (case-insensitive)"),
    optional("level", Type::Enum(SKILL_LEVEL), P0, ""),
    optional("yearsExperience", number(0, 70, 1), P0, ""),
];

const CERTIFICATIONS: &[Field] = &[
    required("name", string(120), P0, "`OSHA 30`"),
    optional("number", string(60), P2, ""),
    optional("issuer", string(120), P0, ""),
    optional("issuedOn", Type::Date, P0, ""),
    optional("expiresOn", Type::Date, P0, ">= issuedOn"),
];
