//! `sourceUpdatedAt`: the senders' clocks put late messages in order.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{InboundApp, Reply};

use crate::crew::{WORK_ORDER, id, with, work_order};
use crate::expect::{accepted, events, invalid, refused, warnings};
use crate::records::{put_body, record};

/// `extra` of WO-1 at this time, which is on 20 October 2025 unless it says more. It is 14:30.
fn at(time: &str, extra: Value) -> Value {
    let time = if time.contains('T') { time.to_owned() } else { format!("2025-10-20T{time}Z") };
    with(json!({"workOrderNumber": "WO-1", "sourceUpdatedAt": time}), extra)
}

#[track_caller]
fn stale(reply: &Reply) {
    accepted(reply, "unchanged");
    assert_eq!((warnings(reply), events(reply)), (vec!["stale_update sourceUpdatedAt".to_owned()], vec![]));
}

#[tokio::test]
async fn a_clock_that_is_far_ahead_is_refused() {
    let app = InboundApp::start().await;
    for (time, ahead) in
        [("14:35:00.001", "5 minutes"), ("15:30:00", "60 minutes"), ("2099-01-01T00:00:00Z", "26735 days")]
    {
        for extra in [json!({"title": "x"}), json!({"operation": "delete"})] {
            let reply = app.post(WORK_ORDER, at(time, extra)).await;
            invalid(&reply, &["sourceUpdatedAt out_of_range"]);
            let message = reply.body["errors"][0]["message"].as_str().expect("a message");
            assert!(message.starts_with(&format!("is {ahead}")) && !message.contains("2099"), "{message}");
        }
    }
    accepted(&app.post(WORK_ORDER, at("14:35:00", json!({"title": "x"}))).await, "created");
    accepted(&app.post(WORK_ORDER, at("2025-10-20T09:35:00-05:00", json!({"title": "y"}))).await, "updated");
}

#[tokio::test]
async fn fractions_of_a_second_decide() {
    let app = InboundApp::start().await;
    accepted(&app.post(WORK_ORDER, at("10:00:00.900", json!({"title": "one"}))).await, "created");
    stale(&app.post(WORK_ORDER, at("10:00:00.100", json!({"title": "two"}))).await);
    stale(&app.post(WORK_ORDER, at("10:00:00.899999999", json!({"title": "two"}))).await);
    accepted(&app.post(WORK_ORDER, at("10:00:00.9", json!({"title": "one"}))).await, "unchanged");
    accepted(&app.post(WORK_ORDER, at("10:00:00.900000001", json!({"title": "three"}))).await, "updated");
    stale(&app.post(WORK_ORDER, at("10:00:00.900", json!({"title": "four"}))).await);
}

#[tokio::test]
async fn what_is_older_than_the_arrival_of_a_deletion_does_not_bring_the_record_back() {
    let app = InboundApp::start().await;
    let known = id(&work_order(&app, "WO-1", json!({"sourceUpdatedAt": "2025-10-20T10:00:00Z"})).await);
    accepted(&app.post(WORK_ORDER, json!({"workOrderNumber": "wo-1", "operation": "delete"})).await, "deleted");
    for extra in [
        json!({"title": "x"}),
        json!({"title": "x", "operation": "create"}),
        json!({"title": "x", "operation": "update"}),
        json!({"title": "x", "id": known}),
        json!({"operation": "delete"}),
    ] {
        stale(&app.post(WORK_ORDER, at("14:29:59.999", extra)).await);
    }
    refused(
        &app.post(WORK_ORDER, at("14:30:00", json!({"title": "x", "operation": "update"}))).await,
        404,
        "not_found",
    );
    accepted(&app.post(WORK_ORDER, at("14:30:00", json!({"title": "x"}))).await, "created");
}

#[tokio::test]
async fn a_deletion_counts_as_of_its_own_time() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-1", json!({})).await;
    let delete = json!({"operation": "delete"});
    accepted(&app.post(WORK_ORDER, at("12:00:00.5", delete.clone())).await, "deleted");
    stale(&app.post(WORK_ORDER, at("12:00:00.4", json!({"title": "x"}))).await);
    // A later deletion of what is deleted moves it.
    let again = app.post(WORK_ORDER, at("13:00:00", delete.clone())).await;
    accepted(&again, "unchanged");
    assert_eq!(warnings(&again), [""; 0]);
    stale(&app.post(WORK_ORDER, at("12:59:59", json!({"title": "x"}))).await);
    stale(&app.post(WORK_ORDER, at("12:59:59", delete)).await);
    accepted(&app.post(WORK_ORDER, at("13:00:00.1", json!({"title": "x"}))).await, "created");
}

#[tokio::test]
async fn a_deletion_is_no_older_than_what_it_deleted() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-1", json!({"sourceUpdatedAt": "2025-10-20T14:34:00Z"})).await;
    accepted(&app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "operation": "delete"})).await, "deleted");
    stale(&app.post(WORK_ORDER, at("14:33:00", json!({"title": "x"}))).await);
}

/// Such a tombstone has no clock but that of the last update.
#[tokio::test]
async fn a_deletion_by_an_earlier_release_counts_as_of_its_arrival_or_the_clock_before() {
    for (before, stale_at, fresh_at) in [("10:00:00", "14:29:59", "14:30:00"), ("14:34:00", "14:33:59", "14:34:00")] {
        let app = InboundApp::start().await;
        let before = format!("2025-10-20T{before}Z");
        work_order(&app, "WO-1", json!({"sourceUpdatedAt": before})).await;
        let mut left = record(&app, "workorder", "WO-1").await;
        left["version"] = json!(2);
        accepted(&app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "operation": "delete"})).await, "deleted");
        put_body(&app, "workorder", "WO-1", &left).await;
        stale(&app.post(WORK_ORDER, at(stale_at, json!({"title": "x"}))).await);
        accepted(&app.post(WORK_ORDER, at(fresh_at, json!({"title": "x"}))).await, "created");
    }
}

#[tokio::test]
async fn a_body_without_a_clock_uses_a_deleted_number_again() {
    let app = InboundApp::start().await;
    let first = id(&work_order(&app, "WO-1", json!({"sourceUpdatedAt": "2025-10-20T10:00:00Z"})).await);
    accepted(&app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "operation": "delete"})).await, "deleted");
    app.advance(Duration::from_secs(1)).await;
    assert_ne!(id(&work_order(&app, "WO-1", json!({})).await), first);
}
