//! Natural keys and ids, and records that get another number.

use serde_json::json;
use tests::InboundApp;

use crate::crew::{EMPLOYEE, TIME_OFF, WORK_ORDER, employee, id, ok, project, with, work_order};
use crate::expect::{accepted, invalid, refused, warnings};

#[tokio::test]
async fn the_natural_key_is_compared_without_case_and_kept_as_sent() {
    let app = InboundApp::start().await;
    let first = id(&work_order(&app, "WO-12a", json!({})).await);
    let reply = app.post(WORK_ORDER, json!({"workOrderNumber": "wo-12A", "priority": "high"})).await;
    let data = accepted(&reply, "updated");
    assert_eq!(data["id"], first);
}

#[tokio::test]
async fn an_id_finds_the_record_and_its_number_can_then_be_changed() {
    let app = InboundApp::start().await;
    let known = id(&work_order(&app, "WO-1", json!({})).await);
    accepted(&app.post(WORK_ORDER, json!({"id": known, "priority": "high"})).await, "updated");

    let renamed = app.post(WORK_ORDER, json!({"id": known, "workOrderNumber": "WO-2"})).await;
    let data = accepted(&renamed, "updated");
    assert_eq!((&data["id"], &data["workOrderNumber"], &data["version"]), (&json!(known), &json!("WO-2"), &json!(3)));

    let by_number = app.post(WORK_ORDER, json!({"workOrderNumber": "WO-2", "priority": "low"})).await;
    assert_eq!(accepted(&by_number, "updated")["id"], known);
    let anew = id(&work_order(&app, "WO-1", json!({})).await);
    assert_ne!(anew, known, "the old number is free");

    let taken = app.post(WORK_ORDER, json!({"id": known, "workOrderNumber": "wo-1"})).await;
    refused(&taken, 409, "already_exists");
    refused(&app.post(WORK_ORDER, json!({"id": "wo_unknown", "title": "x"})).await, 404, "not_found");
    let other = json!({"id": "proj_abc123", "workOrderNumber": "WO-1"});
    invalid(&app.post(WORK_ORDER, other).await, &["id invalid_format"]);
}

#[tokio::test]
async fn a_person_keeps_calendar_and_orders_under_a_new_number() {
    let app = InboundApp::start().await;
    let person = id(&employee(&app, "E-1", json!({})).await);
    let window = json!({"scheduledStart": "2025-10-27T12:00:00Z", "scheduledEnd": "2025-10-27T20:00:00Z"});
    let crew = json!({"assignments": [{"employeeNumber": "E-1"}]});
    work_order(&app, "WO-1", with(crew, window.clone())).await;
    accepted(&app.post(EMPLOYEE, json!({"id": person, "employeeNumber": "E-2"})).await, "updated");

    let other = work_order(&app, "WO-2", with(json!({"assignments": [{"employeeNumber": "E-2"}]}), window)).await;
    assert_eq!(warnings(&other), ["double_booked assignments[0].employeeNumber"]);
    let gone = json!({"workOrderNumber": "WO-3", "title": "x", "assignments": [{"employeeNumber": "E-1"}]});
    invalid(&app.post(WORK_ORDER, gone).await, &["assignments[0].employeeNumber unknown_reference"]);
    refused(&app.post(EMPLOYEE, json!({"id": person, "operation": "delete"})).await, 409, "still_referenced");

    // The first order still knows its person, and can let go.
    accepted(&app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "assignments": []})).await, "updated");
    accepted(&app.post(WORK_ORDER, json!({"workOrderNumber": "WO-2", "assignments": []})).await, "updated");
    accepted(&app.post(EMPLOYEE, json!({"id": person, "operation": "delete"})).await, "deleted");
}

