//! Failed deliveries of an endpoint are one alert, which people acknowledge and resolve.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::tables;
use tests::{Receiver, Reply, TestApp};

use super::ALERTS;
use crate::deliveries::create_work_order;
use crate::management_deliveries::pages;

const HOUR: Duration = Duration::from_hours(1);

/// A system with an endpoint at which deliveries fail for good two seconds after their event.
struct Troubled {
    app: TestApp,
    receiver: Receiver,
    endpoint: String,
    /// How many events there were.
    events: usize,
}

impl Troubled {
    async fn start() -> Self {
        let (app, receiver) = (TestApp::builder().retry_schedule("1").start().await, Receiver::start().await);
        receiver.answer_with([500]);
        let endpoint = app.endpoint(&receiver.url(), ["workorder.created"]).await.id;
        Self { app, receiver, endpoint, events: 0 }
    }

    /// Lets deliveries of so many events fail.
    async fn fail(&mut self, count: usize) {
        for _ in 0..count {
            self.events += 1;
            create_work_order(&self.app, &format!("WO-{}", self.events)).await;
        }
        self.app.drain().await;
        self.app.advance(Duration::from_secs(2)).await;
        self.app.drain().await;
    }

    async fn listed(&self, query: &str) -> Vec<Value> {
        pages(&self.app, &format!("{ALERTS}?limit=100&kind=delivery.failed{query}")).await.0
    }

    /// The only alert about failures.
    async fn only(&self) -> Value {
        let mut listed = self.listed("").await;
        assert_eq!(listed.len(), 1, "{listed:?}");
        listed.remove(0)
    }

    async fn only_open(&self) -> Value {
        let mut listed = self.listed("&status=open").await;
        assert_eq!(listed.len(), 1, "{listed:?}");
        listed.remove(0)
    }

    async fn set(&self, alert: &Value, status: &str) -> Reply {
        let path = format!("{ALERTS}/{}", alert["id"].as_str().unwrap());
        self.app.patch(&path, json!({ "status": status })).await
    }

    /// The counts that were published of failures, in order.
    fn told(&self) -> Vec<u64> {
        let published = self.app.system().sns().published();
        let messages = published.iter().map(|message| message.messages["default"].as_str().unwrap().to_owned());
        let alerts = messages.map(|message| serde_json::from_str::<Value>(&message).unwrap());
        alerts.filter_map(|alert| alert["count"].as_u64()).collect()
    }
}

/// What failed in the minute before it is resolved is of it; what fails afterwards is not.
#[tokio::test]
async fn a_failure_of_before_it_was_resolved_opens_no_other() {
    let mut troubled = Troubled::start().await;
    troubled.fail(2).await;
    troubled.app.sweep().await;
    troubled.fail(1).await;
    let alert = troubled.only_open().await;
    troubled.app.advance(Duration::from_secs(1)).await;
    troubled.set(&alert, "resolved").await.expect(200);
    troubled.app.sweep().await;
    assert_eq!(troubled.listed("&status=open").await, Vec::<Value>::new());
    assert_eq!(troubled.only().await["count"], 3);
    troubled.app.advance(Duration::from_secs(1)).await;
    troubled.fail(1).await;
    troubled.app.sweep().await;
    let other = troubled.only_open().await;
    assert_eq!(other["count"], 1);
    troubled.set(&alert, "open").await.expect(409);
    troubled.set(&other, "resolved").await.expect(200);
    troubled.set(&alert, "open").await.expect(200);
    assert_eq!(troubled.only_open().await["id"], alert["id"]);
}

