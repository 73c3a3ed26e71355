//! The state machines from the request to the delivered event. The matrices themselves are
//! tested beside the code.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{InboundApp, Received, Receiver, TestApp};

use crate::crew::{
    EMPLOYEE, PROJECT, TIME_OFF, VENDOR, WORK_ORDER, employee, id, ok, project, vendor, with, work_order,
};
use crate::expect::{accepted, events, invalid, refused};

/// An endpoint for some events, read step by step.
struct Inbox {
    receiver: Receiver,
    seen: usize,
}

impl Inbox {
    async fn open<const N: usize>(app: &InboundApp, events: [&str; N]) -> Self {
        let receiver = Receiver::start().await;
        app.endpoint(&receiver.url(), events).await;
        Self { receiver, seen: 0 }
    }

    /// Delivers what there is, and returns what arrived since the last time, by version: deliveries keep no order.
    async fn read(&mut self, app: &TestApp) -> Vec<Value> {
        app.drain().await;
        let mut bodies: Vec<Value> = self.receiver.requests()[self.seen..].iter().map(Received::json).collect();
        self.seen += bodies.len();
        bodies.sort_by_key(|body| body["data"]["version"].as_u64());
        bodies
    }
}

/// The events of some bodies, by name.
fn names(bodies: &[Value]) -> Vec<&str> {
    let mut names: Vec<&str> = bodies.iter().filter_map(|body| body["event"].as_str()).collect();
    names.sort_unstable();
    names
}

/// The data of the first event of this name.
fn find<'a>(bodies: &'a [Value], event: &str) -> &'a Value {
    &bodies.iter().find(|body| body["event"] == event).unwrap_or_else(|| panic!("no {event}"))["data"]
}

#[tokio::test]
async fn a_work_order_passes_through_its_states() {
    let app = TestApp::start().await;
    let mut inbox = Inbox::open(&app, ["*"]).await;
    let order = |extra: Value| with(json!({"workOrderNumber": "WO-1"}), extra);

    work_order(&app, "WO-1", json!({"priority": "high"})).await;
    let bodies = inbox.read(&app).await;
    assert_eq!(names(&bodies), ["workorder.created"]);
    let data = find(&bodies, "workorder.created");
    assert_eq!(
        (&data["status"], &data["version"], &data["projectId"]),
        (&json!("unscheduled"), &json!(1), &json!(null))
    );

    let reply = app.post(WORK_ORDER, order(json!({"scheduledStart": "2025-10-20T07:00:00-05:00"}))).await;
    assert_eq!((events(&reply), &reply.body["data"]["status"]), (vec!["workorder.updated"], &json!("scheduled")));
    let bodies = inbox.read(&app).await;
    let data = find(&bodies, "workorder.updated");
    assert_eq!(data["changedFields"], json!(["status", "scheduledStart"]));
    assert_eq!(data["previous"], json!({"status": "unscheduled", "scheduledStart": null}));

    let reply = app.post(WORK_ORDER, order(json!({"status": "in_progress"}))).await;
    assert_eq!(events(&reply), ["workorder.updated", "workorder.started"]);
    let bodies = inbox.read(&app).await;
    assert_eq!(names(&bodies), ["workorder.started", "workorder.updated"]);
    assert_eq!(find(&bodies, "workorder.started")["actualStart"], "2025-10-20T14:30:00Z");

    refused(&app.post(WORK_ORDER, order(json!({"operation": "delete"}))).await, 409, "invalid_state_transition");
    ok(app.post(WORK_ORDER, order(json!({"status": "on_hold"}))).await);
    let reply = app.post(WORK_ORDER, order(json!({"status": "in_progress"}))).await;
    assert_eq!(events(&reply), ["workorder.updated"], "work starts once");

    app.advance(Duration::from_hours(1)).await;
    let reply = app.post(WORK_ORDER, order(json!({"status": "completed"}))).await;
    assert_eq!(events(&reply), ["workorder.updated", "workorder.completed"]);
    let bodies = inbox.read(&app).await;
    assert_eq!(find(&bodies, "workorder.completed")["actualEnd"], "2025-10-20T15:30:00Z");

    refused(&app.post(WORK_ORDER, order(json!({"status": "scheduled"}))).await, 409, "invalid_state_transition");
    ok(app.post(WORK_ORDER, order(json!({"status": "in_progress"}))).await);
    invalid(&app.post(WORK_ORDER, order(json!({"status": "cancelled"}))).await, &["cancellationReason required"]);
    let cancelled = json!({"status": "cancelled", "cancellationReason": "Owner changed the plan"});
    let reply = app.post(WORK_ORDER, order(cancelled)).await;
    assert_eq!(events(&reply), ["workorder.updated", "workorder.cancelled"]);
    let bodies = inbox.read(&app).await;
    let data = find(&bodies, "workorder.cancelled");
    assert_eq!(
        (&data["cancellationReason"], &data["cancelledAt"]),
        (&json!("Owner changed the plan"), &json!("2025-10-20T15:30:00Z"))
    );

    ok(app.post(WORK_ORDER, order(json!({"operation": "delete"}))).await);
    let bodies = inbox.read(&app).await;
    let members: Vec<&String> = find(&bodies, "workorder.deleted").as_object().expect("an object").keys().collect();
    assert_eq!(members, ["id", "workOrderNumber", "title", "status", "priority", "projectId", "deletedAt"]);
}

