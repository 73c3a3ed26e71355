//! `POST /api/events`, and `Idempotency-Key`.

use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::idempotency::Claim;
use tests::{InboundApp, Receiver, Reply, TestApp};

fn report(app: &InboundApp, key: &str) -> Value {
    let event = app.fixture("events/report.generated");
    json!({ "event": "report.generated", "data": event["data"], "idempotencyKey": key })
}

#[tokio::test]
async fn every_event_can_be_published() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    let mut names: Vec<&str> = domain::events::EventName::ALL.iter().map(|name| name.as_str()).collect();
    assert_eq!(names.len(), 23);
    for name in &names {
        let event = app.fixture(&format!("events/{name}"));
        let body = json!({ "event": name, "data": event["data"], "idempotencyKey": name });
        app.post("/api/events", body).await.expect(200);
    }
    app.drain().await;
    let requests = receiver.requests();
    let mut arrived: Vec<&str> = requests.iter().map(|received| received.header("x-webhook-event")).collect();
    arrived.sort_unstable();
    names.sort_unstable();
    assert_eq!(arrived, names);
}

#[tokio::test]
async fn an_event_that_is_published_twice_is_sent_once() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    let first = app.post("/api/events", report(&app, "run-1")).await.expect(200);
    assert_eq!((&first.body["success"], &first.body["duplicate"]), (&json!(true), &json!(false)));
    assert!(first.body["eventId"].as_str().unwrap().starts_with("evt_"));
    let again = app.post("/api/events", report(&app, "run-1")).await.expect(200);
    assert_eq!((&again.body["eventId"], &again.body["duplicate"]), (&first.body["eventId"], &json!(true)));
    app.drain().await;
    assert_eq!(receiver.count(), 1);

    app.advance(Duration::from_hours(25)).await;
    let late = app.post("/api/events", report(&app, "run-1")).await.expect(200);
    assert_ne!(late.body["eventId"], first.body["eventId"], "a key is remembered for 24 hours");
    app.drain().await;
    assert_eq!(receiver.count(), 2);
}

#[tokio::test]
async fn another_event_under_a_used_key_is_refused() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    app.post("/api/events", report(&app, "run-1")).await.expect(200);
    let mut other = report(&app, "run-1");
    other["data"]["rowCount"] = json!(65);
    let refused = app.post("/api/events", other).await.expect(422);
    assert_eq!(refused.code(), "idempotency_key_reused");
    app.drain().await;
    assert_eq!(receiver.count(), 1);
}

#[tokio::test]
async fn data_that_does_not_fit_the_event_is_refused() {
    let app = TestApp::start().await;
    let mut body = report(&app, "run-1");
    body["data"]["format"] = json!("docx");
    let refused = app.post("/api/events", body).await.expect(400);
    assert_eq!(refused.defects(), [("data.format", "invalid_value")]);
    let unknown = json!({ "event": "report.lost", "data": {}, "idempotencyKey": "run-1" });
    let refused = app.post("/api/events", unknown).await.expect(400);
    assert_eq!(refused.defects(), [("event", "invalid_value")]);
}

async fn send(app: &InboundApp, key: &str, body: &Value) -> Reply {
    app.request("POST", "/api/webhook/workorder").header("idempotency-key", key).json(body).send().await
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    let body = app.fixture("workorder/valid/minimal");
    let first = send(&app, "\"order-1\"", &body).await.expect(200);
    assert_eq!(first.header("idempotency-replayed"), None);
    let again = send(&app, "order-1", &body).await.expect(200);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    // Without the key it would be `unchanged`.
    assert_eq!((&again.text, &again.body["action"]), (&first.text, &json!("created")));
    app.drain().await;
    assert_eq!(receiver.count(), 1);

    app.advance(Duration::from_hours(25)).await;
    assert_eq!(send(&app, "order-1", &body).await.expect(200).body["action"], "unchanged");
}

#[tokio::test]
async fn another_request_under_a_used_key_is_refused() {
    let app = InboundApp::start().await;
    send(&app, "order-1", &json!({ "workOrderNumber": "WO-1", "title": "One" })).await.expect(200);
    let refused = send(&app, "order-1", &json!({ "workOrderNumber": "WO-2", "title": "Two" })).await.expect(422);
    assert_eq!(refused.code(), "idempotency_key_reused");
}

#[tokio::test]
async fn a_request_whose_first_is_still_running_is_refused_until_that_one_is_given_up() {
    let app = InboundApp::start().await;
    let body = app.fixture("workorder/valid/minimal");
    // What a function leaves that was cut off after its claim.
    let key = format!("{}#/api/webhook/workorder#order-1", app.account);
    let fingerprint = hex::encode(Sha256::digest(body.to_string()));
    let store = app.system().environment().idempotency().unwrap();
    assert_eq!(store.claim(&key, "req_first", &fingerprint, app.now()).await.unwrap(), Claim::Ours);
    send(&app, "order-1", &body).await.expect(409);
    app.advance(Duration::from_hours(1)).await;
    send(&app, "order-1", &body).await.expect(200);
}
