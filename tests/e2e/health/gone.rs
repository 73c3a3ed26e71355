//! Endpoints that answer 410, are deleted, or no longer subscribe to an event.

use std::time::Duration;

use domain::alert::AlertKind;
use domain::delivery::DeliveryStatus;
use serde_json::{Value, json};
use tests::{Receiver, TestApp};

use super::{alerts, shown, switch};
use crate::deliveries::create_work_order;

#[tokio::test]
async fn a_410_does_not_disable_an_endpoint_whose_url_changed_meanwhile() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    receiver.answer_with([410]);
    receiver.hang();
    create_work_order(&app, "WO-1").await;
    let attempt = app.drain();
    let person = async {
        receiver.wait_for(1).await;
        let path = format!("/api/endpoints/{}", endpoint.id);
        app.patch(&path, json!({ "url": format!("{}/new", receiver.url()) })).await.expect(200);
        receiver.release();
    };
    tokio::join!(attempt, person);
    assert_eq!(shown(&app, &endpoint).await["status"], "enabled");
    assert_eq!(alerts(&app).await, [AlertKind::DeliveryFailed]);
    assert_eq!(app.only_delivery().await.status, DeliveryStatus::Failed);
}

#[tokio::test]
async fn deleting_an_endpoint_cancels_its_pending_deliveries() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    app.delete(&format!("/api/endpoints/{}", endpoint.id)).await.expect(204);
    app.drain().await;
    assert_eq!(receiver.count(), 0);
    let delivery = app.only_delivery().await;
    assert_eq!((delivery.status, delivery.attempts.len()), (DeliveryStatus::Cancelled, 0));
}

#[tokio::test]
async fn an_endpoint_disabled_by_a_410_shows_the_time_and_counts_the_failure() {
    for (answers, failures) in [(vec![410], 1), (vec![500, 410], 1)] {
        let (app, receiver) = (TestApp::start().await, Receiver::start().await);
        receiver.answer_with(answers);
        let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
        create_work_order(&app, "WO-1").await;
        app.drain().await;
        app.advance(Duration::from_secs(70)).await;
        app.drain().await;
        let shown = shown(&app, &endpoint).await;
        assert_eq!(
            (&shown["status"], &shown["disabledReason"]),
            (&json!("disabled"), &json!("the endpoint answered 410 Gone"))
        );
        assert_eq!(
            (&shown["health"]["lastError"]["statusCode"], &shown["health"]["disablesAt"]),
            (&json!(410), &Value::Null)
        );
        assert_eq!(shown["health"]["consecutiveFailures"], failures);
        assert_eq!(shown["health"]["lastFailureAt"], shown["disabledAt"]);
        assert_ne!(shown["disabledAt"], Value::Null);
        let enabled = switch(&app, &endpoint, "enabled").await;
        assert_eq!((&enabled["disabledAt"], &enabled["health"]["consecutiveFailures"]), (&Value::Null, &json!(0)));
    }
    let app = TestApp::start().await;
    let made = json!({ "url": "http://127.0.0.1:4000", "events": ["*"], "status": "disabled" });
    assert_eq!(app.post("/api/endpoints", made).await.expect(201).body["disabledAt"], "2025-10-20T14:30:00Z");
}

#[tokio::test]
async fn deliveries_of_events_that_an_endpoint_no_longer_subscribes_to_are_cancelled() {
    for change in [json!({ "events": ["vendor.*"] }), json!({ "projectIds": ["proj_abc123"] })] {
        let (app, receiver) = (TestApp::start().await, Receiver::start().await);
        receiver.answer_with([500]);
        let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
        let path = format!("/api/endpoints/{}", endpoint.id);
        create_work_order(&app, "WO-retrying").await;
        app.drain().await;
        create_work_order(&app, "WO-pending").await;
        app.drain_stream().await;
        app.patch(&path, change).await.expect(200);
        app.advance(Duration::from_secs(70)).await;
        app.drain().await;
        assert_eq!(receiver.count(), 1);
        let deliveries = app.deliveries().await;
        assert!(deliveries.iter().all(|delivery| delivery.status == DeliveryStatus::Cancelled), "{deliveries:?}");
        assert_eq!(alerts(&app).await, [], "nobody misses them");
        // What a person sends again is sent.
        receiver.answer_with([200]);
        app.post(&format!("/api/deliveries/{}/retry", deliveries[0].id), json!({})).await.expect(202);
        app.drain().await;
        assert_eq!(receiver.count(), 2);
        let replay = json!({ "since": "2025-10-20T14:30:00Z" });
        let replayed = app.post(&format!("{path}/replay"), replay).await.expect(202).body;
        assert_eq!(replayed["matched"], 0, "a replay of what failed leaves it");
    }
}
