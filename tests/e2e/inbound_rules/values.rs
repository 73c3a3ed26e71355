//! Papers, skills and amounts.

use serde_json::{Value, json};
use tests::InboundApp;

use super::{END, START, order_for, time_off, try_order};
use crate::crew::{PROJECT, TIME_OFF, WORK_ORDER, employee, ok, project, vendor, with, work_order};
use crate::expect::{accepted, invalid, refused, warnings};

#[tokio::test]
async fn expired_papers_get_a_warning() {
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
async fn a_required_skill_that_no_assignee_has_gets_a_warning() {
    let app = InboundApp::start().await;
    employee(&app, "E-1", json!({"skills": [{"name": "Rigging"}]})).await;
    let reply = order_for(&app, "WO-1", "E-1", json!({"requiredSkills": ["rigging", "crane"]})).await;
    assert_eq!(warnings(&reply), ["skill_gap requiredSkills[1]"]);
}

#[tokio::test]
async fn a_budget_covers_its_parts_after_a_merge_too() {
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
