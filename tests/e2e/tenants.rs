//! Two accounts in one system: neither sees nor touches what is the other's.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{InboundApp, Receiver, TestApp};

use crate::deliveries::create_work_order;

#[tokio::test]
async fn events_go_to_the_endpoints_of_their_own_account() {
    let app = TestApp::start().await;
    let other = app.tenant("Other").await;
    let (ours, theirs) = (Receiver::start().await, Receiver::start().await);
    app.endpoint(&ours.url(), ["*"]).await;
    other.endpoint(&theirs.url(), ["*"]).await;
    create_work_order(&app, "WO-ours").await;
    create_work_order(&other, "WO-theirs").await;
    app.drain().await;
    assert_eq!(ours.only().json()["data"]["workOrderNumber"], "WO-ours");
    assert_eq!(theirs.only().json()["data"]["workOrderNumber"], "WO-theirs");
}

#[tokio::test]
async fn endpoints_of_another_account_are_not_there() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let other = app.tenant("Other").await;
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    let path = format!("/api/endpoints/{}", endpoint.id);
    other.get(&path).await.expect(404);
    other.get(&format!("{path}/secret")).await.expect(404);
    other.post(&format!("{path}/secret/rotate"), json!({})).await.expect(404);
    other.patch(&path, json!({ "status": "disabled" })).await.expect(404);
    other.delete(&path).await.expect(404);
    assert_eq!(other.get("/api/endpoints").await.expect(200).body["data"], json!([]));

    let untouched = app.get(&path).await.expect(200).body;
    assert_eq!((&untouched["status"], &untouched["version"]), (&json!("enabled"), &json!(1)));
    let secret = app.get(&format!("{path}/secret")).await.expect(200);
    assert_eq!(secret.body["secret"], endpoint.secret);
}

#[tokio::test]
async fn a_cursor_of_another_account_opens_nothing() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let other = app.tenant("Other").await;
    for n in 0..3 {
        app.endpoint(&format!("{}?{n}", receiver.url()), ["*"]).await;
    }
    let page = app.get("/api/endpoints?limit=1").await.expect(200);
    let cursor = page.body["nextCursor"].as_str().unwrap();
    let stolen = other.get(&format!("/api/endpoints?limit=1&cursor={cursor}")).await;
    assert!(stolen.status == 400 || stolen.body["data"] == json!([]), "{}", stolen.text);
}

#[tokio::test]
async fn keys_of_another_account_are_not_there() {
    let app = TestApp::start().await;
    let other = app.tenant("Other").await;
    let made = app.post("/api/keys", json!({ "name": "ours", "scopes": ["inbound"] })).await.expect(201);
    let path = format!("/api/keys/{}", made.body["id"].as_str().unwrap());
    other.post(&format!("{path}/rotate"), json!({})).await.expect(404);
    other.delete(&path).await.expect(404);
    let names = |list: Value| -> Vec<String> {
        list["data"].as_array().unwrap().iter().map(|key| key["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(other.get("/api/keys").await.expect(200).body), ["test"]);
    assert_eq!(names(app.get("/api/keys").await.expect(200).body).len(), 2);
}

#[tokio::test]
async fn the_same_number_is_another_record() {
    let app = InboundApp::start().await;
    let other = app.tenant("Other").await;
    let (ours, theirs) = (create_work_order(&app, "WO-1").await.body, create_work_order(&other, "WO-1").await.body);
    assert_eq!((&ours["action"], &theirs["action"]), (&json!("created"), &json!("created")));
    assert_ne!(ours["data"]["id"], theirs["data"]["id"]);
    let by_id = json!({ "id": ours["data"]["id"], "operation": "delete" });
    other.post("/api/webhook/workorder", by_id).await.expect(404);
    let by_number = json!({ "workOrderNumber": "WO-1", "operation": "delete" });
    other.post("/api/webhook/workorder", by_number).await.expect(200);
    assert_eq!(create_work_order(&app, "WO-1").await.body["action"], "unchanged");
}

#[tokio::test]
async fn references_do_not_cross_accounts() {
    let app = InboundApp::start().await;
    let other = app.tenant("Other").await;
    let project = app.post("/api/webhook/project", json!({ "projectNumber": "P-1", "name": "Ours" })).await.expect(200);
    for (field, value) in [("projectNumber", json!("P-1")), ("projectId", project.body["data"]["id"].clone())] {
        let body = json!({ "workOrderNumber": "WO-1", "title": "Theirs", field: value });
        let refused = other.post("/api/webhook/workorder", body).await.expect(400);
        assert_eq!(refused.defects(), [(field, "unknown_reference")]);
    }
}

#[tokio::test]
async fn idempotency_keys_do_not_cross_accounts() {
    let app = InboundApp::start().await;
    let other = app.tenant("Other").await;
    let body = app.fixture("workorder/valid/minimal");
    for tenant in [&*app, &other] {
        let reply = tenant.request("POST", "/api/webhook/workorder").header("idempotency-key", "one").json(&body);
        let reply = reply.send().await.expect(200);
        assert_eq!((reply.body["action"].as_str(), reply.header("idempotency-replayed")), (Some("created"), None));
    }
}

/// What the other account has, and that none of it is reached by any id, filter or cursor.
#[tokio::test]
async fn deliveries_events_and_alerts_of_another_account_are_not_there() {
    let (app, receiver) = (TestApp::builder().retry_schedule("1").start().await, Receiver::start().await);
    let other = app.tenant("Other").await;
    receiver.answer_with([500]);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await.id;
    for number in ["WO-1", "WO-2"] {
        create_work_order(&app, number).await;
        app.drain().await;
        app.advance(Duration::from_secs(21)).await;
        app.drain().await;
    }
    let delivery = app.deliveries().await.remove(0);
    let (id, event) = (&delivery.id, &delivery.event_id);

    for (method, path) in [
        ("GET", format!("/api/deliveries/{id}")),
        ("POST", format!("/api/deliveries/{id}/retry")),
        ("GET", format!("/api/events/{event}")),
    ] {
        assert_eq!(other.request(method, &path).send().await.code(), "not_found", "{path}");
    }
    for list in ["/api/deliveries", "/api/events", "/api/alerts"] {
        let page = app.get(&format!("{list}?limit=1")).await.expect(200).body;
        let cursor = page["nextCursor"].as_str().unwrap_or_else(|| panic!("{list} has two"));
        for query in [
            String::new(),
            format!("?endpointId={endpoint}"),
            format!("?eventId={event}"),
            format!("?endpointId={endpoint}&eventId={event}&status=failed&event=workorder.created"),
            "?since=2025-10-20T00:00:00Z&until=2025-10-21T00:00:00Z".to_owned(),
            "?kind=delivery.failed".to_owned(),
            format!("?cursor={cursor}"),
            format!("?after={cursor}"),
            format!("?endpointId={endpoint}&cursor={cursor}"),
        ] {
            let stolen = other.get(&format!("{list}{query}")).await;
            assert!(stolen.status == 400 || stolen.body["data"] == json!([]), "{list}{query}: {}", stolen.text);
        }
    }
    assert_eq!(app.deliveries().await.remove(0), delivery, "nothing was retried");
}
