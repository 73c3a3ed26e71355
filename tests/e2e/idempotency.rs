//! `Idempotency-Key` on every call that takes one: each function keeps its own answers.

use serde_json::{Value, json};
use tests::{Call, InboundApp, Receiver, TestApp};

use crate::deliveries::create_work_order;

/// A `POST`, one that is refused under the same key before it, and the status of success.
struct Case {
    path: String,
    refused: Value,
    body: Value,
    status: u16,
}

fn case(path: impl Into<String>, status: u16, body: Value) -> Case {
    Case { path: path.into(), refused: json!({ "nonsense": true }), body, status }
}

/// The smallest body that makes one; time off is that of the employee.
fn minimal(app: &InboundApp, resource: &str) -> Value {
    let mut body = app.fixture(&format!("{resource}/valid/minimal"));
    if resource == "timeoff" {
        body["employeeNumber"] = app.fixture("employee/valid/minimal")["employeeNumber"].clone();
    }
    body
}

async fn cases(app: &TestApp, receiver: &Receiver) -> Vec<Case> {
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await.id;
    create_work_order(app, "WO-before").await;
    app.drain().await;
    let delivery = app.only_delivery().await.id;
    let key = app.post("/api/keys", json!({ "name": "old", "scopes": ["inbound"] })).await.expect(201);
    let key = key.body["id"].as_str().unwrap().to_owned();
    let minimal = |resource| minimal(app, resource);
    let event = json!({ "event": "report.generated", "idempotencyKey": "report-1", "data": app.fixture("events/report.generated")["data"] });
    let url = receiver.url();
    vec![
        case("/api/webhook/workorder", 200, minimal("workorder")),
        case("/api/webhook/project", 200, minimal("project")),
        case("/api/webhook/employee", 200, minimal("employee")),
        case("/api/webhook/vendor", 200, minimal("vendor")),
        case("/api/webhook/timeoff", 200, minimal("timeoff")),
        case("/api/webhook/project/batch", 200, json!({ "records": [minimal("project")] })),
        case("/api/events", 200, event),
        case("/api/endpoints", 201, json!({ "url": url, "events": ["project.*"] })),
        case(format!("/api/endpoints/{endpoint}/secret/rotate"), 200, json!({})),
        case(format!("/api/endpoints/{endpoint}/secret/promote"), 200, json!({})),
        case(format!("/api/deliveries/{delivery}/retry"), 202, json!({ "force": true })),
        case("/api/keys", 201, json!({ "name": "new", "scopes": ["inbound"] })),
        case(format!("/api/keys/{key}/rotate"), 201, json!({})),
    ]
}

#[tokio::test]
async fn every_post_gives_its_first_success_again_and_forgets_what_it_refused() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    for (number, case) in cases(&app, &receiver).await.into_iter().enumerate() {
        let key = format!("key-{number}");
        let post =
            |body: &Value| -> Call { app.request("POST", &case.path).header("idempotency-key", &key).json(body) };
        let refused = post(&case.refused).send().await;
        assert_eq!(refused.status, 400, "{}: {}", case.path, refused.text);
        let first = post(&case.body).send().await.expect(case.status);
        assert_eq!(first.header("idempotency-replayed"), None, "{}", case.path);
        let again = post(&case.body).send().await.expect(case.status);
        assert_eq!(again.header("idempotency-replayed"), Some("true"), "{}", case.path);
        assert_eq!(again.text, first.text, "{}", case.path);
        app.drain().await;
    }
}

#[tokio::test]
async fn every_resource_can_be_given_another_number() {
    let app = InboundApp::start().await;
    for (resource, number) in [
        ("workorder", "workOrderNumber"),
        ("project", "projectNumber"),
        ("employee", "employeeNumber"),
        ("vendor", "vendorNumber"),
        ("timeoff", "requestNumber"),
    ] {
        let path = format!("/api/webhook/{resource}");
        let mut body = minimal(&app, resource);
        if resource == "timeoff" {
            body["employeeNumber"] = json!("ANOTHER");
        }
        let made = app.post(&path, body).await.expect(200);
        let renamed = json!({ "id": made.body["data"]["id"], number: "ANOTHER" });
        let renamed = app.post(&path, renamed).await.expect(200);
        assert_eq!(renamed.body["data"][number], "ANOTHER", "{resource}");
    }
}
