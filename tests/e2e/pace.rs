//! Endpoints that take so many attempts a second: the pace is kept over all workers, what waits is shown, and nothing of it is lost.

mod workers;

use std::collections::BTreeSet;
use std::num::NonZeroU16;
use std::time::Duration;

use domain::alert::AlertKind;
use domain::delivery::{Delivery, DeliveryStatus};
use domain::pace::{Asking, Turn};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tests::{Depth, Endpoint, Receiver, TestApp};

use crate::deliveries::create_work_order;
use crate::losses::OVERDUE;
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
async fn what_waits_for_minutes_is_shown_and_sent_once() {
    for (waiting, by_message) in [(300, 1), (1_200, 0)] {
        let (app, receiver, endpoint) = paced(1).await;
        assert_eq!(shown(&app, &endpoint).await["waiting"], Value::Null);
        crowd(&app, &endpoint.id, 1, waiting + 1).await;
        create_work_orders(&app, 1).await;
        app.drain().await;
        let until = app.now() + SignedDuration::from_secs(i64::try_from(waiting).unwrap() + 2);
        let seen = shown(&app, &endpoint).await["waiting"].clone();
        assert_eq!(seen, json!({"deliveries": waiting + 1, "until": until.to_string()}));
        let delivery = app.only_delivery().await;
        assert_eq!((delivery.next_attempt_at, delivery.attempt_count), (Some(until), 0));
        let listed = app.get("/api/deliveries").await.expect(200).body["data"][0].clone();
        assert_eq!((&listed["held"], &listed["status"]), (&json!("endpoint_pace"), &json!("pending")));
        assert_eq!(app.depth("retry").await, Depth { delayed: by_message, ..Depth::default() });

        // Nobody takes it for lost meanwhile.
        for minute in 0..waiting / 60 {
            app.advance(Duration::from_mins(1)).await;
            app.sweep().await;
            app.drain().await;
            assert_eq!(receiver.count(), 0, "in minute {minute}");
        }
        app.advance_to(until).await;
        app.drain().await;
        assert_eq!((receiver.count(), app.only_delivery().await.status), (1, DeliveryStatus::Delivered));
        assert_eq!(shown(&app, &endpoint).await["waiting"], Value::Null);
        app.advance(OVERDUE).await;
        app.sweep().await;
        app.drain().await;
        assert_eq!(receiver.count(), 1);
    }
}

#[tokio::test]
async fn a_place_in_line_that_is_lost_is_given_again() {
    for waiting in [2, 300] {
        let (app, receiver, endpoint) = paced(1).await;
        crowd(&app, &endpoint.id, 1, waiting).await;
        create_work_orders(&app, 1).await;
        app.drain().await;
        app.purge_queues().await;
        app.advance(Duration::from_secs(u64::try_from(waiting).unwrap()) + OVERDUE).await;
        app.sweep().await;
        app.drain().await;
        assert_eq!((receiver.count(), app.only_delivery().await.status), (1, DeliveryStatus::Delivered), "{waiting}");
    }
}

#[tokio::test]
async fn a_line_that_is_longer_than_four_hours_turns_away() {
    let (app, receiver, endpoint) = paced(1).await;
    let long = 4 * 3_600 + 10;
    let turns = crowd(&app, &endpoint.id, 1, long).await;
    assert!(!turns.contains(&Turn::Away), "places are given as long as the line is not too long");
    create_work_orders(&app, 1).await;
    app.drain().await;
    let ahead = app.only_delivery().await.next_attempt_at.unwrap().duration_since(app.now()).as_secs();
    assert!((2 * 3_600..=4 * 3_600).contains(&ahead), "{ahead} s");
    // By then there is room in the line, and what comes from there takes the next slot.
    app.advance(Duration::from_hours(4)).await;
    app.sweep().await;
    app.drain().await;
    assert_eq!(receiver.count(), 1);
}

#[tokio::test]
async fn a_higher_pace_or_none_counts_at_once() {
    // How many of two in line are sent at once, and of three some seconds later.
    for (pace, sent) in [(json!(100), (2, 3)), (Value::Null, (2, 3)), (json!(1), (0, 0))] {
        let (app, receiver, endpoint) = paced(1).await;
        crowd(&app, &endpoint.id, 1, 300).await;
        create_work_orders(&app, 2).await;
        app.drain().await;
        assert_eq!(receiver.count(), 0);
        set_pace(&app, &endpoint, pace.clone()).await;
        app.advance(Duration::from_secs(1)).await;
        app.drain().await;
        assert_eq!(receiver.count(), sent.0, "{pace}");
        create_work_order(&app, "WO-new").await;
        app.drain().await;
        app.advance(Duration::from_secs(4)).await;
        app.drain().await;
        assert_eq!(receiver.count(), sent.1, "{pace}");
        for seconds in [300, 2, 2] {
            app.advance(Duration::from_secs(seconds)).await;
            app.drain().await;
        }
        assert_eq!(receiver.count(), 3, "{pace}");
    }
}

