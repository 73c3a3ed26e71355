//! Records of the stream that fail or are never read.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::alert::AlertKind;
use domain::events::EventName;
use local::stream::MAXIMUM_RETRY_ATTEMPTS;
use serde_json::json;
use store::tables;
use tests::{Receiver, TestApp};

use super::{OVERDUE, assert_delivered_once};
use crate::deliveries::create_work_order;

#[tokio::test]
async fn an_event_whose_stream_record_failed_is_dispatched() {
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
async fn an_unreadable_endpoint_does_not_keep_events_from_the_others() {
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
async fn an_endpoint_whose_filter_is_not_understood_gets_nothing_until_it_is() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let filter = json!({ "event": [{ "prefix": "workorder." }] });
    let body = json!({ "url": receiver.url(), "events": ["*"], "filter": filter });
    let endpoint = app.endpoint_with(body).await.id;
    let damage = async |stored| app.damage(tables::ENDPOINTS, &endpoint, "endpoint", AttributeValue::S(stored)).await;
    let AttributeValue::S(good) = damage(String::new()).await else { panic!("JSON") };
    damage(good.replace("prefix", "regexp")).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    assert_eq!(receiver.count(), 0);
    damage(good).await;
    app.advance(OVERDUE).await;
    app.sweep().await;
    app.drain().await;
    assert_eq!(receiver.count(), 1);
}

#[tokio::test]
async fn an_event_that_is_found_missing_after_weeks_is_dispatched_all_the_same() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.system().skip_stream().await.unwrap();
    app.advance(Duration::from_hours(8 * 24)).await;
    app.sweep().await;
    app.drain().await;
    assert_eq!((receiver.count(), app.alerts().await), (1, vec![]));
}

#[tokio::test]
async fn of_an_event_that_could_not_be_passed_on_for_a_week_people_are_told_once() {
    let app = TestApp::start().await;
    let endpoint = app.endpoint("http://127.0.0.1:9", ["*"]).await.id;
    app.damage(tables::ENDPOINTS, &endpoint, "endpoint", AttributeValue::S("{".to_owned())).await;
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    for _ in 0..3 {
        app.advance(OVERDUE).await;
        app.sweep().await;
        app.drain_stream().await;
    }
    assert_eq!(app.alerts().await, [], "it is still tried");
    for _ in 0..2 {
        app.advance(Duration::from_hours(7 * 24)).await;
        app.sweep().await;
        assert_eq!(app.drain_stream().await, 0, "it is not brought again");
        let alerts = app.alerts().await;
        let [alert] = &alerts[..] else { panic!("{alerts:?}") };
        assert_eq!((alert.kind, &alert.endpoint_id), (AlertKind::EventFailed, &None));
        assert_eq!(alert.event.map(EventName::as_str), Some("workorder.created"));
        let event_id = alert.event_id.as_ref().unwrap();
        assert!(alert.message.contains(event_id), "{}", alert.message);
        assert_eq!(app.get(&format!("/api/events/{event_id}")).await.status, 200);
    }
}

#[tokio::test]
async fn an_event_that_can_not_be_dispatched_again_does_not_keep_back_the_others() {
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
async fn an_event_whose_stream_record_was_never_read_is_dispatched() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    create_work_order(&app, "WO-before").await;
    app.drain().await;
    app.advance(Duration::from_secs(1)).await;
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.system().skip_stream().await.unwrap();
    assert_eq!(app.backlog().await.stream, 0);

    app.advance(OVERDUE).await;
    app.sweep().await;
    assert_eq!(app.drain().await.records, 1, "the one before was dispatched");
    assert_delivered_once(&app, &receiver).await;
}

#[tokio::test]
async fn an_event_that_aged_out_undispatched_is_given_up() {
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