#[tokio::test]
async fn an_unchanged_replay_raises_nothing() {
    let app = TestApp::start().await;
    let mut inbox = Inbox::open(&app, ["*"]).await;
    let body = json!({"workOrderNumber": "WO-1", "title": "x", "status": "in_progress", "estimatedHours": 8.0,
        "customFields": {"a": 1}, "tags": ["x"]});
    accepted(&app.post(WORK_ORDER, body.clone()).await, "created");
    assert_eq!(inbox.read(&app).await.len(), 2);
    for _ in 0..3 {
        app.advance(Duration::from_mins(1)).await;
        accepted(&app.post(WORK_ORDER, body.clone()).await, "unchanged");
    }
    assert_eq!(inbox.read(&app).await, [json!(null); 0]);
}

#[tokio::test]
async fn an_invalid_initial_state_is_refused() {
    let app = InboundApp::start().await;
    employee(&app, "E-1", json!({})).await;
    let order =
        |status: &str| json!({"workOrderNumber": "WO-1", "title": "x", "status": status, "cancellationReason": "y"});
    invalid(&app.post(WORK_ORDER, order("on_hold")).await, &["status invalid_initial_status"]);
    invalid(&app.post(WORK_ORDER, order("cancelled")).await, &["status invalid_initial_status"]);
    let body = json!({"projectNumber": "P-1", "name": "x", "status": "completed"});
    invalid(&app.post(PROJECT, body).await, &["status invalid_initial_status"]);
    let body = json!({"requestNumber": "TO-1", "employeeNumber": "E-1", "type": "vacation", "startDate": "2025-12-24",
        "endDate": "2025-12-24", "status": "denied"});
    invalid(&app.post(TIME_OFF, body).await, &["status invalid_initial_status"]);
}

#[tokio::test]
async fn a_project_passes_through_its_states() {
    let app = InboundApp::start().await;
    let job = |status: &str| json!({"projectNumber": "P-1", "status": status});
    assert_eq!(events(&project(&app, "P-1", json!({})).await), ["project.created"]);
    for (status, raised) in [
        ("active", vec!["project.updated"]),
        ("completed", vec!["project.updated", "project.completed"]),
        ("active", vec!["project.updated"]),
        ("cancelled", vec!["project.updated"]),
        ("planning", vec!["project.updated"]),
    ] {
        assert_eq!(events(&ok(app.post(PROJECT, job(status)).await)), raised, "{status}");
    }
    ok(app.post(PROJECT, job("cancelled")).await);
    refused(&app.post(PROJECT, job("completed")).await, 409, "invalid_state_transition");
}