#[tokio::test]
async fn a_lower_pace_counts_at_once() {
    let (app, receiver, endpoint) = paced(100).await;
    create_work_orders(&app, 100).await;
    set_pace(&app, &endpoint, json!(1)).await;
    app.drain().await;
    assert_eq!(receiver.count(), 1);
    for sent in 2..=4 {
        app.advance(Duration::from_secs(1)).await;
        app.drain().await;
        assert!((sent - 1..=sent).contains(&receiver.count()), "{} of {sent}", receiver.count());
    }
    set_pace(&app, &endpoint, Value::Null).await;
    app.advance(Duration::from_secs(110)).await;
    app.drain().await;
    assert_eq!(receiver.count(), 100);
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
async fn a_raised_pace_is_used_by_all_that_stand_in_line() {
    let (app, receiver, endpoint) = paced(1).await;
    crowd(&app, &endpoint.id, 1, 300).await;
    create_work_orders(&app, 60).await;
    app.drain().await;
    assert_eq!(receiver.count(), 0);
    set_pace(&app, &endpoint, json!(10)).await;
    let raised = app.now();
    let workers = Workers::new(&app, 2);
    workers.run(Duration::from_secs(9)).await;
    let starts = starts(&app.deliveries().await, raised);
    assert_eq!(starts.len(), 60, "at ten a second, instead of one");
    assert!(starts.windows(2).all(|two| two[1] - two[0] >= 99), "{starts:?}");
}

#[tokio::test]
async fn what_is_not_wanted_any_more_leaves_no_gap_in_the_line() {
    let (app, receiver, endpoint) = paced(1).await;
    create_work_orders(&app, 5).await;
    crowd(&app, &endpoint.id, 1, 600).await;
    app.drain().await;
    assert_eq!(receiver.count(), 0);
    app.patch(&format!("/api/endpoints/{}", endpoint.id), json!({"events": ["vendor.*"]})).await.expect(200);
    app.post("/api/webhook/vendor", json!({"vendorNumber": "V-1", "name": "Vendor", "vendorType": "supplier"}))
        .await
        .expect(200);
    app.drain().await;
    app.advance(Duration::from_secs(2)).await;
    app.drain().await;
    assert_eq!(receiver.count(), 1, "nobody stands before it");
    let cancelled = |delivery: &Delivery| delivery.status == DeliveryStatus::Cancelled;
    assert_eq!(app.deliveries().await.iter().filter(|one| cancelled(one)).count(), 5);
}

#[tokio::test]
async fn what_stands_in_line_waits_for_a_disabled_endpoint_and_keeps_its_pace_after_that() {
    let (app, receiver, endpoint) = paced(1).await;
    crowd(&app, &endpoint.id, 1, 300).await;
    create_work_orders(&app, 3).await;
    app.drain().await;
    let path = format!("/api/endpoints/{}", endpoint.id);
    app.patch(&path, json!({"status": "disabled"})).await.expect(200);
    app.advance(Duration::from_secs(310)).await;
    app.drain().await;
    assert_eq!(receiver.count(), 0);
    app.patch(&path, json!({"status": "enabled"})).await.expect(200);
    let workers = Workers::new(&app, 2);
    workers.run(Duration::from_secs(6)).await;
    let starts = starts(&app.deliveries().await, app.now());
    assert_eq!((receiver.count(), starts.len()), (3, 3));
    assert!(starts.windows(2).all(|two| two[1] - two[0] >= 999), "{starts:?}");
}

#[tokio::test]
async fn a_start_queues_anew_what_stood_in_line() {
    let directory = tempfile::tempdir().unwrap();
    let (app, receiver) =
        (TestApp::builder().at_present().data_dir(directory.path()).start().await, Receiver::start().await);
    let endpoint = subscribe(&app, &receiver, 1).await;
    crowd(&app, &endpoint.id, 1, 100).await;
    create_work_orders(&app, 2).await;
    app.drain().await;
    assert_eq!(receiver.count(), 0);
    let app = app.restart(|settings| settings.workers(true)).await;
    receiver.wait_for(2).await;
    let app = app.restart(|settings| settings.workers(false)).await;
    let starts = starts(&app.deliveries().await, app.now());
    assert!(starts[1] - starts[0] >= 999, "{starts:?}");
}

#[tokio::test]
async fn a_line_that_nobody_comes_from_is_over() {
    let (app, receiver, endpoint) = paced(1).await;
    crowd(&app, &endpoint.id, 1, 300).await;
    app.advance(Duration::from_secs(15)).await;
    create_work_orders(&app, 1).await;
    app.drain().await;
    assert_eq!(receiver.count(), 1);
}

#[tokio::test]
async fn what_would_stand_in_line_for_longer_than_its_event_is_kept_fails_with_an_alert() {
    let app = TestApp::builder().event_retention(8).retry_schedule("60").start().await;
    let receiver = Receiver::start().await;
    receiver.answer_with([500, 500, 200]);
    let (since, endpoint) = (app.now(), subscribe(&app, &receiver, 1).await);
    create_work_orders(&app, 1).await;
    app.drain().await;
    app.advance(Duration::from_secs(70)).await;
    app.drain().await;
    let failures = async || {
        let delivery = app.only_delivery().await;
        let alerts = app.alerts().await;
        let failed = alerts.iter().filter(|alert| alert.kind == AlertKind::DeliveryFailed).count();
        (delivery.status, delivery.attempt_count, failed)
    };
    assert_eq!(failures().await, (DeliveryStatus::Failed, 2, 1));
    app.advance(Duration::from_hours(8 * 24 - 1)).await;
    crowd(&app, &endpoint.id, 1, 2 * 3_600).await;
    let path = format!("/api/endpoints/{}/replay", endpoint.id);
    app.post(&path, json!({ "since": since.to_string() })).await.expect(202);
    app.drain().await;
    assert_eq!(failures().await, (DeliveryStatus::Failed, 2, 2));
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
