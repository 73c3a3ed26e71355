//! Inbound calls with their right answers, as data: `tests/fixtures/cases/*.jsonl`, one case a line.
//!
//! `{"name", "steps": [{"post": path, "body": ..., "headers"?, "status", "action"?, "events"?, "errors"?: [[field, code]],
//! "code"?}]}`. The steps of a case are sent in order. What a step does not name is not judged. A body that is a string is
//! sent as it is; `$now+N` in a string is the present moment plus N seconds, in UTC.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use tests::{InboundApp, Reply, TestApp};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    post: String,
    body: Value,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    status: u16,
    action: Option<String>,
    events: Option<Vec<String>>,
    errors: Option<Vec<(String, String)>>,
    code: Option<String>,
}

impl Step {
    async fn send(&self, app: &InboundApp) -> Reply {
        let body = at(app.now(), &self.body.as_str().map_or_else(|| self.body.to_string(), str::to_owned));
        let mut call = app.request("POST", &self.post);
        if !self.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type")) {
            call = call.header("content-type", "application/json");
        }
        self.headers.iter().fold(call, |call, (name, value)| call.header(name, value)).body(body).send().await
    }

    /// What differs from the right answer.
    fn differences(&self, reply: &Reply) -> Vec<String> {
        let body = &reply.body;
        let defects = || reply.defects().into_iter().map(|(field, code)| json!([field, code])).collect::<Vec<_>>();
        let parts = [
            ("status", Some(json!(self.status)), json!(reply.status)),
            ("action", self.action.as_ref().map(|action| json!(action)), body["action"].clone()),
            ("events", self.events.as_ref().map(|events| json!(events)), body["events"].clone()),
            ("code", self.code.as_ref().map(|code| json!(code)), body["code"].clone()),
            ("errors", self.errors.as_ref().map(|errors| json!(errors)), json!(defects())),
        ];
        let wrong = parts.into_iter().filter(|(_, right, got)| right.as_ref().is_some_and(|right| right != got));
        wrong.map(|(part, right, got)| format!("{part} is {got}, not {}", right.unwrap_or_default())).collect()
    }
}

/// `text` with each `$now+N` and `$now-N` as an instant.
fn at(now: Timestamp, text: &str) -> String {
    let mut parts = text.split("$now");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.char_indices().skip(1).find(|(_, c)| !c.is_ascii_digit()).map_or(part.len(), |(at, _)| at);
        let seconds = part[..end].parse().expect("a number of seconds behind $now");
        let then = now + SignedDuration::from_secs(seconds);
        whole.push_str(&then.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        whole.push_str(&part[end..]);
    }
    whole
}

#[tokio::test]
async fn every_case_is_answered_rightly() {
    all_are_answered_rightly(include_str!("../fixtures/cases/inbound.jsonl")).await;
}

#[tokio::test]
async fn every_value_is_answered_rightly() {
    all_are_answered_rightly(include_str!("../fixtures/cases/values.jsonl")).await;
}

async fn all_are_answered_rightly(cases: &str) {
    let app = TestApp::builder().at_present().start_inbound().await;
    let mut wrong = Vec::new();
    for case in cases.lines().map(|line| serde_json::from_str::<Case>(line).expect(line)) {
        for (number, step) in case.steps.iter().enumerate() {
            let reply = step.send(&app).await;
            wrong.extend(step.differences(&reply).iter().map(|what| format!("{}, step {number}: {what}", case.name)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_present_moment_is_put_in() {
    let now = "2026-01-05T10:00:00Z".parse().unwrap();
    assert_eq!(
        at(now, r#"{"a":"$now+90","b":"$now-1"}"#),
        r#"{"a":"2026-01-05T10:01:30Z","b":"2026-01-05T09:59:59Z"}"#
    );
    assert_eq!(at(now, "{}"), "{}");
}