#[tokio::test]
async fn an_endpoint_with_112_failed_deliveries_has_one_alert() {
    let mut troubled = Troubled::start().await;
    let began = troubled.app.now();
    troubled.fail(112).await;
    let before = troubled.listed("").await;
    assert_eq!(before.len(), 112, "until they are rolled up they are listed by themselves");
    assert!(before.iter().all(|alert| alert["status"].is_null() && alert["count"].is_null()));
    troubled.app.sweep().await;
    let alert = troubled.only().await;
    assert_eq!(
        (&alert["count"], &alert["status"], &alert["endpointId"]),
        (&json!(112), &json!("open"), &json!(troubled.endpoint))
    );
    assert_eq!(alert["id"], before[111]["id"], "it is the first of them, grown");
    assert_eq!(alert["examples"].as_array().unwrap().len(), 5);
    let [since, last_at] = ["since", "lastAt"].map(|name| alert[name].as_str().unwrap().parse::<Timestamp>().unwrap());
    assert!(since <= began && last_at > began, "{alert}");
    let failed = pages(&troubled.app, "/api/deliveries?status=failed&limit=100").await.0;
    assert_eq!(failed.len(), 112, "each delivery is listed on");
    assert_eq!(troubled.told(), [112]);

    // What the alert says is what sends them again.
    troubled.receiver.answer_with([204]);
    troubled.app.advance(Duration::from_secs(1)).await;
    let path = format!("/api/endpoints/{}/replay", troubled.endpoint);
    let replayed =
        troubled.app.post(&path, json!({ "since": alert["since"], "only": "failed" })).await.expect(202).body;
    assert_eq!((&replayed["matched"], &replayed["queued"]), (&json!(112), &json!(112)));
    troubled.app.drain().await;
    assert_eq!(pages(&troubled.app, "/api/deliveries?status=failed").await.0.len(), 0);
}

#[tokio::test]
async fn people_are_told_at_once_once_an_hour_and_of_the_recovery() {
    let mut troubled = Troubled::start().await;
    for _ in 0..3 {
        troubled.fail(1).await;
        troubled.app.sweep().await;
        troubled.app.advance(Duration::from_mins(10)).await;
    }
    assert_eq!((troubled.told(), &troubled.only().await["count"]), (vec![1], &json!(3)));
    troubled.app.advance(HOUR).await;
    troubled.app.sweep().await;
    assert_eq!(troubled.told(), [1, 3], "what came within the hour");
    troubled.app.advance(HOUR).await;
    troubled.app.sweep().await;
    assert_eq!(troubled.told(), [1, 3], "it has not grown");

    troubled.receiver.answer_with([204]);
    create_work_order(&troubled.app, "WO-works").await;
    troubled.app.drain().await;
    troubled.app.sweep().await;
    let last = troubled.app.system().sns().published().pop().unwrap();
    assert_eq!(last.subject, "WorkSkedge webhooks: endpoint.recovered");
    let alert = troubled.only().await;
    assert!(alert["recoveredAt"].is_string() && alert["status"] == "open", "what failed has not arrived: {alert}");
    assert!(alert["message"].as_str().unwrap().contains("It works again: replay"), "{alert}");
    assert_eq!(troubled.told(), [1, 3]);
}

#[tokio::test]
async fn what_is_acknowledged_grows_on_and_is_published_no_more() {
    let mut troubled = Troubled::start().await;
    troubled.fail(1).await;
    troubled.app.sweep().await;
    let alert = troubled.only().await;
    let changed = troubled.set(&alert, "acknowledged").await.expect(200).body;
    assert!(changed["acknowledgedAt"].is_string() && changed["resolvedAt"].is_null(), "{changed}");
    assert_eq!(
        troubled.app.get(&format!("{ALERTS}/{}", alert["id"].as_str().unwrap())).await.expect(200).body,
        changed
    );
    troubled.fail(2).await;
    troubled.app.advance(HOUR * 2).await;
    troubled.app.sweep().await;
    assert_eq!((troubled.told(), &troubled.only().await["count"]), (vec![1], &json!(3)));
    assert_eq!(
        (troubled.listed("&status=open").await.len(), troubled.listed("&status=acknowledged").await.len()),
        (0, 1)
    );
    let again = troubled.set(&alert, "open").await.expect(200).body;
    assert!(again["acknowledgedAt"].is_null(), "{again}");
    troubled.app.sweep().await;
    assert_eq!(troubled.told(), [1, 3]);
}

#[tokio::test]
async fn what_fails_after_it_was_resolved_begins_another() {
    let mut troubled = Troubled::start().await;
    troubled.fail(2).await;
    troubled.app.sweep().await;
    let first = troubled.only().await;
    troubled.set(&first, "resolved").await.expect(200);
    assert_eq!(troubled.set(&first, "resolved").await.expect(200).body["status"], "resolved", "again");
    assert_eq!((troubled.listed("&status=open").await.len(), troubled.listed("&status=resolved").await.len()), (0, 1));
    troubled.set(&first, "open").await.expect(200);
    troubled.set(&first, "resolved").await.expect(200);
    troubled.fail(1).await;
    troubled.app.sweep().await;
    let open = troubled.listed("&status=open").await;
    assert_eq!((open.len(), &open[0]["count"]), (1, &json!(1)));
    let refused = troubled.set(&first, "open").await.expect(409);
    assert_eq!(refused.code(), "invalid_state_transition");
    assert!(refused.text.contains(open[0]["id"].as_str().unwrap()), "{}", refused.text);
    assert_eq!(troubled.told(), [2, 1]);
}

