//! Operations, versions and clocks: conditions on what is stored.

use serde_json::{Value, json};
use tests::InboundApp;

use crate::crew::{WORK_ORDER, with, work_order};
use crate::expect::{accepted, events, invalid, refused, warnings};

#[tokio::test]
async fn create_and_update_require_that_the_record_is_absent_or_present() {
    let app = InboundApp::start().await;
    let order = |operation: &str| json!({"workOrderNumber": "WO-1", "title": "x", "operation": operation});
    refused(&app.post(WORK_ORDER, order("update")).await, 404, "not_found");
    accepted(&app.post(WORK_ORDER, order("create")).await, "created");
    refused(&app.post(WORK_ORDER, order("create")).await, 409, "already_exists");
    accepted(&app.post(WORK_ORDER, order("update")).await, "unchanged");
    accepted(&app.post(WORK_ORDER, order("upsert")).await, "unchanged");
    invalid(&app.post(WORK_ORDER, order("merge")).await, &["operation invalid_value"]);
}

#[tokio::test]
async fn a_version_that_is_not_the_stored_one_is_a_conflict() {
    let app = InboundApp::start().await;
    let change = |version: u64, title: &str| json!({"workOrderNumber": "WO-1", "title": title, "ifVersion": version});
    refused(&app.post(WORK_ORDER, change(1, "x")).await, 409, "version_conflict");
    work_order(&app, "WO-1", json!({})).await;
    assert_eq!(accepted(&app.post(WORK_ORDER, change(1, "one")).await, "updated")["version"], 2);
    refused(&app.post(WORK_ORDER, change(1, "two")).await, 409, "version_conflict");
    let delete = json!({"workOrderNumber": "WO-1", "operation": "delete", "ifVersion": 1});
    refused(&app.post(WORK_ORDER, delete).await, 409, "version_conflict");
}

#[tokio::test]
async fn a_body_older_than_the_stored_one_changes_nothing() {
    let app = InboundApp::start().await;
    let at = |time: &str, title: &str| json!({"workOrderNumber": "WO-1", "title": title, "sourceUpdatedAt": time});
    accepted(&app.post(WORK_ORDER, at("2025-10-20T10:00:00Z", "one")).await, "created");
    let stale = app.post(WORK_ORDER, at("2025-10-20T09:59:59Z", "two")).await;
    assert_eq!(accepted(&stale, "unchanged")["version"], 1);
    assert_eq!((warnings(&stale), events(&stale)), (vec!["stale_update sourceUpdatedAt".to_owned()], vec![]));
    accepted(&app.post(WORK_ORDER, at("2025-10-20T10:00:00Z", "two")).await, "updated");

    // A replay at a later time is no change, but what was sent between the two is known to be old from then on.
    accepted(&app.post(WORK_ORDER, at("2025-10-20T12:00:00Z", "two")).await, "unchanged");
    let stale = app.post(WORK_ORDER, at("2025-10-20T11:00:00Z", "three")).await;
    accepted(&stale, "unchanged");
    assert_eq!(warnings(&stale), ["stale_update sourceUpdatedAt"]);
}

#[tokio::test]
async fn a_stale_deletion_deletes_nothing() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-1", json!({"sourceUpdatedAt": "2025-10-20T10:00:00Z"})).await;
    let delete = |time: &str| json!({"workOrderNumber": "WO-1", "operation": "delete", "sourceUpdatedAt": time});
    let stale = app.post(WORK_ORDER, delete("2025-10-20T09:00:00Z")).await;
    accepted(&stale, "unchanged");
    assert_eq!(warnings(&stale), ["stale_update sourceUpdatedAt"]);
    accepted(&app.post(WORK_ORDER, delete("2025-10-20T11:00:00Z")).await, "deleted");
}

#[tokio::test]
async fn a_body_older_than_the_deletion_does_not_bring_the_record_back() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-1", json!({"sourceUpdatedAt": "2025-10-20T10:00:00Z"})).await;
    let at = |time: &str, extra: Value| with(json!({"workOrderNumber": "WO-1", "sourceUpdatedAt": time}), extra);
    accepted(&app.post(WORK_ORDER, at("2025-10-20T12:00:00Z", json!({"operation": "delete"}))).await, "deleted");
    let late = app.post(WORK_ORDER, at("2025-10-20T11:00:00Z", json!({"title": "x"}))).await;
    accepted(&late, "unchanged");
    assert_eq!(warnings(&late), ["stale_update sourceUpdatedAt"]);
    accepted(&app.post(WORK_ORDER, at("2025-10-20T13:00:00Z", json!({"title": "x"}))).await, "created");
}
