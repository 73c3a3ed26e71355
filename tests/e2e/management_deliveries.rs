//! `/api/deliveries`: looking for deliveries.

use std::time::Duration;

use domain::delivery::{Delivery, DeliveryStatus};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tests::{Receiver, Tenant, TestApp, done_delivery};

use crate::deliveries::create_work_order;
use crate::expect::{common_headers, header, refused};
use crate::manual_retries::{after_first_attempt, retry};

const DELIVERIES: &str = "/api/deliveries";
const SECOND: Duration = Duration::from_secs(1);

/// Every item of a list, page by page, and how many pages that took.
pub(crate) async fn pages(tenant: &Tenant, path: &str) -> (Vec<Value>, usize) {
    let (mut all, mut count, mut cursor) = (Vec::new(), 0, None::<String>);
    loop {
        let mark = if path.contains('?') { '&' } else { '?' };
        let asked = cursor.map_or(path.to_owned(), |cursor| format!("{path}{mark}cursor={cursor}"));
        let page = tenant.get(&asked).await.expect(200).body;
        all.extend(page["data"].as_array().expect("a list").iter().cloned());
        count += 1;
        cursor = page["nextCursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return (all, count);
        }
    }
}

fn ids_of(list: &[Value]) -> Vec<&str> {
    list.iter().map(|item| item["id"].as_str().expect("an id")).collect()
}

