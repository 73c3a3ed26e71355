//! Endpoints that take so many attempts a second: the pace is kept over all workers, what waits is shown, and nothing of it is lost.

mod changes;
mod line;
mod workers;

use std::collections::BTreeSet;
use std::num::NonZeroU16;
use std::time::Duration;

use domain::delivery::{Delivery, DeliveryStatus};
use domain::pace::{Asking, Turn};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tests::{Depth, Endpoint, Receiver, TestApp};

use crate::deliveries::create_work_order;
use workers::Workers;

const PER_SECOND: NonZeroU16 = NonZeroU16::MIN;

/// A system whose endpoint takes so many attempts a second.
async fn paced(per_second: u16) -> (TestApp, Receiver, Endpoint) {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = subscribe(&app, &receiver, per_second).await;
    (app, receiver, endpoint)
}

async fn subscribe(app: &TestApp, receiver: &Receiver, per_second: u16) -> Endpoint {
    app.endpoint_with(json!({"url": receiver.url(), "events": ["*"], "maxPerSecond": per_second})).await
}

async fn create_work_orders(app: &TestApp, count: usize) {
    for number in 0..count {
        create_work_order(app, &format!("WO-{number}")).await;
    }
    app.drain_stream().await;
}

async fn shown(app: &TestApp, endpoint: &Endpoint) -> Value {
    app.get(&format!("/api/endpoints/{}", endpoint.id)).await.expect(200).body
}

async fn set_pace(app: &TestApp, endpoint: &Endpoint, pace: Value) {
    app.patch(&format!("/api/endpoints/{}", endpoint.id), json!({ "maxPerSecond": pace })).await.expect(200);
}

/// `count` others take slots or stand in line.
pub(crate) async fn crowd(app: &TestApp, endpoint: &str, per_second: u16, count: usize) -> Vec<Turn> {
    let paces = app.system().environment().paces().unwrap();
    let per_second = NonZeroU16::new(per_second).unwrap();
    let asking = Asking { per_second, near: SignedDuration::ZERO, has_waited: false, now: app.now() };
    let turns = join_all((0..count).map(|_| paces.take(&app.account, endpoint, asking))).await;
    turns.into_iter().map(Result::unwrap).collect()
}

/// When attempts began, in milliseconds since `since`.
fn starts(deliveries: &[Delivery], since: Timestamp) -> Vec<i64> {
    let attempts = deliveries.iter().flat_map(|delivery| &delivery.attempts);
    let mut starts: Vec<i64> =
        attempts.map(|attempt| attempt.started_at.as_millisecond() - since.as_millisecond()).collect();
    starts.sort_unstable();
    starts
}

#[tokio::test]
async fn a_pace_is_kept_over_all_workers_and_used() {
    let (app, receiver, _) = paced(20).await;
    let (began, workers) = (app.now(), Workers::new(&app, 4));
    create_work_orders(&app, 100).await;
    workers.run_until_idle(Duration::from_secs(20)).await;
    let deliveries = app.deliveries().await;
    assert!(deliveries.iter().all(|delivery| delivery.status == DeliveryStatus::Delivered));
    let ids: BTreeSet<String> = receiver.requests().iter().map(|it| it.header("x-webhook-id").to_owned()).collect();
    assert_eq!((receiver.count(), ids.len()), (100, 100), "each of them once");
    let starts = starts(&deliveries, began);
    assert!(starts.windows(2).all(|two| two[1] - two[0] >= 49), "two are closer than 50 ms: {starts:?}");
    // 99 intervals are 4,950 ms. What is put off comes after whole seconds, so that the first of them may go unused.
    assert!(starts[99] <= 4_950 + 1_000, "the pace is not used: {starts:?}");
}

#[tokio::test]
async fn attempts_of_a_batch_take_their_slots_together() {
    let (app, receiver, _) = paced(500).await;
    // The endpoint's first success is noted.
    create_work_order(&app, "WO-first").await;
    app.drain().await;
    app.advance(Duration::from_secs(30)).await;
    create_work_orders(&app, 10).await;
    let _ = app.dynamodb_calls();
    app.drain_delivery_queue().await;
    // One read, ten outcomes, and for slots fewer than ten.
    let calls = app.dynamodb_calls();
    assert!(calls < 1 + 10 + 10, "{calls} calls");
    assert_eq!(receiver.count(), 11);
}

