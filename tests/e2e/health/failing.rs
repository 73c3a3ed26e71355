//! Endpoints that hang, fail and recover.

use std::time::Duration;

use domain::alert::AlertKind;
use domain::endpoint::Lane;
use outbound::deliverer::Deliverer;
use serde_json::{Value, json};
use tests::{Receiver, TestApp};

use super::{alerts, failing, shown};
use crate::deliveries::{batch_of, create_work_order};

#[tokio::test]
async fn an_endpoint_that_hangs_does_not_delay_the_others() {
    let app = TestApp::builder().at_present().workers(true).start().await;
    let (hanging, healthy) = (Receiver::start().await, Receiver::start().await);
    hanging.hang();
    let endpoint = app.endpoint(&hanging.url(), ["*"]).await;
    app.endpoint(&healthy.url(), ["*"]).await;
    for number in 1..=15 {
        create_work_order(&app, &format!("WO-{number}")).await;
        healthy.wait_for(number).await;
        hanging.wait_for(number).await;
    }
    // Its attempts are all under way still.
    let deliveries = app.deliveries().await;
    let mut slow = deliveries.iter().filter(|delivery| delivery.endpoint_id == endpoint.id);
    assert!(slow.all(|delivery| delivery.attempt_count == 0));
    hanging.release();
    app.shutdown().await;
}

#[tokio::test]
async fn a_failing_endpoint_gets_new_events_from_the_retry_queue_until_it_recovers() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.answer_with([500]);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    for number in 1..=3 {
        assert_eq!(shown(&app, &endpoint).await["health"]["state"], "healthy");
        create_work_order(&app, &format!("WO-{number}")).await;
        assert_eq!(app.drain().await.deliveries, 1);
    }
    let failing = shown(&app, &endpoint).await;
    assert_eq!((&failing["status"], &failing["health"]["state"]), (&json!("enabled"), &json!("failing")));
    assert_eq!(failing["health"]["consecutiveFailures"], 3);
    assert_eq!(failing["health"]["disablesAt"], "2025-10-25T14:30:00Z", "five days after the first failure");
    let mut error = failing["health"]["lastError"].clone();
    let failed = error["deliveryId"].take();
    assert!(app.deliveries().await.iter().any(|delivery| failed == delivery.id.as_str()), "{failed}");
    assert_eq!(error, json!({ "deliveryId": null, "error": "http_status", "errorDetail": null, "statusCode": 500 }));
    assert_eq!(alerts(&app).await, [AlertKind::EndpointFailing]);

    create_work_order(&app, "WO-4").await;
    app.drain_stream().await;
    let visible = (app.depth("delivery").await.visible, app.depth("retry").await.visible);
    assert_eq!(visible, (0, 1), "first attempts in the delivery and in the retry queue");

    // It fails on, which is no news.
    app.drain().await;
    assert_eq!(alerts(&app).await, [AlertKind::EndpointFailing]);

    app.advance(Duration::from_secs(1)).await;
    receiver.answer_with([200]);
    create_work_order(&app, "WO-5").await;
    app.drain().await;
    let recovered = shown(&app, &endpoint).await["health"].clone();
    assert_eq!((&recovered["state"], &recovered["consecutiveFailures"]), (&json!("healthy"), &json!(0)));
    assert_eq!(recovered["disablesAt"], Value::Null);
    assert_eq!(recovered["lastError"]["statusCode"], 500, "what it was stays known");
    assert_eq!(alerts(&app).await, [AlertKind::EndpointFailing, AlertKind::EndpointRecovered]);
    create_work_order(&app, "WO-6").await;
    assert_eq!(app.drain().await.deliveries, 1);
}

/// What the endpoint's health is when nothing has failed since `before`, and no delivery of its own account has arrived.
fn settled(before: &Value) -> Value {
    let mut settled = before.clone();
    for (name, value) in [
        ("state", json!("healthy")),
        ("consecutiveFailures", json!(0)),
        ("failingSince", Value::Null),
        ("disablesAt", Value::Null),
    ] {
        settled[name] = value;
    }
    settled
}

