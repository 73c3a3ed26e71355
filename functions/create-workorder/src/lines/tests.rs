use domain::rules::fields::Extent;
use serde_json::json;

use super::*;
use crate::testing::{Found, HARNESS, object};

/// The defects of an order from 12:00 to 20:00 with these lines.
fn found(lines: impl Into<Value>) -> Found {
    let window = ("2025-10-27T12:00:00Z", "2025-10-27T20:00:00Z");
    let record = json!({"scheduledStart": window.0, "scheduledEnd": window.1, "assignments": lines.into()});
    HARNESS.check(&record, Extent::Part)
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
    let paired = json!([{"employeeNumber": "E-1", "employeeId": "emp_one"}, {"vendorId": "ven_one", "headcount": 3}]);
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
    let crew = |second: bool| json!([{"employeeNumber": "E-1", "lead": true}, {"vendorNumber": "V-1", "lead": second}]);
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
