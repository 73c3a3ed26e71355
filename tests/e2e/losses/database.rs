//! Answers of the database that are lost, and items that it refuses.

use domain::delivery::{Attempt, Delivery, DeliveryStatus};
use jiff::SignedDuration;
use store::deliveries::Outcome;
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
    let store = app.system().environment().deliveries().unwrap();
    assert!(store.create_one(&new).await.unwrap(), "it is what this call has stored");
    let other = Delivery { created_at: new.created_at + SignedDuration::from_secs(1), ..new.clone() };
    assert!(!store.create_one(&other).await.unwrap(), "somebody else has stored it");

    app.drain_delivery_queue().await;
    let recorded = app.only_delivery().await;
    let attempt = recorded.attempts[0].clone();
    let (status, next_attempt_at, now) = (recorded.status, recorded.next_attempt_at, app.now());
    let outcome = |attempt| Outcome { status, attempt: Some(attempt), next_attempt_at, claim: None, now };
    assert!(store.record(&new, &outcome(attempt.clone())).await.unwrap(), "it is what this call has recorded");
    let other = Attempt { started_at: attempt.started_at + SignedDuration::from_millis(1), ..attempt };
    assert!(!store.record(&new, &outcome(other)).await.unwrap(), "another run was recorded");
    assert_eq!(app.only_delivery().await, recorded, "nothing is recorded twice");
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