#[tokio::test]
async fn a_successful_test_resets_the_consecutive_failures_and_does_not_count_as_traffic() {
    let (app, receiver, endpoint) = failing().await;
    let before = shown(&app, &endpoint).await["health"].clone();
    let test = async || {
        let path = format!("/api/endpoints/{}/test", endpoint.id);
        app.post(&path, json!({ "event": "vendor.created" })).await.expect(200)
    };
    assert_eq!(test().await.body["status"], "failed");
    assert_eq!(shown(&app, &endpoint).await["health"], before, "one that fails has no consequences");
    receiver.answer_with([200]);
    assert_eq!(test().await.body["status"], "delivered");
    assert_eq!(shown(&app, &endpoint).await["health"], settled(&before));
    assert!(alerts(&app).await.contains(&AlertKind::EndpointRecovered));
    let told = alerts(&app).await.len();
    let _ = app.system().calls().take();
    assert_eq!(test().await.body["status"], "delivered");
    let calls = app.system().calls().take();
    let writes = [("PutItem", 2), ("UpdateItem", 1), ("TransactWriteItems", 0)];
    for (name, count) in writes {
        let made = calls.get(&format!("DynamoDB_20120810.{name}")).copied().unwrap_or_default();
        assert_eq!(made, count, "{name}: its event, its delivery and the rate window, and nothing of the endpoint");
    }
    assert_eq!(alerts(&app).await.len(), told);
    app.drain().await;
}

#[tokio::test]
async fn a_successful_replay_resets_the_consecutive_failures_and_does_not_count_as_traffic() {
    let (app, receiver, endpoint) = failing().await;
    let before = shown(&app, &endpoint).await["health"].clone();
    let replay = json!({ "since": "2025-10-20T14:30:00Z" });
    app.post(&format!("/api/endpoints/{}/replay", endpoint.id), replay).await.expect(202);
    receiver.answer_with([200]);
    app.drain().await;
    assert_eq!(shown(&app, &endpoint).await["health"], settled(&before));
    let kinds = alerts(&app).await;
    assert_eq!(kinds.iter().filter(|kind| **kind == AlertKind::EndpointRecovered).count(), 1);
    // One failure long after the outage, which was only replayed, is one failure.
    app.advance(Duration::from_hours(6 * 24)).await;
    receiver.answer_with([500]);
    create_work_order(&app, "WO-later").await;
    app.drain().await;
    let later = shown(&app, &endpoint).await;
    assert_eq!((&later["status"], &later["health"]["consecutiveFailures"]), (&json!("enabled"), &json!(1)));
}

#[tokio::test]
async fn a_successful_manual_retry_resets_the_consecutive_failures() {
    let (app, receiver, endpoint) = failing().await;
    receiver.answer_with([200]);
    let delivery = app.deliveries().await.remove(0);
    app.post(&format!("/api/deliveries/{}/retry", delivery.id), json!({})).await.expect(202);
    app.drain().await;
    let health = shown(&app, &endpoint).await["health"].clone();
    assert_eq!((&health["state"], &health["consecutiveFailures"]), (&json!("healthy"), &json!(0)));
    assert_ne!(health["lastSuccessAt"], Value::Null);
    assert!(alerts(&app).await.contains(&AlertKind::EndpointRecovered));
}

#[tokio::test]
async fn failures_between_successes_are_not_consecutive() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-0").await;
    app.drain().await;
    // One batch: what it read of the endpoint knows none of these.
    receiver.answer_with([500, 200, 500, 200, 500, 200]);
    for number in 1..=6 {
        create_work_order(&app, &format!("WO-{number}")).await;
    }
    app.drain_stream().await;
    receiver.hang();
    let one_by_one = async {
        receiver.wait_for(7).await;
        for failures in [1, 0].repeat(3) {
            receiver.answer_one();
            while shown(&app, &endpoint).await["health"]["consecutiveFailures"] != failures {
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::join!(app.drain_delivery_queue(), one_by_one);
    assert_eq!(shown(&app, &endpoint).await["health"]["state"], "healthy");
    assert_eq!(alerts(&app).await, []);
}

#[tokio::test]
async fn a_queued_first_attempt_moves_to_the_retry_queue_when_its_endpoint_begins_to_fail() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.answer_with([500]);
    app.endpoint(&receiver.url(), ["*"]).await;
    for number in 1..=4 {
        create_work_order(&app, &format!("WO-{number}")).await;
    }
    app.drain_stream().await;
    let one = Deliverer::from_environment(app.system().environment(), Lane::Later).unwrap();
    for delivery in &app.deliveries().await[..3] {
        one.handle(batch_of(delivery), app.now()).await;
    }
    assert_eq!(alerts(&app).await, [AlertKind::EndpointFailing]);
    // Its first attempt was queued while the endpoint was healthy.
    app.drain_delivery_queue().await;
    assert_eq!(receiver.count(), 3, "passed on");
    assert_eq!(app.depth("retry").await.visible, 1);
    app.drain_retry_queue().await;
    assert_eq!(receiver.count(), 4);
}

#[tokio::test]
async fn the_retries_of_one_delivery_count_as_one_failure() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.answer_with([500]);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    for _ in 0..3 {
        app.drain().await;
        app.advance(Duration::from_secs(400)).await;
    }
    app.drain().await;
    assert!(receiver.count() >= 3);
    assert_eq!(shown(&app, &endpoint).await["health"]["state"], "healthy");
}
