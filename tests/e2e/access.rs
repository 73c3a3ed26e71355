//! Who may call what, and how.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{InboundApp, Reply, TestApp};

use crate::crew::{EMPLOYEE, PROJECT, TIME_OFF, VENDOR, WORK_ORDER, project};
use crate::expect::{accepted, events, header, invalid, problem, refused};

const INBOUND: [&str; 5] = [WORK_ORDER, PROJECT, EMPLOYEE, VENDOR, TIME_OFF];

fn order() -> Value {
    json!({"workOrderNumber": "WO-1", "title": "Pour slab"})
}

#[tokio::test]
async fn without_a_valid_key_every_answer_is_the_same() {
    let app = TestApp::start().await;
    let mut answers = Vec::new();
    let bad = [
        Some(""),
        Some("x"),
        Some("wsk_live_"),
        Some("wsk_live_0123456789012345678901234567890123456789012"),
        Some(&app.key[..app.key.len() - 1]),
        Some(&app.key.to_uppercase()),
        None,
    ];
    for key in bad {
        let call = app.request("POST", WORK_ORDER).json(&order());
        let reply = match key {
            Some(key) => call.key(key),
            None => call.without_key(),
        };
        let reply = reply.send().await;
        refused(&reply, 401, "unauthorized");
        let mut body = reply.body;
        body["requestId"] = json!("");
        answers.push(body);
    }
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
    let unknown = app.request("DELETE", "/api/endpoints/ep_none").without_key().send().await;
    refused(&unknown, 401, "unauthorized");
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say() {
    let app = TestApp::start().await;
    let calls = [
        ("inbound", "POST", WORK_ORDER),
        ("inbound", "POST", TIME_OFF),
        ("inbound", "POST", "/api/webhook/employee/batch"),
        ("events:publish", "POST", "/api/events"),
        ("webhooks:manage", "GET", "/api/endpoints"),
        ("records:read", "GET", "/api/records"),
        ("records:read", "GET", "/api/records/workorder/WO-1"),
        ("keys:manage", "GET", "/api/keys"),
    ];
    for scope in ["inbound", "events:publish", "webhooks:manage", "records:read", "keys:manage"] {
        let made = app.post("/api/keys", json!({"name": scope, "scopes": [scope]})).await.expect(201);
        let key = made.body["key"].as_str().expect("a key");
        for (needed, method, path) in calls {
            let reply = app.request(method, path).json(&json!({})).key(key).send().await;
            if scope == needed {
                assert!(matches!(reply.status, 200 | 400 | 404), "{scope} {path}: {}", reply.text);
            } else {
                refused(&reply, 403, "forbidden");
                assert!(reply.body["detail"].as_str().is_some_and(|text| text.contains(needed)), "{}", reply.text);
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_method_is_answered_with_the_allowed_ones() {
    let app = TestApp::start().await;
    for path in INBOUND {
        for method in ["GET", "PUT", "PATCH", "DELETE"] {
            let reply = app.request(method, path).json(&order()).send().await;
            refused(&reply, 405, "method_not_allowed");
            assert_eq!(header(&reply, "allow"), "POST", "{method} {path}");
        }
    }
    for (path, allow) in [("/api/keys", "GET, HEAD, POST"), ("/api/endpoints", "GET, HEAD, POST")] {
        let reply = app.request("PUT", path).json(&json!({})).send().await;
        refused(&reply, 405, "method_not_allowed");
        assert_eq!(header(&reply, "allow"), allow);
    }
}

#[tokio::test]
async fn unknown_paths_are_404() {
    let app = TestApp::start().await;
    for path in [
        "/api",
        "/api/webhook",
        "/api/webhook/workorders",
        "/api/webhook/workorder/",
        "/api/webhook/workorder/WO-1",
        "/api/webhook/workorder/batch/",
        "/api/webhook/batch",
        "/api/webhook/WorkOrder",
        "//api/webhook/workorder",
        "/api/webhook/../webhook/nothing",
        "/api/webhook/%2e%2e",
    ] {
        let reply = app.request("POST", path).json(&order()).send().await;
        assert_eq!((reply.status, reply.code()), (404, "not_found"), "{path}");
        problem(&reply);
    }
}

#[tokio::test]
async fn bodies_are_json_and_say_so() {
    let app = InboundApp::start().await;
    let send = |content_type: &str| {
        app.request("POST", WORK_ORDER).header("content-type", content_type).body(order().to_string()).send()
    };
    for good in ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON;charset=UTF-8"] {
        assert_eq!(send(good).await.status, 200, "{good}");
    }
    for bad in [
        "text/plain",
        "application/xml",
        "application/json; charset=latin1",
        "application/x-www-form-urlencoded",
        "application/jsonx",
        "*/*",
    ] {
        refused(&send(bad).await, 415, "unsupported_media_type");
    }
    let without = app.request("POST", WORK_ORDER).body(order().to_string()).send().await;
    refused(&without, 415, "unsupported_media_type");
}

#[tokio::test]
async fn a_body_has_131072_bytes_at_most() {
    let app = InboundApp::start().await;
    let sized = |size: usize| {
        let text = order().to_string();
        let text = format!("{}{}", " ".repeat(size - text.len()), text);
        app.request("POST", WORK_ORDER).header("content-type", "application/json").body(text).send()
    };
    accepted(&sized(131_072).await, "created");
    refused(&sized(131_073).await, 413, "payload_too_large");
    refused(&sized(9 * 1024 * 1024).await, 413, "payload_too_large");
}

/// Sends `body` to `path` under an idempotency key.
async fn under(app: &InboundApp, key: &str, path: &str, body: &Value) -> Reply {
    app.request("POST", path).header("idempotency-key", key).json(body).send().await
}

#[tokio::test]
async fn a_repetition_under_an_idempotency_key_gets_the_first_answer() {
    let app = InboundApp::start().await;
    let first = under(&app, "\"order-1\"", WORK_ORDER, &order()).await;
    accepted(&first, "created");
    assert_eq!(first.header("idempotency-replayed"), None);
    app.advance(Duration::from_hours(1)).await;
    let again = under(&app, "order-1", WORK_ORDER, &order()).await;
    assert_eq!(
        (again.status, &again.body["action"], &again.body["data"]),
        (200, &json!("created"), &first.body["data"])
    );
    assert_eq!(events(&again), events(&first));
    assert_eq!(header(&again, "idempotency-replayed"), "true");
    assert_eq!(header(&again, "content-type"), "application/json");

    let other = json!({"workOrderNumber": "WO-2", "title": "x"});
    refused(&under(&app, "order-1", WORK_ORDER, &other).await, 422, "idempotency_key_reused");
    let elsewhere = app.tenant("Other").await;
    let theirs = elsewhere.request("POST", WORK_ORDER).header("idempotency-key", "order-1").json(&other).send().await;
    accepted(&theirs, "created");

    app.advance(Duration::from_hours(24)).await;
    accepted(&under(&app, "order-1", WORK_ORDER, &other).await, "created");
}

#[tokio::test]
async fn a_refusal_gives_its_idempotency_key_back() {
    let app = InboundApp::start().await;
    let body = json!({"workOrderNumber": "WO-1", "title": "x", "projectNumber": "P-1"});
    let early = under(&app, "k", WORK_ORDER, &body).await;
    invalid(&early, &["projectNumber unknown_reference"]);
    project(&app, "P-1", json!({})).await;
    let in_time = under(&app, "k", WORK_ORDER, &body).await;
    accepted(&in_time, "created");
    assert_eq!(in_time.header("idempotency-replayed"), None, "the parent was sent meanwhile");
    let again = under(&app, "k", WORK_ORDER, &body).await;
    assert_eq!((again.status, header(&again, "idempotency-replayed")), (200, "true"));
}

#[tokio::test]
async fn idempotency_keys_have_a_form() {
    let app = InboundApp::start().await;
    for bad in ["", "\"\"", &"k".repeat(129)] {
        invalid(&under(&app, bad, WORK_ORDER, &order()).await, &["Idempotency-Key invalid_format"]);
    }
    accepted(&under(&app, &"k".repeat(128), WORK_ORDER, &order()).await, "created");
}

#[tokio::test]
async fn of_two_calls_at_once_under_one_idempotency_key_one_is_done() {
    let app = InboundApp::start().await;
    let sent: Vec<_> = (0..6)
        .map(|_| tokio::spawn(app.request("POST", WORK_ORDER).header("idempotency-key", "k").json(&order()).send()))
        .collect();
    for reply in sent {
        let reply = reply.await.expect("an answer");
        match reply.status {
            200 => assert_eq!(reply.body["action"], "created"),
            _ => refused(&reply, 409, "idempotency_key_in_use"),
        }
    }
}