/// The ids of what a query finds, in one page.
async fn found(app: &Tenant, query: &str) -> Vec<String> {
    let list = app.get(&format!("{DELIVERIES}?{query}")).await.expect(200).body;
    assert_eq!(list["nextCursor"], Value::Null, "{query}");
    ids_of(list["data"].as_array().expect("a list")).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_delivery_is_shown_whole_with_its_attempts_and_the_body_as_sent() {
    let (app, receiver, id) = after_first_attempt(200).await;
    let reply = app.get(&format!("{DELIVERIES}/{id}")).await.expect(200);
    common_headers(&reply);
    let members: Vec<&String> = reply.body.as_object().expect("an object").keys().collect();
    let listed = [
        "id",
        "eventId",
        "event",
        "subject",
        "endpointId",
        "status",
        "attemptCount",
        "nextAttemptAt",
        "held",
        "createdAt",
        "completedAt",
        "test",
        "lastStatusCode",
        "lastError",
        "lastErrorDetail",
        "lastDurationMs",
    ];
    assert_eq!(members, [&listed[..], &["attempts", "requestBody"]].concat());
    assert_eq!(reply.body["requestBody"].as_str().unwrap(), receiver.only().body);
    let attempt = &reply.body["attempts"][0];
    let members: Vec<&String> = attempt.as_object().expect("an object").keys().collect();
    let expected = [
        "number",
        "trigger",
        "format",
        "startedAt",
        "durationMs",
        "statusCode",
        "error",
        "errorDetail",
        "responseHeaders",
        "responseBody",
    ];
    assert_eq!(members, expected);
    assert_eq!((&attempt["responseHeaders"], &attempt["responseBody"]), (&json!(null), &json!(null)));
    assert_eq!((&attempt["trigger"], &attempt["statusCode"]), (&json!("scheduled"), &json!(200)));

    let list = app.get(DELIVERIES).await.expect(200).body;
    let members: Vec<&String> = list["data"][0].as_object().expect("an object").keys().collect();
    assert_eq!(members, listed, "a list has no attempts");
    let listed = &list["data"][0];
    assert_eq!((&listed["status"], &listed["lastStatusCode"]), (&json!("delivered"), &json!(200)));
    assert_eq!(listed["lastDurationMs"], attempt["durationMs"]);
    assert_eq!(list["data"][0]["createdAt"], "2025-10-20T14:30:00Z");
}

#[tokio::test]
async fn every_filter_finds_what_it_names_and_nothing_else() {
    let app = TestApp::start().await;
    let (good, bad) = (Receiver::start().await, Receiver::start().await);
    bad.answer_with([500]);
    let one = app.endpoint(&good.url(), ["*"]).await.id;
    let two = app.endpoint(&bad.url(), ["workorder.created"]).await.id;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    app.advance(10 * SECOND).await;
    app.post("/api/webhook/project", json!({ "projectNumber": "P-1", "name": "One" })).await.expect(200);
    app.drain().await;

    let all = app.deliveries().await;
    let (first, second) = (&all[0], &all[2]);
    assert_eq!((first.event_id == all[1].event_id, all.len()), (true, 3));
    let of = |endpoint: &str| -> Vec<String> {
        let own = all.iter().rev().filter(|delivery| delivery.endpoint_id == endpoint);
        own.map(|delivery| delivery.id.clone()).collect()
    };
    assert_eq!(found(&app, "").await, [all[2].id.clone(), all[1].id.clone(), all[0].id.clone()], "newest first");
    assert_eq!(found(&app, &format!("endpointId={one}")).await, of(&one));
    assert_eq!(found(&app, &format!("endpointId={two}")).await, of(&two));
    assert_eq!(found(&app, "event=project.created").await, [second.id.as_str()]);
    assert_eq!(found(&app, &format!("eventId={}", first.event_id)).await.len(), 2);
    assert_eq!(found(&app, &format!("eventId={}&endpointId={two}", first.event_id)).await, of(&two));
    assert_eq!(found(&app, "status=retrying").await, of(&two));
    assert_eq!(found(&app, "status=delivered").await, of(&one));
    assert_eq!(found(&app, "status=waiting").await, of(&two), "as statistics count them");
    assert_eq!(found(&app, &format!("status=waiting&endpointId={two}")).await, of(&two));
    assert_eq!(found(&app, &format!("status=waiting&endpointId={one}")).await, [""; 0]);
    assert_eq!(found(&app, &format!("status=delivered&endpointId={two}")).await, [""; 0]);
    assert_eq!(found(&app, &format!("status=delivered&event=project.created&endpointId={one}")).await.len(), 1);
    assert_eq!(found(&app, "since=2025-10-20T14:30:10Z").await, [second.id.as_str()], "since is inside");
    assert_eq!(found(&app, "until=2025-10-20T14:30:10Z").await.len(), 2, "until is outside");
    assert_eq!(found(&app, "since=2025-10-20T14:30:01Z&until=2025-10-20T14:30:10Z").await, [""; 0]);
    assert_eq!(found(&app, "since=2025-10-21T00:00:00Z&until=2025-10-20T00:00:00Z").await, [""; 0]);

    let wrong = "endpointId=x&event=x&eventId=x&status=x&since=x&until=x";
    let reply = app.get(&format!("{DELIVERIES}?{wrong}")).await.expect(400);
    assert_eq!(reply.defects().len(), 6);
}

#[tokio::test]
async fn pages_have_neither_gaps_nor_doubles_while_new_ones_arrive() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await.id;
    for number in 0..7 {
        create_work_order(&app, &format!("WO-{number}")).await;
        app.advance(SECOND).await;
    }
    app.drain().await;
    let mut expected: Vec<String> = app.deliveries().await.into_iter().map(|delivery| delivery.id).collect();
    expected.reverse();
    for (number, filter) in ["", "&status=delivered", &format!("&endpointId={endpoint}")].into_iter().enumerate() {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = app.get(&format!("{DELIVERIES}?limit=2{filter}{cursor}")).await.expect(200).body;
            seen.extend(ids_of(page["data"].as_array().unwrap()).into_iter().map(str::to_owned));
            let Some(next) = page["nextCursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
            app.advance(SECOND).await;
            create_work_order(&app, &format!("NEW-{number}-{}", seen.len())).await;
            app.drain().await;
        }
        assert_eq!(seen, expected, "{filter}");
        expected = app.deliveries().await.into_iter().map(|delivery| delivery.id).rev().collect();
    }
}

/// Stores deliveries of an endpoint that are done, `count` of them from `created_at` on, a second apart.
async fn store(app: &TestApp, endpoint: &str, count: i64, status: DeliveryStatus, created_at: Timestamp) {
    let delivery =
        |number| done_delivery(&app.account, endpoint, status, created_at + SignedDuration::from_secs(number));
    let deliveries: Vec<Delivery> = (0..count).map(delivery).collect();
    let store = app.system().environment().deliveries().unwrap();
    for some in deliveries.chunks(100) {
        let stored = join_all(some.iter().map(|delivery| store.create_one(delivery))).await;
        assert!(stored.into_iter().all(Result::unwrap));
    }
}

