//! Times of orders, projects and time off.

use serde_json::{Value, json};
use tests::InboundApp;

use super::{END, START, order_for, time_off, try_order};
use crate::crew::{TIME_OFF, WORK_ORDER, employee, id, ok, project, with};
use crate::expect::{accepted, invalid, refused, warnings};

#[tokio::test]
async fn the_times_and_the_lines_of_one_order_fit_together() {
    let app = InboundApp::start().await;
    employee(&app, "E-1", json!({})).await;
    let window = json!({"scheduledStart": START, "scheduledEnd": END});
    let order = |lines: Value| with(window.clone(), json!({"assignments": lines}));
    invalid(
        &try_order(&app, json!({"scheduledStart": START, "scheduledEnd": START})).await,
        &["scheduledEnd date_order"],
    );
    let outside = json!([{"employeeNumber": "E-1", "start": "2025-10-27T11:00:00Z", "end": END}]);
    invalid(&try_order(&app, order(outside)).await, &["assignments[0].start outside_window"]);
    let edges = json!([{"employeeNumber": "E-1", "end": START}, {"employeeNumber": "E-1", "start": END}]);
    ok(app.post(WORK_ORDER, with(order(edges), json!({"workOrderNumber": "WO-0", "title": "Pour"}))).await);
    let twice = json!([{"employeeNumber": "E-1"}, {"employeeNumber": "e-1"}]);
    invalid(&try_order(&app, order(twice)).await, &["assignments[1].employeeNumber duplicate_item"]);
    let neither = json!([{"role": "foreman"}]);
    let reply = try_order(&app, order(neither)).await;
    refused(&reply, 400, "validation_failed");
    let both = json!([{"employeeNumber": "E-1", "vendorNumber": "V-1"}]);
    let reply = try_order(&app, order(both)).await;
    assert_eq!(reply.body["errors"][0]["code"], "conflicting_fields", "{}", reply.text);
}

#[tokio::test]
async fn work_outside_the_dates_of_its_project_gets_a_warning() {
    let app = InboundApp::start().await;
    let job = json!({"startDate": "2025-06-02", "endDate": "2025-10-26", "phases": [{"name": "Rough-in"}]});
    project(&app, "P-1", job).await;
    let extra = json!({"projectNumber": "P-1", "phase": "Punch list", "scheduledStart": START, "scheduledEnd": END});
    let reply = try_order(&app, extra).await;
    accepted(&reply, "created");
    assert_eq!(warnings(&reply), ["outside_project_dates scheduledEnd", "unknown_phase phase"]);
    let moved = json!({"workOrderNumber": "WO-1", "phase": "rough-IN", "scheduledStart": "2025-06-01T12:00:00Z",
        "scheduledEnd": "2025-06-03T12:00:00Z"});
    let reply = app.post(WORK_ORDER, moved).await;
    assert_eq!(warnings(&reply), ["outside_project_dates scheduledStart"]);
}

#[tokio::test]
async fn an_assignment_during_approved_time_off_gets_a_warning() {
    let app = InboundApp::start().await;
    employee(&app, "E-1", json!({})).await;
    ok(time_off(&app, "TO-1", "E-1", json!({})).await);
    assert_eq!(warnings(&order_for(&app, "WO-1", "E-1", json!({})).await), [""; 0], "it is only requested");
    ok(app.post(TIME_OFF, json!({"requestNumber": "TO-1", "status": "approved"})).await);
    let reply = app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "scheduledEnd": "2025-10-27T19:00:00Z"})).await;
    assert_eq!(warnings(&reply), ["time_off_conflict assignments[0].employeeNumber"]);
    ok(app.post(TIME_OFF, json!({"requestNumber": "TO-1", "status": "cancelled"})).await);
    let reply = app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "scheduledEnd": END})).await;
    assert_eq!(warnings(&reply), [""; 0]);
}

