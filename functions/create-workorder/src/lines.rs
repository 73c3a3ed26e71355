//! Rules of the assignments of a work order: times, leads, one line per person and start.

use std::collections::HashSet;

use domain::defect::{DefectCode, Defects};
use domain::models::Kind;
use domain::references::Reference;
use domain::rules::fields::{Order, date_order, given, items, text, value};
use domain::rules::links::named_by;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::window::instant;

/// The field that the rules of this module are about.
pub(crate) const ASSIGNMENTS: &str = "assignments";

/// Checks the lines that were sent; a list is replaced whole, so each of them is all there is.
pub(crate) fn check(record: &Map<String, Value>, defects: &mut Defects) {
    for (index, line) in items(record, ASSIGNMENTS) {
        let at = format!("{ASSIGNMENTS}[{index}].");
        check_partner(line, &at, defects);
        date_order(line, &at, ["start", "end"], Order::After, defects);
        check_inside(record, line, &at, defects);
    }
    if items(record, ASSIGNMENTS).filter(|(_, line)| leads(line)).count() > 1 {
        defects.push(ASSIGNMENTS, DefectCode::MultipleLeads, "may have at most one lead");
    }
    check_duplicates(record, defects);
}

/// Whether the person on a line leads the crew.
pub(crate) fn leads(line: &Map<String, Value>) -> bool {
    value(line, "lead").and_then(Value::as_bool).unwrap_or_default()
}

/// A line is an employee's or a vendor's, and only vendors send a headcount.
fn check_partner(line: &Map<String, Value>, at: &str, defects: &mut Defects) {
    let (employee, vendor) = (named_by(line, "employee"), named_by(line, "vendor"));
    match (&employee, &vendor) {
        (None, None) => {
            let message = "is required unless the line names a vendor";
            defects.push(format!("{at}employeeNumber"), DefectCode::Required, message);
        }
        (Some(_), Some(vendor)) => {
            let message = "can't be sent with an employee: one line is for one of the two";
            defects.push(format!("{at}{vendor}"), DefectCode::ConflictingFields, message);
        }
        _ => {}
    }
    if employee.is_some() && vendor.is_none() && given(line, "headcount") {
        defects.push(format!("{at}headcount"), DefectCode::ConflictingFields, "is for vendors only");
    }
}

/// A line's own times are between the order's start and end, inclusive, as far as those are known. Nothing is checked
/// while the order is unscheduled or ends before it starts.
fn check_inside(record: &Map<String, Value>, line: &Map<String, Value>, at: &str, defects: &mut Defects) {
    let opens = instant(record, "scheduledStart");
    let closes = instant(record, "scheduledEnd");
    if opens.zip(closes).is_some_and(|(opens, closes)| closes <= opens) {
        return;
    }
    let early = |time: Timestamp| opens.is_some_and(|opens| time < opens);
    let late = |time: Timestamp| closes.is_some_and(|closes| time > closes);
    let message = "must be between scheduledStart and scheduledEnd";
    if instant(line, "start").is_some_and(|start| early(start) || late(start)) {
        defects.push(format!("{at}start"), DefectCode::OutsideWindow, message);
    }
    if instant(line, "end").is_some_and(|end| early(end) || late(end)) {
        defects.push(format!("{at}end"), DefectCode::OutsideWindow, message);
    }
}

/// One line per person and start. A person is known by the number or the id that was sent; when the references are
/// resolved every line has both, and the rule is applied again.
pub(crate) fn check_duplicates(record: &Map<String, Value>, defects: &mut Defects) {
    let opens = text(record, "scheduledStart");
    let mut seen = HashSet::new();
    for (index, line) in items(record, ASSIGNMENTS) {
        let at = format!("{ASSIGNMENTS}[{index}].");
        let Some(person) = Reference::of(Kind::Employee, line, &at, "employee") else { continue };
        let start = text(line, "start").or(opens);
        let by_id = person.id.as_ref().is_some_and(|id| !seen.insert((id.clone(), start)));
        // The prefix distinguishes numbers from ids.
        let number = person.number.as_ref().map(|number| format!("#{}", number.to_ascii_lowercase()));
        let by_number = number.is_some_and(|number| !seen.insert((number, start)));
        if by_id || by_number {
            let message = "is on another line with the same start";
            defects.push(person.field(), DefectCode::DuplicateItem, message);
        }
    }
}

#[cfg(test)]
mod tests;
