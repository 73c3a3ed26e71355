//! The item that the deliveries of an event share: what stays in it, what moves out, and what is found in both.

use std::collections::HashSet;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::delivery::{Delivery, DeliveryStatus};
use domain::outbox::Outbox;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::deliveries::FanOut;
use store::tables;
use tests::{Receiver, TestApp};

use crate::deliveries::create_work_order;
use crate::losses::OVERDUE;

/// Endpoints at one receiver that differ in their query.
async fn endpoints(app: &TestApp, receiver: &Receiver, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..count {
        ids.push(app.endpoint(&format!("{}?{number}", receiver.url()), ["*"]).await.id);
    }
    ids
}

/// An event that the stream has lost.
async fn lost_event(app: &TestApp) -> Outbox {
    create_work_order(app, "WO-1").await;
    app.system().skip_stream().await.unwrap();
    let events = app.system().environment().events().unwrap();
    let event = events.latest(&app.account, None, None, 1).await.unwrap().events.remove(0).event;
    events.outbox_of(&app.account, &event.id).await.unwrap().unwrap()
}

#[tokio::test]
async fn what_arrives_at_once_is_one_item_and_what_fails_moves_out_of_it() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let failing = Receiver::start().await;
    endpoints(&app, &receiver, 10).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    assert_eq!(app.items_of(tables::DELIVERIES).await, 1);
    failing.answer_with([500]);
    app.endpoint(&failing.url(), ["*"]).await;
    create_work_order(&app, "WO-2").await;
    app.drain().await;
    assert_eq!(app.items_of(tables::DELIVERIES).await, 3, "another, and one of its own");
    let deliveries = app.deliveries().await;
    let count = |status| deliveries.iter().filter(|delivery| delivery.status == status).count();
    assert_eq!((count(DeliveryStatus::Delivered), count(DeliveryStatus::Retrying)), (20, 1));
    failing.answer_with([204]);
    app.advance(Duration::from_mins(2)).await;
    app.drain().await;
    let listed = app.get("/api/deliveries?limit=100&status=delivered").await.expect(200).body;
    assert_eq!(listed["data"].as_array().unwrap().len(), 21);
}

/// A subscriber that hangs holds up neither the others of its event nor what is recorded of them.
#[tokio::test]
async fn what_arrives_is_recorded_while_another_endpoint_of_the_event_hangs() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let hanging = Receiver::start().await;
    hanging.hang();
    endpoints(&app, &receiver, 2).await;
    app.endpoint(&hanging.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    let seen = async {
        hanging.wait_for(1).await;
        let delivered = async || {
            let deliveries = app.deliveries().await;
            deliveries.iter().filter(|delivery| delivery.status == DeliveryStatus::Delivered).count()
        };
        while delivered().await < 2 {
            tokio::task::yield_now().await;
        }
        hanging.release();
    };
    tokio::join!(app.drain_delivery_queue(), seen);
    assert!(app.deliveries().await.iter().all(|delivery| delivery.status == DeliveryStatus::Delivered));
}

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

