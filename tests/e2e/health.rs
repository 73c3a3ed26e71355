//! Endpoints that hang, fail, recover, or are gone: what that means for them and for the others.

mod disabled;
mod failing;
mod gone;
mod slow;

use std::time::Duration;

use domain::alert::AlertKind;
use serde_json::{Value, json};
use tests::{Endpoint, Receiver, TestApp};

use crate::deliveries::create_work_order;

async fn shown(app: &TestApp, endpoint: &Endpoint) -> Value {
    app.get(&format!("/api/endpoints/{}", endpoint.id)).await.expect(200).body
}

async fn alerts(app: &TestApp) -> Vec<AlertKind> {
    app.alerts().await.iter().map(|alert| alert.kind).collect()
}

/// A system whose endpoint counts as failing, because of three deliveries that were each sent once and failed.
async fn failing() -> (TestApp, Receiver, Endpoint) {
    let (app, receiver) = (TestApp::builder().retry_schedule("1").start().await, Receiver::start().await);
    receiver.answer_with([500]);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await;
    for number in 1..=3 {
        create_work_order(&app, &format!("WO-{number}")).await;
    }
    app.drain().await;
    app.advance(Duration::from_secs(2)).await;
    app.drain().await;
    assert_eq!(shown(&app, &endpoint).await["health"]["state"], "failing");
    (app, receiver, endpoint)
}

async fn switch(app: &TestApp, endpoint: &Endpoint, status: &str) -> Value {
    app.patch(&format!("/api/endpoints/{}", endpoint.id), json!({ "status": status })).await.expect(200).body
}
