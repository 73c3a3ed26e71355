//! A restart of the local system, whose queues are in memory, loses nothing.

use std::path::Path;
use std::time::Duration;

use domain::delivery::DeliveryStatus;
use jiff::SignedDuration;
use tests::{Drained, Receiver, TestApp};

use crate::deliveries::create_work_order;
use crate::signatures::assert_signed;

#[tokio::test]
async fn work_that_is_pending_at_a_stop_is_done_after_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let receiver = Receiver::start().await;
    receiver.answer_with([500, 200]);
    let app = TestApp::builder().at_present().data_dir(directory.path()).start().await;
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-retrying").await;
    app.drain().await;
    create_work_order(&app, "WO-queued").await;
    app.drain_stream().await;
    create_work_order(&app, "WO-undispatched").await;

    let app = app.restart(|settings| settings.workers(true)).await;
    receiver.wait_for(3).await;
    // The retry is back on its queue, and not due.
    while app.depth("retry").await.delayed == 0 {
        tokio::task::yield_now().await;
    }
    app.advance(Duration::from_secs(70)).await;
    let requests = receiver.wait_for(4).await;
    let arrived: Vec<(String, &str)> = requests
        .iter()
        .map(|received| {
            let number = received.json()["data"]["workOrderNumber"].as_str().unwrap().to_owned();
            (number, received.header("x-webhook-retry"))
        })
        .collect();
    assert_eq!(arrived[0], ("WO-retrying".to_owned(), "0"));
    assert_eq!(arrived[3], ("WO-retrying".to_owned(), "1"));
    assert_eq!(requests[0].header("x-webhook-id"), requests[3].header("x-webhook-id"));
    for number in ["WO-queued", "WO-undispatched"] {
        assert_eq!(arrived.iter().filter(|(arrived, _)| arrived == number).count(), 1, "{number}");
    }
    // The secret was sealed by the process before.
    for received in &requests {
        assert_signed(received, &endpoint.secret);
    }
    // Each was put on a queue once, but for one that the start may have found just being dispatched.
    let sent = app.system().calls().take()["AmazonSQS.SendMessageBatch"];
    assert!(sent <= 4, "{sent} messages were sent");

    let app = app.restart(|settings| settings.workers(false)).await;
    assert!(app.deliveries().await.iter().all(|delivery| delivery.status == DeliveryStatus::Delivered));
    assert_eq!(app.drain().await, Drained::default());
    assert_eq!(receiver.count(), 4);
}

/// What a process that was killed has claimed is free at the next start: nobody waits until its claims end.
#[tokio::test]
async fn attempts_that_were_under_way_at_a_kill_are_made_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let receiver = Receiver::start().await;
    receiver.answer_with([500, 204]);
    let app = TestApp::builder().at_present().data_dir(directory.path()).start().await;
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-retrying").await;
    app.drain().await;
    create_work_order(&app, "WO-first").await;
    app.drain_stream().await;
    app.advance(Duration::from_secs(70)).await;
    let store = app.system().environment().deliveries().unwrap();
    for delivery in app.deliveries().await {
        assert!(store.claim(&delivery, app.now(), app.now() + SignedDuration::from_secs(45)).await.unwrap());
    }
    let app = app.restart(|settings| settings.workers(true)).await;
    receiver.wait_for(3).await;
    let app = app.restart(|settings| settings.workers(false)).await;
    assert!(app.deliveries().await.iter().all(|delivery| delivery.status == DeliveryStatus::Delivered));
}

#[tokio::test]
async fn records_and_keys_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let app = TestApp::builder().data_dir(directory.path()).start().await;
    create_work_order(&app, "WO-1").await;
    let app = app.restart(|settings| settings).await;
    assert_eq!(create_work_order(&app, "WO-1").await.body["action"], "unchanged");
    app.drain().await;
}

#[tokio::test]
async fn an_unusable_checkpoint_starts_the_stream_over() {
    let contents: [(&str, &[u8]); 8] = [
        ("garbage", b"\xff\xfe checkpoint"),
        ("empty", b""),
        ("zeros", &[0; 21]),
        ("truncated", b"1000000"),
        ("a number before the first", b"000000000000000000001"),
        ("of the future", b"199999999999999999999"),
        ("of another stream", b"9999999999999999999999999999999999999999"),
        ("too long", b"99999999999999999999999999999999999999999"),
    ];
    for (what, content) in contents {
        Box::pin(assert_starts_over(what, |file| std::fs::write(file, content).unwrap())).await;
    }
    let directory = |file: &Path| {
        std::fs::remove_file(file).unwrap();
        std::fs::create_dir(file).unwrap();
    };
    Box::pin(assert_starts_over("a directory", directory)).await;
}

async fn assert_starts_over(what: &str, damage: impl Fn(&Path)) {
    let (directory, receiver) = (tempfile::tempdir().unwrap(), Receiver::start().await);
    let file = directory.path().join("stream-checkpoint");
    let app = TestApp::builder().data_dir(directory.path()).start().await;
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-delivered").await;
    app.drain().await;
    create_work_order(&app, "WO-undispatched").await;
    let app = app
        .restart(|settings| {
            damage(&file);
            settings
        })
        .await;
    assert_eq!(app.drain().await.records, 2, "{what}: from the beginning");
    assert_eq!(receiver.count(), 2, "{what}: and nothing is sent twice");
    create_work_order(&app, "WO-next").await;
    assert_eq!(app.drain().await.records, 1, "{what}");
    assert_eq!(receiver.count(), 3, "{what}");
    if file.is_file() {
        let app = app.restart(|settings| settings).await;
        assert_eq!(app.drain().await.records, 0, "{what}: the checkpoint is good again");
    }
}
