//! Replays: what an endpoint missed is sent again.

use std::time::Duration;

use domain::delivery::{DeliveryStatus, Trigger};
use serde_json::{Value, json};
use tests::{Endpoint, Receiver, Reply, TestApp};

use crate::deliveries::create_work_order;
use crate::expect::{common_headers, invalid, refused};

const START: &str = "2025-10-20T14:30:00Z";

async fn replay(app: &TestApp, endpoint: &Endpoint, more: Value) -> Reply {
    let body = crate::crew::with(json!({ "since": START }), more);
    app.post(&format!("/api/endpoints/{}/replay", endpoint.id), body).await
}

/// `(matched, queued, underWay)` of a replay that came to its end.
async fn counts(app: &TestApp, endpoint: &Endpoint, more: Value) -> (u64, u64, u64) {
    let reply = replay(app, endpoint, more).await.expect(202);
    common_headers(&reply);
    assert_eq!(reply.body["nextSince"], Value::Null);
    let count = |name: &str| reply.body[name].as_u64().expect(name);
    (count("matched"), count("queued"), count("underWay"))
}

/// A system with one delivery that has failed; the receiver answers 200 from now on.
async fn after_a_failure() -> (TestApp, Receiver, Endpoint) {
    let (app, receiver) = (TestApp::builder().retry_schedule("60").start().await, Receiver::start().await);
    receiver.answer_with([500, 500, 200]);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    app.advance(Duration::from_secs(70)).await;
    app.drain().await;
    assert_eq!(app.only_delivery().await.status, DeliveryStatus::Failed);
    (app, receiver, endpoint)
}

#[tokio::test]
async fn failed_deliveries_are_replayed_once() {
    let (app, receiver, endpoint) = after_a_failure().await;
    create_work_order(&app, "WO-2").await;
    app.drain().await;
    assert_eq!(counts(&app, &endpoint, json!({ "dryRun": true })).await, (1, 0, 0));
    assert_eq!(receiver.count(), 3);
    assert_eq!(counts(&app, &endpoint, json!({})).await, (1, 1, 0));
    assert_eq!(counts(&app, &endpoint, json!({})).await, (0, 0, 1), "what is under way is left alone");
    app.drain().await;
    assert_eq!(receiver.count(), 4);
    let again = receiver.requests().pop().unwrap();
    for name in ["x-webhook-id", "x-webhook-event-id"] {
        assert_eq!(again.header(name), receiver.requests()[0].header(name));
    }
    assert_eq!(again.header("x-webhook-retry"), "2");
    let delivery = app.deliveries().await.remove(0);
    assert_eq!((delivery.status, delivery.trigger), (DeliveryStatus::Delivered, Trigger::Replay));
    let attempts: Vec<_> = delivery.attempts.iter().map(|attempt| (attempt.number, attempt.trigger)).collect();
    assert_eq!(attempts, [(1, Trigger::Scheduled), (2, Trigger::Scheduled), (3, Trigger::Replay)]);
    assert_eq!(counts(&app, &endpoint, json!({})).await, (0, 0, 0), "nothing has failed any more");
}

#[tokio::test]
async fn events_from_before_an_endpoint_existed_are_sent_when_asked() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    create_work_order(&app, "WO-1").await;
    app.advance(Duration::from_secs(10)).await;
    create_work_order(&app, "WO-2").await;
    app.post("/api/webhook/project", app.fixture("project/valid/minimal")).await.expect(200);
    app.drain().await;
    let endpoint = app.endpoint(&receiver.url(), ["workorder.*"]).await;
    assert_eq!(counts(&app, &endpoint, json!({})).await, (0, 0, 0), "nothing failed");
    let first = json!({ "only": "missing", "until": "2025-10-20T14:30:10Z" });
    assert_eq!(counts(&app, &endpoint, first.clone()).await, (1, 1, 0));
    assert_eq!(counts(&app, &endpoint, first).await, (0, 0, 1));
    app.drain().await;
    assert_eq!(counts(&app, &endpoint, json!({ "only": "missing", "events": ["project.*"] })).await, (0, 0, 0));
    assert_eq!(counts(&app, &endpoint, json!({ "only": "missing" })).await, (1, 1, 0));
    app.drain().await;
    let numbers: Vec<Value> =
        receiver.requests().iter().map(|request| request.json()["data"]["workOrderNumber"].clone()).collect();
    assert_eq!(numbers, ["WO-1", "WO-2"]);
    assert_eq!(counts(&app, &endpoint, json!({ "only": "missing" })).await, (0, 0, 0));
    assert_eq!(counts(&app, &endpoint, json!({ "only": "all" })).await, (0, 0, 2), "a replay has just sent them");
    app.advance(Duration::from_mins(11)).await;
    assert_eq!(counts(&app, &endpoint, json!({ "only": "all" })).await, (2, 2, 0), "also what arrived");
    app.drain().await;
    assert_eq!(receiver.count(), 4);
}

