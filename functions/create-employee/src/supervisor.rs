//! The supervisor: another employee, who is still employed when named.

use domain::defect::{DefectCode, Defects};
use domain::models::{EmployeeStatus, Kind};
use domain::resource::Change;
use domain::rules::fields::given;
use domain::rules::links;

/// Stores what the body says of the supervisor, under both names.
pub(crate) fn settle(change: &mut Change<'_>, defects: &mut Defects) {
    let Some(link) = links::settle(change, Kind::Employee, "supervisor", defects) else { return };
    let sent_by_number = given(change.sent, "supervisorNumber");
    let field = if sent_by_number { "supervisorNumber" } else { "supervisorId" };
    if change.text("id") == Some(link.to.id.as_str()) {
        defects.push(field, DefectCode::SelfReference, "must be another employee");
    } else if link.new && EmployeeStatus::of(&link.to.fields) == Some(EmployeeStatus::Terminated) {
        defects.push(field, DefectCode::InactiveReference, "names an employee who is terminated");
    }
}

#[cfg(test)]
mod tests;