#[tokio::test]
async fn what_has_failed_is_found_among_many_at_once() {
    let (app, start, endpoint, other) = among_many().await;
    for (query, found) in [
        ("status=failed".to_owned(), 12),
        (format!("status=failed&endpointId={endpoint}"), 10),
        (format!("status=failed&endpointId={other}"), 2),
        (format!("status=failed&until={start}"), 0),
        ("status=retrying".to_owned(), 0),
    ] {
        let path = format!("{DELIVERIES}?limit=4&{query}");
        let _ = app.dynamodb_calls();
        let first = app.get(&path).await.expect(200).body;
        assert_eq!(first["data"].as_array().unwrap().len(), found.min(4), "{query}");
        // The gate's, a query of the index and a batch of what it leads to; twice where the endpoint is filtered, too.
        let calls = app.dynamodb_calls();
        assert!(calls <= 7, "{query}: {calls}");
        let (failed, _) = pages(&app, &path).await;
        assert_eq!(failed.len(), found, "{query}");
    }
}

#[tokio::test]
async fn a_search_without_an_index_is_bounded_and_goes_on_page_by_page() {
    let (app, _, endpoint, _) = among_many().await;
    let path = format!("{DELIVERIES}?limit=100&endpointId={endpoint}&event=vendor.created");
    let _ = app.dynamodb_calls();
    let first = app.get(&path).await.expect(200).body;
    assert_eq!(first["data"], json!([]));
    assert!(first["nextCursor"].is_string(), "a call looks at a thousand of an endpoint and no more");
    let calls = app.dynamodb_calls();
    assert!(calls < 30, "{calls}");
    let (none, count) = pages(&app, &path).await;
    assert_eq!((none.len(), count), (0, 3));
    let (all, _) = pages(&app, &format!("{DELIVERIES}?limit=100&endpointId={endpoint}")).await;
    assert_eq!(all.len(), 2_510);
    assert!(ids_of(&all).is_sorted_by(|newer, older| newer > older));
}

/// A system with 2,510 deliveries of an endpoint, the oldest ten of which failed, and two that failed of another: also
/// when the first was made, and both endpoints.
async fn among_many() -> (TestApp, Timestamp, String, String) {
    let app = TestApp::start().await;
    let endpoint = app.endpoint("http://127.0.0.1:9/hook", ["*"]).await.id;
    let other = app.endpoint("http://127.0.0.1:9/other", ["*"]).await.id;
    let start = app.now();
    store(&app, &endpoint, 10, DeliveryStatus::Failed, start).await;
    store(&app, &other, 2, DeliveryStatus::Failed, start).await;
    store(&app, &endpoint, 2_500, DeliveryStatus::Delivered, start + SignedDuration::from_mins(1)).await;
    (app, start, endpoint, other)
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods_are_distinguished() {
    let app = TestApp::start().await;
    let unknown = "dlv_01JAMB3X9T7Q2V5K8N4C6D0EFG";
    refused(&app.get(&format!("{DELIVERIES}/{unknown}")).await, 404, "not_found");
    refused(&app.get(&format!("{DELIVERIES}/x")).await, 404, "not_found");
    refused(&retry(&app, unknown, json!({})).await, 404, "not_found");
    let wrong = app.post(DELIVERIES, json!({})).await;
    refused(&wrong, 405, "method_not_allowed");
    assert_eq!(header(&wrong, "allow"), "GET, HEAD");
    app.request("GET", DELIVERIES).without_key().send().await.expect(401);
    let made = app.post("/api/keys", json!({ "name": "in", "scopes": ["inbound"] })).await.expect(201);
    let key = made.body["key"].as_str().unwrap();
    for path in [DELIVERIES, "/api/events", "/api/alerts"] {
        let reply = app.request("GET", path).key(key).send().await;
        refused(&reply, 403, "forbidden");
    }
}
