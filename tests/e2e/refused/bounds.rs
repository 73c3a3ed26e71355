//! How much is kept of refused calls, and for how long.

use std::time::Duration;

use domain::models::Kind;
use domain::rate_limit::Limits;
use domain::refusal::{NamedRecord, Refusal};
use serde_json::{Value, json};
use store::tables::REQUESTS;
use tests::{InboundApp, Tenant, TestApp};

use super::{LIST, lines, listed};
use crate::crew::{WORK_ORDER, work_order};
use crate::expect::{header, invalid};
use crate::log::Log;
use crate::management_deliveries::pages;
use crate::records::scan;

/// Sends a body that lacks something.
async fn wrong(tenant: &Tenant) {
    tenant.post(WORK_ORDER, json!({"workOrderNumber": "WO-1"})).await.expect(400);
}

/// A search for what is rare stops after a number of queries, and goes on from there.
#[tokio::test]
async fn a_search_reads_a_bounded_number_and_goes_on() {
    let app = InboundApp::start().await;
    let requests = app.system().environment().requests().expect("a table");
    app.post(WORK_ORDER, json!({"workOrderNumber": "WO-rare"})).await.expect(400);
    let first: Refusal = serde_json::from_value(listed(&app).await.remove(0)).expect("a refused call");
    for number in 0..2_600 {
        let id = domain::ids::new_id("req_", app.now() + Duration::from_millis(number + 1));
        let common = NamedRecord::new(Kind::WorkOrder, "WO-common");
        let call = Refusal { id, subject: Some(common), ..first.clone() };
        requests.put(&app.account, &call).await.expect("a write");
    }
    app.advance(Duration::from_mins(1)).await;
    let page = app.get(&format!("{LIST}?number=WO-rare")).await.expect(200).body;
    assert_eq!(
        (&page["data"], page["nextCursor"].is_string()),
        (&json!([]), true),
        "an empty page, and more behind it"
    );
    let (found, count) = pages(&app, &format!("{LIST}?number=WO-rare")).await;
    assert_eq!((found.len(), &found[0]["id"], count), (1, &json!(first.id), 2));
}

#[tokio::test]
async fn a_loop_of_refused_calls_is_bounded() {
    let app = InboundApp::start().await;
    let other = app.tenant("Other").await;
    // The key is known, and its use noted.
    work_order(&app, "WO-0", json!({})).await;
    for number in 0..120 {
        let _ = app.system().calls().take();
        wrong(&app).await;
        app.advance(Duration::from_millis(1)).await;
        let calls = app.system().calls().take();
        // The rate window is an update.
        let kept = calls.iter().any(|(target, _)| target == "DynamoDB_20120810.PutItem");
        assert_eq!(kept, number < 50, "{number}: {calls:?}");
    }
    wrong(&other).await;
    let calls = listed(&app).await;
    let truncated: Vec<bool> = calls.iter().map(|call| call["truncated"] == true).collect();
    assert_eq!((truncated.len(), truncated[0], truncated[1..].contains(&true)), (50, true, false));
    assert_eq!(listed(&other).await.len(), 1, "another account's are kept");
    app.advance(Duration::from_mins(1)).await;
    wrong(&app).await;
    assert_eq!(listed(&app).await.len(), 51, "and those of the next minute");
}

#[tokio::test]
async fn of_calls_too_many_one_a_minute_is_kept() {
    let app = TestApp::builder().limits(Some(Limits { per_hour: 100, per_minute: 2 })).start_inbound().await;
    let good = json!({"workOrderNumber": "WO-1", "title": "Pour slab"});
    for status in [200, 200, 429, 429, 429, 429] {
        app.post(WORK_ORDER, good.clone()).await.expect(status);
    }
    app.advance(Duration::from_mins(1)).await;
    let calls = listed(&app).await;
    assert_eq!(lines(&calls), [r#"POST /api/webhook/workorder rate_limit_exceeded 429 "workorder" "WO-1""#]);
    assert_eq!(calls[0]["truncated"], true);
    // Of a key that had no calls left before, nothing is read until its call is granted.
    app.post(WORK_ORDER, json!({"workOrderNumber": "WO-2"})).await.expect(400);
    app.advance(Duration::from_secs(1)).await;
    for _ in 0..3 {
        app.post(WORK_ORDER, good.clone()).await.expect(429);
    }
    app.advance(Duration::from_mins(1)).await;
    let expected = [
        r#"POST /api/webhook/workorder rate_limit_exceeded 429 "workorder" "WO-1""#,
        r#"POST /api/webhook/workorder validation_failed 400 "workorder" "WO-2""#,
        r#"POST /api/webhook/workorder rate_limit_exceeded 429 "workorder" "WO-1""#,
    ];
    assert_eq!(lines(&listed(&app).await), expected);
}

#[tokio::test]
async fn what_succeeds_leaves_nothing() {
    let app = TestApp::start().await;
    work_order(&app, "WO-1", json!({})).await;
    app.endpoint("http://127.0.0.1:9/", ["vendor.*"]).await;
    app.get("/api/deliveries").await.expect(200);
    app.drain().await;
    assert_eq!(app.items_of(REQUESTS).await, 0);
}

#[tokio::test]
async fn a_refused_call_is_kept_for_a_week() {
    let app = InboundApp::start().await;
    app.advance(Duration::from_millis(400)).await;
    app.post(WORK_ORDER, json!({})).await.expect(400);
    let item = scan(&app, REQUESTS.name).await.remove(0);
    let expires: i64 = item["expiresAt"].as_n().expect("a number").parse().expect("seconds");
    assert_eq!(expires - app.now().as_second(), 7 * 86_400);
    app.advance(Duration::from_hours(7 * 24) - Duration::from_millis(1)).await;
    assert_eq!(listed(&app).await.len(), 1);
    app.advance(Duration::from_millis(2)).await;
    assert_eq!(listed(&app).await, [] as [Value; 0], "also while DynamoDB has not deleted it");
    assert_eq!(app.get(&format!("{LIST}?since=2025-10-01T00:00:00Z")).await.expect(200).body["data"], json!([]));
    assert_eq!(scan(&app, REQUESTS.name).await.len(), 1);
}

#[tokio::test]
async fn what_can_not_be_kept_is_refused_all_the_same_and_logged_once() {
    let (log, _guard) = Log::start();
    let app = InboundApp::start().await;
    let client = aws_sdk_dynamodb::Client::new(app.system().sdk_config());
    client.delete_table().table_name(REQUESTS.name).send().await.expect("a table that can be deleted");
    let reply = app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1"})).await;
    invalid(&reply, &["title required"]);
    let text = log.text();
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("a refused call was not kept")).collect();
    assert_eq!(lines.len(), 1, "{text}");
    assert!(
        lines[0].contains("\"level\":\"WARN\"") && lines[0].contains(header(&reply, "x-request-id")),
        "{}",
        lines[0]
    );
    assert!(lines[0].contains("ResourceNotFound"), "{}", lines[0]);
}
