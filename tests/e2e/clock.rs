//! A clock that was set back holds nothing up for longer than the longest wait, and one that jumps ahead ends nothing.

use std::time::Duration;

use domain::clock::SKEW;
use domain::delivery::DeliveryStatus;
use domain::pace::LONGEST_LINE;
use jiff::SignedDuration;
use serde_json::json;
use store::idempotency::Claim;
use tests::{Receiver, TestApp};

use crate::deliveries::create_work_order;
use crate::expect::refused;

/// Further than any wait of the default schedule.
const FAR: Duration = Duration::from_hours(5);
/// Longer than the first wait.
const WAIT: Duration = Duration::from_secs(70);

/// Ten deliveries are to be tried again; the receiver answers 200 from now on.
async fn retry(app: &TestApp) -> Receiver {
    let receiver = Receiver::start().await;
    receiver.answer_with([500]);
    app.endpoint(&receiver.url(), ["*"]).await;
    for number in 0..10 {
        create_work_order(app, &format!("WO-{number}")).await;
    }
    app.drain().await;
    receiver.answer_with([200]);
    receiver
}

async fn assert_all_arrived(app: &TestApp, receiver: &Receiver) {
    assert_eq!(receiver.count(), 20);
    assert!(app.deliveries().await.iter().all(|delivery| delivery.status == DeliveryStatus::Delivered));
}

#[tokio::test]
async fn retries_whose_time_is_too_far_away_are_made() {
    for back in [Duration::from_mins(30), FAR, Duration::from_hours(24 * 400)] {
        let app = TestApp::start().await;
        let receiver = retry(&app).await;
        app.set_back(back).await;
        app.advance(WAIT).await;
        app.drain().await;
        assert_all_arrived(&app, &receiver).await;
    }
}

#[tokio::test]
async fn retries_whose_messages_were_lost_are_made_too() {
    let app = TestApp::start().await;
    let receiver = retry(&app).await;
    app.purge_queues().await;
    app.set_back(FAR).await;
    app.sweep().await;
    // The next sweep leaves alone what waits on a queue.
    app.sweep().await;
    assert_eq!(app.drain().await.retries, 10);
    assert_all_arrived(&app, &receiver).await;
}

#[tokio::test]
async fn a_long_wait_that_the_schedule_does_not_have_is_noticed_at_once() {
    let (app, receiver) = (TestApp::builder().retry_schedule("3600").start().await, Receiver::start().await);
    receiver.answer_with([500, 200]);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    let wait = app.only_delivery().await.next_attempt_at.unwrap().duration_since(app.now());
    // A little more than the line of a pace, and Retry-After, may make of it.
    let too_long = LONGEST_LINE + SKEW + SignedDuration::from_secs(100);
    app.set_back((too_long - wait).try_into().unwrap()).await;
    app.sweep().await;
    app.drain().await;
    assert_eq!((receiver.count(), app.only_delivery().await.status), (2, DeliveryStatus::Delivered));
}

#[tokio::test]
async fn retries_are_made_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let app = TestApp::builder().at_present().data_dir(directory.path()).start().await;
    let receiver = retry(&app).await;
    app.set_back(FAR).await;
    let app = app.restart(|settings| settings.workers(true)).await;
    receiver.wait_for(20).await;
    let app = app.restart(|settings| settings.workers(false)).await;
    assert_all_arrived(&app, &receiver).await;
}

#[tokio::test]
async fn a_wait_that_the_schedule_has_is_kept() {
    let app = TestApp::start().await;
    let receiver = retry(&app).await;
    app.set_back(Duration::from_secs(30)).await;
    app.advance(Duration::from_secs(75)).await;
    app.drain().await;
    assert_eq!(receiver.count(), 10, "by the clock, a minute is not over");
    app.advance(Duration::from_mins(1)).await;
    app.drain().await;
    assert_all_arrived(&app, &receiver).await;
}

#[tokio::test]
async fn first_attempts_and_claims_do_not_wait_for_the_time_to_come_again() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    let planned = app.only_delivery().await;
    let store = app.system().environment().deliveries().unwrap();
    // By a worker that died.
    assert!(store.claim(&planned, app.now(), app.now() + SignedDuration::from_secs(45)).await.unwrap());
    app.set_back(FAR).await;
    app.drain().await;
    assert_eq!((receiver.count(), app.only_delivery().await.status), (1, DeliveryStatus::Delivered));
}

