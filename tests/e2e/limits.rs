//! Rate limits. The clock stands at 14:30:00, so both windows have just begun or are half over.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::rate_limit::Limits;
use serde_json::json;
use tests::{Reply, Tenant, TestApp};

use crate::crew::WORK_ORDER;
use crate::expect::{header, refused};

const TYPE: &str = "https://iana.org/assignments/http-problem-types#quota-exceeded";

/// A call that costs one request and changes nothing.
async fn call(app: &Tenant) -> Reply {
    app.post(WORK_ORDER, json!({})).await
}

async fn calls(app: &Tenant, count: usize) -> Reply {
    let mut last = call(app).await;
    for _ in 1..count {
        last = call(app).await;
    }
    last
}

/// `X-RateLimit-Limit`, `-Remaining` and `-Reset`.
#[track_caller]
fn window(reply: &Reply) -> [u64; 3] {
    ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]
        .map(|name| header(reply, name).parse().expect(name))
}

fn at(time: &str) -> u64 {
    let at: jiff::Timestamp = time.parse().expect("a time");
    at.as_second().try_into().expect("a time since 1970")
}

#[tokio::test]
async fn a_key_has_50_calls_a_minute() {
    let app = TestApp::builder().limits(None).start().await;
    let first = call(&app).await;
    refused(&first, 400, "validation_failed");
    assert_eq!(window(&first), [50, 49, at("2025-10-20T14:31:00Z")]);
    assert_eq!(header(&first, "ratelimit-policy"), r#""permin";q=50;w=60,"perhr";q=1000;w=3600"#);
    assert_eq!(header(&first, "ratelimit"), r#""permin";r=49;t=60,"perhr";r=999;t=1800"#);

    app.advance(Duration::from_secs(29)).await;
    let last = calls(&app, 49).await;
    refused(&last, 400, "validation_failed");
    assert_eq!(header(&last, "ratelimit"), r#""permin";r=0;t=31,"perhr";r=950;t=1771"#);

    let over = call(&app).await;
    refused(&over, 429, "rate_limit_exceeded");
    assert_eq!(over.body["type"], TYPE);
    assert_eq!(over.body["violated-policies"], json!(["permin"]));
    assert_eq!(header(&over, "retry-after"), "31");
    assert_eq!(window(&over), [50, 0, at("2025-10-20T14:31:00Z")]);
    assert_eq!(header(&over, "ratelimit"), r#""permin";r=0;t=31,"perhr";r=950;t=1771"#, "a refused call costs nothing");

    app.advance(Duration::from_secs(31)).await;
    let next = call(&app).await;
    refused(&next, 400, "validation_failed");
    assert_eq!(header(&next, "ratelimit"), r#""permin";r=49;t=60,"perhr";r=949;t=1740"#);
}

#[tokio::test]
async fn a_key_has_1000_calls_an_hour() {
    let app = TestApp::builder().limits(None).start().await;
    for _ in 0..20 {
        assert_eq!(calls(&app, 50).await.status, 400);
        app.advance(Duration::from_mins(1)).await;
    }
    let over = call(&app).await;
    refused(&over, 429, "rate_limit_exceeded");
    assert_eq!(over.body["violated-policies"], json!(["perhr"]));
    assert_eq!(header(&over, "retry-after"), "600");
    assert_eq!(window(&over), [1000, 0, at("2025-10-20T15:00:00Z")]);
    assert_eq!(header(&over, "ratelimit"), r#""permin";r=50;t=60,"perhr";r=0;t=600"#);

    app.advance(Duration::from_mins(10)).await;
    assert_eq!(header(&call(&app).await, "ratelimit"), r#""permin";r=49;t=60,"perhr";r=999;t=3600"#);
}

#[tokio::test]
async fn calls_at_the_same_moment_do_not_pass_the_limit() {
    let app = TestApp::builder().limits(Some(Limits { per_hour: 1000, per_minute: 10 })).start().await;
    let sent: Vec<_> = (0..30).map(|_| tokio::spawn(app.request("POST", WORK_ORDER).json(&json!({})).send())).collect();
    let mut passed = 0;
    for reply in sent {
        passed += usize::from(reply.await.expect("an answer").status == 400);
    }
    assert_eq!(passed, 10);
}

#[tokio::test]
async fn a_key_may_have_limits_of_its_own() {
    let app = TestApp::builder().limits(Some(Limits { per_hour: 4, per_minute: 3 })).start().await;
    let other = app.tenant("Other").await;
    let third = calls(&app, 3).await;
    assert_eq!(header(&third, "ratelimit-policy"), r#""permin";q=3;w=60,"perhr";q=4;w=3600"#);
    assert_eq!(call(&app).await.status, 429);
    app.advance(Duration::from_mins(1)).await;
    let fourth = call(&app).await;
    assert_eq!((fourth.status, window(&fourth)), (400, [4, 0, at("2025-10-20T15:00:00Z")]), "the nearer to its end");
    let over = call(&app).await;
    assert_eq!((over.status, &over.body["violated-policies"]), (429, &json!(["perhr"])));
    assert_eq!(call(&other).await.status, 400, "another key has its own");
}

#[tokio::test]
async fn both_windows_can_be_used_up() {
    let app = TestApp::builder().limits(Some(Limits { per_hour: 2, per_minute: 2 })).start().await;
    calls(&app, 2).await;
    let over = call(&app).await;
    assert_eq!(over.body["violated-policies"], json!(["permin", "perhr"]));
    assert_eq!(header(&over, "retry-after"), "1800", "as long as it takes");
}

#[tokio::test]
async fn every_call_counts_against_its_key() {
    let app = TestApp::builder().limits(None).start().await;
    for (i, (method, path)) in
        [("GET", WORK_ORDER), ("GET", "/api/endpoints"), ("GET", "/api/keys"), ("POST", "/api/events")]
            .iter()
            .enumerate()
    {
        let reply = app.request(method, path).send().await;
        assert_eq!(window(&reply)[1], 49 - i as u64, "{method} {path}");
    }
}

#[tokio::test]
async fn callers_without_a_key_have_a_window_per_address() {
    let app = TestApp::builder().limits(None).start().await;
    let guess = || app.request("POST", WORK_ORDER).json(&json!({})).key("wsk_live_guess").send();
    let first = guess().await;
    refused(&first, 401, "unauthorized");
    assert_eq!(window(&first), [50, 49, at("2025-10-20T14:31:00Z")]);
    for _ in 1..50 {
        assert_eq!(guess().await.status, 401);
    }
    let over = guess().await;
    refused(&over, 429, "rate_limit_exceeded");
    assert_eq!(header(&over, "retry-after"), "60");
    assert_eq!(call(&app).await.status, 400, "who has a key is not concerned");
    app.advance(Duration::from_mins(1)).await;
    assert_eq!(guess().await.status, 401);
}

/// What a call is about is read while the call is counted: that must not show, nor cost much.
#[tokio::test]
async fn a_call_too_many_is_refused_whatever_it_is_about() {
    let app = TestApp::builder().limits(None).start().await;
    crate::crew::work_order(&app, "WO-1", json!({})).await;
    let damaged = AttributeValue::S("damaged".to_owned());
    crate::records::put(&app, "workorder", "WO-1", "version", damaged).await;
    let order = json!({"workOrderNumber": "WO-1", "title": "x"});
    refused(&app.post(WORK_ORDER, order.clone()).await, 500, "internal_error");
    calls(&app, 48).await;
    refused(&app.post(WORK_ORDER, order.clone()).await, 429, "rate_limit_exceeded");

    let _ = app.system().calls().units().take();
    refused(&app.post(WORK_ORDER, order).await, 429, "rate_limit_exceeded");
    let read = app.system().calls().units().take().read;
    assert!(read < 1.0, "{read} units for a key whose latest call was one too many");

    let people: Vec<_> = (0..100).map(|i| json!({"employeeNumber": format!("E-{i}")})).collect();
    let large = json!({"workOrderNumber": "WO-2", "title": "x", "assignments": people});
    let _ = app.system().calls().units().take();
    refused(&app.post(WORK_ORDER, large).await, 429, "rate_limit_exceeded");
    let read = app.system().calls().units().take().read;
    assert!(read < 1.0, "{read} units for a call that is refused");
    app.drain().await;
}
