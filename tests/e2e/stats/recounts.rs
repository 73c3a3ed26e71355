//! Sums that are counted again, since a delivery came to its end later.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};
use store::shard::Shard;
use store::tables;
use store::undispatched::{Counting, Marker};
use tests::{Receiver, TestApp};

use super::sums::{many_cancelled, sweep_later, told, total, undispatched};
use super::{counts, of};
use crate::deliveries::create_work_order;
use crate::losses::OVERDUE;

#[tokio::test]
async fn what_is_cancelled_later_is_counted_again() {
    let (app, receiver) = (TestApp::builder().retry_schedule("36000").start().await, Receiver::start().await);
    receiver.answer_with([500]);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await.id;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    sweep_later(&app).await;
    assert_eq!(total(&told(&app).await), [0, 0, 1, 0]);
    app.advance(OVERDUE).await;
    app.delete(&format!("/api/endpoints/{endpoint}")).await.expect(204);
    sweep_later(&app).await;
    assert_eq!(total(&told(&app).await), [0, 0, 0, 1]);
}

#[tokio::test]
async fn what_arrives_later_is_counted_again() {
    let (app, receiver) = (TestApp::builder().retry_schedule("3600").start().await, Receiver::start().await);
    receiver.answer_with([500, 204]);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    sweep_later(&app).await;
    let waiting = told(&app).await;
    assert_eq!(counts(of(&waiting, &endpoint.id)), [0, 0, 1, 0]);
    let next = of(&waiting, &endpoint.id)["nextAttemptAt"].as_str().unwrap();
    assert!(next >= "2025-10-20T15:30:00Z", "{next}");
    app.advance(Duration::from_mins(66)).await;
    app.sweep().await;
    app.drain().await;
    assert_eq!(receiver.count(), 2);
    app.sweep().await;
    let late = told(&app).await;
    assert_eq!((total(&late), &of(&late, &endpoint.id)["nextAttemptAt"]), ([0, 0, 1, 0], &Value::Null));
    sweep_later(&app).await;
    assert_eq!(total(&told(&app).await), [1, 0, 0, 0]);
    assert_eq!(app.items_of(tables::UNDISPATCHED).await, 0, "once");
}

#[tokio::test]
async fn what_is_sent_again_and_what_is_replayed_are_counted_in_their_old_hours() {
    let (app, receiver) = (TestApp::builder().retry_schedule("60").start().await, Receiver::start().await);
    receiver.answer_with([500]);
    let first = app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    app.advance(Duration::from_secs(70)).await;
    app.drain().await;
    sweep_later(&app).await;
    assert_eq!(total(&told(&app).await), [0, 1, 0, 0]);

    let later = app.endpoint(&format!("{}?later", receiver.url()), ["*"]).await;
    app.advance(Duration::from_hours(3)).await;
    app.post(
        &format!("/api/endpoints/{}/replay", later.id),
        json!({ "since": "2025-10-20T14:30:00Z", "only": "missing" }),
    )
    .await
    .expect(202);
    let failed = app.deliveries().await.into_iter().find(|delivery| delivery.endpoint_id == first.id).unwrap();
    app.post(&format!("/api/deliveries/{}/retry", failed.id), json!({})).await.expect(202);
    sweep_later(&app).await;
    let waiting = told(&app).await;
    assert_eq!((total(&waiting), counts(of(&waiting, &later.id))), ([0, 0, 2, 0], [0, 0, 1, 0]));
    receiver.answer_with([204]);
    app.drain().await;
    sweep_later(&app).await;
    let told = told(&app).await;
    for endpoint in [&first.id, &later.id] {
        let hours = of(&told, endpoint)["hours"].as_array().unwrap();
        assert_eq!(
            (hours.len(), &hours[0]["at"], counts(&hours[0])),
            (1, &json!("2025-10-20T14:00:00Z"), [1, 0, 0, 0])
        );
    }
}

/// A change that is recorded while an earlier one is being counted has a marker of its own.
#[tokio::test]
async fn changes_of_other_minutes_are_counted_once_more() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    let delivery = app.only_delivery().await;
    let markers = undispatched(&app);
    app.forget_markers().await;
    markers.mark_change(&delivery, app.now() + SignedDuration::from_mins(8)).await;
    assert_eq!(app.items_of(tables::UNDISPATCHED).await, 0, "it is counted later for the first time");
    app.advance(Duration::from_mins(61)).await;
    for (minutes, count) in [(0, 1), (1, 1), (3, 1), (5, 2)] {
        markers.mark_change(&delivery, app.now() + SignedDuration::from_mins(minutes)).await;
        assert_eq!(app.items_of(tables::UNDISPATCHED).await, count, "after {minutes} minutes");
    }
    app.advance(Duration::from_mins(10)).await;
    app.sweep().await;
    assert_eq!(app.items_of(tables::UNDISPATCHED).await, 1, "the second one stays");
    app.advance(Duration::from_mins(5)).await;
    app.sweep().await;
    assert_eq!(app.items_of(tables::UNDISPATCHED).await, 0);
    assert_eq!(total(&told(&app).await), [1, 0, 0, 0]);
}

#[tokio::test]
async fn a_count_that_ran_out_of_time_goes_on_where_it_stopped() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    for number in ["WO-1", "WO-2", "WO-3"] {
        app.advance(Duration::from_secs(1)).await;
        create_work_order(&app, number).await;
    }
    app.drain().await;
    app.advance(OVERDUE).await;
    let (markers, now) = (undispatched(&app), app.now());
    let mut found: Vec<Marker> = Vec::new();
    for shard in Shard::all() {
        found.extend(markers.overdue(shard, None, Some(now), now, 10).await.unwrap().markers);
    }
    let [marker] = &mut found[..] else { panic!("{found:?}") };
    let after = app.deliveries().await.remove(1).id;
    marker.counting = Some(Counting { began: app.now(), after, sum: many_cancelled() });
    assert!(markers.reserve(marker, now, now).await.unwrap());
    app.sweep().await;
    assert_eq!(total(&told(&app).await), [1, 0, 0, 1_000], "the oldest, and what was counted before");
}
