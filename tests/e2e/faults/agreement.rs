//! What has to hold when everything is done, whatever went wrong: all that was accepted has arrived, and tables agree.

use std::collections::{BTreeMap, BTreeSet};

use domain::alert::AlertKind;
use serde_json::Value;
use store::tables;
use tests::Received;

use super::world::{Subscriber, World};
use crate::signatures::page_signature;

/// How many items of each kind the tables hold, as far as that does not depend on what went wrong.
pub(super) type Shape = BTreeMap<String, usize>;

impl World {
    /// Notes everything that does not agree.
    pub(super) async fn compare(&mut self) -> Shape {
        let items = self.app.items(&self.app.account).await;
        let of = |table: &str| -> Vec<&Value> {
            items.iter().filter(|item| item["table"] == table).map(|item| &item["item"]).collect()
        };
        let mut wrong = self.feed().await;
        wrong.extend(self.arrivals(&of(tables::EVENTS.name)).await);
        wrong.extend(deliveries(&self.app.account, &of(tables::DELIVERIES.name)));
        wrong.extend(self.statistics().await);
        wrong.extend(self.alerts().await);
        wrong.extend(keys(&of(tables::API_KEYS.name)));
        let things = [of(tables::API_KEYS.name), of(tables::ENDPOINTS.name)].concat();
        wrong.extend(audited(&self.app.account, &things, &of(tables::AUDIT.name)));
        self.wrong.extend(wrong);
        items.iter().filter_map(kind).fold(Shape::new(), |mut shape, kind| {
            *shape.entry(kind).or_default() += 1;
            shape
        })
    }

