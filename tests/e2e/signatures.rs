//! What receivers verify: by the Standard Webhooks library, and by an HMAC of the test's own.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use standardwebhooks::Webhook;
use tests::{Received, Receiver, TestApp};

use crate::deliveries::create_work_order;

fn hmac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// `X-Webhook-Signature` as the page's receivers compute it: keyed with the whole text of the secret.
pub(crate) fn page_signature(received: &Received, secret: &str) -> String {
    let timestamp = received.header("x-webhook-timestamp").as_bytes();
    hex::encode(hmac(secret.as_bytes(), &[timestamp, b".", &received.body]))
}

/// An entry of `webhook-signature`: keyed with the bytes behind `whsec_`.
pub(crate) fn standard_signature(received: &Received, secret: &str) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let (id, timestamp) = (received.header("webhook-id").as_bytes(), received.header("webhook-timestamp").as_bytes());
    format!("v1,{}", STANDARD.encode(hmac(&key, &[id, b".", timestamp, b".", &received.body])))
}

/// Both schemes, for one secret.
pub(crate) fn assert_signed(received: &Received, secret: &str) {
    assert_eq!(received.header("x-webhook-signature"), page_signature(received, secret));
    assert_eq!(received.header("webhook-signature"), standard_signature(received, secret));
    assert!(!received.headers.contains_key("x-webhook-signature-previous"));
}

#[tokio::test]
async fn both_signatures_are_those_of_the_endpoints_secret() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    let request = receiver.only();
    assert_signed(&request, &endpoint.secret);
    // The sides of a comparison that can't fail prove nothing.
    let (other, forged) =
        ("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", Received { body: "{}".into(), ..request.clone() });
    assert_ne!(request.header("x-webhook-signature"), page_signature(&request, other));
    assert_ne!(request.header("x-webhook-signature"), page_signature(&forged, &endpoint.secret));
}

#[tokio::test]
async fn the_standard_webhooks_library_accepts_a_delivery() {
    // It compares the timestamp with the machine's clock.
    let (app, receiver) = (TestApp::builder().at_present().start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    let request = receiver.only();
    let webhook = Webhook::new(&endpoint.secret).unwrap();
    webhook.verify(&request.body, &request.headers).unwrap();
    assert!(webhook.verify(b"{}", &request.headers).is_err());
}

#[tokio::test]
async fn both_secrets_sign_until_a_rotation_ends() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let old = app.endpoint(&receiver.url(), ["*"]).await;
    let rotate = format!("/api/endpoints/{}/secret/rotate", old.id);
    let rotated = app.post(&rotate, json!({ "overlapHours": 1, "promote": "now" })).await.expect(200);
    let new = rotated.body["secret"].as_str().unwrap();
    assert_ne!(new, old.secret);

    create_work_order(&app, "WO-1").await;
    app.drain().await;
    let request = receiver.only();
    assert_eq!(request.header("x-webhook-signature"), page_signature(&request, new));
    assert_eq!(request.header("x-webhook-signature-previous"), page_signature(&request, &old.secret));
    let both = [new, &old.secret].map(|secret| standard_signature(&request, secret)).join(" ");
    assert_eq!(request.header("webhook-signature"), both);

    app.advance(Duration::from_hours(1)).await;
    create_work_order(&app, "WO-2").await;
    app.drain().await;
    assert_signed(&receiver.requests()[1], new);
}
