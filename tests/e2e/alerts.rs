//! `/api/alerts`. When an alert is made is tested in `retries` and `health`.

mod rolling;

use std::time::Duration;

use local::embedded::sns::Published;
use serde_json::{Value, json};
use tests::{Receiver, TestApp};

use crate::deliveries::create_work_order;
use crate::expect::common_headers;
use crate::management_deliveries::pages;

const ALERTS: &str = "/api/alerts";

/// Two endpoints that fail for good, at three events.
async fn failing() -> (TestApp, [String; 2]) {
    let (app, receiver) = (TestApp::builder().retry_schedule("1").start().await, Receiver::start().await);
    receiver.answer_with([500]);
    let one = app.endpoint(&receiver.url(), ["*"]).await.id;
    let two = app.endpoint(&format!("{}?two", receiver.url()), ["*"]).await.id;
    for number in 0..3 {
        create_work_order(&app, &format!("WO-{number}")).await;
        app.drain().await;
        app.advance(Duration::from_secs(2)).await;
        app.drain().await;
    }
    (app, [one, two])
}

#[tokio::test]
async fn alerts_are_listed_newest_first_with_all_fields() {
    let (app, _) = failing().await;
    let reply = app.get(ALERTS).await.expect(200);
    common_headers(&reply);
    let data = reply.body["data"].as_array().unwrap();
    assert_eq!(data.len(), app.alerts().await.len());
    let members: Vec<&String> = data[0].as_object().unwrap().keys().collect();
    let expected = [
        "id",
        "kind",
        "status",
        "endpointId",
        "deliveryId",
        "eventId",
        "event",
        "subject",
        "lastStatusCode",
        "lastError",
        "lastErrorDetail",
        "count",
        "since",
        "lastAt",
        "examples",
        "recoveredAt",
        "acknowledgedAt",
        "resolvedAt",
        "createdAt",
        "message",
    ];
    assert_eq!(members, expected);
    let ids: Vec<&str> = data.iter().map(|alert| alert["id"].as_str().unwrap()).collect();
    assert!(ids.is_sorted_by(|newer, older| newer > older));
    assert!(data.iter().all(|alert| alert["createdAt"].as_str().unwrap().len() == "2025-10-20T14:30:00Z".len()));
}

#[tokio::test]
async fn alerts_are_filtered_and_paged() {
    let (app, endpoints) = failing().await;
    let (all, _) = pages(&app, &format!("{ALERTS}?limit=100")).await;
    let (by_page, count) = pages(&app, &format!("{ALERTS}?limit=3")).await;
    assert_eq!((&by_page, count), (&all, all.len().div_ceil(3)));
    let wanted =
        |name: &str, value: &str| -> Vec<Value> { all.iter().filter(|alert| alert[name] == value).cloned().collect() };
    let failed = wanted("kind", "delivery.failed");
    assert_eq!((failed.len(), wanted("kind", "endpoint.failing").len()), (6, 2));
    assert_eq!(pages(&app, &format!("{ALERTS}?kind=delivery.failed&limit=4")).await, (failed, 2));
    for endpoint in &endpoints {
        let own = pages(&app, &format!("{ALERTS}?endpointId={endpoint}")).await.0;
        assert_eq!(own, wanted("endpointId", endpoint));
        let failing = pages(&app, &format!("{ALERTS}?endpointId={endpoint}&kind=endpoint.failing")).await.0;
        assert_eq!(failing.len(), 1);
    }
    let wrong = app.get(&format!("{ALERTS}?kind=x&endpointId=x&limit=0")).await.expect(400);
    assert_eq!(
        wrong.defects(),
        [("endpointId", "invalid_value"), ("kind", "invalid_value"), ("limit", "out_of_range")]
    );
}

#[tokio::test]
async fn every_alert_is_published_once_with_what_a_machine_and_a_person_need() {
    let (app, _) = failing().await;
    app.sweep().await;
    app.sweep().await;
    let alerts = app.get(&format!("{ALERTS}?limit=100")).await.expect(200).body["data"].clone();
    let published = app.system().sns().published();
    assert_eq!(published.len(), alerts.as_array().unwrap().len());
    for alert in alerts.as_array().unwrap() {
        let id = alert["id"].as_str().unwrap();
        let own = |message: &&Published| message.messages["default"].as_str().unwrap().contains(id);
        let [message] = &published.iter().filter(own).collect::<Vec<_>>()[..] else { panic!("{alert}") };
        let mut machines: Value = serde_json::from_str(message.messages["default"].as_str().unwrap()).unwrap();
        let account = machines.as_object_mut().unwrap().remove("accountId").unwrap();
        assert_eq!((&machines, account.as_str()), (alert, Some(&*app.account)));
        assert_eq!(message.subject, format!("WorkSkedge webhooks: {}", alert["kind"].as_str().unwrap()));
        let people = message.messages["email"].as_str().unwrap();
        for said in ["message", "id", "endpointId", "deliveryId", "event"] {
            assert!(people.contains(alert[said].as_str().unwrap()), "{said}: {people}");
        }
        assert!(people.contains("Last answer: HTTP 500"), "{people}");
    }
}

#[tokio::test]
async fn what_could_not_be_published_is_published_by_the_next_sweep() {
    let (app, _) = failing().await;
    app.system().sns().set_down(true);
    app.sweep().await;
    assert_eq!(app.system().sns().published(), []);
    app.system().sns().set_down(false);
    app.sweep().await;
    assert_eq!(app.system().sns().published().len(), app.alerts().await.len());
}

#[tokio::test]
async fn alerts_that_cannot_be_published_do_not_keep_deliveries_from_being_put_back() {
    let (app, endpoints) = failing().await;
    app.system().sns().set_down(true);
    let receiver = Receiver::start().await;
    app.request("PATCH", &format!("/api/endpoints/{}", endpoints[0]))
        .json(&json!({ "url": receiver.url() }))
        .send()
        .await
        .expect(200);
    create_work_order(&app, "WO-lost").await;
    app.drain_stream().await;
    app.purge_queues().await;
    app.advance(Duration::from_mins(10)).await;
    app.sweep().await;
    app.drain().await;
    assert_eq!(receiver.count(), 1);
    app.advance(Duration::from_mins(10)).await;
    app.drain().await;
}
