//! How long things are kept, which is the operator's choice: what is written says so, and nothing waits for longer.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use domain::alert::AlertKind;
use domain::delivery::DeliveryStatus;
use store::tables::{DELIVERIES, EVENTS, Table, UNDISPATCHED};
use tests::{Answer, Receiver, TestApp};

use crate::deliveries::create_work_order;

const DAY: i64 = 86_400;

/// When the items of a table are deleted, in seconds from now.
async fn expiries(app: &TestApp, table: Table) -> Vec<i64> {
    let client = Client::new(app.system().sdk_config());
    let items = client.scan().table_name(table.name).into_paginator().items().send();
    let items = items.collect::<Result<Vec<_>, _>>().await.unwrap();
    let expiries = items.iter().filter_map(|item| item.get("expiresAt")?.as_n().ok()?.parse::<i64>().ok());
    expiries.map(|at| at - app.now().as_second()).collect()
}

#[tokio::test]
async fn all_that_is_written_of_an_event_is_kept_for_as_long_as_the_operator_says() {
    let (app, receiver) = (TestApp::builder().event_retention(8).start().await, Receiver::start().await);
    // One that stays in the item of its event, and one with an item of its own.
    receiver.answer_with([Answer::status(500), Answer::status(204)]);
    app.endpoint(&receiver.url(), ["*"]).await;
    for order in ["WO-1", "WO-2"] {
        create_work_order(&app, order).await;
        app.drain().await;
    }
    for (table, items) in [(EVENTS, 2), (DELIVERIES, 3), (UNDISPATCHED, 1)] {
        let kept = expiries(&app, table).await;
        assert_eq!(kept.len(), items, "{}: {kept:?}", table.name);
        assert!(kept.iter().all(|seconds| (8 * DAY - 5..=8 * DAY).contains(seconds)), "{}: {kept:?}", table.name);
    }
    // Sums of deliveries, too.
    app.advance(Duration::from_mins(11)).await;
    app.drain().await;
    app.sweep().await;
    let longest = expiries(&app, DELIVERIES).await.into_iter().max().unwrap();
    assert!(longest <= 8 * DAY, "{longest}");
}

#[tokio::test]
async fn a_delivery_fails_with_an_alert_before_its_event_is_gone() {
    let app =
        TestApp::builder().event_retention(8).retry_schedule("86400,86400,86400,86400,86400,86400,86400,86400,86400");
    let (app, receiver) = (app.start().await, Receiver::start().await);
    receiver.answer(|_| Answer::status(500));
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    for _ in 0..9 {
        app.advance(Duration::from_hours(27)).await;
        app.sweep().await;
        app.drain().await;
    }
    let delivery = app.only_delivery().await;
    assert_eq!(delivery.status, DeliveryStatus::Failed);
    assert!((6..=8).contains(&delivery.attempt_count), "{}", delivery.attempt_count);
    let alerts = app.alerts().await;
    assert_eq!(alerts.iter().filter(|alert| alert.kind == AlertKind::DeliveryFailed).count(), 1);
}
