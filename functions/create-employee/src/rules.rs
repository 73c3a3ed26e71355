//! Rules among the fields of one employee.

use std::collections::HashSet;

use domain::defect::{DefectCode, Defects};
use domain::models::EmployeeStatus;
use domain::rules::address;
use domain::rules::fields::{Extent, Order, date_order, given, items, missing, text};
use serde_json::{Map, Value};

/// Checks the rules among the fields of `record`.
pub(crate) fn check(record: &Map<String, Value>, extent: Extent, defects: &mut Defects) {
    check_termination(record, extent, defects);
    check_supervisor(record, defects);
    check_skills(record, defects);
    for (index, certification) in items(record, "certifications") {
        let at = format!("certifications[{index}].");
        date_order(certification, &at, ["issuedOn", "expiresOn"], Order::NotBefore, defects);
    }
    address::check(record, "address", defects);
}

/// `terminationDate` is not before `hireDate`.
pub(crate) fn check_employment_dates(record: &Map<String, Value>, defects: &mut Defects) {
    date_order(record, "", ["hireDate", "terminationDate"], Order::NotBefore, defects);
}

/// A terminated employee has a `terminationDate`, not before `hireDate`.
///
/// In a stored record that is not terminated, the date may be one that a rehire is about to clear, so the two dates are
/// compared again after that.
fn check_termination(record: &Map<String, Value>, extent: Extent, defects: &mut Defects) {
    let is_new = extent == Extent::Whole && !given(record, "version");
    let terminated = EmployeeStatus::of(record) == Some(EmployeeStatus::Terminated);
    if terminated && missing(record, "terminationDate", extent) {
        defects.push("terminationDate", DefectCode::Required, "is required when status is terminated");
    }
    if terminated || is_new {
        check_employment_dates(record, defects);
    }
}

/// Nobody supervises themselves. Where both ids are present they decide: the stored number of a supervisor who was
/// renumbered since may now be this employee's own.
fn check_supervisor(record: &Map<String, Value>, defects: &mut Defects) {
    let own = |own, other| text(record, own).zip(text(record, other));
    let (field, itself) = if let Some((id, supervisor)) = own("id", "supervisorId") {
        ("supervisorId", id == supervisor)
    } else {
        let numbers = own("employeeNumber", "supervisorNumber");
        ("supervisorNumber", numbers.is_some_and(|(number, other)| number.eq_ignore_ascii_case(other)))
    };
    if itself {
        defects.push(field, DefectCode::SelfReference, "must be another employee");
    }
}

/// Skill names are unique without regard to case.
fn check_skills(record: &Map<String, Value>, defects: &mut Defects) {
    let mut seen = HashSet::new();
    for (index, skill) in items(record, "skills") {
        if text(skill, "name").is_some_and(|name| !seen.insert(name.to_lowercase())) {
            let message = "is listed more than once (case is ignored)";
            defects.push(format!("skills[{index}].name"), DefectCode::DuplicateItem, message);
        }
    }
}

#[cfg(test)]
mod tests;
