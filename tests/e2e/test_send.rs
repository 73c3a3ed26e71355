//! Test sends: what an endpoint makes of an event, without consequences.

use std::time::Duration;

use domain::delivery::{DeliveryStatus, Trigger};
use jiff::Timestamp;
use serde_json::{Value, json};
use tests::{Endpoint, Receiver, Reply, TestApp};

use crate::expect::{common_headers, invalid, refused};
use crate::signatures::assert_signed;

async fn test(app: &TestApp, endpoint: &Endpoint, event: &str) -> Reply {
    app.post(&format!("/api/endpoints/{}/test", endpoint.id), json!({ "event": event })).await
}

#[tokio::test]
async fn the_catalogs_example_is_sent_now_and_its_delivery_is_marked() {
    let (app, receiver, other) = (TestApp::start().await, Receiver::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["project.*"]).await;
    app.endpoint(&other.url(), ["*"]).await;
    let reply = test(&app, &endpoint, "workorder.created").await.expect(200);
    common_headers(&reply);
    let request = receiver.only();
    assert_eq!(request.body, app.fixture("events/workorder.created").to_string());
    assert_signed(&request, &endpoint.secret);
    assert_eq!(request.header("x-webhook-retry"), "0");
    let told = &reply.body;
    assert_eq!(told["deliveryId"], request.header("x-webhook-id"));
    assert_eq!(told["eventId"], request.header("x-webhook-event-id"));
    assert_eq!((&told["test"], &told["status"]), (&json!(true), &json!("delivered")));
    let attempt = &told["attempt"];
    assert_eq!(
        (&attempt["number"], &attempt["trigger"], &attempt["statusCode"]),
        (&json!(1), &json!("test"), &json!(200))
    );

    app.drain().await;
    let delivery = app.only_delivery().await;
    assert_eq!((delivery.status, delivery.trigger, delivery.test), (DeliveryStatus::Delivered, Trigger::Test, true));
    let shown = app.get(&format!("/api/deliveries/{}", delivery.id)).await.expect(200);
    assert!(shown.text.contains("WO-12345"), "{}", shown.text);
    assert_eq!((receiver.count(), other.count()), (1, 0), "nobody else gets it");
    assert_eq!(app.get("/api/events").await.expect(200).body["data"], json!([]), "and no feed shows it");
}

#[tokio::test]
async fn a_test_that_fails_has_no_consequences() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.answer_with([500, 500, 500, 410]);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    for status in [500, 500, 500, 410] {
        let told = test(&app, &endpoint, "vendor.created").await.expect(200).body;
        assert_eq!((&told["status"], &told["attempt"]["statusCode"]), (&json!("failed"), &json!(status)));
        assert_eq!(told["attempt"]["error"], "http_status");
    }
    app.advance(Duration::from_hours(4)).await;
    app.sweep().await;
    app.drain().await;
    assert_eq!(receiver.count(), 4, "a test is not retried");
    assert!(app.alerts().await.is_empty());
    let shown = app.get(&format!("/api/endpoints/{}", endpoint.id)).await.expect(200).body;
    assert_eq!(shown["status"], "enabled");
    let untouched = json!({
        "state": "healthy", "consecutiveFailures": 0, "failingSince": null, "lastSuccessAt": null, "lastFailureAt": null,
        "lastError": null, "lastSlowAt": null, "disablesAt": null,
    });
    assert_eq!(shown["health"], untouched);
}

#[tokio::test]
async fn a_disabled_endpoint_can_be_tested_and_an_unknown_event_can_not() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint_with(json!({ "url": receiver.url(), "events": ["*"], "status": "disabled" })).await;
    let told = test(&app, &endpoint, "timeoff.approved").await.expect(200).body;
    assert_eq!(told["status"], "delivered");
    invalid(&test(&app, &endpoint, "workorder.exploded").await, &["event invalid_value"]);
    let path = format!("/api/endpoints/{}/test", endpoint.id);
    invalid(&app.post(&path, json!({})).await, &["event required"]);
    let stranger = app.tenant("Other").await;
    refused(&stranger.post(&path, json!({ "event": "vendor.created" })).await, 404, "not_found");
    assert_eq!(receiver.count(), 1);
    let unchanged: Value = app.get(&format!("/api/endpoints/{}", endpoint.id)).await.expect(200).body;
    assert_eq!(unchanged["status"], "disabled");
    app.drain().await;
}

#[tokio::test]
async fn data_of_ones_own_is_sent_in_place_of_the_examples() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    let path = format!("/api/endpoints/{}/test", endpoint.id);
    let mut data = app.fixture("events/workorder.created")["data"].clone();
    data["title"] = json!("Weld handrail, stair 2");
    data["workOrderNumber"] = json!("WO-7");
    data.as_object_mut().unwrap().remove("phase");
    let told = app.post(&path, json!({ "event": "workorder.created", "data": data })).await.expect(200).body;
    let request = receiver.only();
    assert_signed(&request, &endpoint.secret);
    let sent: Value = serde_json::from_slice(&request.body).unwrap();
    data["phase"] = Value::Null;
    assert_eq!(sent["data"], data, "with null for what is absent");
    assert_eq!(sent["timestamp"], Timestamp::from_second(app.now().as_second()).unwrap().to_string());
    let shown = app.get(&format!("/api/deliveries/{}", told["deliveryId"].as_str().unwrap())).await.expect(200).body;
    assert_eq!((&shown["test"], &shown["subject"]["number"]), (&json!(true), &json!("WO-7")));

    for nothing in [json!(null), json!(" ")] {
        app.post(&path, json!({ "event": "workorder.created", "data": nothing })).await.expect(200);
        assert_eq!(
            receiver.requests().last().unwrap().body,
            app.fixture("events/workorder.created").to_string(),
            "{nothing}"
        );
    }
    app.drain().await;
}

#[tokio::test]
async fn data_that_does_not_fit_the_event_is_not_sent() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    let path = format!("/api/endpoints/{}/test", endpoint.id);
    let example = app.fixture("events/vendor.created")["data"].clone();
    let with = |field: &str, value: Value| {
        let mut data = example.clone();
        data[field] = value;
        data
    };
    for (data, defects) in [
        (with("status", json!("lost")), &["data.status invalid_value"][..]),
        (with("taxId", json!("12-3456789")), &["data.taxId forbidden_field"]),
        (with("colour", json!("red")), &["data.colour unknown_field"]),
        (json!([1]), &["data invalid_type"]),
        (with("trades", json!("x".repeat(33_000))), &["data too_large"]),
    ] {
        let body = json!({ "event": "vendor.created", "data": data });
        invalid(&app.post(&path, body).await, defects);
    }
    let both = json!({ "event": "vendor.exploded", "data": {} });
    invalid(&app.post(&path, both).await, &["event invalid_value"]);
    assert_eq!(receiver.count(), 0);
    app.drain().await;
}
