//! The item that the deliveries of an event share: what stays in it, what moves out, and what is found in both.

mod again;

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::delivery::{Delivery, DeliveryStatus};
use domain::outbox::Outbox;
use serde_json::json;
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