#[tokio::test]
async fn a_delivery_that_waits_for_its_endpoint_waits_five_days_from_now() {
    let app = TestApp::start().await;
    let receiver = retry(&app).await;
    let endpoint = app.deliveries().await[0].endpoint_id.clone();
    let path = format!("/api/endpoints/{endpoint}");
    app.patch(&path, json!({ "status": "disabled" })).await.expect(200);
    app.advance(WAIT).await;
    app.drain().await;
    app.set_back(FAR * 100).await;
    app.advance(Duration::from_mins(15)).await;
    app.drain().await;
    for delivery in app.deliveries().await {
        assert!(delivery.waiting_since.unwrap() <= app.now());
        assert!(delivery.next_attempt_at.unwrap() <= app.now() + SignedDuration::from_mins(15));
    }
    for _ in 0..5 {
        app.advance(Duration::from_hours(24)).await;
        app.drain().await;
    }
    assert_eq!(receiver.count(), 10);
    assert!(app.deliveries().await.iter().all(|delivery| delivery.status == DeliveryStatus::Failed));
}

#[tokio::test]
async fn an_event_that_the_stream_lost_is_brought_again() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.system().skip_stream().await.unwrap();
    app.set_back(FAR).await;
    app.sweep().await;
    app.sweep().await;
    assert_eq!(app.drain().await.records, 1);
    assert_eq!(receiver.count(), 1);
    // One that was reserved, and lost again.
    create_work_order(&app, "WO-2").await;
    app.system().skip_stream().await.unwrap();
    app.advance(Duration::from_mins(11)).await;
    app.sweep().await;
    app.system().skip_stream().await.unwrap();
    app.set_back(FAR).await;
    app.sweep().await;
    assert_eq!(app.drain().await.records, 1);
    assert_eq!(receiver.count(), 2);
}

#[tokio::test]
async fn a_key_that_was_revoked_is_refused() {
    let app = TestApp::start().await;
    let made = app.post("/api/keys", json!({ "name": "short", "scopes": ["webhooks:manage"] })).await.expect(201).body;
    let key = made["key"].as_str().unwrap();
    let list = async || app.request("GET", "/api/endpoints").key(key).send().await;
    list().await.expect(200);
    app.delete(&format!("/api/keys/{}", made["id"].as_str().unwrap())).await.expect(204);
    app.set_back(FAR).await;
    refused(&list().await, 401, "unauthorized");
}

#[tokio::test]
async fn the_claim_of_a_request_that_died_is_released() {
    let app = TestApp::start().await;
    let store = app.system().environment().idempotency().unwrap();
    let claim = async |owner: &str| store.claim("key", owner, "body", app.now()).await.unwrap();
    assert_eq!(claim("one").await, Claim::Ours);
    assert!(matches!(claim("two").await, Claim::Running { .. }));
    app.set_back(FAR).await;
    assert_eq!(claim("two").await, Claim::Ours);
}

/// Three deliveries have failed for good.
async fn failing() -> (TestApp, Receiver, String) {
    let (app, receiver) = (TestApp::builder().retry_schedule("1").start().await, Receiver::start().await);
    receiver.answer_with([500]);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await.id;
    for number in 0..3 {
        create_work_order(&app, &format!("WO-{number}")).await;
    }
    app.drain().await;
    app.advance(Duration::from_secs(2)).await;
    app.drain().await;
    (app, receiver, format!("/api/endpoints/{endpoint}"))
}

#[tokio::test]
async fn days_that_were_jumped_over_or_had_no_traffic_do_not_disable_an_endpoint() {
    let (app, _receiver, path) = failing().await;
    let status = async || app.get(&path).await.expect(200).body["status"].clone();
    for jump in 1..=3 {
        app.advance(Duration::from_hours(6 * 24)).await;
        for number in 0..3 {
            create_work_order(&app, &format!("WO-{jump}-{number}")).await;
        }
        app.drain().await;
        assert_eq!(status().await, "enabled");
    }
    // Days on which it fails count, as they do for every endpoint.
    for day in 1..=2 {
        assert_eq!(status().await, "enabled");
        app.advance(Duration::from_hours(24)).await;
        create_work_order(&app, &format!("WO-day-{day}")).await;
        app.drain().await;
    }
    assert_eq!(status().await, "disabled");
}
