//! `/api/deliveries` (contract section 9): looking for deliveries and sending them again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::delivery::{Attempt, Delivery, DeliveryStatus, Trigger};
use shared::store::deliveries::Outcome;
use tests::{Receiver, Reply, Tenant, TestApp, done_delivery};

use crate::deliveries::{batch_of, create_work_order};
use crate::expect::{common_headers, header, refused};

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

async fn retry(tenant: &Tenant, id: &str, body: Value) -> Reply {
    tenant.post(&format!("{DELIVERIES}/{id}/retry"), body).await
}

/// A system whose one delivery has been answered so once.
async fn after_first_attempt(answer: u16) -> (TestApp, Receiver, String) {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.answer_with([answer]);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    assert_eq!(receiver.count(), 1);
    let id = app.only_delivery().await.id;
    (app, receiver, id)
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
        "endpointId",
        "status",
        "attemptCount",
        "nextAttemptAt",
        "createdAt",
        "completedAt",
        "test",
        "lastStatusCode",
        "lastError",
        "lastDurationMs",
    ];
    assert_eq!(members, [&listed[..], &["attempts", "requestBody"]].concat());
    assert_eq!(reply.body["requestBody"].as_str().unwrap(), receiver.only().body);
    let attempt = &reply.body["attempts"][0];
    let members: Vec<&String> = attempt.as_object().expect("an object").keys().collect();
    let expected = ["number", "trigger", "startedAt", "durationMs", "statusCode", "error", "responseBody"];
    assert_eq!(members, expected);
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
    assert_eq!(found(&app, &format!("status=delivered&endpointId={two}")).await, [""; 0]);
    assert_eq!(found(&app, &format!("status=delivered&event=project.created&endpointId={one}")).await.len(), 1);
    assert_eq!(found(&app, "since=2025-10-20T14:30:10Z").await, [second.id.as_str()], "since is inside");
    assert_eq!(found(&app, "until=2025-10-20T14:30:10Z").await.len(), 2, "until is outside");
    assert_eq!(found(&app, "since=2025-10-20T14:30:01Z&until=2025-10-20T14:30:10Z").await, [""; 0]);
    assert_eq!(found(&app, "since=2025-10-21T00:00:00Z&until=2025-10-20T00:00:00Z").await, [""; 0]);

    let wrong = "endpointId=x&event=x&eventId=x&status=x&since=x&until=x";
    let reply = app.get(&format!("{DELIVERIES}?{wrong}")).await.expect(400);
    assert_eq!(reply.defects().len(), 6);
    app.leave_work();
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
        assert_eq!(store.create(some).await.unwrap(), [""; 0]);
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
async fn a_failed_delivery_is_sent_again_under_the_same_id() {
    let (app, receiver) = (TestApp::builder().retry_schedule("1").start().await, Receiver::start().await);
    receiver.answer_with([500]);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    app.advance(2 * SECOND).await;
    app.drain().await;
    let failed = app.only_delivery().await;
    assert_eq!((failed.status, failed.attempt_count), (DeliveryStatus::Failed, 2));

    let accepted = retry(&app, &failed.id, json!({})).await.expect(202);
    assert_eq!((&accepted.body["status"], &accepted.body["completedAt"]), (&json!("retrying"), &Value::Null));
    assert_eq!(accepted.body["nextAttemptAt"], "2025-10-20T14:30:02Z");
    app.drain().await;
    assert_eq!(receiver.count(), 3);
    app.advance(2 * SECOND).await;
    receiver.answer_with([200]);
    app.drain().await;
    let requests = receiver.requests();
    assert_eq!(requests.len(), 4, "a manual retry is a whole series");
    for (number, request) in requests.iter().enumerate() {
        assert_eq!(request.header("x-webhook-id"), failed.id);
        assert_eq!(request.header("x-webhook-retry"), number.to_string());
    }
    let delivery = app.only_delivery().await;
    assert_eq!((delivery.status, delivery.attempt_count), (DeliveryStatus::Delivered, 4));
    let triggers: Vec<Trigger> = delivery.attempts.iter().map(|attempt| attempt.trigger).collect();
    assert_eq!(triggers, [Trigger::Scheduled, Trigger::Scheduled, Trigger::Manual, Trigger::Manual]);
}

