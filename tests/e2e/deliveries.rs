//! Events reach the endpoints that want them.

use aws_lambda_events::sqs::SqsEvent;
use domain::delivery::{Delivery, DeliveryStatus, Message, Trigger};
use serde_json::{Value, json};
use tests::{Ca, Receiver, Reply, Tenant, TestApp};

/// Creates a work order with this number.
pub(crate) async fn create_work_order(tenant: &Tenant, number: &str) -> Reply {
    tenant.post("/api/webhook/workorder", json!({ "workOrderNumber": number, "title": "Test" })).await.expect(200)
}

/// The batch that SQS would make of the message of a delivery's next attempt.
pub(crate) fn batch_of(delivery: &Delivery) -> SqsEvent {
    let body = serde_json::to_string(&Message::V1(delivery.task())).unwrap();
    serde_json::from_value(json!({ "Records": [{ "messageId": "1", "body": body }] })).unwrap()
}

#[tokio::test]
async fn an_accepted_work_order_is_delivered_with_all_headers() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    let created = app.post("/api/webhook/workorder", app.fixture("workorder/valid/minimal")).await.expect(200);
    assert_eq!(created.body["events"], json!(["workorder.created"]));
    app.drain().await;

    let (request, delivery) = (receiver.only(), app.only_delivery().await);
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/hook"));
    assert_eq!(request.header("content-type"), "application/json");
    assert_eq!(request.header("x-webhook-event"), "workorder.created");
    assert_eq!(request.header("x-webhook-retry"), "0");
    assert_eq!(request.header("x-webhook-id"), delivery.id);
    assert_eq!(request.header("x-webhook-event-id"), delivery.event_id);
    assert!(delivery.id.starts_with("dlv_"));
    assert_eq!(request.header("x-webhook-timestamp"), app.now().as_second().to_string());
    assert_eq!(request.header("webhook-id"), delivery.id);
    assert_eq!(request.header("webhook-timestamp"), request.header("x-webhook-timestamp"));
    assert!(request.header("user-agent").starts_with("WorkSkedge-Webhooks/"));
    let event = request.json();
    assert_eq!(event["timestamp"], "2025-10-20T14:30:00Z");
    for field in ["id", "workOrderNumber", "status", "version"] {
        assert_eq!(event["data"][field], created.body["data"][field], "{field}");
    }

    assert_eq!(delivery.status, DeliveryStatus::Delivered);
    let [attempt] = &delivery.attempts[..] else { panic!("{:?}", delivery.attempts) };
    assert_eq!((attempt.number, attempt.trigger, attempt.status_code), (1, Trigger::Scheduled, Some(200)));
    assert_eq!(attempt.error, None);
}

#[tokio::test]
async fn a_body_is_the_events_wire_form_byte_for_byte() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    for name in ["report.generated", "workorder.created", "timeoff.approved"] {
        let event = app.fixture(&format!("events/{name}"));
        let publication = json!({
            "event": name, "data": event["data"], "occurredAt": event["timestamp"], "idempotencyKey": name,
        });
        app.post("/api/events", publication).await.expect(200);
        app.drain().await;
        // What `JSON.stringify(JSON.parse(body))` gives: compact, in order, nothing escaped that need not be.
        assert_eq!(receiver.requests().pop().unwrap().body, event.to_string());
    }
}

#[tokio::test]
async fn an_https_receiver_is_reached_when_its_authority_is_trusted() {
    let ca = Ca::new();
    let (app, receiver) = (TestApp::builder().trusting(&ca).start().await, Receiver::https(&ca).await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    assert_eq!(receiver.only().header("x-webhook-event"), "workorder.created");
    assert_eq!(app.only_delivery().await.status, DeliveryStatus::Delivered);
}

#[tokio::test]
async fn an_event_is_delivered_to_each_endpoint_under_an_id_of_its_own() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    for n in 0..3 {
        app.endpoint(&format!("{}?{n}", receiver.url()), ["*"]).await;
    }
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    let requests = receiver.requests();
    let mut ids: Vec<&str> = requests.iter().map(|received| received.header("x-webhook-id")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    let event = requests[0].header("x-webhook-event-id");
    assert!(requests.iter().all(|received| received.header("x-webhook-event-id") == event));
    assert!(requests.iter().all(|received| received.body == requests[0].body));
}

#[tokio::test]
async fn more_deliveries_than_fit_in_a_batch_all_arrive() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    for n in 0..25 {
        app.endpoint(&format!("{}?{n}", receiver.url()), ["*"]).await;
    }
    for number in 0..5 {
        create_work_order(&app, &format!("WO-{number}")).await;
    }
    let drained = app.drain().await;
    assert_eq!((drained.records, drained.deliveries, drained.retries), (5, 5 * 3, 0), "ten endpoints a message");
    assert_eq!(receiver.count(), 125);
}

#[tokio::test]
async fn every_event_of_a_request_is_delivered() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let numbers: Vec<String> = (1..=12).map(|number| format!("E-{number}")).collect();
    for number in &numbers {
        let body = json!({ "employeeNumber": number, "firstName": "Ana", "lastName": number, "role": "technician" });
        app.post("/api/webhook/employee", body).await.expect(200);
    }
    app.drain().await;
    app.endpoint(&receiver.url(), ["*"]).await;
    let assignments: Vec<Value> = numbers.iter().map(|number| json!({ "employeeNumber": number })).collect();
    let body = json!({ "workOrderNumber": "WO-1", "title": "All hands", "assignments": assignments });
    app.post("/api/webhook/workorder", body).await.expect(200);
    assert_eq!(app.drain().await.records, 1, "a request's events are one record of the stream");
    let requests = receiver.requests();
    let mut assigned: Vec<String> = requests
        .iter()
        .filter(|request| request.header("x-webhook-event") == "employee.assigned")
        .map(|request| request.json()["data"]["employeeNumber"].as_str().unwrap().to_owned())
        .collect();
    assigned.sort_by_key(|number| number[2..].parse::<u32>().unwrap());
    assert_eq!(assigned, numbers);
    assert_eq!(requests.len(), 1 + numbers.len());
}

#[tokio::test]
async fn the_subscribers_own_headers_are_sent() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let body = json!({ "url": receiver.url(), "events": ["*"], "headers": { "X-Route": "north" } });
    app.endpoint_with(body).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    assert_eq!(receiver.only().header("x-route"), "north");
}
