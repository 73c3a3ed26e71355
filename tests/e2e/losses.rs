//! Whatever is lost on its way, the sweeper sets going again: one test for each loss.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::alert::AlertKind;
use domain::delivery::{Attempt, Delivery, DeliveryStatus};
use jiff::SignedDuration;
use local::stream::MAXIMUM_RETRY_ATTEMPTS;
use serde_json::Value;
use store::deliveries::Outcome;
use store::tables;
use tests::{Receiver, TestApp, done_delivery};

use crate::deliveries::create_work_order;

/// Longer than any of the times after which something counts as lost.
const OVERDUE: Duration = Duration::from_mins(10);

async fn assert_delivered_once(app: &TestApp, receiver: &Receiver) {
    assert_eq!(receiver.count(), 1);
    assert_eq!(app.only_delivery().await.status, DeliveryStatus::Delivered);
}

#[tokio::test]
async fn an_emptied_delivery_queue() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    app.purge_queues().await;

    app.sweep().await;
    app.drain().await;
    assert_eq!(receiver.count(), 0, "nothing is overdue yet");
    app.advance(OVERDUE).await;
    app.drain().await;
    assert_eq!(receiver.count(), 0, "nothing is on a queue");
    app.sweep().await;
    // The next sweep doesn't put back what waits on a queue.
    app.sweep().await;
    assert_eq!(app.drain().await.retries, 1);
    assert_delivered_once(&app, &receiver).await;
}

#[tokio::test]
async fn an_emptied_retry_queue() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.answer_with([500, 200]);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    app.purge_queues().await;

    app.advance(OVERDUE).await;
    app.drain().await;
    assert_eq!(receiver.count(), 1, "nothing is on a queue");
    app.sweep().await;
    app.sweep().await;
    assert_eq!(app.drain().await.retries, 1);
    assert_eq!(receiver.requests()[1].header("x-webhook-retry"), "1");
    assert_eq!(app.only_delivery().await.status, DeliveryStatus::Delivered);
}

#[tokio::test]
async fn a_dead_lettered_message() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    // As by a worker that dies each time.
    while app.depth("delivery-dead").await.visible == 0 {
        app.receive_and_forget("delivery").await;
        app.advance(Duration::from_mins(5)).await;
    }

    app.sweep().await;
    app.drain().await;
    assert_delivered_once(&app, &receiver).await;
    app.leave_work("the message stays in the dead-letter queue for a person, and is harmless if it is moved back");
}

#[tokio::test]
async fn a_stream_record_that_failed() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.system().skip_stream().await.unwrap();
    let items = app.items(&app.account).await;
    let outbox =
        items.iter().find(|item| item["table"] == tables::EVENTS.name).unwrap()["item"]["sk"].as_str().unwrap();
    // The record of this change is one that the dispatcher can't read.
    let good = app.damage(tables::EVENTS, outbox, "events", AttributeValue::S("{".to_owned())).await;
    for _ in 0..=MAXIMUM_RETRY_ATTEMPTS {
        assert_eq!(app.backlog().await.stream, 1);
        app.drain_stream().await;
    }
    assert_eq!(app.backlog().await.stream, 0, "it is given up");
    app.damage(tables::EVENTS, outbox, "events", good).await;
    app.system().skip_stream().await.unwrap();

    app.sweep().await;
    assert_eq!(app.backlog().await.stream, 0, "it is not overdue yet");
    app.advance(OVERDUE).await;
    app.sweep().await;
    // It is brought again once, as long as that may only take its time.
    app.sweep().await;
    assert_eq!(app.drain().await.records, 1);
    assert_delivered_once(&app, &receiver).await;
    app.advance(OVERDUE * 2).await;
    app.sweep().await;
    assert_eq!(app.backlog().await.stream, 0, "it is done");
}

