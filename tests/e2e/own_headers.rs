//! The subscriber's own headers: sent with every delivery, masked in answers, sealed where they are stored.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::alert::AlertKind;
use serde_json::{Value, json};
use store::tables;
use tests::{Receiver, TestApp};

use crate::deliveries::create_work_order;

const VALUE: &str = "Bearer 0123456789abcdef";
const OTHER: &str = "Bearer fedcba9876543210";

/// An endpoint with a header of its own.
async fn endpoint(app: &TestApp, receiver: &Receiver) -> String {
    endpoint_at(app, &receiver.url()).await
}

async fn endpoint_at(app: &TestApp, url: &str) -> String {
    let body = json!({ "url": url, "events": ["*"], "headers": { "Authorization": VALUE } });
    let made = app.post("/api/endpoints", body).await.expect(201);
    assert_eq!(made.body["headers"]["Authorization"], VALUE, "who sets it sees it once more");
    made.body["id"].as_str().unwrap().to_owned()
}

async fn change(app: &TestApp, id: &str, body: &Value) -> Value {
    app.request("PATCH", &format!("/api/endpoints/{id}")).json(body).send().await.expect(200).body
}

async fn shown(app: &TestApp, id: &str) -> Value {
    app.get(&format!("/api/endpoints/{id}")).await.expect(200).body["headers"].clone()
}

/// Whether a value stands anywhere in the tables.
async fn is_stored(app: &TestApp, value: &str) -> bool {
    app.items(&app.account).await.iter().any(|item| item.to_string().contains(value))
}

/// Puts the endpoint in the form in which endpoints were stored before their headers were sealed.
async fn unseal(app: &TestApp, id: &str) {
    let place = AttributeValue::S(String::new());
    let stored = app.damage(tables::ENDPOINTS, id, "endpoint", place).await;
    let mut stored: Value = serde_json::from_str(stored.as_s().unwrap()).unwrap();
    stored["headers"] = json!({ "Authorization": VALUE });
    app.damage(tables::ENDPOINTS, id, "endpoint", AttributeValue::S(stored.to_string())).await;
    app.damage(tables::ENDPOINTS, id, "sealedHeaders", AttributeValue::Null(true)).await;
}

#[tokio::test]
async fn own_headers_are_sent_with_deliveries_and_tests_and_never_stored_in_clear() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let id = endpoint(&app, &receiver).await;
    app.post(&format!("/api/endpoints/{id}/test"), json!({ "event": "workorder.created" })).await.expect(200);
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    app.post(&format!("/api/endpoints/{id}/secret/rotate"), json!({})).await.expect(200);
    create_work_order(&app, "WO-2").await;
    app.drain().await;
    let requests = receiver.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests.iter().all(|received| received.header("authorization") == VALUE));
    assert!(!is_stored(&app, "0123456789abcdef").await);
    assert_eq!(shown(&app, &id).await, json!({ "Authorization": "…cdef" }));
    let listed = app.get("/api/endpoints").await.expect(200).body;
    assert_eq!(listed["data"][0]["headers"]["Authorization"], "…cdef");
}

#[tokio::test]
async fn a_change_replaces_own_headers_or_keeps_them() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let id = endpoint(&app, &receiver).await;
    let described = change(&app, &id, &json!({ "description": "d" })).await;
    assert_eq!((&described["headers"]["Authorization"], &described["version"]), (&json!("…cdef"), &json!(2)));
    let same = change(&app, &id, &json!({ "headers": { "Authorization": VALUE } })).await;
    assert_eq!((&same["headers"]["Authorization"], &same["version"]), (&json!(VALUE), &json!(2)), "nothing changed");
    // Its end, which is what is shown, is the same.
    let alike = "Bearer xxxxxxxxxxxxcdef";
    let changed = change(&app, &id, &json!({ "headers": { "Authorization": alike } })).await;
    assert_eq!((&changed["headers"]["Authorization"], &changed["version"]), (&json!(alike), &json!(3)));
    let changed = change(&app, &id, &json!({ "headers": { "Authorization": OTHER, "X-Tenant": "7" } })).await;
    assert_eq!(changed["version"], 4);
    assert_eq!(shown(&app, &id).await, json!({ "Authorization": "…3210", "X-Tenant": "…" }));
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    assert_eq!(receiver.requests()[0].header("authorization"), OTHER);
    assert_eq!(change(&app, &id, &json!({ "headers": null })).await["version"], 5);
    assert_eq!(change(&app, &id, &json!({ "headers": {} })).await["version"], 5);
    create_work_order(&app, "WO-2").await;
    app.drain().await;
    assert!(!receiver.requests()[1].headers.contains_key("authorization"));
}

