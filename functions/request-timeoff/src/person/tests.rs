use domain::defect::DefectCode;
use domain::references::References;
use domain::rejection::ConflictCode;
use domain::resource::CalendarEdit;
use serde_json::json;

use crate::testing::{HARNESS, body, holder, maria, people, stored, unchanged, update, with_fields};
use domain::resource::testing::{conflict, invalid};

#[test]
fn the_employee_must_exist_and_be_employed() {
    let gone = with_fields(json!({"status": "terminated"}));
    let result = HARNESS.send(None, body(json!({})), &gone);
    assert_eq!(invalid(result), [("employeeNumber".to_owned(), DefectCode::InactiveReference)]);
    let unknown = HARNESS.send(None, body(json!({"employeeNumber": "E-9999"})), &people(maria()));
    assert_eq!(invalid(unknown), [("employeeNumber".to_owned(), DefectCode::UnknownReference)]);
    let torn = HARNESS.send(None, body(json!({"employeeId": "emp_7Hq2LwN9"})), &people(maria()));
    assert_eq!(invalid(torn), [("employeeNumber".to_owned(), DefectCode::ReferenceMismatch)]);
    // Existing links stay: the absence of someone who has left since can still be cancelled.
    assert!(HARNESS.send(Some(&stored("approved").stored), json!({"status": "cancelled"}), &gone).is_ok());
}

#[test]
fn a_request_stays_with_its_employee() {
    let before = stored("requested");
    for sent in [json!({"employeeNumber": "E-1042"}), json!({"employeeId": "emp_7Hq2LwN9"})] {
        assert_eq!(conflict(update(&before, sent)).code, ConflictCode::ImmutableField);
    }
    for sent in [
        json!({"employeeNumber": "e-1131"}),
        json!({"employeeId": "emp_Mj1131"}),
        json!({"employeeId": null}),
        json!({"employeeNumber": null}),
    ] {
        assert!(unchanged(&before, &update(&before, sent.clone()).unwrap()), "{sent}");
    }
}

#[test]
fn time_off_of_a_deleted_employee_can_still_be_cancelled() {
    let cancelled =
        HARNESS.send(Some(&stored("approved").stored), json!({"status": "cancelled"}), &References::default());
    let expected = CalendarEdit::Unleave { of: holder(), leave_id: "to_new1".to_owned() };
    assert_eq!(cancelled.unwrap().calendar, [expected]);
}
