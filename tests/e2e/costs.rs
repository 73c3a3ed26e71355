//! What a request and a delivery cost in calls and units of DynamoDB and SQS: the design's numbers, which are latency and
//! money. The rows of `infra/cost.md` are counted here.

use std::fmt::Write as _;
use std::time::Duration;

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
async fn a_warm_function_needs_three_calls_for_a_change_and_two_for_none() {
    let app = TestApp::start().await;
    create_work_order(&app, "WO-warm").await;
    app.post("/api/webhook/project", json!({ "projectNumber": "P-1", "name": "Project" })).await.expect(200);
    assert_eq!(calls(&app, json!({ "workOrderNumber": "WO-1", "title": "New" })).await, 3);
    assert_eq!(calls(&app, json!({ "workOrderNumber": "WO-1", "title": "Changed" })).await, 3);
    assert_eq!(calls(&app, json!({ "workOrderNumber": "WO-1", "title": "Changed" })).await, 2);
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

/// Counts rows of the table in `infra/cost.md`.
struct Bill<'a> {
    app: &'a TestApp,
    rows: String,
}

impl<'a> Bill<'a> {
    fn new(app: &'a TestApp) -> Self {
        Self { app, rows: String::new() }
    }

    /// Nothing before this is counted.
    fn begin(&self) {
        let _ = (self.app.system().calls().units().take(), self.app.system().calls().take());
    }

    /// What it took since the beginning, as a row. SQS's own polling and deleting is Lambda's in AWS, and left out.
    fn end(&mut self, what: &str) {
        let units = self.app.system().calls().units().take();
        let calls = self.app.system().calls().take();
        let sent: usize = calls
            .iter()
            .filter(|(target, _)| target.starts_with("AmazonSQS.SendMessage"))
            .map(|(_, count)| count)
            .sum();
        let (written, read, refused) = (units.written, units.read, units.refused);
        let _ = writeln!(self.rows, "| {what} | {written} | {read} | {refused} | {sent} |");
    }

    /// The work order `body` is sent, and nothing else.
    async fn request(&mut self, what: &str, body: Value) {
        self.begin();
        self.app.post("/api/webhook/workorder", body).await.expect(200);
        self.end(what);
        self.app.drain().await;
    }
}

fn order(number: &str) -> Value {
    json!({ "workOrderNumber": number, "title": "New", "description": "x".repeat(1_000) })
}

#[tokio::test]
async fn what_it_costs_is_in_the_table() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let mut bill = Bill::new(&app);
    app.post("/api/webhook/project", json!({ "projectNumber": "P-1", "name": "Project" })).await.expect(200);
    create_work_order(&app, "WO-warm").await;
    app.drain().await;

    bill.request("request: creates a work order", order("WO-1")).await;
    let mut referring = order("WO-2");
    referring["projectNumber"] = json!("P-1");
    bill.request("request: creates one that refers to a project", referring).await;
    bill.request("request: updates one", json!({ "workOrderNumber": "WO-1", "title": "Changed" })).await;
    bill.request("request: says the same again", json!({ "workOrderNumber": "WO-1", "title": "Changed" })).await;

    app.post("/api/webhook/workorder", order("WO-3")).await.expect(200);
    bill.begin();
    app.drain_stream().await;
    bill.end("dispatch: nobody wants it");

    app.endpoint(&receiver.url(), ["*"]).await;
    // Its first success is noted; later ones once a minute.
    create_work_order(&app, "WO-4").await;
    app.drain().await;
    app.post("/api/webhook/workorder", order("WO-5")).await.expect(200);
    bill.begin();
    app.drain_stream().await;
    bill.end("dispatch: to one endpoint");
    app.drain_delivery_queue().await;
    bill.end("delivery: arrives, alone in its batch");

    for number in 10..20 {
        app.post("/api/webhook/workorder", order(&format!("WO-{number}"))).await.expect(200);
    }
    app.drain_stream().await;
    bill.begin();
    assert_eq!(app.drain_delivery_queue().await, 10);
    bill.end("deliveries: ten arrive in one batch");

    receiver.answer_with([500, 500, 204]);
    app.post("/api/webhook/workorder", order("WO-6")).await.expect(200);
    app.drain_stream().await;
    bill.begin();
    app.drain_delivery_queue().await;
    bill.end("delivery: fails, is to be tried again");
    app.advance(Duration::from_secs(70)).await;
    app.drain_retry_queue().await;
    bill.end("retry: fails, is to be tried again");
    app.advance(Duration::from_secs(340)).await;
    bill.begin();
    app.drain_retry_queue().await;
    bill.end("retry: arrives");

    receiver.answer_with([500]);
    app.post("/api/webhook/workorder", order("WO-7")).await.expect(200);
    app.drain().await;
    for wait in [70, 340] {
        app.advance(Duration::from_secs(wait)).await;
        app.drain_retry_queue().await;
    }
    bill.begin();
    app.advance(Duration::from_secs(901)).await;
    app.drain_retry_queue().await;
    bill.end("hop: of 15 minutes");
    receiver.answer_with([204]);
    app.drain().await;

    bill.begin();
    app.sweep().await;
    bill.end("sweep: there is nothing to do");

    for n in 0..9 {
        app.endpoint(&format!("{}?{n}", receiver.url()), ["*"]).await;
    }
    app.post("/api/webhook/workorder", order("WO-8")).await.expect(200);
    bill.begin();
    app.drain_stream().await;
    bill.end("dispatch: to ten endpoints");

    app.leave_work();
    let text = include_str!("../../infra/cost.md");
    let missing: Vec<&str> = bill.rows.lines().filter(|row| !text.contains(row)).collect();
    assert!(missing.is_empty(), "infra/cost.md does not have these rows:\n{}", missing.join("\n"));
}
