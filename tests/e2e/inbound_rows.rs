//! Whole rows, sent again and again, as an ERP sends them: they say what their changes say, and nothing when nothing has
//! changed.

mod confirmed;
mod defects;
mod random;

use std::time::Duration;

use serde_json::{Value, json};
use tests::{InboundApp, Reply};

use crate::crew::{EMPLOYEE, PROJECT, TIME_OFF, WORK_ORDER, employee, project, with, work_order};
use crate::expect::{accepted, events, invalid, refused};
use crate::records::{put_body, record};

const HOUR: Duration = Duration::from_hours(1);

fn order(extra: Value) -> Value {
    with(json!({"workOrderNumber": "WO-1", "title": "Pour slab"}), extra)
}

fn request(extra: Value) -> Value {
    let whole = json!({"requestNumber": "TO-1", "employeeNumber": "E-1", "type": "vacation",
        "startDate": "2025-11-10", "endDate": "2025-11-12"});
    with(whole, extra)
}

/// Sends `body`, and again an hour later: the second time changes nothing.
async fn send_twice(app: &InboundApp, path: &str, body: Value, action: &str) -> Reply {
    let first = app.post(path, body.clone()).await;
    accepted(&first, action);
    app.advance(HOUR).await;
    let again = app.post(path, body).await;
    accepted(&again, "unchanged");
    assert_eq!(events(&again), [""; 0]);
    first
}

#[tokio::test]
async fn a_whole_row_is_judged_by_what_is_stored() {
    let app = InboundApp::start().await;
    send_twice(&app, WORK_ORDER, order(json!({})), "created").await;
    let held = send_twice(&app, WORK_ORDER, order(json!({"status": "on_hold"})), "updated").await;
    assert_eq!(events(&held), ["workorder.updated"]);
    let cancelled = order(json!({"status": "cancelled", "cancellationReason": "Rain"}));
    let cancelled = send_twice(&app, WORK_ORDER, cancelled, "updated").await;
    assert_eq!(events(&cancelled), ["workorder.updated", "workorder.cancelled"]);
    refused(&app.post(WORK_ORDER, order(json!({"status": "on_hold"}))).await, 409, "invalid_state_transition");
    let new = json!({"workOrderNumber": "WO-2", "title": "t", "status": "cancelled", "cancellationReason": "Rain"});
    invalid(&app.post(WORK_ORDER, new).await, &["status invalid_initial_status"]);

    let job = |extra: Value| with(json!({"projectNumber": "P-1", "name": "Riverside"}), extra);
    send_twice(&app, PROJECT, job(json!({})), "created").await;
    let done = send_twice(&app, PROJECT, job(json!({"status": "completed"})), "updated").await;
    assert_eq!(events(&done), ["project.updated", "project.completed"]);
    refused(&app.post(PROJECT, job(json!({"status": "on_hold"}))).await, 409, "invalid_state_transition");
}

#[tokio::test]
async fn a_value_that_a_later_state_cleared_stays_cleared_when_the_row_is_sent_again() {
    let app = InboundApp::start().await;
    let (start, end) = ("2025-10-18T12:00:00Z", "2025-10-19T12:00:00Z");
    let times = |status: &str| order(json!({"status": status, "actualStart": start, "actualEnd": end}));
    send_twice(&app, WORK_ORDER, times("completed"), "created").await;
    send_twice(&app, WORK_ORDER, times("in_progress"), "updated").await;
    assert!(record(&app, "workorder", "WO-1").await.get("actualEnd").is_none());
    send_twice(&app, WORK_ORDER, times("completed"), "updated").await;
    assert_eq!(record(&app, "workorder", "WO-1").await["actualEnd"], end);

    employee(&app, "E-1", json!({"status": "terminated", "terminationDate": "2025-06-30"})).await;
    let rehired = json!({"employeeNumber": "E-1", "firstName": "Ana", "lastName": "Ruiz", "role": "carpenter",
        "status": "active", "hireDate": "2025-09-01", "terminationDate": "2025-06-30"});
    send_twice(&app, EMPLOYEE, rehired, "updated").await;
    assert!(record(&app, "employee", "E-1").await.get("terminationDate").is_none());
    let gone =
        json!({"employeeNumber": "E-1", "status": "terminated", "hireDate": null, "terminationDate": "2025-06-30"});
    send_twice(&app, EMPLOYEE, gone, "updated").await;
}

#[tokio::test]
async fn a_decision_in_a_row_does_not_keep_time_off_from_being_cancelled() {
    let app = InboundApp::start().await;
    employee(&app, "E-1", json!({})).await;
    let decision = json!({"byEmployeeNumber": "E-1", "note": "Enjoy"});
    let row = |status: &str| request(json!({"status": status, "decision": decision}));
    send_twice(&app, TIME_OFF, row("approved"), "created").await;
    let cancelled = send_twice(&app, TIME_OFF, row("cancelled"), "updated").await;
    assert_eq!(events(&cancelled), ["timeoff.cancelled"]);
    let other = request(json!({"status": "cancelled", "decision": {"note": "Sorry"}}));
    invalid(&app.post(TIME_OFF, other).await, &["decision conflicting_fields"]);
    let open = with(request(json!({"decision": decision})), json!({"requestNumber": "TO-2", "type": "x"}));
    invalid(&app.post(TIME_OFF, open).await, &["decision conflicting_fields", "type invalid_value"]);
}