#[tokio::test]
async fn overlapping_orders_of_one_person_get_a_warning() {
    let app = InboundApp::start().await;
    employee(&app, "E-1", json!({})).await;
    assert_eq!(warnings(&order_for(&app, "WO-1", "E-1", json!({})).await), [""; 0]);
    let second = order_for(&app, "WO-2", "E-1", json!({})).await;
    assert_eq!(warnings(&second), ["double_booked assignments[0].employeeNumber"]);
    let message = second.body["warnings"][0]["message"].as_str().expect("text");
    assert!(message.contains("WO-1"), "{message}");

    // An order that is done, or let go of, occupies nobody.
    ok(app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "status": "completed"})).await);
    assert_eq!(
        warnings(&order_for(&app, "WO-3", "E-1", json!({"status": "unscheduled"})).await).len(),
        1,
        "WO-2 is left"
    );
    ok(app.post(WORK_ORDER, json!({"workOrderNumber": "WO-2", "operation": "delete"})).await);
    ok(app.post(WORK_ORDER, json!({"workOrderNumber": "WO-3", "assignments": []})).await);
    assert_eq!(warnings(&order_for(&app, "WO-4", "E-1", json!({})).await), [""; 0]);
}

#[tokio::test]
async fn requests_for_time_off_of_one_person_do_not_overlap() {
    let app = InboundApp::start().await;
    employee(&app, "E-1", json!({"timeZone": "America/Chicago"})).await;
    let first = id(&ok(time_off(&app, "TO-1", "E-1", json!({})).await));
    let reply = time_off(&app, "TO-2", "E-1", json!({"endDate": "2025-10-30"})).await;
    refused(&reply, 409, "overlap");
    assert!(reply.body["detail"].as_str().is_some_and(|text| text.contains(&first)), "{}", reply.text);
    accepted(&time_off(&app, "TO-1", "E-1", json!({"hours": 8})).await, "updated");

    // Partial days compare their times.
    let hours = |from: &str, to: &str| json!({"startDate": "2025-10-28", "endDate": "2025-10-28", "startTime": from, "endTime": to});
    ok(time_off(&app, "TO-3", "E-1", hours("08:00", "10:00")).await);
    ok(time_off(&app, "TO-4", "E-1", hours("10:00", "12:00")).await);
    refused(&time_off(&app, "TO-5", "E-1", hours("09:59", "10:01")).await, 409, "overlap");

    // What is denied or cancelled is out of the way.
    ok(app.post(TIME_OFF, json!({"requestNumber": "TO-1", "status": "denied"})).await);
    ok(time_off(&app, "TO-2", "E-1", json!({})).await);
    employee(&app, "E-2", json!({})).await;
    ok(time_off(&app, "TO-6", "E-2", json!({})).await);
}

#[tokio::test]
async fn approving_time_off_during_assignments_gets_a_warning() {
    let app = InboundApp::start().await;
    employee(&app, "E-1", json!({})).await;
    order_for(&app, "WO-1", "E-1", json!({})).await;
    order_for(&app, "WO-2", "E-1", json!({})).await;
    assert_eq!(warnings(&ok(time_off(&app, "TO-1", "E-1", json!({})).await)), [""; 0]);
    let reply = app.post(TIME_OFF, json!({"requestNumber": "TO-1", "status": "approved"})).await;
    accepted(&reply, "updated");
    assert_eq!(warnings(&reply), ["assignment_conflict startDate"]);
    let message = reply.body["warnings"][0]["message"].as_str().expect("text");
    assert!(message.contains("WO-1") && message.contains("WO-2"), "{message}");
}

#[tokio::test]
async fn hours_and_times_fit_their_days() {
    let app = InboundApp::start().await;
    employee(&app, "E-1", json!({})).await;
    invalid(&time_off(&app, "TO-1", "E-1", json!({"hours": 24.01})).await, &["hours hours_exceed_span"]);
    let days = json!({"endDate": "2025-10-28", "startTime": "08:00", "endTime": "10:00"});
    invalid(&time_off(&app, "TO-1", "E-1", days).await, &["startTime conflicting_fields"]);
    ok(time_off(&app, "TO-1", "E-1", json!({"hours": 24})).await);
}
