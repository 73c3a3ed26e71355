//! How many batches, how large, and for how long.

use std::time::Duration;

use domain::rate_limit::Limits;
use inbound::http::{MAX_BATCH_BYTES, MAX_BODY_BYTES};
use serde_json::{Value, json};
use tests::{InboundApp, Tenant, TestApp};

use super::{batch_of, call, order, outcomes, person, send};
use crate::crew::{EMPLOYEE, WORK_ORDER};
use crate::expect::{header, refused};

const FULL: &str = r#""permin";r=49;t=60,"perhr";r=999;t=1800"#;

async fn some(app: &Tenant) -> tests::Reply {
    send(app, EMPLOYEE, &[person("E-1")]).await
}

#[tokio::test]
async fn a_key_has_10_batches_a_minute_beside_its_calls() {
    let app = TestApp::builder().limits(None).start_inbound().await;
    let first = some(&app).await.expect(200);
    assert_eq!(header(&first, "ratelimit-policy"), r#""batch-permin";q=10;w=60,"batch-perhr";q=100;w=3600"#);
    assert_eq!(header(&first, "ratelimit"), r#""batch-permin";r=9;t=60,"batch-perhr";r=99;t=1800"#);
    assert_eq!((header(&first, "x-ratelimit-limit"), header(&first, "x-ratelimit-remaining")), ("10", "9"));
    for _ in 0..9 {
        some(&app).await.expect(200);
    }
    let over = some(&app).await;
    refused(&over, 429, "rate_limit_exceeded");
    assert_eq!(over.body["violated-policies"], json!(["batch-permin"]));
    assert_eq!((header(&over, "retry-after"), header(&over, "x-ratelimit-remaining")), ("60", "0"));
    assert!(over.body["detail"].as_str().is_some_and(|text| text.contains("10 batches a minute and 100 an hour")));

    let single = app.post(EMPLOYEE, person("E-1")).await.expect(200);
    assert_eq!(header(&single, "ratelimit"), FULL, "calls are counted apart");
    app.advance(Duration::from_mins(1)).await;
    some(&app).await.expect(200);
}

/// An import of 5,000 is 50 of the largest batches.
#[tokio::test]
async fn fifty_batches_take_five_minutes_and_a_hundred_are_an_hours() {
    let app = TestApp::builder().limits(None).start_inbound().await;
    for number in 0..100 {
        some(&app).await.expect(200);
        if number % 10 == 9 {
            app.advance(Duration::from_mins(1)).await;
        }
        if number == 49 {
            assert_eq!(app.now().to_string(), "2025-10-20T14:35:00Z");
        }
    }
    let over = some(&app).await;
    refused(&over, 429, "rate_limit_exceeded");
    assert_eq!(over.body["violated-policies"], json!(["batch-perhr"]));
    app.advance(Duration::from_mins(20)).await;
    some(&app).await.expect(200);
}

#[tokio::test]
async fn a_key_with_few_calls_has_few_batches() {
    let app = TestApp::builder().limits(Some(Limits { per_hour: 20, per_minute: 1 })).start_inbound().await;
    let first = some(&app).await.expect(200);
    assert_eq!(header(&first, "ratelimit-policy"), r#""batch-permin";q=1;w=60,"batch-perhr";q=2;w=3600"#);
    refused(&some(&app).await, 429, "rate_limit_exceeded");
}

#[tokio::test]
async fn a_batch_has_a_mebibyte_and_a_record_what_a_call_has() {
    let app = InboundApp::start().await;
    let sized = |size: usize| {
        let body = json!({"records": [person("E-1")]}).to_string();
        let body = format!("{}{body}", " ".repeat(size - body.len()));
        app.request("POST", &batch_of(EMPLOYEE)).header("content-type", "application/json").body(body).send()
    };
    sized(MAX_BATCH_BYTES).await.expect(200);
    refused(&sized(MAX_BATCH_BYTES + 1).await, 413, "payload_too_large");
    refused(&sized(9 * 1024 * 1024).await, 413, "payload_too_large");

    let record = |number: &str, size: usize| {
        let record = person(number).to_string();
        format!("{}{}{}", &record[..1], " ".repeat(size - record.len()), &record[1..])
    };
    let body = format!(r#"{{"records": [{},{}]}}"#, record("E-2", MAX_BODY_BYTES), record("E-3", MAX_BODY_BYTES + 1));
    let reply =
        app.request("POST", &batch_of(EMPLOYEE)).header("content-type", "application/json").body(body).send().await;
    assert_eq!(outcomes(&reply), ["200 created", "413 payload_too_large"]);
}

#[tokio::test]
async fn what_is_not_begun_in_time_is_to_be_sent_again() {
    let app = TestApp::builder().batch_patience(Duration::ZERO).start_inbound().await;
    let orders: Vec<Value> = (0..3).map(|number| order(&format!("WO-{number}"), json!({}))).collect();
    let batch = || call(&app, &batch_of(WORK_ORDER), &orders).header("idempotency-key", "once").send();
    assert_eq!(
        outcomes(&batch().await),
        ["200 created", "503 unavailable", "503 unavailable"],
        "the first one is begun"
    );
    let again = batch().await;
    assert_eq!(again.header("idempotency-replayed"), None, "it is no last word");
    assert_eq!(outcomes(&again), ["200 unchanged", "503 unavailable", "503 unavailable"]);
    assert_eq!(app.get("/api/requests").await.expect(200).body["data"], json!([]), "they were not refused");
}