#[tokio::test]
async fn what_fails_after_a_quiet_day_begins_another() {
    let mut troubled = Troubled::start().await;
    troubled.fail(1).await;
    troubled.app.sweep().await;
    troubled.app.advance(HOUR * 25).await;
    troubled.fail(1).await;
    troubled.app.sweep().await;
    let all = troubled.listed("").await;
    let counts: Vec<_> = all.iter().map(|alert| (&alert["count"], alert["status"].as_str().unwrap())).collect();
    assert_eq!(counts, [(&json!(1), "open"), (&json!(1), "resolved")]);
    assert_eq!(troubled.listed("&status=open").await.len(), 1);
}

#[tokio::test]
async fn two_sweeps_at_once_count_each_failure_once() {
    let mut troubled = Troubled::start().await;
    troubled.fail(20).await;
    tokio::join!(troubled.app.sweep(), troubled.app.sweep(), troubled.app.sweep());
    troubled.app.sweep().await;
    assert_eq!(troubled.only().await["count"], 20);
}

#[tokio::test]
async fn an_alert_that_can_not_be_read_keeps_nobody_from_being_told() {
    let mut troubled = Troubled::start().await;
    troubled.fail(1).await;
    troubled.app.sweep().await;
    let id = troubled.only().await["id"].as_str().unwrap().to_owned();
    troubled.app.damage(tables::ALERTS, &id, "alert", AttributeValue::S("no JSON".to_owned())).await;
    troubled.fail(2).await;
    troubled.app.sweep().await;
    assert_eq!(troubled.told(), [1, 2]);
}

#[tokio::test]
async fn only_an_alert_that_rolls_up_failures_has_a_status() {
    let mut troubled = Troubled::start().await;
    troubled.fail(3).await;
    for alert in pages(&troubled.app, ALERTS).await.0 {
        assert_eq!(troubled.set(&alert, "resolved").await.expect(409).code(), "invalid_state_transition", "{alert}");
    }
    troubled.app.sweep().await;
    let alert = troubled.only().await;
    assert_eq!(troubled.set(&alert, "done").await.expect(400).defects(), [("status", "invalid_value")]);
    let path = format!("{ALERTS}/{}", alert["id"].as_str().unwrap());
    assert_eq!(troubled.app.patch(&path, json!({})).await.expect(400).defects(), [("status", "required")]);
    troubled
        .app
        .patch(&format!("{ALERTS}/alr_01JAMB3X9T7Q2V5K8N4C6D0EFG"), json!({ "status": "open" }))
        .await
        .expect(404);
    let other = troubled.app.tenant("Other").await;
    other.patch(&path, json!({ "status": "resolved" })).await.expect(404);
    other.get(&path).await.expect(404);
    assert_eq!(other.get(&format!("{ALERTS}?status=open")).await.expect(200).body["data"], json!([]));
    assert_eq!(troubled.only().await, alert);
}

#[tokio::test]
async fn open_alerts_are_paged_newest_first() {
    let mut troubled = Troubled::start().await;
    for number in 0..6 {
        troubled.app.endpoint(&format!("{}?{number}", troubled.receiver.url()), ["workorder.created"]).await;
        troubled.fail(1).await;
    }
    troubled.app.sweep().await;
    let (all, _) = pages(&troubled.app, &format!("{ALERTS}?status=open&limit=100")).await;
    let (by_page, count) = pages(&troubled.app, &format!("{ALERTS}?status=open&limit=3")).await;
    assert_eq!((&by_page, count, all.len()), (&all, 3, 7));
    assert!(all.is_sorted_by(|newer, older| newer["id"].as_str() > older["id"].as_str()));
    let own = pages(&troubled.app, &format!("{ALERTS}?status=open&endpointId={}", troubled.endpoint)).await.0;
    assert_eq!((own.len(), &own[0]["count"]), (1, &json!(6)));
    assert_eq!(
        pages(&troubled.app, &format!("{ALERTS}?status=open&kind=endpoint.failing")).await.0,
        Vec::<Value>::new()
    );
}