    /// The feed has exactly the events that were accepted.
    async fn feed(&self) -> Vec<String> {
        let feed = self.app.get("/api/events?limit=100").await.expect(200).body;
        let mut names = BTreeMap::new();
        for event in feed["data"].as_array().unwrap() {
            *names.entry(event["event"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        if names == self.expected {
            vec![]
        } else {
            vec![format!("events {names:?} are there, not {:?}", self.expected)]
        }
    }

    /// Each event has arrived at each subscriber, under one id, signed, and nothing else has.
    async fn arrivals(&self, events: &[&Value]) -> Vec<String> {
        let (mut wrong, mut bodies) = (Vec::new(), BTreeMap::new());
        let deliveries = self.app.deliveries().await;
        for subscriber in &self.subscribers {
            let endpoint = &subscriber.endpoint.id;
            let mut arrived: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
            for request in subscriber.receiver.requests() {
                if let Some(forged) = forged(&request, subscriber) {
                    wrong.push(forged);
                }
                if is_of_test(&request, events) {
                    continue;
                }
                let ids = ["x-webhook-event-id", "x-webhook-id"].map(|name| request.header(name).to_owned());
                let [event_id, id] = ids;
                if *bodies.entry(event_id.clone()).or_insert_with(|| request.body.clone()) != request.body {
                    wrong.push(format!("{event_id} came with another body"));
                }
                let made = deliveries.iter().find(|delivery| delivery.id == id);
                if made.is_none_or(|made| made.event_id != event_id || made.endpoint_id != *endpoint) {
                    wrong.push(format!("{id} of {event_id} came to {endpoint} and is in no table"));
                }
                arrived.entry(request.header("x-webhook-event").to_owned()).or_default().insert((event_id, id));
            }
            let arrived: BTreeMap<String, usize> = arrived.into_iter().map(|(name, ids)| (name, ids.len())).collect();
            if arrived != self.expected {
                wrong.push(format!("{arrived:?} came to {endpoint}, not {:?}", self.expected));
            }
        }
        wrong
    }

    /// The statistics are the deliveries, counted.
    async fn statistics(&self) -> Vec<String> {
        let told = self.app.get("/api/stats?hours=168").await.expect(200).body;
        let mut counted = BTreeMap::new();
        for delivery in self.app.deliveries().await.iter().filter(|delivery| !delivery.test) {
            let status = delivery.status.as_str();
            let name = if matches!(status, "pending" | "retrying") { "waiting" } else { status };
            *counted.entry((delivery.endpoint_id.clone(), name)).or_default() += 1;
        }
        let mut summed = BTreeMap::new();
        for endpoint in told["endpoints"].as_array().unwrap() {
            for name in ["delivered", "failed", "waiting", "cancelled"] {
                let count = endpoint[name].as_u64().unwrap();
                if count > 0 {
                    summed.insert((endpoint["endpointId"].as_str().unwrap().to_owned(), name), count);
                }
            }
        }
        if summed == counted { vec![] } else { vec![format!("statistics say {summed:?}, there are {counted:?}")] }
    }

    /// People were told of each alert, and each delivery that failed counts in one of its endpoint.
    async fn alerts(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let (alerts, published) = (self.app.alerts().await, self.app.system().sns().published());
        for alert in &alerts {
            if !published.iter().any(|message| message.messages.to_string().contains(&alert.id)) {
                wrong.push(format!("nobody was told of {}", alert.id));
            }
        }
        let mut failed: BTreeMap<String, u64> = BTreeMap::new();
        for delivery in
            self.app.deliveries().await.into_iter().filter(|one| one.status.as_str() == "failed" && !one.test)
        {
            *failed.entry(delivery.endpoint_id).or_default() += 1;
        }
        for (endpoint, failed) in failed {
            let own = alerts.iter().filter(|alert| alert.kind == AlertKind::DeliveryFailed);
            let own = own.filter(|alert| alert.endpoint_id.as_ref() == Some(&endpoint));
            let counted: u64 = own.map(|alert| alert.rolling.as_ref().map_or(1, |rolling| rolling.count)).sum();
            // What was sent again and failed again counts twice.
            if counted < failed {
                wrong.push(format!("{failed} deliveries to {endpoint} failed, and {counted} count in alerts"));
            }
        }
        wrong
    }
}

/// Why a subscriber would refuse a request.
fn forged(request: &Received, subscriber: &Subscriber) -> Option<String> {
    let signature = request.header("x-webhook-signature");
    let is_signed = subscriber.secrets.iter().any(|secret| page_signature(request, secret) == signature);
    let named = request.json()["event"] == request.header("x-webhook-event");
    (!is_signed || !named).then(|| format!("{} is not signed", request.header("x-webhook-id")))
}

/// Whether it is a test send: of one whose outcome could not be stored, only the event is there.
fn is_of_test(request: &Received, events: &[&Value]) -> bool {
    let id = request.header("x-webhook-event-id").trim_start_matches("evt_");
    events.iter().any(|event| event["sk"] == id && event["test"] == true)
}

/// Items of deliveries agree with each other and with what the indexes hold of them.
fn deliveries(account: &str, items: &[&Value]) -> Vec<String> {
    let mut wrong = Vec::new();
    let own: Vec<&&Value> = items.iter().filter(|item| item["pk"] == account && item["endpoint"].is_string()).collect();
    for item in &own {
        let status = item["status"].as_str().unwrap();
        let is_rare = matches!(status, "retrying" | "failed" | "cancelled");
        let is_over = matches!(status, "delivered" | "failed" | "cancelled");
        let by_status = if is_rare { Value::from(format!("{account}#{status}")) } else { Value::Null };
        if item["accountStatus"] != by_status {
            wrong.push(format!("by-status has it otherwise: {item}"));
        }
        let due = ["dueAt", "dueShard", "nextAttemptAt", "claimedUntil"].map(|name| !item[name].is_null());
        if is_over && (due != [false; 4] || item["completedAt"].is_null()) {
            wrong.push(format!("is over, and waits: {item}"));
        }
        let attempts = item["attempts"].as_array().unwrap().len();
        if item["attemptCount"] != attempts {
            wrong.push(format!("has {attempts} attempts: {item}"));
        }
    }
    for item in items.iter().filter(|item| item["deliveries"].is_object()) {
        if !item["incomplete"].is_null() {
            wrong.push(format!("is not wholly dispatched: {item}"));
        }
        for (endpoint, state) in item["deliveries"].as_object().unwrap() {
            let event = item["sk"].as_str().unwrap().split('#').next().unwrap();
            let of = format!("{account}#{endpoint}");
            let found = own.iter().filter(|own| own["eventId"] == event && own["endpoint"] == of.as_str()).count();
            if found != usize::from(state == "own") {
                wrong.push(format!("has {found} items of its own: {endpoint} in {item}"));
            }
        }
    }
    wrong
}

/// Each key is found by its account and by its hash.
fn keys(items: &[&Value]) -> Vec<String> {
    let count = |prefix| items.iter().filter(|item| item["pk"].as_str().unwrap().starts_with(prefix)).count();
    let (by_account, by_hash) = (count("KEY#"), count("HASH#"));
    if by_account == by_hash { vec![] } else { vec![format!("{by_account} keys have {by_hash} hashes")] }
}

/// The audit log tells of each key and endpoint that it was made.
fn audited(account: &str, things: &[&Value], entries: &[&Value]) -> Vec<String> {
    let own = things.iter().filter(|item| item["pk"] == account || item["pk"] == format!("KEY#{account}"));
    let is_told = |id: &Value| {
        let is_of = |entry: &&&Value| entry["targetId"] == *id && entry["done"].as_str().unwrap().ends_with(".created");
        entries.iter().filter(is_of).count() == 1
    };
    let untold = own.filter(|item| !is_told(&item["sk"]));
    untold.map(|item| format!("the audit log does not tell of {}", item["sk"])).collect()
}

/// What kind of item it is; `None` where faults may leave more or fewer of it, and `compare` looks closer.
fn kind(item: &Value) -> Option<String> {
    let (table, item) = (item["table"].as_str().unwrap(), &item["item"]);
    let pk = item["pk"].as_str().unwrap_or_default();
    let part = |number| pk.split('#').nth(number).unwrap_or_default().to_owned();
    let kind = match table {
        // Who sends again what makes a key or a test may make another one, and may be refused.
        "rate-windows" | "requests" | "deliveries" | "undispatched" | "alerts" | "api-keys" | "audit" => return None,
        "events" if item["test"] == true => return None,
        "records" | "endpoints" => part(1),
        "idempotency" => if item["answer"].is_null() { "claimed" } else { "answered" }.to_owned(),
        _ => String::new(),
    };
    Some(format!("{table} {kind}"))
}
