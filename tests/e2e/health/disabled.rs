//! Deliveries that wait for a disabled endpoint.

use std::time::Duration;

use domain::alert::AlertKind;
use domain::delivery::DeliveryStatus;
use serde_json::{Value, json};
use tests::{Endpoint, Receiver, TestApp};

use super::{alerts, switch};
use crate::deliveries::create_work_order;

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

#[tokio::test]
async fn a_retry_that_waits_for_a_disabled_endpoint_is_made_at_once_when_it_is_enabled() {
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
async fn a_held_first_attempt_is_made_once_whichever_of_its_messages_comes_first() {
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
async fn the_sweeper_finds_a_released_delivery_whose_message_was_lost() {
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
async fn a_replay_sends_a_delivery_that_waited_for_a_disabled_endpoint() {
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
async fn a_delivery_that_waits_five_days_for_a_disabled_endpoint_fails_with_an_alert() {
    let (app, receiver, _) = disabled_while_retrying().await;
    for _ in 0..5 {
        app.advance(Duration::from_hours(24)).await;
        app.drain().await;
    }
    assert_eq!(receiver.count(), 1);
    assert_eq!(app.only_delivery().await.status, DeliveryStatus::Failed);
    assert_eq!(alerts(&app).await, [AlertKind::DeliveryFailed]);
}