#[tokio::test]
async fn what_has_arrived_is_sent_again_only_by_force() {
    let (app, receiver, id) = after_first_attempt(200).await;
    refused(&retry(&app, &id, json!({})).await, 409, "already_delivered");
    refused(&retry(&app, &id, json!({ "force": false })).await, 409, "already_delivered");
    let bare = app.request("POST", &format!("{DELIVERIES}/{id}/retry")).send().await;
    refused(&bare, 409, "already_delivered");
    retry(&app, &id, json!({ "force": "yes" })).await.expect(400);
    retry(&app, &id, json!({ "forced": true })).await.expect(400);
    app.drain().await;
    assert_eq!(receiver.count(), 1);

    retry(&app, &id, json!({ "force": true })).await.expect(202);
    app.drain().await;
    let delivery = app.only_delivery().await;
    assert_eq!((receiver.count(), delivery.status), (2, DeliveryStatus::Delivered));
    assert_eq!(delivery.attempts[1].trigger, Trigger::Manual);
}

#[tokio::test]
async fn retries_at_once_and_a_pending_automatic_one_make_one_attempt() {
    let (app, receiver, id) = after_first_attempt(500).await;
    receiver.answer_with([200]);
    let path = format!("{DELIVERIES}/{id}/retry");
    let body = json!({});
    let (one, two, three) =
        tokio::join!(app.post(&path, body.clone()), app.post(&path, body.clone()), app.post(&path, body));
    for reply in [one, two, three] {
        reply.expect(202);
    }
    app.drain().await;
    assert_eq!(receiver.count(), 2);
    // The automatic one would have been due now.
    app.advance(Duration::from_mins(10)).await;
    app.sweep().await;
    app.drain().await;
    assert_eq!(receiver.count(), 2);
    assert_eq!(app.only_delivery().await.attempt_count, 2);
}

#[tokio::test]
async fn a_manual_retry_that_fails_is_followed_by_its_own_schedule_alone() {
    let (app, receiver, id) = after_first_attempt(500).await;
    app.advance(30 * SECOND).await;
    retry(&app, &id, json!({})).await.expect(202);
    app.drain().await;
    assert_eq!(receiver.count(), 2);
    // The first series' second attempt was due 60 s after the first, and the new one's is 60 s after its own.
    app.advance(40 * SECOND).await;
    app.drain().await;
    assert_eq!(receiver.count(), 2, "the old series is over");
    app.advance(30 * SECOND).await;
    app.drain().await;
    assert_eq!(receiver.count(), 3);
    app.leave_work();
}

#[tokio::test]
async fn a_retry_during_an_attempt_begins_after_it() {
    let (app, receiver, id) = after_first_attempt(500).await;
    app.advance(Duration::from_secs(70)).await;
    receiver.hang();
    let attempt = app.drain();
    let person = async {
        receiver.wait_for(2).await;
        retry(&app, &id, json!({})).await.expect(202);
        receiver.release();
    };
    tokio::join!(attempt, person);
    // The attempt took its time, whatever the test's clock says.
    app.advance(SECOND).await;
    app.drain().await;
    let delivery = app.only_delivery().await;
    let triggers: Vec<Trigger> = delivery.attempts.iter().map(|attempt| attempt.trigger).collect();
    assert_eq!(triggers, [Trigger::Scheduled, Trigger::Scheduled, Trigger::Manual]);
    assert_eq!(receiver.count(), 3);
    app.advance(Duration::from_mins(2)).await;
    app.drain().await;
    assert_eq!(receiver.count(), 4, "one series goes on");
    app.leave_work();
}

