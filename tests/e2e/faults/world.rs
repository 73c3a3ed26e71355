//! A system with faults, its subscribers, and an integrator who sends again what was not answered.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tests::{Backlog, Builder, Endpoint, Faults, Receiver, Reply, TestApp};

use crate::losses::OVERDUE;

/// How often the integrator sends the same.
const TRIES: usize = 8;
/// Longer than a claim of an `Idempotency-Key` holds.
const CLAIM: Duration = Duration::from_secs(61);
/// Longer than a message that was not deleted stays hidden.
const HIDDEN: Duration = Duration::from_mins(7);
/// How long nothing happens in the end: deliveries wait for a disabled endpoint for five days.
const LONG: Duration = Duration::from_hours(6);
/// How often the sweeper runs until everything has to be done: for more than five hours, then for six days.
const SWEEPS: (usize, usize) = (48, 24);

/// An endpoint with the server behind it.
pub(super) struct Subscriber {
    pub(super) receiver: Receiver,
    pub(super) endpoint: Endpoint,
    /// The secrets that have signed for it.
    pub(super) secrets: Vec<String>,
}

/// The system, and what has to come of what it answered.
pub(super) struct World {
    pub(super) app: TestApp,
    pub(super) faults: Faults,
    pub(super) subscribers: Vec<Subscriber>,
    /// Many endpoints at one receiver, and how many.
    pub(super) crowd: Option<(Receiver, usize)>,
    /// How many events of each name were accepted.
    pub(super) expected: BTreeMap<String, usize>,
    /// What is not as it should be.
    pub(super) wrong: Vec<String>,
}

/// An answer, and whether the request was sent more than once.
pub(super) struct Answered {
    pub(super) reply: Reply,
    pub(super) again: bool,
}

impl World {
    pub(super) async fn start(change: impl FnOnce(Builder) -> Builder) -> Self {
        let faults = Faults::default();
        let app = change(TestApp::builder().faults(&faults)).start().await;
        Self { app, faults, subscribers: Vec::new(), crowd: None, expected: BTreeMap::new(), wrong: Vec::new() }
    }

    /// Adds a subscriber to everything. The clock goes on: an endpoint gets no event of before it.
    pub(super) async fn subscribe(&mut self) {
        let receiver = Receiver::start().await;
        let endpoint = self.app.endpoint(&receiver.url(), ["*"]).await;
        self.subscribers.push(Subscriber { receiver, secrets: vec![endpoint.secret.clone()], endpoint });
        self.app.advance(Duration::from_secs(1)).await;
    }

    /// Adds so many subscribers to everything, at one receiver.
    pub(super) async fn subscribe_crowd(&mut self, count: usize) {
        let receiver = Receiver::start().await;
        self.app.endpoints(&receiver.url(), count).await;
        self.crowd = Some((receiver, count));
        self.app.advance(Duration::from_secs(1)).await;
    }

    /// Sends a request until it is answered otherwise than by "try again".
    pub(super) async fn ask(&mut self, method: &str, path: &str, key: Option<&str>, body: &Value) -> Answered {
        for tries in 0..TRIES {
            let call = self.app.request(method, path);
            let call = if body.is_null() { call } else { call.json(body) };
            let call = if let Some(key) = key { call.header("idempotency-key", key) } else { call };
            let reply = call.send().await;
            let again = tries > 0;
            match (reply.status, reply.code()) {
                (409, "idempotency_key_in_use") => self.app.advance(CLAIM).await,
                (429 | 500 | 503, _) => self.app.advance(Duration::from_secs(2)).await,
                _ => return Answered { reply, again },
            }
        }
        self.wrong.push(format!("{method} {path} was not accepted in {TRIES} tries"));
        Answered { reply: self.app.get("/api/event-types/none").await, again: true }
    }

    /// What another key is answered, once that is not "try again".
    pub(super) async fn status_with(&mut self, key: &str, path: &str) -> u16 {
        for _ in 0..TRIES {
            let reply = self.app.request("GET", path).key(key).send().await;
            match reply.status {
                429 | 500 | 503 => self.app.advance(Duration::from_secs(2)).await,
                status => return status,
            }
        }
        self.wrong.push(format!("{path} was not answered in {TRIES} tries"));
        0
    }

    /// Sends a request which has to be answered with `status`, or with one of `late` when it was sent more than once.
    pub(super) async fn accepted(
        &mut self,
        (method, path): (&str, &str),
        key: Option<&str>,
        body: &Value,
        (status, late): (u16, &[u16]),
    ) -> Value {
        let Answered { reply, again } = self.ask(method, path, key, body).await;
        if reply.status != status && !(again && late.contains(&reply.status)) {
            self.wrong.push(format!("{method} {path} was answered {} and not {status}: {}", reply.status, reply.text));
        }
        reply.body
    }

    /// Sends a body to one of the five inbound calls, which has to raise these events.
    pub(super) async fn inbound(&mut self, resource: &str, body: Value, events: &[&str]) -> Value {
        let path = format!("/api/webhook/{resource}");
        let Answered { reply, again } = self.ask("POST", &path, None, &body).await;
        let told = &reply.body["events"];
        // Whoever sends again may learn that it was done.
        let is_told = *told == Value::from(events) || (again && reply.body["action"] == "unchanged");
        if reply.status != 200 || !is_told {
            self.wrong.push(format!("{path} was answered {}, again: {again}: {}", reply.status, reply.text));
        }
        self.expect(events);
        reply.body
    }

    /// Notes events that have to arrive.
    pub(super) fn expect(&mut self, events: &[&str]) {
        for event in events {
            *self.expected.entry((*event).to_owned()).or_default() += 1;
        }
    }

    /// Lets time pass, and everything be done that is to be done.
    pub(super) async fn settle(&mut self) {
        self.app.drain().await;
        self.app.advance(OVERDUE).await;
        let mut left = Vec::new();
        for sweep in 0..SWEEPS.0 + SWEEPS.1 {
            self.app.drain().await;
            self.app.sweep().await;
            self.app.drain().await;
            left = self.left().await;
            if left.is_empty() {
                return;
            }
            self.app.advance(if sweep < SWEEPS.0 { HIDDEN } else { LONG }).await;
        }
        self.wrong.push(format!("is still to be done after six days: {}", left.join("; ")));
    }

    /// What is still to be done.
    async fn left(&self) -> Vec<String> {
        let mut left = Vec::new();
        let backlog = self.app.backlog().await;
        if backlog != Backlog::default() {
            left.push(format!("{backlog:?}"));
        }
        for item in self.app.items(&self.app.account).await {
            let (table, item) = (item["table"].as_str().unwrap(), &item["item"]);
            let entries = item["deliveries"].as_object().into_iter().flatten();
            let is_open = |state: &Value| state == "pending" || state.as_str().unwrap().starts_with("claimed");
            let is_left = match table {
                "undispatched" => true,
                "deliveries" => !item["dueAt"].is_null() || entries.map(|(_, state)| state).any(is_open),
                "alerts" => !item["unpublished"].is_null(),
                _ => false,
            };
            if is_left {
                left.push(format!("{table}: {item}"));
            }
        }
        left
    }
}