#[tokio::test]
async fn slots_are_given_once_whoever_asks_at_the_same_moment() {
    let (app, _receiver, endpoint) = paced(100).await;
    let per_second = NonZeroU16::new(100).unwrap();
    let asking = Asking { per_second, near: SignedDuration::from_secs(1), has_waited: false, now: app.now() };
    let processes: Vec<_> = (0..20).map(|_| app.system().environment().paces().unwrap()).collect();
    let calls = processes.iter().flat_map(|paces| (0..10).map(|_| paces.take(&app.account, &endpoint.id, asking)));
    let turns: Vec<Turn> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
    let after = |at: Timestamp| at.duration_since(app.now()).as_millis();
    let of = |wanted: fn(&Turn) -> Option<Timestamp>| {
        let mut times: Vec<i128> = turns.iter().filter_map(wanted).map(after).collect();
        times.sort_unstable();
        times
    };
    let starts = of(|turn| if let Turn::Start(at) = turn { Some(*at) } else { None });
    assert_eq!(starts, (0..=100).map(|slot| slot * 10).collect::<Vec<_>>());
    let waits = of(|turn| if let Turn::Wait(at) = turn { Some(*at) } else { None });
    assert_eq!(waits, (102..=200).map(|place| place * 10).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_new_does_not_overtake_the_line_and_a_manual_retry_does() {
    let (app, receiver, endpoint) = paced(1).await;
    receiver.answer_with([500, 200]);
    create_work_orders(&app, 1).await;
    app.drain().await;
    crowd(&app, &endpoint.id, 1, 60).await;
    app.advance(Duration::from_secs(5)).await;
    create_work_order(&app, "WO-new").await;
    app.drain().await;
    assert_eq!(receiver.count(), 1, "the slots are of those that stand in line, who have not come");
    // Even when those come now, and have taken what a worker waits for.
    let now = app.now();
    let asking = Asking { per_second: PER_SECOND, near: SignedDuration::from_secs(1), has_waited: true, now };
    for slot in 0..2 {
        let turn = app.system().environment().paces().unwrap().take(&app.account, &endpoint.id, asking).await.unwrap();
        assert_eq!(turn, Turn::Start(now + SignedDuration::from_secs(slot)));
    }
    let failed = app.deliveries().await.into_iter().find(|delivery| delivery.attempt_count == 1).unwrap();
    app.post(&format!("/api/deliveries/{}/retry", failed.id), json!({})).await.expect(202);
    app.drain().await;
    assert_eq!(receiver.count(), 2);
    let retried = app.deliveries().await.into_iter().find(|delivery| delivery.id == failed.id).unwrap();
    assert_eq!(retried.attempts[1].started_at, now + SignedDuration::from_secs(2), "its own slot");
    app.advance(Duration::from_mins(1)).await;
    app.drain().await;
    assert_eq!(receiver.count(), 3);
}

#[tokio::test]
async fn a_slow_endpoint_keeps_its_pace() {
    let (app, receiver) = (TestApp::builder().slow_after(Duration::ZERO).start().await, Receiver::start().await);
    subscribe(&app, &receiver, 1).await;
    create_work_orders(&app, 1).await;
    app.drain().await;
    app.advance(Duration::from_secs(10)).await;
    for number in ["WO-a", "WO-b", "WO-c"] {
        create_work_order(&app, number).await;
    }
    app.drain().await;
    // The first at once, the second a second later, the third in line.
    assert_eq!((receiver.count(), app.depth("slow").await.delayed), (3, 1));
    assert_eq!(app.depth("retry").await, Depth::default());
    app.advance(Duration::from_secs(4)).await;
    app.drain().await;
    assert_eq!(receiver.count(), 4);
}

#[tokio::test]
async fn a_pace_is_a_whole_number_from_1_to_500() {
    let (app, _receiver, endpoint) = paced(500).await;
    let path = format!("/api/endpoints/{}", endpoint.id);
    for wrong in [json!(0), json!(501), json!(2.5), json!("fast")] {
        let refused = app.patch(&path, json!({ "maxPerSecond": wrong })).await.expect(400);
        assert_eq!(refused.defects()[0].0, "maxPerSecond", "{wrong}");
    }
    assert_eq!(shown(&app, &endpoint).await["maxPerSecond"], 500);
    set_pace(&app, &endpoint, Value::Null).await;
    assert_eq!(shown(&app, &endpoint).await["maxPerSecond"], Value::Null);
}