#[tokio::test]
async fn two_functions_never_make_attempts_of_one_delivery_side_by_side() {
    let (app, receiver, id) = after_first_attempt(500).await;
    app.advance(Duration::from_secs(70)).await;
    receiver.hang();
    let planned = app.only_delivery().await;
    let (one, other) = [0; 2].map(|_| app.system().environment().deliverer().unwrap()).into();
    let attempt = one.handle(batch_of(&planned), app.now());
    let meanwhile = async {
        receiver.wait_for(2).await;
        // SQS brings the same message to another function.
        assert!(other.handle(batch_of(&planned), app.now()).await.batch_item_failures.is_empty());
        // A person wants it now, twice, and the other function is free.
        for _ in 0..2 {
            retry(&app, &id, json!({})).await.expect(202);
        }
        let begun = app.only_delivery().await;
        assert_eq!(begun.series, 1, "asked for twice, begun once");
        assert!(other.handle(batch_of(&begun), app.now()).await.batch_item_failures.is_empty());
        assert_eq!(receiver.count(), 2, "one at a time");
        receiver.release();
    };
    tokio::join!(attempt, meanwhile);
    app.advance(SECOND).await;
    app.drain().await;
    assert_eq!(receiver.count(), 3, "the retry follows at once, and once");
    app.advance(Duration::from_secs(70)).await;
    app.drain().await;
    let retries: Vec<_> = receiver.requests().iter().map(|sent| sent.header("x-webhook-retry").to_owned()).collect();
    assert_eq!(retries, ["0", "1", "2", "3"]);
    let numbers: Vec<u32> = app.only_delivery().await.attempts.iter().map(|attempt| attempt.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    app.leave_work();
}

#[tokio::test]
async fn an_attempt_whose_function_died_is_made_again_when_its_claim_ends() {
    let (app, receiver, _) = after_first_attempt(500).await;
    receiver.answer_with([200]);
    app.advance(Duration::from_secs(70)).await;
    let planned = app.only_delivery().await;
    let store = app.system().environment().deliveries().unwrap();
    assert!(store.claim(&planned, app.now(), app.now() + SignedDuration::from_secs(45)).await.unwrap());
    app.drain().await;
    assert_eq!(receiver.count(), 1, "somebody may be at it");
    app.advance(Duration::from_secs(50)).await;
    app.drain().await;
    assert_eq!(receiver.count(), 2);
    assert_eq!(app.only_delivery().await.status, DeliveryStatus::Delivered);
}

#[tokio::test]
async fn that_it_arrived_counts_whatever_else_was_recorded() {
    let (app, receiver, _) = after_first_attempt(500).await;
    let delivery = app.only_delivery().await;
    let store = app.system().environment().deliveries().unwrap();
    // The same first attempt, made twice because its message came twice: the one that failed was recorded first.
    let first = Delivery { attempt_count: 0, attempts: Vec::new(), ..delivery.clone() };
    let attempt = Attempt { error: None, status_code: Some(200), ..delivery.attempts[0].clone() };
    let (status, now) = (DeliveryStatus::Delivered, app.now());
    let arrived = Outcome { status, attempt: Some(attempt), next_attempt_at: None, now };
    assert!(store.record(&first, &arrived).await.unwrap());
    app.advance(Duration::from_mins(2)).await;
    app.drain().await;
    assert_eq!(receiver.count(), 1, "nothing is sent again");
    assert_eq!(app.only_delivery().await.status, DeliveryStatus::Delivered);
}

#[tokio::test]
async fn what_is_replayed_says_nothing_of_an_endpoints_health() {
    let (app, receiver, _) = after_first_attempt(500).await;
    let delivery = app.only_delivery().await;
    let path = format!("/api/endpoints/{}", delivery.endpoint_id);
    let before = app.get(&path).await.expect(200).body["health"].clone();
    let store = app.system().environment().deliveries().unwrap();
    for answer in [500, 200] {
        receiver.answer_with([answer]);
        let delivery = app.only_delivery().await;
        store.begin_series(&delivery, Trigger::Replay, app.now()).await.unwrap().expect("nothing came between");
        // Its message was lost: the sweeper sends another.
        app.advance(Duration::from_mins(5)).await;
        app.sweep().await;
        app.drain().await;
        assert_eq!(app.only_delivery().await.attempts.last().unwrap().trigger, Trigger::Replay);
        assert_eq!(app.get(&path).await.expect(200).body["health"], before);
    }
    assert_eq!(receiver.count(), 3);
}

#[tokio::test]
async fn what_can_not_be_sent_is_refused_with_a_reason() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.answer_with([500]);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await.id;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    let id = app.only_delivery().await.id;
    let path = format!("/api/endpoints/{endpoint}");
    app.patch(&path, json!({ "status": "disabled" })).await.expect(200);
    let reply = retry(&app, &id, json!({})).await;
    refused(&reply, 409, "invalid_state_transition");
    assert!(reply.body["detail"].as_str().unwrap().contains("disabled"));
    app.delete(&path).await.expect(204);
    let reply = retry(&app, &id, json!({})).await;
    refused(&reply, 409, "invalid_state_transition");
    assert!(reply.body["detail"].as_str().unwrap().contains("deleted"));
    app.get(&format!("{DELIVERIES}/{id}")).await.expect(200);
    app.leave_work();
}

#[tokio::test]
async fn paths_and_methods_are_told_apart() {
    let app = TestApp::start().await;
    let unknown = "dlv_01JAMB3X9T7Q2V5K8N4C6D0EFG";
    refused(&app.get(&format!("{DELIVERIES}/{unknown}")).await, 404, "not_found");
    refused(&app.get(&format!("{DELIVERIES}/x")).await, 404, "not_found");
    refused(&retry(&app, unknown, json!({})).await, 404, "not_found");
    let wrong = app.post(DELIVERIES, json!({})).await;
    refused(&wrong, 405, "method_not_allowed");
    assert_eq!(header(&wrong, "allow"), "GET");
    app.request("GET", DELIVERIES).without_key().send().await.expect(401);
    let made = app.post("/api/keys", json!({ "name": "in", "scopes": ["inbound"] })).await.expect(201);
    let key = made.body["key"].as_str().unwrap();
    for path in [DELIVERIES, "/api/events", "/api/alerts"] {
        let reply = app.request("GET", path).key(key).send().await;
        refused(&reply, 403, "forbidden");
    }
}
