//! Test sends: what an endpoint makes of an event, without consequences.

use std::time::Duration;

use domain::delivery::{DeliveryStatus, Trigger};
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
