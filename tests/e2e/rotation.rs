//! Secrets and keys that are replaced while the old ones go on for a while.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Endpoint, Received, Receiver, TestApp};

use crate::crew::WORK_ORDER;
use crate::deliveries::create_work_order;
use crate::expect::{common_headers, header, refused};
use crate::signatures::{page_signature, standard_signature};

const HOUR: Duration = Duration::from_hours(1);

/// Rotates, and lets the new secret lead at once.
async fn rotate_secret(app: &TestApp, endpoint: &Endpoint, hours: u8) -> String {
    rotated(app, endpoint, json!({ "overlapHours": hours, "promote": "now" })).await
}

async fn rotated(app: &TestApp, endpoint: &Endpoint, how: Value) -> String {
    let rotated = app.post(&format!("/api/endpoints/{}/secret/rotate", endpoint.id), how).await.expect(200);
    rotated.body["secret"].as_str().expect("a secret").to_owned()
}

async fn promote(app: &TestApp, endpoint: &Endpoint) -> Value {
    app.post(&format!("/api/endpoints/{}/secret/promote", endpoint.id), json!({})).await.expect(200).body
}

/// The request that the next work order makes.
async fn next_delivery(app: &TestApp, receiver: &Receiver, number: &str) -> Received {
    create_work_order(app, number).await;
    app.drain().await;
    receiver.requests().pop().expect("a request")
}

fn assert_signed_by(received: &Received, secrets: &[&str]) {
    let standard: Vec<String> = secrets.iter().map(|secret| standard_signature(received, secret)).collect();
    assert_eq!(received.header("webhook-signature"), standard.join(" "));
    assert_eq!(received.header("x-webhook-signature"), page_signature(received, secrets[0]));
    assert_eq!(who_signs(received, secrets, "-next"), None);
    assert_eq!(who_signs(received, secrets, "-previous"), (secrets.len() > 1).then_some(1));
}

/// Which of `secrets` made the signature in `X-Webhook-Signature` + `which`.
fn who_signs(received: &Received, secrets: &[&str], which: &str) -> Option<usize> {
    let signature = received.headers.get(format!("x-webhook-signature{which}"))?;
    secrets.iter().position(|secret| page_signature(received, secret) == *signature)
}

/// Who signs the header that everybody reads, the next one and the previous one.
fn signers(received: &Received, secrets: &[&str]) -> [Option<usize>; 3] {
    ["", "-next", "-previous"].map(|which| who_signs(received, secrets, which))
}

#[tokio::test]
async fn every_secret_that_is_still_valid_signs() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    let first = endpoint.secret.as_str();
    let second = rotate_secret(&app, &endpoint, 24).await;
    app.advance(HOUR).await;
    let third = rotate_secret(&app, &endpoint, 2).await;
    assert_signed_by(&next_delivery(&app, &receiver, "WO-1").await, &[&third, &second, first]);
    let shown = app.get(&format!("/api/endpoints/{}/secret", endpoint.id)).await.expect(200).body;
    let previous = json!([{"validUntil": "2025-10-20T17:30:00Z"}, {"validUntil": "2025-10-21T14:30:00Z"}]);
    assert_eq!(shown, json!({ "secret": third, "promotesAt": null, "previous": previous }));

    app.advance(2 * HOUR).await;
    assert_signed_by(&next_delivery(&app, &receiver, "WO-2").await, &[&third, first]);
    app.advance(21 * HOUR).await;
    assert_signed_by(&next_delivery(&app, &receiver, "WO-3").await, &[&third]);
}

#[tokio::test]
async fn a_receiver_that_knows_one_header_is_changed_over_by_a_promotion() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    let new = rotated(&app, &endpoint, json!({})).await;
    let both = [&*endpoint.secret, &*new];
    let delivery = next_delivery(&app, &receiver, "WO-1").await;
    assert_eq!(signers(&delivery, &both), [Some(0), Some(1), None], "the old one leads, the new one can be tried");
    let standard = [&*new, &*endpoint.secret].map(|secret| standard_signature(&delivery, secret)).join(" ");
    assert_eq!(delivery.header("webhook-signature"), standard);
    let shown = app.get(&format!("/api/endpoints/{}/secret", endpoint.id)).await.expect(200).body;
    assert_eq!((&shown["secret"], &shown["promotesAt"]), (&json!(new), &json!("2025-10-21T14:30:00Z")));

    let promoted = promote(&app, &endpoint).await;
    assert_eq!((&promoted["secret"], &promoted["promotesAt"]), (&json!(new), &Value::Null));
    let version = app.get(&format!("/api/endpoints/{}", endpoint.id)).await.expect(200).body["version"].clone();
    assert_eq!(signers(&next_delivery(&app, &receiver, "WO-2").await, &both), [Some(1), None, Some(0)]);
    assert_eq!(promote(&app, &endpoint).await, promoted, "promoting what is promoted changes nothing");
    assert_eq!(app.get(&format!("/api/endpoints/{}", endpoint.id)).await.expect(200).body["version"], version);
    app.advance(24 * HOUR).await;
    assert_eq!(signers(&next_delivery(&app, &receiver, "WO-3").await, &both), [Some(1), None, None]);
}

