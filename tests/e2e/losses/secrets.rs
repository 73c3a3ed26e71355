//! Secrets that can not be opened.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::alert::AlertKind;
use domain::delivery::DeliveryStatus;
use serde_json::Value;
use store::tables;
use tests::{Receiver, TestApp};

use crate::deliveries::create_work_order;

#[tokio::test]
async fn a_delivery_fails_when_its_secret_can_not_be_opened_for_days() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await.id;
    create_work_order(&app, "WO-1").await;
    lose_secret(&app, &endpoint).await;
    app.drain().await;
    for _ in 0..6 {
        assert_eq!(app.only_delivery().await.status, DeliveryStatus::Pending, "somebody may mend it");
        app.advance(Duration::from_hours(20)).await;
        app.sweep().await;
        app.drain().await;
    }
    let delivery = app.only_delivery().await;
    assert_eq!((delivery.status, delivery.attempt_count, receiver.count()), (DeliveryStatus::Failed, 0, 0));
    let alerts = app.alerts().await;
    let kinds: Vec<AlertKind> = alerts.iter().map(|alert| alert.kind).collect();
    assert_eq!(kinds, [AlertKind::EndpointFailing, AlertKind::DeliveryFailed]);
    assert_eq!(alerts[1].delivery_id.as_ref(), Some(&delivery.id));
}

/// Puts a secret in the place of an endpoint's that no key opens. Returns the endpoint as it was stored.
async fn lose_secret(app: &TestApp, endpoint: &str) -> AttributeValue {
    let place = AttributeValue::S(String::new());
    let good = app.damage(tables::ENDPOINTS, endpoint, "endpoint", place).await;
    let mut broken: Value = serde_json::from_str(good.as_s().unwrap()).unwrap();
    broken["secret"]["sealed"] = "k1.AAAA.AAAA".into();
    app.damage(tables::ENDPOINTS, endpoint, "endpoint", AttributeValue::S(broken.to_string())).await;
    good
}

#[tokio::test]
async fn a_secret_that_can_not_be_opened_for_minutes_raises_one_alert() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await.id;
    let other = app.endpoint(&format!("{}/other", receiver.url()), ["*"]).await.id;
    let good = lose_secret(&app, &endpoint).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    assert_eq!(
        (app.alerts().await.len(), receiver.count()),
        (0, 1),
        "it may be over in a moment; {other} has its news"
    );
    for number in 2..5 {
        app.advance(Duration::from_mins(7)).await;
        create_work_order(&app, &format!("WO-{number}")).await;
        app.drain().await;
    }
    let alerts = app.alerts().await;
    assert_eq!(alerts.len(), 1, "once, however many wait");
    assert_eq!((alerts[0].kind, alerts[0].endpoint_id.as_ref()), (AlertKind::EndpointFailing, Some(&endpoint)));
    for said in [&*endpoint, "secret", "can't be decrypted", "overlapHours 0"] {
        assert!(alerts[0].message.contains(said), "{said}: {}", alerts[0].message);
    }

    app.damage(tables::ENDPOINTS, &endpoint, "endpoint", good.clone()).await;
    for _ in 0..3 {
        app.advance(Duration::from_mins(7)).await;
        app.drain().await;
    }
    assert_eq!(receiver.count(), 8, "nothing is lost");
    assert_eq!(app.alerts().await[1].kind, AlertKind::EndpointRecovered);
    lose_secret(&app, &endpoint).await;
    app.advance(Duration::from_mins(2)).await;
    create_work_order(&app, "WO-5").await;
    app.drain().await;
    app.advance(Duration::from_mins(7)).await;
    app.drain().await;
    let kinds: Vec<AlertKind> = app.alerts().await.iter().map(|alert| alert.kind).collect();
    assert_eq!(kinds, [AlertKind::EndpointFailing, AlertKind::EndpointRecovered, AlertKind::EndpointFailing]);
    app.leave_work("the last delivery waits for a secret that can be opened");
}

#[tokio::test]
async fn a_failing_endpoint_whose_secret_can_not_be_opened_raises_an_alert_of_its_own() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.answer_with([500]);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await.id;
    for number in 0..3 {
        create_work_order(&app, &format!("WO-{number}")).await;
    }
    app.drain().await;
    assert_eq!(app.alerts().await.len(), 1);
    lose_secret(&app, &endpoint).await;
    for _ in 0..5 {
        app.advance(Duration::from_mins(7)).await;
        app.drain().await;
    }
    let alerts = app.alerts().await;
    assert_eq!(alerts.len(), 2);
    assert!(alerts[0].message.contains("did not arrive") && alerts[1].message.contains("can't be signed"));
    app.leave_work("the deliveries wait for a secret that can be opened");
}
