//! The employee of a request, who can't change.

use domain::defect::{DefectCode, Defects};
use domain::models::{EmployeeStatus, Kind};
use domain::references::{Reference, Referent};
use domain::rejection::{ConflictCode, Rejection};
use domain::resource::Change;
use domain::rules::fields::value;
use serde_json::{Map, Value};

/// The reference to the employee.
pub(crate) fn reference(record: &Map<String, Value>) -> Option<Reference> {
    Reference::of(Kind::Employee, record, "", "employee")
}

/// Resolves the employee and stores it under both names. `None` when a defect was found, or when the employee of a
/// stored request was deleted since.
///
/// An update that does not name the employee keeps what is stored; one that does is resolved from the body alone, so
/// that half a reference is not compared with the other half of the stored one.
pub(crate) fn settle<'a>(change: &mut Change<'a>, defects: &mut Defects) -> Option<&'a Referent> {
    let references = change.references;
    let Some(reference) = reference(change.sent) else {
        return keep_stored(change);
    };
    let employee = references.resolve(&reference, defects)?;
    if change.stored.is_none() && EmployeeStatus::of(&employee.fields) == Some(EmployeeStatus::Terminated) {
        defects.push(reference.field(), DefectCode::InactiveReference, "names an employee who is terminated");
    }
    change.set("employeeId", employee.id.as_str());
    change.set("employeeNumber", employee.number.as_str());
    Some(employee)
}

/// Puts back the reference that the body does not name.
fn keep_stored<'a>(change: &mut Change<'a>) -> Option<&'a Referent> {
    let stored = change.stored?;
    for field in ["employeeId", "employeeNumber"] {
        if let Some(value) = value(stored, field) {
            change.set(field, value.clone());
        }
    }
    change.references.by_id(Kind::Employee, change.stored_text("employeeId")?)
}

/// A request stays with its employee.
///
/// # Errors
/// `immutable_field` (409) when the body names another one.
pub(crate) fn refuse_another(change: &Change<'_>) -> Result<(), Rejection> {
    if change.stored.is_none() || change.text("employeeId") == change.stored_text("employeeId") {
        return Ok(());
    }
    let detail = "The employee of a request can't change: cancel it and submit a new one.";
    Err(Rejection::conflict(ConflictCode::ImmutableField, detail))
}

#[cfg(test)]
mod tests;
