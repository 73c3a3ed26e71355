//! The contract's fixtures, sent to the five inbound calls.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::{InboundApp, TestApp};

use crate::crew::{self, WORK_ORDER, send_parents, with};
use crate::expect::{self, accepted, events, invalid, refused};

/// Segment of the path, natural key, and prefix of ids.
const RESOURCES: [(&str, &str, &str); 5] = [
    ("employee", "employeeNumber", "emp_"),
    ("vendor", "vendorNumber", "ven_"),
    ("project", "projectNumber", "proj_"),
    ("workorder", "workOrderNumber", "wo_"),
    ("timeoff", "requestNumber", "to_"),
];

/// The contract's bodies with one defect each, and what that is.
fn invalid_fixtures() -> BTreeMap<String, Value> {
    serde_json::from_str(include_str!("../fixtures/expected.json")).expect("an object")
}

#[tokio::test]
async fn every_valid_fixture_is_accepted_once_and_unchanged_when_it_is_sent_again() {
    for (segment, key, prefix) in RESOURCES {
        for name in ["minimal", "typical"] {
            let app = InboundApp::start().await;
            send_parents(&app, segment).await;
            let body = app.fixture(&format!("{segment}/valid/{name}"));
            let path = format!("/api/webhook/{segment}");

            let first = app.post(&path, body.clone()).await;
            let data = accepted(&first, "created");
            assert!(data["id"].as_str().is_some_and(|id| id.starts_with(prefix)), "{data}");
            assert_eq!(data[key], body[key]);
            assert_eq!((&data["version"], &data["createdAt"]), (&json!(1), &json!("2025-10-20T14:30:00Z")));
            assert_eq!(data["updatedAt"], data["createdAt"]);
            let created = if segment == "timeoff" { "timeoff.requested".into() } else { format!("{segment}.created") };
            assert_eq!(events(&first)[0], created);

            let again = app.post(&path, body).await;
            assert_eq!(accepted(&again, "unchanged"), data, "{segment}/{name}");
            assert_eq!(events(&again), [""; 0]);
        }
    }
}

#[tokio::test]
async fn the_typical_work_order_says_whom_it_assigns_and_warns_of_nothing() {
    let app = InboundApp::start().await;
    send_parents(&app, "workorder").await;
    let reply = app.post(WORK_ORDER, app.fixture("workorder/valid/typical")).await;
    let assigned = "employee.assigned";
    assert_eq!(events(&reply), ["workorder.created", assigned, assigned, assigned]);
    assert_eq!(expect::warnings(&reply), [""; 0]);
    assert_eq!(reply.body["data"]["status"], "scheduled");
}

#[tokio::test]
async fn every_invalid_fixture_has_exactly_its_one_defect() {
    let app = TestApp::start().await;
    for (fixture, expected) in invalid_fixtures() {
        let (segment, _) = fixture.split_once('/').expect("a path");
        let body = app.fixture(fixture.trim_end_matches(".json"));
        let reply = app.post(&format!("/api/webhook/{segment}"), body.clone()).await;
        assert_eq!(reply.status, expected["status"], "{fixture}: {}", reply.text);
        let defect =
            format!("{} {}", expected["field"].as_str().expect("text"), expected["code"].as_str().expect("text"));
        invalid(&reply, &[&defect]);
        assert_eq!(reply.body["detail"], "1 field is invalid");
        says_nothing_of(&reply.text, &body);
    }
}

/// No string of the body that can be told from a word of ours stands in `text`.
#[track_caller]
fn says_nothing_of(text: &str, body: &Value) {
    match body {
        Value::String(value)
            if value.len() > 5 && !value.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') =>
        {
            assert!(!text.contains(value.as_str()), "{value} in {text}");
        }
        Value::Array(items) => items.iter().for_each(|item| says_nothing_of(text, item)),
        Value::Object(members) => members.values().for_each(|value| says_nothing_of(text, value)),
        _ => {}
    }
}

#[tokio::test]
async fn all_defects_come_at_once_sorted_by_field() {
    let app = TestApp::start().await;
    let body = json!({
        "title": "x".repeat(201), "priority": "asap", "sheduledStart": "2025-10-27", "ssn": "123-45-6789",
        "scheduledStart": "2025-10-27T07:00:00", "estimatedHours": "8", "notToExceed": 185_000, "currency": "XXQ",
        "materials": [{"name": "rebar", "quantity": 0}, {"quantity": 1.00001, "unit": "ea"}],
        "customFields": {"Crane": 1, "badge": "123-45-6789"},
    });
    let expected = [
        "currency invalid_value",
        "customFields.Crane invalid_key",
        "customFields.badge sensitive_value",
        "estimatedHours invalid_type",
        "materials[0].quantity out_of_range",
        "materials[0].unit required",
        "materials[1].name required",
        "materials[1].quantity too_many_decimals",
        "notToExceed invalid_type",
        "priority invalid_value",
        "scheduledStart invalid_format",
        "sheduledStart unknown_field",
        "ssn forbidden_field",
        "title too_long",
        "workOrderNumber required",
    ];
    let reply = app.post(WORK_ORDER, body.clone()).await;
    invalid(&reply, &expected);
    assert_eq!(reply.body["detail"], "15 fields are invalid");
    assert_eq!(reply.body["truncated"], false);
    says_nothing_of(&reply.text, &json!(["123-45-6789", "2025-10-27T07:00:00"]));
}

#[tokio::test]
async fn fifty_defects_are_listed_and_more_are_indicated() {
    let app = TestApp::start().await;
    let materials: Vec<Value> = (0..30).map(|_| json!({"name": "x"})).collect();
    let reply = app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "title": "x", "materials": materials})).await;
    refused(&reply, 400, "validation_failed");
    assert_eq!(reply.body["detail"], "60 fields are invalid");
    assert_eq!((expect::defects(&reply).len(), &reply.body["truncated"]), (50, &json!(true)));
}

#[tokio::test]
async fn references_are_checked_when_the_body_has_no_other_defect() {
    let app = TestApp::start().await;
    let body = json!({"workOrderNumber": "WO-1", "title": "", "projectNumber": "NONE"});
    invalid(&app.post(WORK_ORDER, body.clone()).await, &["title required"]);
    invalid(&app.post(WORK_ORDER, with(body, json!({"title": "x"}))).await, &["projectNumber unknown_reference"]);
}

#[tokio::test]
async fn values_are_normalised_before_they_are_stored() {
    let app = InboundApp::start().await;
    let body = json!({
        "workOrderNumber": " WO-9 ", "title": "  Cafe\u{301} fit-out ", "phase": "   ",
        "scheduledStart": "2025-10-27T07:00:00-05:00", "scheduledEnd": "2025-10-27T15:30:00.000-05:00",
        "estimatedHours": 50.0, "notToExceed": "185000.00",
    });
    crew::ok(app.post(WORK_ORDER, body).await);
    let record = crate::records::record(&app, "workorder", "WO-9").await;
    assert_eq!(record["workOrderNumber"], "WO-9");
    assert_eq!(record["title"], "Caf\u{e9} fit-out");
    assert_eq!(record["scheduledStart"], "2025-10-27T12:00:00Z");
    assert_eq!(record["scheduledEnd"], "2025-10-27T20:30:00Z");
    assert_eq!(record["estimatedHours"].to_string(), "50");
    assert_eq!(record["notToExceed"], "185000.00");
    assert!(record.get("phase").is_none());
}
