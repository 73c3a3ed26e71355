//! References between records, and what they forbid.

use serde_json::json;
use tests::InboundApp;

use super::{time_off, try_order};
use crate::crew::{EMPLOYEE, PROJECT, VENDOR, WORK_ORDER, employee, id, ok, project, vendor, work_order};
use crate::expect::{accepted, invalid, refused};

#[tokio::test]
async fn every_reference_must_exist() {
    let app = InboundApp::start().await;
    let extra = json!({
        "projectNumber": "NONE", "parentWorkOrderNumber": "WO-0",
        "assignments": [{"employeeNumber": "NONE"}, {"vendorId": "ven_none"}],
        "materials": [{"name": "a", "quantity": 1, "unit": "ea", "vendorNumber": "NONE"}],
        "equipment": [{"name": "b", "vendorId": "ven_none"}],
    });
    let expected = [
        "assignments[0].employeeNumber unknown_reference",
        "assignments[1].vendorId unknown_reference",
        "equipment[0].vendorId unknown_reference",
        "materials[0].vendorNumber unknown_reference",
        "parentWorkOrderNumber unknown_reference",
        "projectNumber unknown_reference",
    ];
    invalid(&try_order(&app, extra).await, &expected);

    let body = json!({"projectNumber": "P-1", "name": "x", "projectManagerNumber": "NONE", "superintendentId": "emp_none",
        "team": [{"employeeNumber": "NONE", "role": "x"}]});
    let expected = [
        "projectManagerNumber unknown_reference",
        "superintendentId unknown_reference",
        "team[0].employeeNumber unknown_reference",
    ];
    invalid(&app.post(PROJECT, body).await, &expected);

    let body =
        json!({"employeeNumber": "E-9", "firstName": "a", "lastName": "b", "role": "c", "supervisorNumber": "NONE"});
    invalid(&app.post(EMPLOYEE, body).await, &["supervisorNumber unknown_reference"]);

    employee(&app, "E-1", json!({})).await;
    let extra = json!({"status": "approved", "decision": {"byEmployeeNumber": "NONE"}});
    invalid(&time_off(&app, "TO-1", "E-1", extra).await, &["decision.byEmployeeNumber unknown_reference"]);
    invalid(&time_off(&app, "TO-1", "NONE", json!({})).await, &["employeeNumber unknown_reference"]);
}

#[tokio::test]
async fn a_reference_must_name_a_record_of_the_right_kind() {
    let app = InboundApp::start().await;
    let person = id(&employee(&app, "E-1", json!({})).await);
    invalid(&try_order(&app, json!({"projectId": person})).await, &["projectId invalid_format"]);
    invalid(&try_order(&app, json!({"projectNumber": "E-1"})).await, &["projectNumber unknown_reference"]);
}

#[tokio::test]
async fn an_id_and_a_number_must_name_the_same_record() {
    let app = InboundApp::start().await;
    let one = id(&project(&app, "P-1", json!({})).await);
    project(&app, "P-2", json!({})).await;
    let extra = json!({"projectId": one, "projectNumber": "P-2"});
    invalid(&try_order(&app, extra).await, &["projectNumber reference_mismatch"]);
    accepted(&try_order(&app, json!({"projectId": one, "projectNumber": "p-1"})).await, "created");
    let stored = crate::records::record(&app, "workorder", "WO-1").await;
    assert_eq!((&stored["projectId"], &stored["projectNumber"]), (&json!(one), &json!("P-1")));

    // Half a reference takes the place of the whole.
    accepted(&app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "projectNumber": "P-2"})).await, "updated");
    let stored = crate::records::record(&app, "workorder", "WO-1").await;
    assert_eq!(stored["projectNumber"], "P-2");
    assert_ne!(stored["projectId"], json!(one));
}