#[tokio::test]
async fn unsealed_headers_of_earlier_releases_are_sent_and_sealed_by_the_next_change() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    for (number, next) in ["change", "rotation"].into_iter().enumerate() {
        let id = endpoint(&app, &receiver).await;
        unseal(&app, &id).await;
        assert_eq!(shown(&app, &id).await, json!({ "Authorization": "…cdef" }));
        let same = change(&app, &id, &json!({ "headers": { "Authorization": VALUE } })).await;
        assert_eq!(same["version"], 1, "nothing changed");
        create_work_order(&app, &format!("WO-{number}-plain")).await;
        app.drain().await;
        assert!(is_stored(&app, "0123456789abcdef").await);
        if next == "change" {
            change(&app, &id, &json!({ "description": "d" })).await;
        } else {
            app.post(&format!("/api/endpoints/{id}/secret/rotate"), json!({})).await.expect(200);
        }
        assert!(!is_stored(&app, "0123456789abcdef").await, "{next}");
        create_work_order(&app, &format!("WO-{number}-sealed")).await;
        app.drain().await;
        app.request("DELETE", &format!("/api/endpoints/{id}")).send().await.expect(204);
    }
    let requests = receiver.requests();
    assert_eq!(requests.len(), 4);
    assert!(requests.iter().all(|received| received.header("authorization") == VALUE));
}

/// While a new version is rolled out, an old one may still write the endpoint: it knows nothing of sealed headers.
#[tokio::test]
async fn a_write_by_an_earlier_release_does_not_lose_them() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let id = endpoint(&app, &receiver).await;
    let place = AttributeValue::S(String::new());
    let stored = app.damage(tables::ENDPOINTS, &id, "endpoint", place).await;
    let mut stored: Value = serde_json::from_str(stored.as_s().unwrap()).unwrap();
    assert_eq!(stored["headers"], json!({}), "which it reads as none");
    stored["description"] = "old".into();
    app.damage(tables::ENDPOINTS, &id, "endpoint", AttributeValue::S(stored.to_string())).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    stored["headers"] = json!({ "Authorization": OTHER });
    app.damage(tables::ENDPOINTS, &id, "endpoint", AttributeValue::S(stored.to_string())).await;
    create_work_order(&app, "WO-2").await;
    app.drain().await;
    let sent: Vec<_> = receiver.requests().iter().map(|sent| sent.header("authorization").to_owned()).collect();
    assert_eq!(sent, [VALUE, OTHER], "what it sets is newer");
}

#[tokio::test]
async fn sealed_headers_are_opened_once_an_hour_and_not_for_another_endpoint() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let id = endpoint(&app, &receiver).await;
    let _ = app.system().calls().take();
    for number in 0..5 {
        create_work_order(&app, &format!("WO-{number}")).await;
        app.drain().await;
        app.advance(Duration::from_mins(12)).await;
    }
    let opened = || app.system().calls().take().get("TrentService.Decrypt").copied();
    assert_eq!(opened(), Some(2), "the secret and the headers");
    create_work_order(&app, "WO-5").await;
    app.drain().await;
    assert_eq!(opened(), Some(2), "an hour later");

    let other = endpoint_at(&app, &format!("{}/other", receiver.url())).await;
    let own = app.damage(tables::ENDPOINTS, &id, "sealedHeaders", AttributeValue::Null(true)).await;
    app.damage(tables::ENDPOINTS, &other, "sealedHeaders", own).await;
    create_work_order(&app, "WO-other").await;
    app.drain().await;
    assert_eq!(receiver.count(), 7, "nothing is sent without the headers that belong to it");
    app.advance(Duration::from_mins(7)).await;
    app.drain().await;
    assert_eq!(app.alerts().await[0].kind, AlertKind::EndpointFailing);
    change(&app, &other, &json!({ "headers": { "Authorization": OTHER } })).await;
    app.advance(Duration::from_mins(7)).await;
    app.drain().await;
    assert_eq!(receiver.requests()[7].header("authorization"), OTHER, "setting them again mends it");
}