#[tokio::test]
async fn a_deleted_order_leaves_the_calendar_of_a_person_with_another_number() {
    let app = InboundApp::start().await;
    let person = id(&employee(&app, "E-1", json!({})).await);
    let order = |employee: &str| {
        json!({"scheduledStart": "2025-10-27T12:00:00Z", "scheduledEnd": "2025-10-27T20:00:00Z",
            "assignments": [{"employeeNumber": employee}]})
    };
    work_order(&app, "WO-1", order("E-1")).await;
    accepted(&app.post(EMPLOYEE, json!({"id": person, "employeeNumber": "E-2"})).await, "updated");
    employee(&app, "E-1", json!({})).await;
    assert_eq!(
        warnings(&work_order(&app, "WO-2", order("E-1")).await),
        [""; 0],
        "the old number is someone else's now"
    );
    accepted(&app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "operation": "delete"})).await, "deleted");
    assert_eq!(warnings(&work_order(&app, "WO-3", order("E-2")).await), [""; 0]);
}

#[tokio::test]
async fn time_off_follows_a_person_to_a_new_number() {
    let app = InboundApp::start().await;
    let person = id(&employee(&app, "E-1", json!({})).await);
    let request = |number: &str, employee: &str| json!({"requestNumber": number, "employeeNumber": employee, "type": "vacation", "startDate": "2025-12-24", "endDate": "2025-12-24"});
    accepted(&app.post(TIME_OFF, request("TO-1", "E-1")).await, "created");
    accepted(&app.post(EMPLOYEE, json!({"id": person, "employeeNumber": "E-2"})).await, "updated");
    refused(&app.post(TIME_OFF, request("TO-2", "E-2")).await, 409, "overlap");
    accepted(&app.post(TIME_OFF, json!({"requestNumber": "TO-1", "status": "cancelled"})).await, "updated");
    accepted(&app.post(TIME_OFF, request("TO-2", "E-2")).await, "created");
}

#[tokio::test]
async fn time_off_of_a_deleted_person_is_not_booked_for_the_next_with_the_number() {
    let app = InboundApp::start().await;
    employee(&app, "E-1", json!({})).await;
    let request = |number: &str, day: &str| json!({"requestNumber": number, "employeeNumber": "E-1", "type": "vacation", "startDate": day, "endDate": day});
    accepted(&app.post(TIME_OFF, request("TO-1", "2025-12-24")).await, "created");
    accepted(&app.post(EMPLOYEE, json!({"employeeNumber": "E-1", "operation": "delete"})).await, "deleted");
    employee(&app, "E-1", json!({})).await;
    let moved = json!({"requestNumber": "TO-1", "startDate": "2025-12-29", "endDate": "2025-12-29"});
    accepted(&app.post(TIME_OFF, moved).await, "updated");
    accepted(&app.post(TIME_OFF, request("TO-2", "2025-12-29")).await, "created");
}

#[tokio::test]
async fn the_children_of_a_deleted_parent_can_be_sent_again() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-1", json!({})).await;
    let child = json!({"parentWorkOrderNumber": "WO-1"});
    work_order(&app, "WO-2", child.clone()).await;
    accepted(&app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "operation": "delete"})).await, "deleted");
    accepted(&work_order(&app, "WO-2", child.clone()).await, "unchanged");
    let renamed = crate::crew::with(child, json!({"workOrderNumber": "WO-2", "title": "Renamed"}));
    accepted(&app.post(WORK_ORDER, renamed).await, "updated");
    invalid(
        &app.post(WORK_ORDER, json!({"workOrderNumber": "WO-3", "title": "x", "parentWorkOrderNumber": "WO-1"})).await,
        &["parentWorkOrderNumber unknown_reference"],
    );
}

#[tokio::test]
async fn accounts_share_nothing() {
    let app = InboundApp::start().await;
    let other = app.tenant("Other").await;
    let ours = id(&work_order(&app, "WO-1", json!({})).await);
    let theirs = ok(other.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "title": "x"})).await);
    accepted(&theirs, "created");
    assert_ne!(id(&theirs), ours);
    refused(&other.post(WORK_ORDER, json!({"id": ours, "title": "x"})).await, 404, "not_found");
    project(&app, "2025-014", json!({})).await;
    let reply =
        other.post(WORK_ORDER, json!({"workOrderNumber": "WO-2", "title": "x", "projectNumber": "2025-014"})).await;
    invalid(&reply, &["projectNumber unknown_reference"]);
}