#[tokio::test]
async fn a_person_who_has_left_is_not_newly_assigned_and_keeps_earlier_assignments() {
    let app = InboundApp::start().await;
    employee(&app, "E-1", json!({})).await;
    vendor(&app, "V-1", json!({})).await;
    project(&app, "P-1", json!({"status": "active"})).await;
    let crew = json!([{"employeeNumber": "E-1"}, {"vendorNumber": "V-1"}]);
    work_order(&app, "WO-0", json!({"projectNumber": "P-1", "assignments": crew})).await;

    let terminated = json!({"employeeNumber": "E-1", "status": "terminated", "terminationDate": "2025-10-31"});
    accepted(&app.post(EMPLOYEE, terminated).await, "updated");
    accepted(&app.post(VENDOR, json!({"vendorNumber": "V-1", "status": "blocked"})).await, "updated");
    accepted(&app.post(PROJECT, json!({"projectNumber": "P-1", "status": "completed"})).await, "updated");

    let expected = [
        "assignments[0].employeeNumber inactive_reference",
        "assignments[1].vendorNumber inactive_reference",
        "projectNumber inactive_reference",
    ];
    invalid(&try_order(&app, json!({"projectNumber": "P-1", "assignments": crew})).await, &expected);
    let reordered = json!({"workOrderNumber": "WO-0", "title": "Pour", "projectNumber": "P-1",
        "assignments": [{"vendorNumber": "V-1"}, {"employeeNumber": "E-1", "lead": true}]});
    accepted(&app.post(WORK_ORDER, reordered).await, "updated");

    invalid(&time_off(&app, "TO-1", "E-1", json!({})).await, &["employeeNumber inactive_reference"]);
    let everywhere = json!({"projectNumber": "P-2", "name": "x", "projectManagerNumber": "E-1",
        "superintendentNumber": "e-1", "team": [{"employeeNumber": "E-1", "role": "x"}]});
    let refused = [
        "projectManagerNumber inactive_reference",
        "superintendentNumber inactive_reference",
        "team[0].employeeNumber inactive_reference",
    ];
    invalid(&app.post(PROJECT, everywhere.clone()).await, &refused);
    accepted(&app.post(EMPLOYEE, json!({"employeeNumber": "E-1", "status": "inactive"})).await, "updated");
    invalid(&app.post(PROJECT, everywhere).await, &refused);
    let crew = json!([{"employeeNumber": "E-1"}]);
    invalid(
        &try_order(&app, json!({"assignments": crew})).await,
        &["assignments[0].employeeNumber inactive_reference"],
    );
}

#[tokio::test]
async fn a_parent_order_has_no_parent_itself() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-A", json!({})).await;
    work_order(&app, "WO-B", json!({"parentWorkOrderNumber": "wo-a"})).await;
    let parent = |number: &str| json!({"parentWorkOrderNumber": number});
    invalid(&try_order(&app, parent("WO-B")).await, &["parentWorkOrderNumber conflicting_fields"]);
    invalid(&try_order(&app, parent("wo-1")).await, &["parentWorkOrderNumber self_reference"]);
    let own = json!({"id": id(&work_order(&app, "WO-C", json!({})).await), "parentWorkOrderNumber": "WO-C"});
    invalid(&app.post(WORK_ORDER, own).await, &["parentWorkOrderNumber self_reference"]);
}

#[tokio::test]
async fn a_person_on_an_open_order_is_not_deleted() {
    let app = InboundApp::start().await;
    employee(&app, "E-1", json!({})).await;
    vendor(&app, "V-1", json!({})).await;
    work_order(&app, "WO-1", json!({"assignments": [{"employeeNumber": "E-1"}, {"vendorNumber": "V-1"}]})).await;
    for (path, key, number) in [(EMPLOYEE, "employeeNumber", "E-1"), (VENDOR, "vendorNumber", "V-1")] {
        let reply = app.post(path, json!({key: number, "operation": "delete"})).await;
        refused(&reply, 409, "still_referenced");
        assert!(reply.body["detail"].as_str().is_some_and(|text| text.contains("WO-1")), "{}", reply.text);
    }
    ok(app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "status": "completed"})).await);
    for (path, key, number) in [(EMPLOYEE, "employeeNumber", "E-1"), (VENDOR, "vendorNumber", "V-1")] {
        accepted(&app.post(path, json!({key: number, "operation": "delete"})).await, "deleted");
    }
}

#[tokio::test]
async fn an_employee_does_not_supervise_themselves() {
    let app = InboundApp::start().await;
    let known = id(&employee(&app, "E-1", json!({})).await);
    let own = json!({"employeeNumber": "E-1", "supervisorNumber": "e-1"});
    invalid(&app.post(EMPLOYEE, own).await, &["supervisorNumber self_reference"]);
    let own = json!({"employeeNumber": "E-1", "supervisorId": known});
    invalid(&app.post(EMPLOYEE, own).await, &["supervisorId self_reference"]);
}
