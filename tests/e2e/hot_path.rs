//! What happens for each event does not need `dynoxide` in the local system.

use serde_json::json;
use tests::{Receiver, TestApp};

use crate::deliveries::create_work_order;

const OPERATIONS: [&str; 4] = ["BatchGetItem", "PutItem", "UpdateItem", "TransactWriteItems"];

#[tokio::test]
async fn requests_of_the_hot_path_are_carried_out_without_dynoxide() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    // In the first rounds `dynoxide` checks the expressions.
    for round in 0..4 {
        let _ = (app.system().left_to_dynoxide().take(), app.system().calls().take());
        let number = format!("WO-{round}");
        create_work_order(&app, &number).await;
        let change = json!({ "workOrderNumber": number, "title": "Changed" });
        app.post("/api/webhook/workorder", change).await.expect(200);
        let report = json!({ "event": "report.generated", "data": app.fixture("events/report.generated")["data"],
                             "idempotencyKey": number });
        app.post("/api/events", report).await.expect(200);
        app.drain().await;
    }
    assert_eq!(receiver.count(), 4 * 3);
    let (left, calls) = (app.system().left_to_dynoxide().take(), app.system().calls().take());
    for operation in OPERATIONS {
        assert!(!left.contains_key(operation), "{left:?}");
        assert!(calls.contains_key(&format!("DynamoDB_20120810.{operation}")), "{calls:?}");
    }
}
