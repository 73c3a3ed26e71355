//! `GET /api/stats`: what became of the deliveries of the latest hours, in numbers.

mod recounts;
mod steps;
mod sums;

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Receiver, Reply, Tenant, TestApp};

use crate::deliveries::create_work_order;
use crate::expect::common_headers;

async fn stats(tenant: &Tenant, query: &str) -> Reply {
    tenant.get(&format!("/api/stats{query}")).await.expect(200)
}

/// The counts of an hour or of an endpoint.
fn counts(of: &Value) -> [u64; 4] {
    ["delivered", "failed", "waiting", "cancelled"].map(|name| of[name].as_u64().unwrap())
}

/// An endpoint of the answer `told`.
fn of<'a>(told: &'a Value, id: &str) -> &'a Value {
    told["endpoints"].as_array().unwrap().iter().find(|one| one["endpointId"] == id).unwrap()
}

#[tokio::test]
async fn each_delivery_is_counted_by_its_hour_and_its_endpoint() {
    let app = TestApp::builder().retry_schedule("60").start().await;
    let (good, bad) = (Receiver::start().await, Receiver::start().await);
    bad.answer_with([500]);
    let good = app.endpoint(&good.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    app.advance(Duration::from_hours(1)).await;
    let bad = app.endpoint(&bad.url(), ["*"]).await;
    create_work_order(&app, "WO-2").await;
    app.drain().await;
    // A test send is no part of it.
    app.post(&format!("/api/endpoints/{}/test", bad.id), json!({ "event": "project.created" })).await.expect(200);

    let reply = stats(&app, "").await;
    common_headers(&reply);
    let told = &reply.body;
    assert_eq!((&told["complete"], &told["countedSince"]), (&json!(true), &told["since"]));
    assert_eq!(told["until"], "2025-10-20T15:30:00Z");
    let hours = told["hours"].as_array().unwrap();
    assert_eq!((hours.len(), &hours[0]["at"], &told["since"]), (24, &json!("2025-10-19T16:00:00Z"), &hours[0]["at"]));
    assert_eq!((counts(&hours[22]), counts(&hours[23])), ([1, 0, 0, 0], [1, 0, 1, 0]));
    assert!(hours[..22].iter().all(|hour| counts(hour) == [0; 4]));
    assert!(told["latencyMs"]["p50"].is_u64(), "{told}");

    assert_eq!(counts(of(told, &good.id)), [2, 0, 0, 0]);
    assert_eq!(of(told, &good.id)["nextAttemptAt"], Value::Null);
    assert_eq!(of(told, &good.id)["hours"].as_array().unwrap().len(), 2);
    assert_eq!(counts(of(told, &bad.id)), [0, 0, 1, 0]);
    let next = of(told, &bad.id)["nextAttemptAt"].as_str().unwrap();
    assert!(next >= "2025-10-20T15:31:00Z", "{next}");

    let latest = stats(&app, "?hours=1").await.body;
    assert_eq!((latest["hours"].as_array().unwrap().len(), counts(of(&latest, &bad.id))), (1, [0, 0, 1, 0]));
    assert_eq!(counts(of(&latest, &good.id)), [1, 0, 0, 0], "of the latest hour alone");
    app.advance(Duration::from_mins(2)).await;
    app.drain().await;
    let later = stats(&app, "?hours=1").await.body;
    assert_eq!(counts(&later["hours"][0]), [1, 1, 0, 0], "the schedule has one retry");
}

#[tokio::test]
async fn a_count_that_would_take_too_long_ends_early_and_says_so() {
    let app = TestApp::start().await;
    let endpoints = app.endpoints("https://example.com/", 2).await;
    app.make_deliveries(&endpoints, 10_050).await;
    let told = stats(&app, "").await.body;
    assert_eq!(told["complete"], false);
    let counted: u64 = told["hours"].as_array().unwrap().iter().map(|hour| counts(hour)[0]).sum();
    assert_eq!(counted, 10_000);
    assert!(told["countedSince"].as_str() > told["since"].as_str(), "{}", told["countedSince"]);
    assert_eq!(told["latencyMs"], Value::Null, "none of them had an attempt");
    assert_eq!(stats(&app, "?hours=1").await.body["complete"], true);
}

#[tokio::test]
async fn nothing_is_counted_of_others_and_bad_hours_are_refused() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    let other = app.tenant("Other").await;
    let told = stats(&other, "?hours=168").await.body;
    assert_eq!((&told["endpoints"], told["hours"].as_array().unwrap().len()), (&json!([]), 168));
    for hours in ["0", "169", "x"] {
        let reply = app.get(&format!("/api/stats?hours={hours}")).await.expect(400);
        assert_eq!(reply.defects(), [("hours", "out_of_range")], "{hours}");
    }
}
