//! The fields of a record: merging, clearing, requiring.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{InboundApp, TestApp};

use crate::crew::{EMPLOYEE, VENDOR, WORK_ORDER, work_order};
use crate::expect::{accepted, events, invalid};
use crate::records::record;

#[tokio::test]
async fn absent_fields_stay_null_clears_and_lists_and_objects_are_replaced_whole() {
    let app = InboundApp::start().await;
    let whole = json!({
        "phase": "Rough-in", "trade": "mechanical", "tags": ["a", "b"],
        "siteAddress": {"line1": "1801 W Riverside Dr", "city": "Austin", "state": "TX"},
        "materials": [{"name": "pipe", "quantity": 160, "unit": "lf"}, {"name": "RTU", "quantity": 2, "unit": "ea"}],
    });
    work_order(&app, "WO-1", whole).await;
    let change = json!({
        "workOrderNumber": "WO-1", "phase": null, "tags": ["c"], "siteAddress": {"line1": "Gate 3"},
        "materials": [{"name": "duct", "quantity": 1, "unit": "ea"}],
    });
    let reply = app.post(WORK_ORDER, change).await;
    let data = accepted(&reply, "updated");
    assert_eq!((&data["version"], events(&reply)), (&json!(2), vec!["workorder.updated"]));

    let stored = record(&app, "workorder", "WO-1").await;
    assert_eq!((&stored["title"], &stored["trade"]), (&json!("Pour slab"), &json!("mechanical")));
    assert!(stored.get("phase").is_none());
    assert_eq!(stored["tags"], json!(["c"]));
    assert_eq!(stored["siteAddress"]["line1"], "Gate 3");
    assert!(stored["siteAddress"].get("city").is_none(), "{stored}");
    assert_eq!(stored["materials"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_required_field_can_not_be_cleared() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-1", json!({})).await;
    invalid(&app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "title": null})).await, &["title required"]);
    invalid(&app.post(WORK_ORDER, json!({"workOrderNumber": null, "title": "x"})).await, &["workOrderNumber required"]);
}

#[tokio::test]
async fn the_result_of_a_merge_is_validated_as_a_whole() {
    let app = InboundApp::start().await;
    let planned = json!({"scheduledStart": "2025-10-27T12:00:00Z", "scheduledEnd": "2025-10-27T20:00:00Z"});
    work_order(&app, "WO-1", planned).await;
    let late = json!({"workOrderNumber": "WO-1", "scheduledStart": "2025-10-28T12:00:00Z"});
    invalid(&app.post(WORK_ORDER, late).await, &["scheduledEnd date_order"]);
    let taken = json!({"workOrderNumber": "WO-1", "scheduledStart": null});
    invalid(&app.post(WORK_ORDER, taken).await, &["scheduledStart missing_dependency"]);
}

#[tokio::test]
async fn custom_fields_merge_by_key() {
    let app = InboundApp::start().await;
    let change = |fields: Value| json!({"workOrderNumber": "WO-1", "customFields": fields});
    work_order(&app, "WO-1", json!({"customFields": {"crane": true, "lift": "LP-0093", "loads": 3}})).await;

    accepted(&app.post(WORK_ORDER, change(json!({"lift": null, "crew": ["a"], "loads": 4}))).await, "updated");
    let stored = record(&app, "workorder", "WO-1").await;
    assert_eq!(stored["customFields"], json!({"crane": true, "loads": 4, "crew": ["a"]}));

    accepted(&app.post(WORK_ORDER, change(json!({"lift": null}))).await, "unchanged");
    accepted(&app.post(WORK_ORDER, change(json!({}))).await, "unchanged");
    accepted(&app.post(WORK_ORDER, change(json!(null))).await, "updated");
    assert!(record(&app, "workorder", "WO-1").await.get("customFields").is_none());
}

#[tokio::test]
async fn custom_fields_keep_their_limits_after_a_merge_too() {
    let app = InboundApp::start().await;
    let numbered = |from: usize| (from..from + 30).map(|i| (format!("f{i}"), json!(i))).collect::<Value>();
    work_order(&app, "WO-1", json!({"customFields": numbered(0)})).await;
    let more = json!({"workOrderNumber": "WO-1", "customFields": numbered(30)});
    invalid(&app.post(WORK_ORDER, more).await, &["customFields too_many_items"]);
}

#[tokio::test]
async fn a_new_record_needs_its_required_fields() {
    let app = TestApp::start().await;
    invalid(&app.post(WORK_ORDER, json!({})).await, &["workOrderNumber required"]);
    invalid(&app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1"})).await, &["title required"]);
    let missing = ["firstName required", "lastName required", "role required"];
    invalid(&app.post(EMPLOYEE, json!({"employeeNumber": "E-1"})).await, &missing);
    invalid(&app.post(VENDOR, json!({"vendorNumber": "V-1", "name": "x"})).await, &["vendorType required"]);
}

#[tokio::test]
async fn versions_and_times_change_with_stored_changes_only() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-1", json!({})).await;
    app.advance(Duration::from_secs(90)).await;
    let same = app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "title": "Pour slab"})).await;
    assert_eq!(accepted(&same, "unchanged")["updatedAt"], "2025-10-20T14:30:00Z");
    let other = app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "title": "Pour mat slab"})).await;
    let data = accepted(&other, "updated");
    assert_eq!((&data["version"], &data["updatedAt"]), (&json!(2), &json!("2025-10-20T14:31:30Z")));
    assert_eq!(data["createdAt"], "2025-10-20T14:30:00Z");
}
