//! Answers of the database that are lost, and items that it refuses.

use domain::delivery::{Attempt, Delivery, DeliveryStatus};
use jiff::SignedDuration;
use store::deliveries::{FanOut, Outcome};
use tests::{Receiver, TestApp, done_delivery};

use crate::deliveries::create_work_order;

/// The SDK sends a call again when its answer is lost.
#[tokio::test]
async fn a_write_whose_answer_was_lost_is_not_made_twice() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.answer_with([500]);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    let new = app.only_delivery().await;
    let (store, events) =
        (app.system().environment().deliveries().unwrap(), app.system().environment().events().unwrap());
    let outbox = events.outbox_of(&app.account, &new.event_id).await.unwrap().unwrap();
    for (later, count, whose) in [(0, 1, "what this call has stored"), (1, 0, "what another has stored")] {
        let now = new.created_at + SignedDuration::from_secs(later);
        let part = FanOut { outbox: &outbox, event: &outbox.events[0], is_first: true, is_all: true, now };
        let stored = store.fan_out(part, std::slice::from_ref(&new.endpoint_id)).await;
        assert_eq!((stored.new.len(), stored.error.is_none()), (count, true), "{whose}");
    }

    app.drain_delivery_queue().await;
    let recorded = app.only_delivery().await;
    let attempt = recorded.attempts[0].clone();
    let (status, next_attempt_at, now) = (recorded.status, recorded.next_attempt_at, app.now());
    let outcome = |attempt| Outcome { status, attempt: Some(attempt), next_attempt_at, paced: false, claim: None, now };
    assert!(store.record(&new, &outcome(attempt.clone())).await.unwrap(), "it is what this call has recorded");
    let other = Attempt { started_at: attempt.started_at + SignedDuration::from_millis(1), ..attempt };
    assert!(!store.record(&new, &outcome(other)).await.unwrap(), "another run was recorded");
    assert_eq!(app.only_delivery().await, recorded, "nothing is recorded twice");
}

#[tokio::test]
async fn a_delivery_whose_storing_was_not_answered_is_stored_once() {
    let app = TestApp::start().await;
    let store = app.system().environment().deliveries().unwrap();
    let test = done_delivery(&app.account, "ep_1", DeliveryStatus::Delivered, app.now());
    assert_eq!([store.create_one(&test).await.unwrap(), store.create_one(&test).await.unwrap()], [true, true]);
    let other = Delivery { created_at: test.created_at + SignedDuration::from_secs(1), ..test.clone() };
    assert!(!store.create_one(&other).await.unwrap(), "somebody else has stored it");
}

#[tokio::test]
async fn an_arrival_whose_recording_was_not_answered_is_recorded_once() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    let new = app.only_delivery().await;
    app.drain_delivery_queue().await;
    let recorded = app.only_delivery().await;
    let store = app.system().environment().deliveries().unwrap();
    let outcome = |attempt| Outcome {
        status: DeliveryStatus::Delivered,
        attempt: Some(attempt),
        next_attempt_at: None,
        paced: false,
        claim: None,
        now: app.now(),
    };
    let attempt = recorded.attempts[0].clone();
    assert!(store.record(&new, &outcome(attempt.clone())).await.unwrap(), "it is what this call has recorded");
    let other = Attempt { started_at: attempt.started_at + SignedDuration::from_millis(1), ..attempt };
    assert!(!store.record(&new, &outcome(other)).await.unwrap(), "another run was recorded");
    assert_eq!(app.only_delivery().await, recorded);
}

#[tokio::test]
async fn a_delivery_that_can_not_be_stored_does_not_keep_back_the_others() {
    let app = TestApp::start().await;
    let made = |id: &str| Delivery {
        id: id.to_owned(),
        ..done_delivery(&app.account, "ep_1", DeliveryStatus::Delivered, app.now())
    };
    // Longer than a key may be.
    let deliveries = [made("dlv_1"), made(&"dlv".repeat(400)), made("dlv_3")];
    let stored = app.system().environment().deliveries().unwrap().create(&deliveries).await;
    assert!(matches!(&stored[..], [Ok(true), Err(_), Ok(true)]), "{stored:?}");
    assert_eq!(app.deliveries().await.len(), 2);
}