#[tokio::test]
async fn the_same_replay_from_two_windows_at_once_sends_everything_once() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    for number in 0..30 {
        create_work_order(&app, &format!("WO-{number}")).await;
    }
    app.drain().await;
    let all = || replay(&app, &endpoint, json!({ "only": "all" }));
    let (one, other) = tokio::join!(all(), all());
    let queued = [one, other].map(|reply| reply.expect(202).body["queued"].as_u64().unwrap());
    assert_eq!(queued.iter().sum::<u64>(), 30, "{queued:?}");
    app.drain().await;
    assert_eq!(receiver.count(), 60);
    // On a busy machine attempts end a moment after the stepped clock.
    app.advance(Duration::from_mins(1)).await;
    assert_eq!(counts(&app, &endpoint, json!({ "only": "all" })).await, (0, 0, 30), "nor does a third one");
    app.drain().await;
    assert_eq!(receiver.count(), 60);
}

#[tokio::test]
async fn a_delivery_with_many_attempts_keeps_the_latest() {
    let (app, receiver, endpoint) = after_a_failure().await;
    for _ in 0..30 {
        counts(&app, &endpoint, json!({ "only": "all" })).await;
        app.drain().await;
        app.advance(Duration::from_mins(11)).await;
    }
    let delivery = app.only_delivery().await;
    assert_eq!((receiver.count(), delivery.attempt_count), (32, 32));
    let numbers: Vec<u32> = delivery.attempts.iter().map(|attempt| attempt.number).collect();
    assert_eq!(numbers, (8..=32).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_replay_to_a_disabled_endpoint_is_refused_and_a_dry_run_counts() {
    let (app, receiver, endpoint) = after_a_failure().await;
    let path = format!("/api/endpoints/{}", endpoint.id);
    app.patch(&path, json!({ "status": "disabled" })).await.expect(200);
    create_work_order(&app, "WO-2").await;
    app.drain().await;
    refused(&replay(&app, &endpoint, json!({})).await, 409, "invalid_state_transition");
    assert_eq!(counts(&app, &endpoint, json!({ "only": "all", "dryRun": true })).await, (2, 0, 0));
    app.patch(&path, json!({ "status": "enabled" })).await.expect(200);
    assert_eq!(counts(&app, &endpoint, json!({ "only": "all" })).await, (2, 2, 0));
    app.drain().await;
    assert_eq!(receiver.count(), 4);
}

#[tokio::test]
async fn one_call_replays_a_limited_number_and_returns_where_to_continue() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    for second in 0..11 {
        for number in 0..100 {
            create_work_order(&app, &format!("WO-{second}-{number}")).await;
        }
        app.advance(Duration::from_secs(1)).await;
    }
    app.drain().await;
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    let first = replay(&app, &endpoint, json!({ "only": "missing", "dryRun": true })).await.expect(202).body;
    assert_eq!((&first["matched"], &first["nextSince"]), (&json!(1000), &json!("2025-10-20T14:30:10Z")));
    let rest = json!({ "only": "missing", "dryRun": true, "since": first["nextSince"] });
    assert_eq!(counts(&app, &endpoint, rest).await, (100, 0, 0));
}

#[tokio::test]
async fn the_time_span_of_a_replay_is_validated() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    invalid(&replay(&app, &endpoint, json!({ "since": "2025-10-21T00:00:00Z" })).await, &["since date_order"]);
    invalid(&replay(&app, &endpoint, json!({ "since": "2025-09-01T00:00:00Z" })).await, &["since outside_window"]);
    let stranger = app.tenant("Other").await;
    let path = format!("/api/endpoints/{}/replay", endpoint.id);
    refused(&stranger.post(&path, json!({ "since": START })).await, 404, "not_found");
}

#[tokio::test]
async fn a_deleted_endpoint_has_no_pending_deliveries() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.answer_with([500]);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    create_work_order(&app, "WO-2").await;
    app.drain_stream().await;
    app.delete(&format!("/api/endpoints/{}", endpoint.id)).await.expect(204);
    let cancelled = async || {
        let deliveries = app.deliveries().await;
        deliveries.iter().filter(|delivery| delivery.status == DeliveryStatus::Cancelled).count()
    };
    assert_eq!(cancelled().await, 1, "a first attempt may be under way: it ends when its turn comes");
    app.drain().await;
    assert_eq!((receiver.count(), cancelled().await), (1, 2));
}
