//! Endpoints that take long to answer are kept apart from the others.

use std::time::Duration;

use domain::alert::AlertKind;
use domain::delivery::DeliveryStatus;
use serde_json::Value;
use tests::{Depth, Endpoint, Receiver, TestApp};

use super::{alerts, shown};
use crate::deliveries::create_work_order;

/// A system whose endpoint is slow, because every attempt is.
async fn slow() -> (TestApp, Receiver, Endpoint) {
    let (app, receiver) = (TestApp::builder().slow_after(Duration::ZERO).start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    assert_eq!(receiver.count(), 1);
    (app, receiver, endpoint)
}

fn visible(count: usize) -> Depth {
    Depth { visible: count, ..Depth::default() }
}

#[tokio::test]
async fn what_goes_to_a_slow_endpoint_holds_up_no_first_attempts() {
    let (app, receiver, endpoint) = slow().await;
    let shown = shown(&app, &endpoint).await;
    assert_eq!(
        (&shown["health"]["state"], &shown["health"]["lastSlowAt"]),
        (&"healthy".into(), &"2025-10-20T14:30:00Z".into())
    );

    let other = Receiver::start().await;
    app.endpoint(&other.url(), ["*"]).await;
    create_work_order(&app, "WO-2").await;
    app.drain_stream().await;
    assert_eq!((app.depth("delivery").await, app.depth("slow").await), (visible(1), visible(1)));
    app.drain_delivery_queue().await;
    assert_eq!((receiver.count(), other.count()), (1, 1));
    app.drain_slow_queue().await;
    assert_eq!((receiver.count(), other.count()), (2, 1));
    assert!(app.deliveries().await.iter().all(|delivery| delivery.status == DeliveryStatus::Delivered));
}

#[tokio::test]
async fn what_was_queued_before_its_endpoint_was_slow_moves_to_the_slow_queue() {
    let (app, receiver) = (TestApp::builder().slow_after(Duration::ZERO).start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    for number in 1..=11 {
        create_work_order(&app, &format!("WO-{number}")).await;
    }
    app.drain_stream().await;
    // The first batch reads its endpoint before that is slow.
    app.drain_delivery_queue().await;
    assert_eq!((receiver.count(), app.depth("slow").await), (10, visible(1)));
    app.drain().await;
    assert_eq!(receiver.count(), 11);
}

#[tokio::test]
async fn an_endpoint_counts_as_slow_for_five_minutes() {
    let (app, receiver, endpoint) = slow().await;
    app.advance(Duration::from_secs(299)).await;
    create_work_order(&app, "WO-2").await;
    app.drain_stream().await;
    assert_eq!(app.depth("slow").await, visible(1));
    app.drain().await;
    assert_eq!(receiver.count(), 2);
    // That attempt was slow too.
    assert_eq!(shown(&app, &endpoint).await["health"]["lastSlowAt"], "2025-10-20T14:34:59Z");
    app.advance(Duration::from_mins(5)).await;
    create_work_order(&app, "WO-3").await;
    app.drain_stream().await;
    assert_eq!((app.depth("delivery").await, app.depth("slow").await), (visible(1), Depth::default()));
    app.drain().await;
}

#[tokio::test]
async fn that_an_endpoint_is_slow_is_written_once_a_minute() {
    let (app, _receiver, endpoint) = slow().await;
    for (seconds, noted) in [(59, "2025-10-20T14:30:00Z"), (1, "2025-10-20T14:31:00Z")] {
        app.advance(Duration::from_secs(seconds)).await;
        create_work_order(&app, &format!("WO-{seconds}-later")).await;
        app.drain().await;
        assert_eq!(shown(&app, &endpoint).await["health"]["lastSlowAt"], noted);
    }
}

#[tokio::test]
async fn an_endpoint_that_answers_in_time_is_not_slow() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    assert_eq!(shown(&app, &endpoint).await["health"]["lastSlowAt"], Value::Null);
}

#[tokio::test]
async fn a_retry_at_a_slow_endpoint_holds_up_no_other_retries() {
    let (app, receiver) =
        (TestApp::builder().slow_after(Duration::ZERO).retry_schedule("60,60").start().await, Receiver::start().await);
    receiver.answer_with([500, 500, 200]);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    app.drain_delivery_queue().await;
    app.advance(Duration::from_secs(70)).await;
    app.drain_retry_queue().await;
    assert_eq!((receiver.count(), app.depth("slow").await), (1, visible(1)));
    app.drain_slow_queue().await;
    // What is in the slow queue stays there.
    assert_eq!((receiver.count(), app.depth("slow").await.delayed, app.depth("retry").await), (2, 1, Depth::default()));
    app.advance(Duration::from_secs(70)).await;
    app.drain_slow_queue().await;
    assert_eq!(app.only_delivery().await.status, DeliveryStatus::Delivered);
}

#[tokio::test]
async fn what_fails_at_a_slow_endpoint_fails_as_it_does_anywhere() {
    let (app, receiver) =
        (TestApp::builder().slow_after(Duration::ZERO).retry_schedule("600").start().await, Receiver::start().await);
    receiver.answer_with([200, 500, 500]);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    create_work_order(&app, "WO-2").await;
    app.drain_stream().await;
    app.drain_slow_queue().await;
    assert_eq!(app.depth("slow").await.delayed, 1);
    app.advance(Duration::from_secs(670)).await;
    app.drain_slow_queue().await;
    let failed = app.deliveries().await.into_iter().filter(|delivery| delivery.status == DeliveryStatus::Failed);
    assert_eq!((receiver.count(), failed.count()), (3, 1));
    assert_eq!(alerts(&app).await, [AlertKind::DeliveryFailed]);
}