#[tokio::test]
async fn employees_and_vendors_pass_through_their_states() {
    let app = TestApp::start().await;
    let mut inbox = Inbox::open(&app, ["*"]).await;
    employee(&app, "E-1", json!({})).await;
    vendor(
        &app,
        "V-1",
        json!({"insurance": [
        {"type": "auto", "carrier": "Travelers", "expiresOn": "2026-05-01"},
        {"type": "umbrella", "carrier": "Travelers", "expiresOn": "2026-04-01"}]}),
    )
    .await;
    let bodies = inbox.read(&app).await;
    assert_eq!(names(&bodies), ["employee.created", "vendor.created"]);
    assert_eq!(find(&bodies, "vendor.created")["insuranceExpiresOn"], "2026-04-01");

    let person = |extra: Value| with(json!({"employeeNumber": "E-1"}), extra);
    invalid(&app.post(EMPLOYEE, person(json!({"status": "terminated"}))).await, &["terminationDate required"]);
    let left = person(json!({"status": "terminated", "terminationDate": "2025-10-31"}));
    assert_eq!(events(&ok(app.post(EMPLOYEE, left).await)), ["employee.updated"], "termination is no deletion");
    ok(app.post(EMPLOYEE, person(json!({"status": "active"}))).await);
    assert!(crate::records::record(&app, "employee", "E-1").await.get("terminationDate").is_none(), "a rehire");
    assert_eq!(events(&ok(app.post(EMPLOYEE, person(json!({"operation": "delete"}))).await)), ["employee.deleted"]);
    let gone = json!({"vendorNumber": "V-1", "operation": "delete"});
    assert_eq!(events(&ok(app.post(VENDOR, gone).await)), ["vendor.deleted"]);
    let bodies = inbox.read(&app).await;
    let members: Vec<&String> = find(&bodies, "employee.deleted").as_object().expect("an object").keys().collect();
    assert_eq!(members, ["id", "employeeNumber", "deletedAt"], "no name");
    let members: Vec<&String> = find(&bodies, "vendor.deleted").as_object().expect("an object").keys().collect();
    assert_eq!(members, ["id", "vendorNumber", "name", "deletedAt"]);
}

#[tokio::test]
async fn time_off_passes_through_its_states() {
    let app = TestApp::start().await;
    let mut inbox = Inbox::open(&app, ["timeoff.*"]).await;
    let approver = id(&employee(&app, "E-9", json!({})).await);
    employee(&app, "E-1", json!({})).await;
    let request = |extra: Value| with(json!({"requestNumber": "TO-1"}), extra);
    let first = json!({"employeeNumber": "E-1", "type": "sick", "startDate": "2025-12-22", "endDate": "2025-12-23"});
    assert_eq!(events(&ok(app.post(TIME_OFF, request(first)).await)), ["timeoff.requested"]);
    assert_eq!(events(&ok(app.post(TIME_OFF, request(json!({"notes": "flu"}))).await)), [""; 0], "a note is no news");
    let moved = ok(app.post(TIME_OFF, request(json!({"endDate": "2025-12-24"}))).await);
    assert_eq!(events(&moved), ["timeoff.requested"]);
    let bodies = inbox.read(&app).await;
    assert_eq!(names(&bodies), ["timeoff.requested", "timeoff.requested"]);
    assert_eq!((&bodies[0]["data"]["revision"], &bodies[1]["data"]["revision"]), (&json!(1), &json!(2)));
    assert_eq!(bodies[0]["data"]["type"], "protected_leave", "health is nobody's business");

    let undecided = request(json!({"decision": {"byEmployeeNumber": "E-9"}}));
    invalid(&app.post(TIME_OFF, undecided).await, &["decision conflicting_fields"]);
    let approval = request(json!({"status": "approved", "decision": {"byEmployeeNumber": "E-9", "note": "get well"}}));
    assert_eq!(events(&ok(app.post(TIME_OFF, approval.clone()).await)), ["timeoff.approved"]);
    accepted(&app.post(TIME_OFF, approval).await, "unchanged");
    let bodies = inbox.read(&app).await;
    let data = find(&bodies, "timeoff.approved");
    assert_eq!((&data["decidedById"], &data["decidedAt"]), (&json!(approver), &json!("2025-10-20T14:30:00Z")));

    refused(&app.post(TIME_OFF, request(json!({"endDate": "2025-12-25"}))).await, 409, "invalid_state_transition");
    refused(&app.post(TIME_OFF, request(json!({"status": "denied"}))).await, 409, "invalid_state_transition");
    assert_eq!(events(&ok(app.post(TIME_OFF, request(json!({"status": "cancelled"}))).await)), ["timeoff.cancelled"]);
    refused(&app.post(TIME_OFF, request(json!({"status": "requested"}))).await, 409, "invalid_state_transition");
    app.drain().await;
}

