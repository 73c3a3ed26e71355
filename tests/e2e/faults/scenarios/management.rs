//! Published events, and all that is done by the calls of management.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::world::World;
use super::records;

const POST: &str = "POST";

pub(super) async fn publish(world: &mut World) {
    let data = world.app.fixture("events/report.generated")["data"].clone();
    let mut ids = Vec::new();
    for key in ["one", "one", "two"] {
        let body = json!({ "event": "report.generated", "data": data, "idempotencyKey": key });
        let told = world.accepted((POST, "/api/events"), None, &body, (200, &[])).await;
        ids.push(told["eventId"].clone());
    }
    if ids[0] != ids[1] || ids[1] == ids[2] {
        world.wrong.push(format!("the ids of the events are {ids:?}"));
    }
    world.expect(&["report.generated", "report.generated"]);
}

pub(super) async fn idempotency(world: &mut World) {
    let (path, body) = ("/api/webhook/workorder", json!({ "workOrderNumber": "WO-1", "title": "New" }));
    let first = world.accepted((POST, path), Some("order-1"), &body, (200, &[])).await;
    let again = world.accepted((POST, path), Some("order-1"), &body, (200, &[])).await;
    if again != first {
        world.wrong.push(format!("{first} was not answered again, but {again}"));
    }
    world.expect(&["workorder.created"]);
}

/// The id of the only delivery that has failed; notes that there is none or another.
async fn failed(world: &mut World) -> Option<String> {
    records::create(world, "WO-1").await;
    world.settle().await;
    let failed = world.app.deliveries().await.into_iter().filter(|delivery| delivery.status.as_str() == "failed");
    let failed: Vec<String> = failed.map(|delivery| delivery.id).collect();
    if failed.len() != 1 {
        world.wrong.push(format!("{failed:?} have failed"));
    }
    world.subscribers[1].receiver.answer_with([200]);
    failed.into_iter().next()
}

pub(super) async fn manual_retry(world: &mut World) {
    let Some(id) = failed(world).await else { return };
    // Who sends it again after it was accepted may meet the delivery arrived.
    world.accepted((POST, &format!("/api/deliveries/{id}/retry")), None, &json!({}), (202, &[409])).await;
}

/// Three deliveries fail: each counts once in the alert of their endpoint, which is resolved then.
pub(super) async fn failing(world: &mut World) {
    records::burst(world).await;
    world.settle().await;
    let path = format!("/api/alerts?status=open&endpointId={}", world.subscribers[1].endpoint.id);
    let told = world.accepted(("GET", &path), None, &Value::Null, (200, &[])).await;
    let counts: Vec<Option<u64>> =
        told["data"].as_array().into_iter().flatten().map(|one| one["count"].as_u64()).collect();
    if counts != [Some(3)] {
        world.wrong.push(format!("three deliveries failed, and the alerts count {counts:?}"));
    }
    let path = format!("/api/alerts/{}", told["data"][0]["id"].as_str().unwrap_or_default());
    world.accepted(("PATCH", &path), None, &json!({ "status": "resolved" }), (200, &[])).await;
}

/// The last subscriber takes one attempt a second.
pub(super) async fn set_pace(world: &World) {
    let path = format!("/api/endpoints/{}", world.subscribers[1].endpoint.id);
    world.app.patch(&path, json!({ "maxPerSecond": 1 })).await.expect(200);
}

pub(super) async fn replay(world: &mut World) {
    if failed(world).await.is_none() {
        return;
    }
    let path = format!("/api/endpoints/{}/replay", world.subscribers[1].endpoint.id);
    world.accepted((POST, &path), None, &json!({ "since": "2025-10-20T14:30:00Z" }), (202, &[])).await;
}

/// It has got the event, and will get no other.
pub(super) async fn gone(world: &mut World) {
    records::create(world, "WO-1").await;
    world.settle().await;
    let path = format!("/api/endpoints/{}", world.subscribers[1].endpoint.id);
    let told = world.accepted(("GET", &path), None, &Value::Null, (200, &[])).await;
    if told["status"] != "disabled" {
        world.wrong.push(format!("the endpoint is still enabled: {told}"));
    }
}

