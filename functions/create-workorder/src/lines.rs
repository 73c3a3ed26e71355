//! Rules of the assignments of a work order: times, leads, one line per person and start.

use std::collections::HashSet;

use domain::defect::{DefectCode, Defects};
use domain::models::Kind;
use domain::references::Reference;
use domain::rules::fields::{Order, date_order, given, items, text};
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

/// Whether a line is the crew lead's.
pub(crate) fn leads(line: &Map<String, Value>) -> bool {
    line.get("lead").and_then(Value::as_bool).unwrap_or_default()
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

/// The line's own times are inside the order's window, whose edges belong to it, as far as it is known. An order that is
/// not scheduled yet, or ends before it starts, has none to be inside of.
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
        // The mark keeps numbers apart from ids.
        let number = person.number.as_ref().map(|number| format!("#{}", number.to_ascii_lowercase()));
        let by_number = number.is_some_and(|number| !seen.insert((number, start)));
        if by_id || by_number {
            let message = "is on another line with the same start";
            defects.push(person.field(), DefectCode::DuplicateItem, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{object, pairs};

    /// The defects of an order from 12:00 to 20:00 with these lines.
    fn found(lines: impl Into<Value>) -> Vec<(String, DefectCode)> {
        let window = ("2025-10-27T12:00:00Z", "2025-10-27T20:00:00Z");
        let record = json!({"scheduledStart": window.0, "scheduledEnd": window.1, "assignments": lines.into()});
        let mut defects = Defects::default();
        check(&object(record), &mut defects);
        pairs(&defects)
    }

    #[track_caller]
    fn one(lines: Value, field: &str, code: DefectCode) {
        assert_eq!(found(lines), [(field.to_owned(), code)]);
    }

    #[test]
    fn a_line_is_for_an_employee_or_a_vendor() {
        one(json!([{"role": "foreman"}]), "assignments[0].employeeNumber", DefectCode::Required);
        let both = json!([{"employeeNumber": "E-1", "vendorId": "ven_one"}]);
        one(both, "assignments[0].vendorId", DefectCode::ConflictingFields);
        let both = json!([{"employeeId": "emp_one", "vendorNumber": "V-1", "headcount": 3}]);
        one(both, "assignments[0].vendorNumber", DefectCode::ConflictingFields);
        let paired =
            json!([{"employeeNumber": "E-1", "employeeId": "emp_one"}, {"vendorId": "ven_one", "headcount": 3}]);
        assert_eq!(found(paired), []);
    }

    #[test]
    fn only_vendors_send_a_headcount() {
        let line = json!([{"vendorNumber": "V-1", "headcount": 2}, {"employeeNumber": "E-1", "headcount": 2}]);
        one(line, "assignments[1].headcount", DefectCode::ConflictingFields);
    }

    #[test]
    fn a_lines_window_is_inside_the_orders_whose_edges_belong_to_it() {
        let line = |start: &str, end: &str| json!([{"employeeNumber": "E-1", "start": format!("2025-10-27T{start}Z"), "end": format!("2025-10-27T{end}Z")}]);
        let (start, end) = ("assignments[0].start", "assignments[0].end");
        assert_eq!(found(line("12:00:00", "20:00:00")), []);
        one(line("11:59:59", "13:00:00"), start, DefectCode::OutsideWindow);
        one(line("13:00:00", "20:00:01"), end, DefectCode::OutsideWindow);
        one(line("14:00:00", "13:00:00"), end, DefectCode::DateOrder);
        one(line("14:00:00", "14:00:00"), end, DefectCode::DateOrder);
        assert_eq!(found(json!([{"employeeNumber": "E-1", "start": "2025-10-27T20:00:00Z"}])), []);
        assert_eq!(found(json!([{"employeeNumber": "E-1", "end": "2025-10-27T12:00:00Z"}])), []);
    }

    #[test]
    fn at_most_one_lead() {
        let crew =
            |second: bool| json!([{"employeeNumber": "E-1", "lead": true}, {"vendorNumber": "V-1", "lead": second}]);
        assert_eq!(found(crew(false)), []);
        one(crew(true), "assignments", DefectCode::MultipleLeads);
    }

    #[test]
    fn one_line_per_person_and_start() {
        let (noon, two) = ("2025-10-27T12:00:00Z", "2025-10-27T14:00:00Z");
        let twice = |second: Value| {
            let mut line = object(json!({"employeeNumber": "E-1", "employeeId": "emp_one"}));
            line.extend(object(second));
            json!([{"employeeNumber": "e-1"}, line])
        };
        one(twice(json!({})), "assignments[1].employeeNumber", DefectCode::DuplicateItem);
        one(twice(json!({"start": noon})), "assignments[1].employeeNumber", DefectCode::DuplicateItem);
        assert_eq!(found(twice(json!({"start": two}))), []);
        let vendors = json!([{"vendorNumber": "V-1"}, {"vendorNumber": "V-1"}]);
        assert_eq!(found(vendors), [], "two crews of one company");
        let by_id = json!([{"employeeId": "emp_one"}, {"employeeId": "emp_one"}]);
        one(by_id, "assignments[1].employeeId", DefectCode::DuplicateItem);
    }
}
