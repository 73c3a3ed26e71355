use domain::defect::DefectCode;
use domain::models::Kind;
use domain::resource::Resource;
use domain::resource::testing::{invalid, object};
use serde_json::json;

use crate::Employee;
use crate::testing::{HARNESS, people, stored, update};

#[test]
fn a_supervisor_is_stored_under_both_names() {
    let people = people(&[("emp_7Hq2LwN9", "E-1042", "active"), ("emp_8Jr3", "E-1043", "inactive")]);
    let by_number = HARNESS.send(Some(&stored(json!({}))), json!({"supervisorNumber": "e-1042"}), &people).unwrap();
    assert_eq!(by_number.record["supervisorId"], "emp_7Hq2LwN9");
    assert_eq!(by_number.record["supervisorNumber"], "E-1042");

    // Half a reference replaces the whole one that was stored.
    let replaced = HARNESS.send(Some(&by_number.record), json!({"supervisorId": "emp_8Jr3"}), &people).unwrap();
    assert_eq!(replaced.record["supervisorNumber"], "E-1043");

    let cleared = HARNESS.send(Some(&replaced.record), json!({"supervisorNumber": null}), &people).unwrap();
    assert_eq!((cleared.record.get("supervisorId"), cleared.record.get("supervisorNumber")), (None, None));
}

#[test]
fn a_body_that_does_not_name_the_supervisor_leaves_it_alone() {
    let before = stored(json!({"supervisorId": "emp_7Hq2LwN9", "supervisorNumber": "E-1042"}));
    let after = update(&before, json!({"role": "lead finisher"}));
    assert_eq!(after.record["supervisorId"], "emp_7Hq2LwN9");
}

#[test]
fn a_supervisor_must_exist_be_employed_and_be_somebody_else() {
    let people = people(&[
        ("emp_7Hq2LwN9", "E-1042", "active"),
        ("emp_Gone1", "E-0001", "terminated"),
        ("emp_Mj1131", "E-1131", "active"),
    ]);
    for (sent, field, code) in [
        (json!({"supervisorNumber": "E-9999"}), "supervisorNumber", DefectCode::UnknownReference),
        (json!({"supervisorId": "emp_None1"}), "supervisorId", DefectCode::UnknownReference),
        (
            json!({"supervisorId": "emp_7Hq2LwN9", "supervisorNumber": "E-0001"}),
            "supervisorNumber",
            DefectCode::ReferenceMismatch,
        ),
        (json!({"supervisorNumber": "E-0001"}), "supervisorNumber", DefectCode::InactiveReference),
        (json!({"supervisorId": "emp_Mj1131"}), "supervisorId", DefectCode::SelfReference),
        (json!({"supervisorNumber": "E-1131"}), "supervisorNumber", DefectCode::SelfReference),
    ] {
        let result = HARNESS.send(Some(&stored(json!({}))), sent.clone(), &people);
        assert_eq!(invalid(result), [(field.to_owned(), code)], "{sent}");
    }
    // Existing links stay.
    let linked = stored(json!({"supervisorId": "emp_Gone1", "supervisorNumber": "E-0001"}));
    assert!(HARNESS.send(Some(&linked), json!({"supervisorNumber": "E-0001", "role": "x"}), &people).is_ok());
}

#[test]
fn the_only_reference_is_the_supervisor() {
    let references = Employee::references(&object(json!({"supervisorNumber": "E-1042", "employeeNumber": "E-1"})));
    assert_eq!(references.len(), 1);
    assert_eq!((references[0].kind, references[0].field()), (Kind::Employee, "supervisorNumber"));
}
