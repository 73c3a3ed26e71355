use domain::defect::DefectCode;
use serde_json::json;

use crate::testing::{HARNESS, NOW, body, maria, people, stored, update};
use domain::resource::testing::invalid;

#[test]
fn a_decision_names_the_approver_and_the_time() {
    let sent = json!({"status": "denied", "decision": {"byEmployeeNumber": "e-1042", "note": "Inventory week"}});
    let denied = update(&stored("requested"), sent).unwrap();
    let expected = json!({
        "byEmployeeNumber": "E-1042", "byEmployeeId": "emp_7Hq2LwN9", "note": "Inventory week", "at": NOW,
    });
    assert_eq!(denied.record["decision"], expected);
    assert_eq!(denied.events[0].data["decidedById"], "emp_7Hq2LwN9");
    assert_eq!(denied.events[0].data["decidedAt"], NOW);
    assert_eq!(denied.events[0].data.get("note"), None);
}

#[test]
fn a_decision_goes_with_a_decided_status() {
    let decision = json!({"byEmployeeNumber": "E-1042"});
    let expected = [("decision".to_owned(), DefectCode::ConflictingFields)];
    let new = HARNESS.send(None, body(json!({"decision": decision})), &people(maria()));
    assert_eq!(invalid(new), expected);
    assert_eq!(invalid(update(&stored("requested"), json!({"decision": decision}))), expected);
    let cancel = json!({"status": "cancelled", "decision": decision});
    assert_eq!(invalid(update(&stored("approved"), cancel)), expected);
}

#[test]
fn the_decision_stays_when_approved_time_off_is_cancelled() {
    let cancelled = update(&stored("approved"), json!({"status": "cancelled"})).unwrap();
    assert_eq!(cancelled.record["decision"], json!({"at": NOW}));
}

#[test]
fn the_approver_must_exist() {
    let sent = json!({"status": "approved", "decision": {"byEmployeeNumber": "E-9999"}});
    let expected = [("decision.byEmployeeNumber".to_owned(), DefectCode::UnknownReference)];
    assert_eq!(invalid(update(&stored("requested"), sent)), expected);
}
