//! The rules between records (`docs/contract.md#rules-across-records`), each once through the whole system.

use serde_json::{Value, json};
use tests::{InboundApp, Reply};

use crate::crew::{
    EMPLOYEE, PROJECT, TIME_OFF, VENDOR, WORK_ORDER, employee, id, ok, project, vendor, with, work_order,
};
use crate::expect::{accepted, invalid, refused, warnings};

const START: &str = "2025-10-27T12:00:00Z";
const END: &str = "2025-10-27T20:00:00Z";

/// Sends a new work order with `extra`, whatever comes of it.
async fn try_order(app: &InboundApp, extra: Value) -> Reply {
    app.post(WORK_ORDER, with(json!({"workOrderNumber": "WO-1", "title": "Pour slab"}), extra)).await
}

/// A work order of one day, with one person on it.
async fn order_for(app: &InboundApp, number: &str, person: &str, extra: Value) -> Reply {
    let crew = json!({"scheduledStart": START, "scheduledEnd": END, "assignments": [{"employeeNumber": person}]});
    work_order(app, number, with(crew, extra)).await
}

async fn time_off(app: &InboundApp, number: &str, person: &str, extra: Value) -> Reply {
    let body = json!({"requestNumber": number, "employeeNumber": person, "type": "vacation",
        "startDate": "2025-10-27", "endDate": "2025-10-27"});
    app.post(TIME_OFF, with(body, extra)).await
}

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
async fn a_reference_of_another_sort_is_no_reference() {
    let app = InboundApp::start().await;
    let person = id(&employee(&app, "E-1", json!({})).await);
    invalid(&try_order(&app, json!({"projectId": person})).await, &["projectId invalid_format"]);
    invalid(&try_order(&app, json!({"projectNumber": "E-1"})).await, &["projectNumber unknown_reference"]);
}

#[tokio::test]
async fn id_and_number_must_agree() {
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
async fn who_has_left_is_not_newly_assigned_and_who_was_there_stays() {
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
async fn times_and_lines_of_one_order() {
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
async fn work_outside_its_project_is_warned_of() {
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
async fn approved_time_off_is_warned_of() {
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
async fn one_person_on_two_orders_is_warned_of() {
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
async fn time_off_does_not_overlap() {
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
async fn an_approval_that_hits_assignments_is_warned_of() {
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
async fn papers_that_have_expired_are_warned_of() {
    let app = InboundApp::start().await;
    employee(&app, "E-1", json!({"certifications": [{"name": "OSHA 30", "expiresOn": "2025-10-26"}]})).await;
    let papers = json!({
        "insurance": [{"type": "auto", "carrier": "Travelers", "expiresOn": "2025-10-26"}],
        "licenses": [{"number": "1", "jurisdiction": "US-TX", "expiresOn": "2025-10-20"}],
    });
    assert_eq!(warnings(&vendor(&app, "V-1", papers).await), [""; 0], "they are good today");
    let crew = json!([{"employeeNumber": "E-1"}, {"vendorNumber": "V-1"}]);
    let reply = try_order(&app, json!({"scheduledStart": START, "scheduledEnd": END, "assignments": crew})).await;
    accepted(&reply, "created");
    let expected = [
        "certification_expired assignments[0].employeeNumber",
        "insurance_expired assignments[1].vendorNumber",
        "license_expired assignments[1].vendorNumber",
    ];
    assert_eq!(warnings(&reply), expected);
    let past = json!({"insurance": [{"type": "auto", "carrier": "Travelers", "expiresOn": "2025-10-19"}]});
    assert_eq!(warnings(&vendor(&app, "V-2", past).await), ["insurance_expired insurance[0].expiresOn"]);
}

#[tokio::test]
async fn a_skill_that_nobody_has_is_warned_of() {
    let app = InboundApp::start().await;
    employee(&app, "E-1", json!({"skills": [{"name": "Rigging"}]})).await;
    let reply = order_for(&app, "WO-1", "E-1", json!({"requiredSkills": ["rigging", "crane"]})).await;
    assert_eq!(warnings(&reply), ["skill_gap requiredSkills[1]"]);
}

#[tokio::test]
async fn a_budget_holds_its_parts_when_it_is_merged_too() {
    let app = InboundApp::start().await;
    project(&app, "P-1", json!({"budget": {"total": "100.00", "labor": "60.00"}})).await;
    let change = |budget: Value| json!({"projectNumber": "P-1", "budget": budget});
    invalid(&app.post(PROJECT, change(json!({"labor": "60.00"}))).await, &["budget.total required"]);
    let over = json!({"total": "100.00", "labor": "60.00", "other": "40.01"});
    invalid(&app.post(PROJECT, change(over)).await, &["budget.total budget_exceeded"]);
    invalid(
        &app.post(PROJECT, json!({"projectNumber": "P-1", "retainagePercent": 100.01})).await,
        &["retainagePercent out_of_range"],
    );
}

#[tokio::test]
async fn a_parent_has_no_parent() {
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
async fn hours_and_times_fit_their_days() {
    let app = InboundApp::start().await;
    employee(&app, "E-1", json!({})).await;
    invalid(&time_off(&app, "TO-1", "E-1", json!({"hours": 24.01})).await, &["hours hours_exceed_span"]);
    let days = json!({"endDate": "2025-10-28", "startTime": "08:00", "endTime": "10:00"});
    invalid(&time_off(&app, "TO-1", "E-1", days).await, &["startTime conflicting_fields"]);
    ok(time_off(&app, "TO-1", "E-1", json!({"hours": 24})).await);
}

#[tokio::test]
async fn amounts_keep_their_currency() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-1", json!({"notToExceed": "100.00"})).await;
    let change = |extra: Value| with(json!({"workOrderNumber": "WO-1"}), extra);
    refused(&app.post(WORK_ORDER, change(json!({"currency": "CAD"}))).await, 409, "immutable_field");
    accepted(&app.post(WORK_ORDER, change(json!({"currency": "CAD", "notToExceed": "140.00"}))).await, "updated");
    let fixed = json!({"requestNumber": "TO-1", "employeeNumber": "E-2"});
    employee(&app, "E-1", json!({})).await;
    employee(&app, "E-2", json!({})).await;
    ok(time_off(&app, "TO-1", "E-1", json!({})).await);
    refused(&app.post(TIME_OFF, fixed).await, 409, "immutable_field");
}

#[tokio::test]
async fn who_is_on_an_open_order_is_not_deleted() {
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
