//! An endpoint whose pace, or what it asks for, changes while deliveries stand in its line.

use std::time::Duration;

use domain::delivery::{Delivery, DeliveryStatus};
use serde_json::{Value, json};

use super::workers::Workers;
use super::{create_work_orders, crowd, paced, set_pace, starts};
use crate::deliveries::create_work_order;

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