#[tokio::test]
async fn the_end_of_the_overlap_promotes_too() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    let second = rotated(&app, &endpoint, json!({ "overlapHours": 3, "promote": "later" })).await;
    app.advance(HOUR).await;
    // Rotated again before it was promoted: the first one leads to its end, then the newest.
    let third = rotated(&app, &endpoint, json!({ "overlapHours": 3, "promote": null })).await;
    let all = [&*endpoint.secret, &*second, &*third];
    assert_eq!(signers(&next_delivery(&app, &receiver, "WO-1").await, &all), [Some(0), Some(2), None]);
    app.advance(2 * HOUR).await;
    assert_eq!(signers(&next_delivery(&app, &receiver, "WO-2").await, &all), [Some(2), None, Some(1)]);
    app.advance(HOUR).await;
    assert_eq!(signers(&next_delivery(&app, &receiver, "WO-3").await, &all), [Some(2), None, None]);
}

#[tokio::test]
async fn a_leaked_secret_is_replaced_at_once_and_mistakes_are_refused() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    let second = rotated(&app, &endpoint, json!({})).await;
    let third = rotated(&app, &endpoint, json!({ "promote": "now" })).await;
    let all = [&*endpoint.secret, &*second, &*third];
    let delivery = next_delivery(&app, &receiver, "WO-1").await;
    assert_eq!(signers(&delivery, &all), [Some(2), None, Some(0)], "receivers have the first one");
    let fourth = rotated(&app, &endpoint, json!({ "promote": "later" })).await;
    rotated(&app, &endpoint, json!({ "promote": "now", "overlapHours": 0 })).await;
    let delivery = next_delivery(&app, &receiver, "WO-2").await;
    let all = [&*endpoint.secret, &*second, &*third, &*fourth];
    assert_eq!(signers(&delivery, &all), [None, None, Some(0)], "the one that led ends with the one that waited");

    let path = format!("/api/endpoints/{}/secret", endpoint.id);
    let refused = app.post(&format!("{path}/rotate"), json!({ "promote": "soon" })).await.expect(400);
    assert_eq!(refused.defects(), [("promote", "invalid_value")]);
    let refused = app.post(&format!("{path}/promote"), json!({ "overlapHours": 1 })).await.expect(400);
    assert_eq!(refused.defects(), [("overlapHours", "unknown_field")]);
    app.request("POST", &format!("{path}/promote")).send().await.expect(200);
}

#[tokio::test]
async fn a_sixth_valid_secret_is_refused_and_one_without_overlap_is_not() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    for _ in 0..5 {
        rotate_secret(&app, &endpoint, 24).await;
    }
    let rotate = format!("/api/endpoints/{}/secret/rotate", endpoint.id);
    refused(&app.post(&rotate, json!({})).await, 409, "limit_reached");
    rotate_secret(&app, &endpoint, 0).await;
    app.advance(24 * HOUR).await;
    rotate_secret(&app, &endpoint, 24).await;
}

async fn status_with(app: &TestApp, key: &str) -> u16 {
    app.request("POST", WORK_ORDER).json(&json!({})).key(key).send().await.status
}

#[tokio::test]
async fn a_rotated_key_works_beside_the_new_one_until_the_overlap_ends() {
    let app = TestApp::start().await;
    let body = json!({ "name": "ERP", "scopes": ["inbound"], "limits": { "perMinute": 40 } });
    let old = app.post("/api/keys", body).await.expect(201).body;
    let rotated = app.post(&format!("/api/keys/{}/rotate", old["id"].as_str().unwrap()), json!({})).await.expect(201);
    common_headers(&rotated);
    let new = &rotated.body;
    assert_eq!(header(&rotated, "location"), format!("/api/keys/{}", new["id"].as_str().unwrap()));
    for same in ["name", "scopes", "limits"] {
        assert_eq!(new[same], old[same], "{same}");
    }
    assert_eq!(new["expiresAt"], Value::Null);
    assert_eq!(new["replaces"], json!({ "id": old["id"], "expiresAt": "2025-10-21T14:30:00Z" }));
    let [old_key, new_key] = [&old, new].map(|key| key["key"].as_str().expect("a key").to_owned());
    assert_ne!(old_key, new_key);
    assert_eq!([status_with(&app, &old_key).await, status_with(&app, &new_key).await], [400, 400]);
    app.advance(24 * HOUR).await;
    assert_eq!([status_with(&app, &old_key).await, status_with(&app, &new_key).await], [401, 400]);
    let again = format!("/api/keys/{}/rotate", old["id"].as_str().unwrap());
    refused(&app.post(&again, json!({})).await, 409, "invalid_state_transition");
}

#[tokio::test]
async fn the_last_key_that_manages_keys_hands_that_on() {
    let app = TestApp::start().await;
    let only = app.get("/api/keys").await.expect(200).body["data"][0].clone();
    let path = format!("/api/keys/{}", only["id"].as_str().unwrap());
    let new = app.post(&format!("{path}/rotate"), json!({ "overlapHours": 1 })).await.expect(201).body;
    let new_key = new["key"].as_str().unwrap();
    let new_path = format!("/api/keys/{}", new["id"].as_str().unwrap());
    // The old one manages keys for an hour yet, and does not count.
    refused(&app.delete(&new_path).await, 409, "last_key");
    app.delete(&path).await.expect(204);
    let left = app.request("GET", "/api/keys").key(new_key).send().await.expect(200).body;
    assert_eq!(left["data"].as_array().map(Vec::len), Some(1));
    let stranger = app.tenant("Other").await;
    refused(&stranger.post(&format!("{new_path}/rotate"), json!({})).await, 404, "not_found");
}