#[tokio::test]
async fn what_is_approved_on_receipt_stays_so_whatever_becomes_of_the_rule() {
    let app = InboundApp::start().await;
    employee(&app, "E-1", json!({"timeOffApprovalRequired": false})).await;
    let asked = send_twice(&app, TIME_OFF, request(json!({"status": "requested"})), "created").await;
    assert_eq!(events(&asked), ["timeoff.requested", "timeoff.approved"]);
    employee(&app, "E-1", json!({"timeOffApprovalRequired": true})).await;
    accepted(&app.post(TIME_OFF, request(json!({"status": "requested"}))).await, "unchanged");
}

#[tokio::test]
async fn null_and_nothing_leave_alone_what_the_system_filled_in() {
    let app = InboundApp::start().await;
    for (i, nothing) in [json!(null), json!("")].into_iter().enumerate() {
        let [job, person, number] = [format!("P-{i}"), format!("E-{i}"), format!("N-{i}")];
        let address = json!({"line1": "1 Main St", "country": nothing});
        let row = json!({"projectNumber": job, "name": "Riverside", "status": nothing, "timeZone": "America/Toronto",
            "currency": nothing, "actualEndDate": nothing, "siteAddress": address, "projectManagerId": nothing,
            "dailyStartTime": nothing});
        send_twice(&app, PROJECT, row, "created").await;
        let row = json!({"employeeNumber": person, "firstName": "Ana", "lastName": "Ruiz", "role": "carpenter",
            "status": nothing, "employmentType": nothing, "timeZone": nothing, "currency": nothing,
            "hourlyCostRate": "50.00", "address": address});
        send_twice(&app, EMPLOYEE, row, "created").await;
        let row = json!({"workOrderNumber": number, "title": "t", "status": "in_progress", "actualStart": nothing,
            "actualEnd": nothing, "priority": nothing, "timeZone": nothing, "currency": nothing, "projectId": nothing,
            "projectNumber": job, "siteAddress": null, "workDays": null,
            "assignments": [{"employeeId": nothing, "employeeNumber": person, "lead": null}],
            "materials": [{"name": "rebar", "quantity": 1, "unit": "ea", "status": nothing}]});
        send_twice(&app, WORK_ORDER, row.clone(), "created").await;

        // What the defaults came from has moved.
        let moved = json!({"timeZone": "America/Chicago", "currency": "CAD", "siteAddress": {"line1": "2 Main St"}});
        project(&app, &job, moved).await;
        accepted(&app.post(WORK_ORDER, row.clone()).await, "unchanged");
        let stored = record(&app, "workorder", &number).await;
        assert_eq!(stored["timeZone"], "America/Toronto");
        assert_eq!(stored["siteAddress"]["line1"], "1 Main St");

        let done = send_twice(&app, WORK_ORDER, with(row, json!({"status": "completed"})), "updated").await;
        assert_eq!(events(&done), ["workorder.updated", "workorder.completed"]);
        let ended = record(&app, "workorder", &number).await;
        assert_eq!(ended["actualStart"], stored["actualStart"], "a change of something else erases nothing either");
        assert!(ended["actualEnd"].is_string());
    }
}

#[tokio::test]
async fn null_and_nothing_leave_alone_what_time_off_filled_in() {
    let app = InboundApp::start().await;
    employee(&app, "E-1", json!({})).await;
    for (i, nothing) in [json!(null), json!("")].into_iter().enumerate() {
        let day = format!("2025-11-1{i}");
        let row = json!({"requestNumber": format!("TO-{i}"), "employeeNumber": "E-1", "employeeId": nothing,
            "type": "vacation", "startDate": day, "endDate": day, "status": "approved", "timeZone": nothing,
            "paid": null, "includeWeekends": null, "decision": null});
        send_twice(&app, TIME_OFF, row.clone(), "created").await;
        let at = record(&app, "timeoff", &format!("TO-{i}")).await["decision"]["at"].clone();
        let row = with(row, json!({"decision": {"at": nothing, "note": "Enjoy"}}));
        send_twice(&app, TIME_OFF, row.clone(), "updated").await;
        assert_eq!(record(&app, "timeoff", &format!("TO-{i}")).await["decision"]["at"], at);
        send_twice(&app, TIME_OFF, with(row, json!({"status": "cancelled"})), "updated").await;
    }
}

#[tokio::test]
async fn null_still_clears_what_the_sender_said() {
    let app = InboundApp::start().await;
    let said = json!({"priority": "urgent", "timeZone": "Europe/Berlin", "phase": "Rough-in", "status": "in_progress",
        "actualStart": "2025-10-18T12:00:00Z"});
    work_order(&app, "WO-1", said).await;
    let cleared = order(json!({"priority": null, "timeZone": null, "phase": null, "actualStart": null}));
    send_twice(&app, WORK_ORDER, cleared, "updated").await;
    let stored = record(&app, "workorder", "WO-1").await;
    assert_eq!((&stored["priority"], &stored["timeZone"]), (&json!("normal"), &json!("America/Chicago")));
    assert!(stored.get("phase").is_none() && stored.get("actualStart").is_none());
}

#[tokio::test]
async fn a_record_that_has_no_note_keeps_its_recorded_times() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-1", json!({"status": "in_progress"})).await;
    let mut old = record(&app, "workorder", "WO-1").await;
    old.as_object_mut().expect("an object").remove("said");
    put_body(&app, "workorder", "WO-1", &old).await;
    accepted(&app.post(WORK_ORDER, order(json!({"status": "in_progress", "actualStart": null}))).await, "unchanged");
    accepted(&app.post(WORK_ORDER, order(json!({"priority": "high", "actualStart": null}))).await, "updated");
    assert_eq!(record(&app, "workorder", "WO-1").await["actualStart"], old["actualStart"]);
}
