//! What stands in line: shown, found again when it is lost, and never for ever.

use std::time::Duration;

use domain::alert::AlertKind;
use domain::delivery::DeliveryStatus;
use domain::pace::Turn;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::{Depth, Receiver, TestApp};

use super::workers::Workers;
use super::{create_work_orders, crowd, paced, shown, starts, subscribe};
use crate::losses::OVERDUE;

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
