//! Events that are dispatched again: what they find stored of their deliveries.

use std::collections::HashSet;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::delivery::Delivery;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::deliveries::FanOut;
use store::tables;
use tests::{Receiver, TestApp};

use super::{endpoints, lost_event};
use crate::deliveries::create_work_order;
use crate::losses::OVERDUE;

#[tokio::test]
async fn an_event_that_is_dispatched_again_goes_to_each_endpoint_once_wherever_its_delivery_is_stored() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let ids = endpoints(&app, &receiver, 130).await;
    let outbox = lost_event(&app).await;
    let (event, store) = (&outbox.events[0], app.system().environment().deliveries().unwrap());
    let part = FanOut { outbox: &outbox, event, is_first: true, is_all: true, now: app.now() };
    // The first run saw other endpoints than the second, and died before the last.
    let first = store.fan_out(part, &ids[1..120]).await.new;
    assert_eq!(first.iter().map(|new| new.endpoint_ids.len()).collect::<Vec<_>>(), [50, 50, 19]);
    let second = store.fan_out(part, &ids).await;
    assert!(second.error.is_none());
    assert_eq!(second.new.iter().flat_map(|new| &new.endpoint_ids).count(), 11);
    assert_eq!(store.fan_out(FanOut { is_first: false, ..part }, &ids).await.new, []);
    let deliveries = app.deliveries().await;
    let told: HashSet<&str> = deliveries.iter().map(|delivery| delivery.endpoint_id.as_str()).collect();
    assert_eq!((deliveries.len(), told.len()), (130, 130));
}

/// One that had no endpoints, or none that could be read, is not told of what happened before.
#[tokio::test]
async fn an_event_that_is_dispatched_days_late_does_not_go_to_endpoints_made_since() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let before = app.endpoint(&receiver.url(), ["*"]).await.id;
    create_work_order(&app, "WO-1").await;
    app.system().skip_stream().await.unwrap();
    app.advance(Duration::from_hours(60)).await;
    app.endpoint(&format!("{}?later", receiver.url()), ["*"]).await;
    app.sweep().await;
    app.drain().await;
    assert_eq!(app.only_delivery().await.endpoint_id, before);
    assert_eq!(receiver.count(), 1);
}

#[tokio::test]
async fn an_event_that_nobody_wanted_is_not_brought_again() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["vendor.created"]).await.id;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    // What the endpoint wants now does not matter.
    app.patch(&format!("/api/endpoints/{endpoint}"), json!({ "events": ["*"] })).await.expect(200);
    app.advance(OVERDUE).await;
    app.sweep().await;
    assert_eq!((app.backlog().await.stream, app.items_of(tables::UNDISPATCHED).await), (0, 0));
}

/// Markers that versions before this one have left.
#[tokio::test]
async fn a_marker_of_a_single_event_is_understood() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.system().skip_stream().await.unwrap();
    let items = app.items(&app.account).await;
    let of = |table: tables::Table| items.iter().find(|item| item["table"] == table.name).map(|item| &item["item"]);
    let outbox = of(tables::EVENTS).unwrap()["sk"].as_str().unwrap().to_owned();
    app.forget_markers().await;
    let db = aws_sdk_dynamodb::Client::new(app.system().sdk_config());
    let marker = [("pk", "shard#3".to_owned()), ("sk", format!("{outbox}#{}", app.account))];
    let marker = marker.map(|(name, value)| (name.to_owned(), AttributeValue::S(value)));
    db.put_item().table_name(tables::UNDISPATCHED.name).set_item(Some(marker.into())).send().await.unwrap();
    app.advance(OVERDUE).await;
    app.sweep().await;
    app.drain().await;
    assert_eq!(receiver.count(), 1);
}

/// A dispatcher that is broken from Friday to Monday, and an event that no dispatcher can handle.
#[tokio::test]
async fn an_event_is_brought_again_for_a_week_and_then_no_more() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.system().skip_stream().await.unwrap();
    let (mut brought, mut hours) = (0, 0);
    while app.items_of(tables::UNDISPATCHED).await > 0 {
        app.advance(Duration::from_mins(30)).await;
        hours += 1;
        app.sweep().await;
        if app.backlog().await.stream > 0 {
            brought += 1;
            app.system().skip_stream().await.unwrap();
        }
        assert!(hours < 24 * 2 * 10, "it is never given up");
    }
    assert!((60..100).contains(&brought), "{brought} times");
    let limit = SignedDuration::from_hours(24 * 7);
    assert!(SignedDuration::from_mins(30 * hours) > limit);
    let _: Value = app.get("/api/events").await.expect(200).body;
}

/// A dispatcher that stored a part of an event's deliveries, and then failed for good.
#[tokio::test]
async fn an_event_of_which_a_part_was_stored_is_dispatched_to_the_others() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let ids = endpoints(&app, &receiver, 60).await;
    let outbox = lost_event(&app).await;
    let (event, store) = (&outbox.events[0], app.system().environment().deliveries().unwrap());
    let part = FanOut { outbox: &outbox, event, is_first: true, is_all: false, now: app.now() };
    assert_eq!(store.fan_out(part, &ids[..50]).await.new.len(), 1);
    app.advance(OVERDUE).await;
    app.sweep().await;
    app.drain().await;
    assert_eq!((receiver.count(), app.deliveries().await.len()), (60, 60));
    app.advance(OVERDUE * 2).await;
    app.sweep().await;
    assert_eq!((app.backlog().await.stream, app.items_of(tables::UNDISPATCHED).await), (0, 0), "all is settled");
}

#[tokio::test]
async fn what_a_replay_has_sent_is_not_sent_again_by_a_dispatcher_that_comes_later() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await.id;
    app.endpoint(&format!("{}?other", receiver.url()), ["*"]).await;
    let since = app.now();
    create_work_order(&app, "WO-1").await;
    create_work_order(&app, "WO-2").await;
    app.advance(Duration::from_mins(1)).await;
    let replay = json!({ "since": since.to_string(), "only": "missing" });
    let replayed = app.post(&format!("/api/endpoints/{endpoint}/replay"), replay).await.expect(202).body;
    assert_eq!(replayed["queued"], 2);
    app.drain_retry_queue().await;
    assert_eq!(receiver.count(), 2);
    app.drain().await;
    assert_eq!(
        receiver.count(),
        4,
        "the other endpoint gets what was waiting in the stream, and this one nothing twice"
    );
    app.advance(OVERDUE).await;
    app.sweep().await;
    app.drain().await;
    assert_eq!((receiver.count(), app.deliveries().await.len()), (4, 4));
}

/// Deliveries of a version that knew no shared items, in a time that has a marker of this one.
#[tokio::test]
async fn what_an_earlier_version_has_dispatched_is_not_sent_again() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    let delivery = app.only_delivery().await;
    let db = aws_sdk_dynamodb::Client::new(app.system().sdk_config());
    let key = [("pk", &app.account), ("sk", &delivery.event_id)];
    let key = key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value.clone())));
    db.delete_item().table_name(tables::DELIVERIES.name).set_key(Some(key.into())).send().await.unwrap();
    let own = Delivery { shared: None, ..delivery };
    assert!(app.system().environment().deliveries().unwrap().create_one(&own).await.unwrap());
    app.advance(OVERDUE).await;
    app.sweep().await;
    app.drain().await;
    app.advance(OVERDUE * 2).await;
    app.sweep().await;
    assert_eq!((receiver.count(), app.items_of(tables::UNDISPATCHED).await), (1, 0));
}