#[tokio::test]
async fn lists_find_deliveries_wherever_they_are_stored_in_one_order() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let ids = endpoints(&app, &receiver, 3).await;
    // Some in the same millisecond, and every third request is refused.
    for number in 0..12 {
        if number % 4 == 0 {
            app.advance(Duration::from_secs(1)).await;
        }
        receiver.answer_with(if number % 3 == 0 { vec![204, 500, 204] } else { vec![204] });
        create_work_order(&app, &format!("WO-{number}")).await;
        app.drain().await;
    }
    for (query, expected) in [(String::new(), 36), (format!("&endpointId={}", ids[0]), 12)] {
        for limit in [1, 2, 5, 100] {
            let (mut seen, mut cursor) = (Vec::<String>::new(), String::new());
            loop {
                let page = app.get(&format!("/api/deliveries?limit={limit}{query}{cursor}")).await.expect(200).body;
                seen.extend(page["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
                let Some(next) = page["nextCursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(seen.len(), expected, "{limit}{query}");
            assert!(seen.is_sorted_by(|newer, older| newer > older), "{limit}{query}");
            for id in &seen {
                assert_eq!(app.get(&format!("/api/deliveries/{id}")).await.expect(200).body["id"], *id);
            }
        }
    }
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

/// The few deliveries with an item of their own lie far behind those that share one.
#[tokio::test]
async fn a_list_of_an_endpoint_finds_what_has_failed_there_behind_many_others() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.answer_with([500]);
    let rare = app.endpoint(&format!("{}?rare", receiver.url()), ["vendor.created"]).await.id;
    app.post("/api/webhook/vendor", json!({ "vendorNumber": "V-1", "name": "Gravel", "vendorType": "supplier" }))
        .await
        .expect(200);
    app.drain().await;
    receiver.answer_with([204]);
    app.endpoint(&receiver.url(), ["workorder.created"]).await;
    // One call looks at all of these, in several queries.
    for number in 0..60 {
        app.advance(Duration::from_millis(10)).await;
        create_work_order(&app, &format!("WO-{number}")).await;
    }
    app.drain().await;
    for limit in [1, 8] {
        let page = app.get(&format!("/api/deliveries?limit={limit}&endpointId={rare}")).await.expect(200).body;
        assert_eq!(page["data"].as_array().unwrap().len(), 1, "at once");
    }
}

#[tokio::test]
async fn what_is_under_way_when_its_endpoint_is_deleted_is_recorded_as_it_ends() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.hang();
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await.id;
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    let deleted = async {
        receiver.wait_for(1).await;
        app.delete(&format!("/api/endpoints/{endpoint}")).await.expect(204);
        receiver.release();
    };
    tokio::join!(app.drain_delivery_queue(), deleted);
    assert_eq!(app.only_delivery().await.status, DeliveryStatus::Delivered);
    // What had not begun is cancelled when its turn comes.
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await.id;
    create_work_order(&app, "WO-2").await;
    app.drain_stream().await;
    app.delete(&format!("/api/endpoints/{endpoint}")).await.expect(204);
    app.drain().await;
    let statuses: Vec<DeliveryStatus> = app.deliveries().await.iter().map(|delivery| delivery.status).collect();
    assert!(statuses.contains(&DeliveryStatus::Cancelled), "{statuses:?}");
    assert_eq!(receiver.count(), 1);
}

/// While a stack is updated, a function of before may store a delivery that is pending in a shared item.
#[tokio::test]
async fn an_entry_whose_delivery_has_an_item_of_its_own_is_ended() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    app.purge_queues().await;
    let own = Delivery { shared: None, ..app.only_delivery().await };
    assert!(app.system().environment().deliveries().unwrap().create_one(&own).await.unwrap());
    app.advance(OVERDUE).await;
    app.sweep().await;
    app.drain().await;
    assert_eq!(receiver.count(), 1);
    assert_eq!(app.only_delivery().await.status, DeliveryStatus::Delivered);
}

/// An item that a newer version has written, or that is damaged.
#[tokio::test]
async fn shared_deliveries_that_can_not_be_read_hold_up_no_others_and_are_made_when_they_can() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    app.purge_queues().await;
    let event = app.only_delivery().await.event_id;
    let damaged = AttributeValue::S("{".to_owned());
    let good = app.damage(tables::DELIVERIES, &event, "deliveries", damaged).await;
    app.advance(OVERDUE).await;
    app.sweep().await;
    create_work_order(&app, "WO-2").await;
    app.drain().await;
    assert_eq!((receiver.count(), app.backlog().await.stream), (1, 0), "the stream, in which others wait, goes on");
    let listed = app.get("/api/deliveries").await.expect(200).body;
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    app.damage(tables::DELIVERIES, &event, "deliveries", good).await;
    app.advance(OVERDUE * 2).await;
    app.sweep().await;
    app.drain().await;
    assert_eq!(receiver.count(), 2);
    assert!(app.deliveries().await.iter().all(|delivery| delivery.status == DeliveryStatus::Delivered));
}
