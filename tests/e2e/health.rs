//! Endpoints that hang, fail, recover, or are gone: what that means for them and for the others.

use std::time::Duration;

use domain::alert::AlertKind;
use domain::delivery::DeliveryStatus;
use outbound::deliverer::Deliverer;
use serde_json::{Value, json};
use tests::{Endpoint, Receiver, TestApp};

use crate::deliveries::{batch_of, create_work_order};

async fn shown(app: &TestApp, endpoint: &Endpoint) -> Value {
    app.get(&format!("/api/endpoints/{}", endpoint.id)).await.expect(200).body
}

async fn alerts(app: &TestApp) -> Vec<AlertKind> {
    app.alerts().await.iter().map(|alert| alert.kind).collect()
}

#[tokio::test]
async fn an_endpoint_that_hangs_holds_nobody_else_up() {
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
async fn a_failing_endpoint_gets_its_news_from_the_retry_queue_until_it_recovers() {
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
    assert_eq!(alerts(&app).await, [AlertKind::EndpointFailing, AlertKind::EndpointRecovered]);
    create_work_order(&app, "WO-6").await;
    assert_eq!(app.drain().await.deliveries, 1);
}

/// A system whose endpoint counts as failing, because of three deliveries that were each sent once and failed.
async fn failing() -> (TestApp, Receiver, Endpoint) {
    let (app, receiver) = (TestApp::builder().retry_schedule("1").start().await, Receiver::start().await);
    receiver.answer_with([500]);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    for number in 1..=3 {
        create_work_order(&app, &format!("WO-{number}")).await;
    }
    app.drain().await;
    app.advance(Duration::from_secs(2)).await;
    app.drain().await;
    assert_eq!(shown(&app, &endpoint).await["health"]["state"], "failing");
    (app, receiver, endpoint)
}

/// What the endpoint's health is when nothing has failed since `before`, and no delivery of its own account has arrived.
fn settled(before: &Value) -> Value {
    let mut settled = before.clone();
    for (name, value) in [("state", json!("healthy")), ("consecutiveFailures", json!(0)), ("failingSince", Value::Null)]
    {
        settled[name] = value;
    }
    settled
}

#[tokio::test]
async fn a_test_that_arrives_ends_what_failed_in_a_row_and_is_no_traffic() {
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
async fn a_replay_that_arrives_ends_what_failed_in_a_row_and_is_no_traffic() {
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
async fn a_manual_retry_that_arrives_ends_what_failed_in_a_row() {
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
async fn failures_between_successes_are_not_failures_in_a_row() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-0").await;
    app.drain().await;
    // One batch: what it read of the endpoint knows none of these.
    receiver.answer_with([500, 200, 200, 500, 200, 200, 500, 200, 200, 200]);
    for number in 1..=10 {
        create_work_order(&app, &format!("WO-{number}")).await;
    }
    app.drain().await;
    assert_eq!(receiver.count(), 11);
    assert_eq!(shown(&app, &endpoint).await["health"]["state"], "healthy");
    assert_eq!(alerts(&app).await, []);
}

#[tokio::test]
async fn news_of_an_endpoint_that_began_to_fail_goes_on_to_the_retry_queue() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.answer_with([500]);
    app.endpoint(&receiver.url(), ["*"]).await;
    for number in 1..=4 {
        create_work_order(&app, &format!("WO-{number}")).await;
    }
    app.drain_stream().await;
    let one = Deliverer::from_environment(app.system().environment()).unwrap();
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
async fn a_410_says_nothing_of_what_the_endpoint_has_become_since() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    receiver.answer_with([410]);
    receiver.hang();
    create_work_order(&app, "WO-1").await;
    let attempt = app.drain();
    let person = async {
        receiver.wait_for(1).await;
        let path = format!("/api/endpoints/{}", endpoint.id);
        app.patch(&path, json!({ "url": format!("{}/new", receiver.url()) })).await.expect(200);
        receiver.release();
    };
    tokio::join!(attempt, person);
    assert_eq!(shown(&app, &endpoint).await["status"], "enabled");
    assert_eq!(alerts(&app).await, [AlertKind::DeliveryFailed]);
    assert_eq!(app.only_delivery().await.status, DeliveryStatus::Failed);
}

#[tokio::test]
async fn the_retries_of_one_delivery_are_one_failure() {
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

#[tokio::test]
async fn what_is_pending_for_a_deleted_endpoint_is_cancelled() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    app.delete(&format!("/api/endpoints/{}", endpoint.id)).await.expect(204);
    app.drain().await;
    assert_eq!(receiver.count(), 0);
    let delivery = app.only_delivery().await;
    assert_eq!((delivery.status, delivery.attempts.len()), (DeliveryStatus::Cancelled, 0));
}

/// A system with one delivery that failed at first, to an endpoint that was disabled then.
async fn disabled_while_retrying() -> (TestApp, Receiver, Endpoint) {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.answer_with([500, 200]);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    app.patch(&format!("/api/endpoints/{}", endpoint.id), json!({ "status": "disabled" })).await.expect(200);
    app.advance(Duration::from_secs(70)).await;
    app.drain().await;
    assert_eq!(receiver.count(), 1, "a disabled endpoint gets nothing");
    (app, receiver, endpoint)
}

async fn switch(app: &TestApp, endpoint: &Endpoint, status: &str) -> Value {
    app.patch(&format!("/api/endpoints/{}", endpoint.id), json!({ "status": status })).await.expect(200).body
}

#[tokio::test]
async fn what_is_retried_for_a_disabled_endpoint_arrives_at_once_when_it_is_enabled_again() {
    let (app, receiver, endpoint) = disabled_while_retrying().await;
    assert_eq!(app.only_delivery().await.status, DeliveryStatus::Retrying);
    switch(&app, &endpoint, "enabled").await;
    app.drain().await;
    let delivery = app.only_delivery().await;
    assert_eq!((delivery.status, delivery.attempt_count), (DeliveryStatus::Delivered, 2));
    assert_eq!(receiver.requests()[1].header("x-webhook-retry"), "1");
    // The message by which it would have looked again.
    app.advance(Duration::from_mins(15)).await;
    assert_eq!(app.drain().await.retries, 1);
    assert_eq!(receiver.count(), 2);
}

#[tokio::test]
async fn a_first_attempt_that_was_held_is_made_once_whichever_of_its_messages_comes_first() {
    for late in [Duration::ZERO, Duration::from_mins(15)] {
        let (app, receiver) = (TestApp::start().await, Receiver::start().await);
        let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
        for number in 1..=25 {
            create_work_order(&app, &format!("WO-{number}")).await;
        }
        app.drain_stream().await;
        switch(&app, &endpoint, "disabled").await;
        app.drain().await;
        app.advance(late).await;
        switch(&app, &endpoint, "enabled").await;
        // Lost messages are the sweeper's.
        app.drain().await;
        assert_eq!(receiver.count(), 25);
        app.advance(Duration::from_mins(15)).await;
        app.sweep().await;
        app.drain().await;
        assert_eq!(receiver.count(), 25);
        assert!(app.deliveries().await.iter().all(|delivery| delivery.status == DeliveryStatus::Delivered));
    }
}

#[tokio::test]
async fn what_was_released_and_lost_is_found_by_the_sweeper() {
    let (app, receiver, endpoint) = disabled_while_retrying().await;
    switch(&app, &endpoint, "enabled").await;
    app.purge_queues().await;
    app.advance(Duration::from_mins(6)).await;
    app.sweep().await;
    app.drain().await;
    assert_eq!((receiver.count(), app.only_delivery().await.status), (2, DeliveryStatus::Delivered));
}

#[tokio::test]
async fn a_pending_delivery_says_that_its_disabled_endpoint_holds_it_up() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let (endpoint, other) =
        (app.endpoint(&receiver.url(), ["*"]).await, app.endpoint(&receiver.url(), ["workorder.*"]).await);
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    let event = app.deliveries().await[0].event_id.clone();
    let held = async |endpoint: &Endpoint| {
        let list = app.get(&format!("/api/deliveries?endpointId={}", endpoint.id)).await.expect(200).body;
        let listed = list["data"][0].clone();
        let one = app.get(&format!("/api/deliveries/{}", listed["id"].as_str().unwrap())).await.expect(200).body;
        let event = app.get(&format!("/api/events/{event}")).await.expect(200).body;
        let of_event = event["deliveries"].as_array().unwrap().iter().find(|each| each["id"] == listed["id"]).unwrap();
        assert_eq!((&listed["held"], &of_event["held"]), (&one["held"], &one["held"]));
        one["held"].clone()
    };
    assert_eq!(held(&endpoint).await, Value::Null);
    let disabled = switch(&app, &endpoint, "disabled").await;
    assert_eq!(disabled["disabledAt"], "2025-10-20T14:30:00Z");
    assert_eq!((held(&endpoint).await, held(&other).await), (json!("endpoint_disabled"), Value::Null));
    app.drain().await;
    assert_eq!((held(&endpoint).await, held(&other).await), (json!("endpoint_disabled"), Value::Null));
    app.advance(Duration::from_secs(5)).await;
    assert_eq!(switch(&app, &endpoint, "disabled").await["disabledAt"], "2025-10-20T14:30:00Z", "nothing changes");
    assert_eq!(switch(&app, &endpoint, "enabled").await["disabledAt"], Value::Null);
    assert_eq!(held(&endpoint).await, Value::Null);
    app.drain().await;
    assert_eq!(receiver.count(), 2);
    switch(&app, &endpoint, "disabled").await;
    assert_eq!(held(&endpoint).await, Value::Null, "nothing holds up what has arrived");
}

#[tokio::test]
async fn a_replay_sends_what_waited_and_does_not_call_it_under_way() {
    let (app, receiver, endpoint) = disabled_while_retrying().await;
    let replay = async |more: Value| {
        let body = crate::crew::with(json!({ "since": "2025-10-20T14:30:00Z" }), more);
        let reply = app.post(&format!("/api/endpoints/{}/replay", endpoint.id), body).await.expect(202).body;
        ["matched", "queued", "underWay"].map(|name| reply[name].as_u64().unwrap())
    };
    assert_eq!(replay(json!({ "dryRun": true })).await, [1, 0, 0]);
    switch(&app, &endpoint, "enabled").await;
    assert_eq!(replay(json!({ "only": "missing" })).await, [0, 0, 0]);
    assert_eq!(replay(json!({})).await, [1, 1, 0]);
    assert_eq!(replay(json!({})).await, [0, 0, 1], "now it is");
    app.drain().await;
    app.advance(Duration::from_mins(15)).await;
    app.drain().await;
    assert_eq!((receiver.count(), app.only_delivery().await.status), (2, DeliveryStatus::Delivered));
}

#[tokio::test]
async fn an_endpoint_that_was_disabled_by_a_410_says_since_when_and_counts_the_failure() {
    for (answers, failures) in [(vec![410], 1), (vec![500, 410], 1)] {
        let (app, receiver) = (TestApp::start().await, Receiver::start().await);
        receiver.answer_with(answers);
        let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
        create_work_order(&app, "WO-1").await;
        app.drain().await;
        app.advance(Duration::from_secs(70)).await;
        app.drain().await;
        let shown = shown(&app, &endpoint).await;
        assert_eq!(
            (&shown["status"], &shown["disabledReason"]),
            (&json!("disabled"), &json!("the endpoint answered 410 Gone"))
        );
        assert_eq!(shown["health"]["consecutiveFailures"], failures);
        assert_eq!(shown["health"]["lastFailureAt"], shown["disabledAt"]);
        assert_ne!(shown["disabledAt"], Value::Null);
        let enabled = switch(&app, &endpoint, "enabled").await;
        assert_eq!((&enabled["disabledAt"], &enabled["health"]["consecutiveFailures"]), (&Value::Null, &json!(0)));
    }
    let app = TestApp::start().await;
    let made = json!({ "url": "http://127.0.0.1:4000", "events": ["*"], "status": "disabled" });
    assert_eq!(app.post("/api/endpoints", made).await.expect(201).body["disabledAt"], "2025-10-20T14:30:00Z");
}

#[tokio::test]
async fn attempts_at_events_that_an_endpoint_does_not_ask_for_any_more_are_cancelled() {
    for change in [json!({ "events": ["vendor.*"] }), json!({ "projectIds": ["proj_abc123"] })] {
        let (app, receiver) = (TestApp::start().await, Receiver::start().await);
        receiver.answer_with([500]);
        let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
        let path = format!("/api/endpoints/{}", endpoint.id);
        create_work_order(&app, "WO-retrying").await;
        app.drain().await;
        create_work_order(&app, "WO-pending").await;
        app.drain_stream().await;
        app.patch(&path, change).await.expect(200);
        app.advance(Duration::from_secs(70)).await;
        app.drain().await;
        assert_eq!(receiver.count(), 1);
        let deliveries = app.deliveries().await;
        assert!(deliveries.iter().all(|delivery| delivery.status == DeliveryStatus::Cancelled), "{deliveries:?}");
        assert_eq!(alerts(&app).await, [], "nobody misses them");
        // What a person sends again is sent.
        receiver.answer_with([200]);
        app.post(&format!("/api/deliveries/{}/retry", deliveries[0].id), json!({})).await.expect(202);
        app.drain().await;
        assert_eq!(receiver.count(), 2);
        let replay = json!({ "since": "2025-10-20T14:30:00Z" });
        let replayed = app.post(&format!("{path}/replay"), replay).await.expect(202).body;
        assert_eq!(replayed["matched"], 0, "a replay of what failed leaves it");
    }
}

#[tokio::test]
async fn what_waits_for_a_disabled_endpoint_for_five_days_has_failed_with_an_alert() {
    let (app, receiver, _) = disabled_while_retrying().await;
    for _ in 0..5 {
        app.advance(Duration::from_hours(24)).await;
        app.drain().await;
    }
    assert_eq!(receiver.count(), 1);
    assert_eq!(app.only_delivery().await.status, DeliveryStatus::Failed);
    assert_eq!(alerts(&app).await, [AlertKind::DeliveryFailed]);
}