#[tokio::test]
async fn time_off_is_approved_on_receipt_when_no_approval_is_needed_or_it_comes_approved() {
    let app = InboundApp::start().await;
    employee(&app, "E-1", json!({"timeOffApprovalRequired": false})).await;
    employee(&app, "E-2", json!({})).await;
    let request = |number: &str, person: &str, status: &str| {
        json!({"requestNumber": number, "employeeNumber": person,
        "type": "vacation", "startDate": "2025-12-24", "endDate": "2025-12-24", "status": status})
    };
    let both = ["timeoff.requested", "timeoff.approved"];
    let free = ok(app.post(TIME_OFF, request("TO-1", "E-1", "requested")).await);
    assert_eq!((events(&free), &free.body["data"]["status"]), (both.to_vec(), &json!("approved")));
    accepted(&app.post(TIME_OFF, request("TO-1", "E-1", "requested")).await, "unchanged");
    let synced = ok(app.post(TIME_OFF, request("TO-2", "E-2", "approved")).await);
    assert_eq!(events(&synced), both);
}

#[tokio::test]
async fn a_new_assignment_raises_one_event_for_each_person() {
    let app = TestApp::start().await;
    let mut inbox = Inbox::open(&app, ["employee.assigned"]).await;
    for number in ["E-1", "E-2", "E-3"] {
        employee(&app, number, json!({})).await;
    }
    vendor(&app, "V-1", json!({})).await;
    let start = "2025-10-27T12:00:00Z";
    let crew = json!([{"employeeNumber": "E-1", "role": "foreman", "lead": true}, {"vendorNumber": "V-1"}]);
    let order = work_order(&app, "WO-1", json!({"scheduledStart": start, "assignments": crew})).await;
    let bodies = inbox.read(&app).await;
    assert_eq!(bodies.len(), 1, "companies are not told of");
    let data = find(&bodies, "employee.assigned");
    assert_eq!(data["employeeNumber"], "E-1");
    let assignment = json!({"type": "work_order", "id": id(&order), "number": "WO-1", "title": "Pour slab",
        "role": "foreman", "lead": true, "start": start, "end": null});
    assert_eq!(data["assignment"], assignment);

    let crew = json!([{"employeeNumber": "E-1", "role": "carpenter"}, {"employeeNumber": "E-2"}]);
    let reply = app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "assignments": crew})).await;
    assert_eq!(events(&reply), ["workorder.updated", "employee.assigned"], "another role is no news");
    assert_eq!(find(&inbox.read(&app).await, "employee.assigned")["employeeNumber"], "E-2");

    let job = json!({"projectManagerNumber": "E-3", "team": [{"employeeNumber": "E-3", "role": "pm"}, {"employeeNumber": "E-1", "role": "super"}]});
    project(&app, "P-1", job).await;
    let bodies = inbox.read(&app).await;
    assert_eq!(bodies.len(), 2);
    assert!(bodies.iter().all(|body| body["data"]["assignment"]["type"] == "project"));
    let moved =
        json!({"projectNumber": "P-1", "projectManagerNumber": "E-1", "superintendentNumber": "E-2", "team": []});
    let reply = app.post(PROJECT, moved).await;
    assert_eq!(events(&reply), ["project.updated", "employee.assigned"], "E-1 was on the team before");
    assert_eq!(find(&inbox.read(&app).await, "employee.assigned")["employeeNumber"], "E-2");
}
