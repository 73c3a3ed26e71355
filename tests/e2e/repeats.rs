//! At least once, and honest about it: messages and events that come twice.

use std::time::Duration;

use domain::delivery::{DeliveryStatus, Message};
use tests::{Receiver, TestApp};

use crate::deliveries::create_work_order;

/// The only delivery's message, as the dispatcher sent it.
async fn message(app: &TestApp) -> String {
    serde_json::to_string(&Message::V1(app.only_delivery().await.task())).unwrap()
}

#[tokio::test]
async fn a_message_that_comes_twice_is_delivered_once() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    let message = message(&app).await;
    // Both in one batch, which is worked on at once, and then once more.
    app.enqueue("delivery", &message).await;
    assert_eq!(app.drain().await.deliveries, 2);
    app.enqueue("delivery", &message).await;
    app.enqueue("retry", &message).await;
    app.drain().await;
    assert_eq!(receiver.count(), 1);
    assert_eq!(app.only_delivery().await.attempt_count, 1);
}

#[tokio::test]
async fn two_functions_that_attempt_one_delivery_at_once_record_one_attempt() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.hang();
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    app.enqueue("retry", &message(&app).await).await;
    let release = async {
        let requests = receiver.wait_for(2).await;
        assert_eq!(requests[0].header("x-webhook-id"), requests[1].header("x-webhook-id"));
        receiver.release();
    };
    tokio::join!(app.drain_delivery_queue(), app.drain_retry_queue(), release);
    let delivery = app.only_delivery().await;
    assert_eq!((delivery.status, delivery.attempt_count), (DeliveryStatus::Delivered, 1));
}

#[tokio::test]
async fn two_functions_that_fail_at_once_leave_one_retry() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.hang();
    receiver.answer_with([500, 500, 200]);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    app.enqueue("retry", &message(&app).await).await;
    let release = async {
        receiver.wait_for(2).await;
        receiver.release();
    };
    tokio::join!(app.drain_delivery_queue(), app.drain_retry_queue(), release);
    assert_eq!(app.depth("retry").await.delayed, 1);
    app.advance(Duration::from_secs(70)).await;
    app.drain().await;
    assert_eq!(receiver.count(), 3);
    assert_eq!(app.only_delivery().await.attempt_count, 2);
}

#[tokio::test]
async fn a_stream_that_brings_an_event_twice_makes_one_delivery() {
    let (directory, receiver) = (tempfile::tempdir().unwrap(), Receiver::start().await);
    let app = TestApp::builder().data_dir(directory.path()).start().await;
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    // A start without the checkpoint reads the stream from its beginning.
    let forget = |settings| {
        std::fs::remove_file(directory.path().join("stream-checkpoint")).unwrap();
        settings
    };
    let app = app.restart(forget).await;
    assert_eq!(app.drain().await.records, 1);
    assert_eq!(receiver.count(), 1);
    assert_eq!(app.deliveries().await.len(), 1);
}

#[tokio::test]
async fn a_message_that_is_not_a_task_ends_in_the_dead_letter_queue_and_stops_no_other() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    for queue in ["delivery", "retry"] {
        app.enqueue(queue, "not a task").await;
    }
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    let mut handled = 0;
    for _ in 0..6 {
        let drained = app.drain().await;
        handled += drained.deliveries + drained.retries;
        app.advance(Duration::from_mins(7)).await;
    }
    assert_eq!(handled, 5 + 5 + 1);
    assert_eq!(receiver.count(), 1);
    for queue in ["delivery", "retry"] {
        assert_eq!(app.depth(queue).await.visible, 0);
        assert_eq!(app.depth(&format!("{queue}-dead")).await.visible, 1);
    }
    app.leave_work("both messages stay in the dead-letter queues");
}