#[tokio::test]
async fn an_endpoint_that_can_not_be_read_keeps_nobody_else_from_their_news() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let broken = app.endpoint(&format!("{}?broken", receiver.url()), ["*"]).await.id;
    app.endpoint(&receiver.url(), ["*"]).await;
    let other = app.tenant("Other").await;
    other.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&other, "WO-1").await;
    create_work_order(&app, "WO-1").await;
    let good = app.damage(tables::ENDPOINTS, &broken, "endpoint", AttributeValue::S("{".to_owned())).await;
    app.drain_stream().await;
    assert_eq!(app.backlog().await.stream, 0, "the stream, in which others stand behind it, goes on");
    app.drain().await;
    assert_eq!(receiver.count(), 2);
    app.damage(tables::ENDPOINTS, &broken, "endpoint", good).await;
    app.advance(OVERDUE).await;
    app.sweep().await;
    app.drain().await;
    assert_eq!(receiver.count(), 3, "it gets what it has missed, and the others nothing twice");
}

#[tokio::test]
async fn a_secret_that_can_never_be_opened() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await.id;
    create_work_order(&app, "WO-1").await;
    lose_secret(&app, &endpoint).await;
    app.drain().await;
    for _ in 0..6 {
        assert_eq!(app.only_delivery().await.status, DeliveryStatus::Pending, "somebody may mend it");
        app.advance(Duration::from_hours(20)).await;
        app.sweep().await;
        app.drain().await;
    }
    let delivery = app.only_delivery().await;
    assert_eq!((delivery.status, delivery.attempt_count, receiver.count()), (DeliveryStatus::Failed, 0, 0));
    let alerts = app.alerts().await;
    let kinds: Vec<AlertKind> = alerts.iter().map(|alert| alert.kind).collect();
    assert_eq!(kinds, [AlertKind::EndpointFailing, AlertKind::DeliveryFailed]);
    assert_eq!(alerts[1].delivery_id.as_ref(), Some(&delivery.id));
}

/// Puts a secret in the place of an endpoint's that no key opens. Returns the endpoint as it was stored.
async fn lose_secret(app: &TestApp, endpoint: &str) -> AttributeValue {
    let place = AttributeValue::S(String::new());
    let good = app.damage(tables::ENDPOINTS, endpoint, "endpoint", place).await;
    let mut broken: Value = serde_json::from_str(good.as_s().unwrap()).unwrap();
    broken["secret"]["sealed"] = "k1.AAAA.AAAA".into();
    app.damage(tables::ENDPOINTS, endpoint, "endpoint", AttributeValue::S(broken.to_string())).await;
    good
}

#[tokio::test]
async fn a_secret_that_can_not_be_opened_for_more_than_a_few_minutes() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await.id;
    let other = app.endpoint(&format!("{}/other", receiver.url()), ["*"]).await.id;
    let good = lose_secret(&app, &endpoint).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    assert_eq!(
        (app.alerts().await.len(), receiver.count()),
        (0, 1),
        "it may be over in a moment; {other} has its news"
    );
    for number in 2..5 {
        app.advance(Duration::from_mins(7)).await;
        create_work_order(&app, &format!("WO-{number}")).await;
        app.drain().await;
    }
    let alerts = app.alerts().await;
    assert_eq!(alerts.len(), 1, "once, however many wait");
    assert_eq!((alerts[0].kind, &alerts[0].endpoint_id), (AlertKind::EndpointFailing, &endpoint));
    for said in [&*endpoint, "secret", "can't be opened", "overlapHours 0"] {
        assert!(alerts[0].message.contains(said), "{said}: {}", alerts[0].message);
    }

    app.damage(tables::ENDPOINTS, &endpoint, "endpoint", good.clone()).await;
    for _ in 0..3 {
        app.advance(Duration::from_mins(7)).await;
        app.drain().await;
    }
    assert_eq!(receiver.count(), 8, "nothing is lost");
    assert_eq!(app.alerts().await[1].kind, AlertKind::EndpointRecovered);
    lose_secret(&app, &endpoint).await;
    app.advance(Duration::from_mins(2)).await;
    create_work_order(&app, "WO-5").await;
    app.drain().await;
    app.advance(Duration::from_mins(7)).await;
    app.drain().await;
    let kinds: Vec<AlertKind> = app.alerts().await.iter().map(|alert| alert.kind).collect();
    assert_eq!(kinds, [AlertKind::EndpointFailing, AlertKind::EndpointRecovered, AlertKind::EndpointFailing]);
    app.leave_work("the last delivery waits for a secret that can be opened");
}

