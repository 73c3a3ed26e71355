//! `POST /api/deliveries/{id}/retry`, and that attempts of one delivery are made one at a time.

use std::time::Duration;

use domain::delivery::{Attempt, Delivery, DeliveryStatus, Trigger};
use domain::endpoint::Lane;
use jiff::SignedDuration;
use outbound::deliverer::Deliverer;
use serde_json::{Value, json};
use store::deliveries::Outcome;
use tests::{Receiver, Reply, Tenant, TestApp};

use crate::deliveries::{batch_of, create_work_order};
use crate::expect::refused;

const DELIVERIES: &str = "/api/deliveries";
const SECOND: Duration = Duration::from_secs(1);

pub(crate) async fn retry(tenant: &Tenant, id: &str, body: Value) -> Reply {
    tenant.post(&format!("{DELIVERIES}/{id}/retry"), body).await
}

/// A system whose one delivery has been answered so once.
pub(crate) async fn after_first_attempt(answer: u16) -> (TestApp, Receiver, String) {
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
async fn a_delivered_delivery_is_sent_again_only_with_force() {
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
}

#[tokio::test]
async fn two_functions_never_make_attempts_of_one_delivery_side_by_side() {
    let (app, receiver, id) = after_first_attempt(500).await;
    app.advance(Duration::from_secs(70)).await;
    receiver.hang();
    let planned = app.only_delivery().await;
    let (one, other) =
        [0; 2].map(|_| Deliverer::from_environment(app.system().environment(), Lane::Later).unwrap()).into();
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
}

#[tokio::test]
async fn a_first_attempt_that_is_late_is_made_once_though_the_sweeper_looks_for_it() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    receiver.hang();
    // Ten seconds before the sweeper would take it for lost.
    app.advance(Duration::from_mins(10) + 50 * SECOND).await;
    let attempt = app.drain_delivery_queue();
    let meanwhile = async {
        receiver.wait_for(1).await;
        app.advance(10 * SECOND).await;
        app.sweep().await;
        assert_eq!(app.drain_retry_queue().await, 0, "its worker has claimed it");
        assert_eq!(receiver.count(), 1, "one at a time");
        receiver.release();
    };
    tokio::join!(attempt, meanwhile);
    app.advance(Duration::from_mins(1)).await;
    app.drain().await;
    assert_eq!((receiver.count(), app.only_delivery().await.status), (1, DeliveryStatus::Delivered));
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
async fn a_success_counts_whatever_else_was_recorded() {
    let (app, receiver, _) = after_first_attempt(500).await;
    let delivery = app.only_delivery().await;
    let store = app.system().environment().deliveries().unwrap();
    // The same first attempt, made twice because its message came twice: the one that failed was recorded first.
    let first = Delivery { attempt_count: 0, attempts: Vec::new(), ..delivery.clone() };
    let attempt = Attempt { error: None, status_code: Some(200), ..delivery.attempts[0].clone() };
    let (status, now) = (DeliveryStatus::Delivered, app.now());
    let arrived = Outcome { status, attempt: Some(attempt), next_attempt_at: None, paced: false, claim: None, now };
    assert!(store.record(&first, &arrived).await.unwrap());
    app.advance(Duration::from_mins(2)).await;
    app.drain().await;
    assert_eq!(receiver.count(), 1, "nothing is sent again");
    assert_eq!(app.only_delivery().await.status, DeliveryStatus::Delivered);
}

#[tokio::test]
async fn a_failed_replay_is_not_counted_and_a_successful_one_resets_the_consecutive_failures() {
    let (app, receiver, _) = after_first_attempt(500).await;
    let delivery = app.only_delivery().await;
    let path = format!("/api/endpoints/{}", delivery.endpoint_id);
    let mut expected = app.get(&path).await.expect(200).body["health"].clone();
    assert_eq!(expected["consecutiveFailures"], 1);
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
        if answer == 200 {
            expected["consecutiveFailures"] = json!(0);
        }
        assert_eq!(app.get(&path).await.expect(200).body["health"], expected);
    }
    assert_eq!(receiver.count(), 3);
}

#[tokio::test]
async fn a_retry_that_can_not_be_sent_is_refused_with_a_reason() {
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
}
