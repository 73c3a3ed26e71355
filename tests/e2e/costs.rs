//! What a request costs in calls of DynamoDB: the design's numbers, which are latency and money.

use serde_json::{Value, json};
use tests::{Receiver, TestApp};

use crate::deliveries::create_work_order;

/// How many calls of DynamoDB this body takes.
async fn calls(app: &TestApp, body: Value) -> usize {
    let _ = app.dynamodb_calls();
    app.post("/api/webhook/workorder", body).await.expect(200);
    app.dynamodb_calls()
}

#[tokio::test]
async fn a_warm_function_needs_two_calls_for_a_new_order_and_three_for_an_update_or_references() {
    let app = TestApp::start().await;
    create_work_order(&app, "WO-warm").await;
    app.post("/api/webhook/project", json!({ "projectNumber": "P-1", "name": "Project" })).await.expect(200);
    assert_eq!(calls(&app, json!({ "workOrderNumber": "WO-1", "title": "New" })).await, 2);
    assert_eq!(calls(&app, json!({ "workOrderNumber": "WO-1", "title": "Changed" })).await, 3);
    let with_project = json!({ "workOrderNumber": "WO-2", "title": "New", "projectNumber": "P-1" });
    assert_eq!(calls(&app, with_project).await, 3);
    app.drain().await;
}

#[tokio::test]
async fn a_batch_of_ten_deliveries_takes_one_read_and_a_write_each() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    // The endpoint's first success is noted; later ones are once a minute.
    create_work_order(&app, "WO-warm").await;
    app.drain().await;
    for number in 0..10 {
        create_work_order(&app, &format!("WO-{number}")).await;
    }
    app.drain_stream().await;
    let _ = app.dynamodb_calls();
    assert_eq!(app.drain_delivery_queue().await, 10);
    assert_eq!(app.dynamodb_calls(), 1 + 10);
    assert_eq!(receiver.count(), 11);
}