/// A third endpoint, which is gone in the end.
pub(super) async fn endpoint(world: &mut World) {
    let url = format!("{}?third", world.subscribers[0].receiver.url());
    let body = json!({ "url": url, "events": ["project.*"], "headers": { "X-Route": "north" } });
    let made = world.accepted((POST, "/api/endpoints"), None, &body, (201, &[200])).await;
    let path = format!("/api/endpoints/{}", made["id"].as_str().unwrap_or_default());
    for change in [json!({ "events": ["vendor.*"] }), json!({ "status": "disabled" }), json!({ "status": "enabled" })] {
        let told = world.accepted(("PATCH", &path), None, &change, (200, &[])).await;
        for (name, value) in change.as_object().expect("an object") {
            if told[name] != *value {
                world.wrong.push(format!("{name} is {} and not {value}", told[name]));
            }
        }
    }
    world.accepted(("DELETE", &path), None, &Value::Null, (204, &[404])).await;
    world.accepted(("GET", &path), None, &Value::Null, (404, &[404])).await;
    records::create(world, "WO-1").await;
}

pub(super) async fn rotation(world: &mut World) {
    let secret = format!("/api/endpoints/{}/secret", world.subscribers[0].endpoint.id);
    let body = json!({ "overlapHours": 24 });
    let told = world.accepted((POST, &format!("{secret}/rotate")), Some("rotate-1"), &body, (200, &[])).await;
    let new = told["secret"].as_str().unwrap_or_default().to_owned();
    records::create(world, "WO-1").await;
    world.app.drain().await;
    world.app.advance(Duration::from_secs(2)).await;
    // When it was promoted at the first time, there is nothing left to promote.
    world.accepted((POST, &format!("{secret}/promote")), Some("promote-1"), &json!({}), (200, &[409])).await;
    // From now on it signs alone.
    let told = world.accepted(("GET", &secret), None, &Value::Null, (200, &[])).await;
    if told["secret"] != new.as_str() {
        world.wrong.push("the secret is not the one that was answered".to_owned());
    }
    world.subscribers[0].secrets.push(new);
    records::create(world, "WO-2").await;
}

pub(super) async fn test_send(world: &mut World) {
    let path = format!("/api/endpoints/{}/test", world.subscribers[0].endpoint.id);
    let body = json!({ "event": "vendor.created" });
    let told = world.accepted((POST, &path), None, &body, (200, &[])).await;
    if told["status"] != "delivered" {
        world.wrong.push(format!("the test is {}", told["status"]));
    }
}

/// Reads everything, when there is something to be read.
pub(super) async fn reads(world: &mut World) {
    records::create(world, "WO-1").await;
    world.settle().await;
    let delivery =
        world.app.deliveries().await.first().map(|delivery| (delivery.id.clone(), delivery.event_id.clone()));
    let (delivery, event) = delivery.unwrap_or_default();
    let endpoint = world.subscribers[0].endpoint.id.clone();
    for path in [
        "/api/deliveries".to_owned(),
        format!("/api/deliveries?endpointId={endpoint}"),
        "/api/deliveries?status=failed".to_owned(),
        format!("/api/deliveries/{delivery}"),
        "/api/events".to_owned(),
        format!("/api/events/{event}"),
        "/api/records?q=WO-1".to_owned(),
        "/api/records?q=nothing".to_owned(),
        "/api/records/workorder/WO-1".to_owned(),
        "/api/records/workorder/WO-1/timeline".to_owned(),
        "/api/stats".to_owned(),
        "/api/alerts".to_owned(),
        "/api/requests".to_owned(),
        "/api/alerts?status=open".to_owned(),
        "/api/endpoints".to_owned(),
        format!("/api/endpoints/{endpoint}"),
        format!("/api/endpoints/{endpoint}/secret"),
        "/api/keys".to_owned(),
        "/api/event-types".to_owned(),
        "/api/source-ips".to_owned(),
        "/openapi.json".to_owned(),
        "/docs".to_owned(),
        "/".to_owned(),
    ] {
        world.accepted(("GET", &path), None, &Value::Null, (200, &[])).await;
    }
}

pub(super) async fn keys(world: &mut World) {
    let body = json!({ "name": "new", "scopes": ["inbound"] });
    let made = world.accepted((POST, "/api/keys"), Some("key-1"), &body, (201, &[])).await;
    let path = format!("/api/keys/{}", made["id"].as_str().unwrap_or_default());
    let rotate = json!({ "overlapHours": 1 });
    let new = world.accepted((POST, &format!("{path}/rotate")), Some("key-2"), &rotate, (201, &[])).await;
    for key in [&made, &new] {
        // It lacks the scope; whoever has no key gets 401.
        let status = world.status_with(key["key"].as_str().unwrap_or_default(), "/api/deliveries").await;
        if status != 403 {
            world.wrong.push(format!("a key was answered {status}"));
        }
    }
    let path = format!("/api/keys/{}", new["id"].as_str().unwrap_or_default());
    world.accepted(("DELETE", &path), None, &Value::Null, (204, &[404])).await;
}
