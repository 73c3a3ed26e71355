//! Messages that are lost, and workers that die.

use std::sync::Arc;
use std::time::Duration;

use domain::delivery::DeliveryStatus;
use tests::{Receiver, TestApp};

use super::{OVERDUE, assert_delivered_once};
use crate::deliveries::create_work_order;

#[tokio::test]
async fn a_message_lost_from_the_delivery_queue_is_sent_again_when_overdue() {
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
async fn a_message_lost_from_the_retry_queue_is_sent_again_when_overdue() {
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
async fn a_delivery_whose_message_is_dead_lettered_is_made() {
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
    app.advance(OVERDUE).await;
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