#[tokio::test]
async fn a_secret_of_an_endpoint_that_fails_already() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.answer_with([500]);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await.id;
    for number in 0..3 {
        create_work_order(&app, &format!("WO-{number}")).await;
    }
    app.drain().await;
    assert_eq!(app.alerts().await.len(), 1);
    lose_secret(&app, &endpoint).await;
    for _ in 0..5 {
        app.advance(Duration::from_mins(7)).await;
        app.drain().await;
    }
    let alerts = app.alerts().await;
    assert_eq!(alerts.len(), 2);
    assert!(alerts[0].message.contains("did not arrive") && alerts[1].message.contains("can't be signed"));
    app.leave_work("the deliveries wait for a secret that can be opened");
}

/// The SDK sends a call again when its answer is lost.
#[tokio::test]
async fn an_answer_of_the_database() {
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
async fn a_delivery_that_can_not_be_stored_keeps_no_other() {
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

#[tokio::test]
async fn an_event_that_can_not_be_brought_again_keeps_no_other() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.system().skip_stream().await.unwrap();
    // The oldest of the first shard, of nobody: DynamoDB refuses such a key. As many as are worked on side by side.
    let db = aws_sdk_dynamodb::Client::new(app.system().sdk_config());
    for index in 0..25 {
        let marker = [("pk", "shard#0".to_owned()), ("sk", format!("{index:024}00#"))];
        let item = marker.map(|(name, value)| (name.to_owned(), AttributeValue::S(value)));
        db.put_item().table_name(tables::UNDISPATCHED.name).set_item(Some(item.into())).send().await.unwrap();
    }

    app.advance(OVERDUE).await;
    app.sweep().await;
    assert_eq!(app.drain().await.records, 1);
    assert_delivered_once(&app, &receiver).await;
}

#[tokio::test]
async fn a_stream_record_that_nobody_read() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    create_work_order(&app, "WO-before").await;
    app.drain().await;
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.system().skip_stream().await.unwrap();
    assert_eq!(app.backlog().await.stream, 0);

    app.advance(OVERDUE).await;
    app.sweep().await;
    assert_eq!(app.drain().await.records, 1, "the one before was dispatched");
    assert_delivered_once(&app, &receiver).await;
}

/// A crashed worker.
#[tokio::test]
async fn what_is_cut_off_between_answer_and_record_is_sent_again_under_the_same_id() {
    let directory = tempfile::tempdir().unwrap();
    let receiver = Arc::new(Receiver::start().await);
    receiver.hang();
    let (path, lent) = (directory.path().to_owned(), Arc::clone(&receiver));
    // A runtime of its own, which ends like a process that is killed: with the attempt under way.
    tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let app = TestApp::builder().data_dir(&path).start().await;
            app.leave_work("the attempt is cut off");
            app.endpoint(&lent.url(), ["*"]).await;
            create_work_order(&app, "WO-1").await;
            tokio::select! {
                drained = app.drain() => panic!("{drained:?}"),
                _ = lent.wait_for(1) => {}
            }
        });
    })
    .await
    .unwrap();
    receiver.release();

    let app = TestApp::builder().data_dir(directory.path()).start().await;
    assert_eq!(app.only_delivery().await.attempt_count, 0);
    app.advance(Duration::from_mins(10)).await;
    app.sweep().await;
    app.drain().await;
    let requests = receiver.requests();
    assert_eq!(requests.len(), 2);
    for name in ["x-webhook-id", "x-webhook-retry"] {
        assert_eq!(requests[0].header(name), requests[1].header(name), "{name}");
    }
    assert_eq!(requests[0].body, requests[1].body);
    assert_eq!(app.only_delivery().await.status, DeliveryStatus::Delivered);
}

#[tokio::test]
async fn an_event_that_aged_out_before_it_was_dispatched_is_not_looked_for_for_ever() {
    let app = TestApp::start().await;
    create_work_order(&app, "WO-1").await;
    app.system().skip_stream().await.unwrap();
    app.forget_events().await;
    app.system().skip_stream().await.unwrap();
    assert_eq!(app.items_of(tables::UNDISPATCHED).await, 1);
    app.advance(OVERDUE).await;
    app.sweep().await;
    assert_eq!(app.items_of(tables::UNDISPATCHED).await, 0);
}
