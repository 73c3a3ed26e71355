//! The outbox: events of one request until their deliveries are made.

use jiff::Timestamp;
use serde::Deserialize;

use crate::delivery::{Delivery, DeliveryStatus, Trigger};
use crate::events::{Event, EventName};
use crate::ids;
use crate::subject::{self, Subject};
use crate::trace::{self, Origin, TraceContext};
use crate::trail::{self, Trail};

/// An outbox item stays well under DynamoDB's 400 KB: each delivery of one of its events reads it whole.
const MAX_ITEM_BYTES: usize = 64 * 1024;

/// An event in an outbox item.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StoredEvent {
    /// `evt_` + ULID.
    pub id: String,
    /// The type of the event.
    pub name: EventName,
    /// The bytes that are signed and sent.
    pub body: String,
    /// The project that it is about, for endpoints that want only some projects'.
    #[serde(rename = "project", default)]
    pub project_id: Option<String>,
    /// The record that it is about. None in items of before it was stored.
    #[serde(default, deserialize_with = "subject::stored")]
    pub subject: Option<Subject>,
}

impl StoredEvent {
    /// The example of a type, as a test send carries it.
    #[must_use]
    pub fn example(id: String, name: EventName) -> Self {
        Self { id, name, body: name.example_body(), project_id: None, subject: name.example_subject() }
    }

    /// The event with its bytes; `project_id` is the project that it is about.
    #[must_use]
    pub fn new(event: &Event, project_id: Option<&str>) -> Self {
        let (id, project_id) = (event.id.clone(), project_id.map(str::to_owned));
        Self { id, name: event.name, body: event.body(), project_id, subject: Subject::of(&event.data) }
    }
}

/// All events of one request, or as many of them as fit into one item.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Outbox {
    /// The tenant.
    #[serde(rename = "pk")]
    pub account: String,
    /// Sort key: the ULID of its first event.
    #[serde(rename = "sk")]
    pub id: String,
    /// The request that raised them.
    #[serde(rename = "requestId")]
    pub request_id: String,
    /// That request's place in a trace. None in items of before there were traces.
    #[serde(rename = "traceparent", default, deserialize_with = "trace::if_valid")]
    pub trace: Option<TraceContext>,
    /// How many deliveries led to that request, one by another.
    #[serde(default)]
    pub hops: u8,
    /// The API key of that request, by the first one of its line: [`crate::api_key::ApiKey::line`]. None in items of
    /// before it was stored.
    #[serde(rename = "keyLine", default)]
    pub key_line: Option<String>,
    /// In the order in which they were raised.
    pub events: Vec<StoredEvent>,
    /// The items before it of the same record. Empty when it is about none, and in items of before there were trails.
    #[serde(default, deserialize_with = "trail::stored")]
    pub trail: Trail,
    /// When the sweeper last made the stream bring it again.
    #[serde(rename = "broughtAgainAt", default)]
    pub brought_again_at: Option<Timestamp>,
    /// A test send: no endpoint gets it but the one that it was sent to, and no feed shows it.
    #[serde(default)]
    pub test: bool,
}

impl Outbox {
    /// The outbox item of one event.
    #[must_use]
    pub fn of(account: &str, origin: Origin<'_>, event: StoredEvent) -> Self {
        Self {
            account: account.to_owned(),
            id: event.id.trim_start_matches("evt_").to_owned(),
            request_id: origin.request_id.to_owned(),
            trace: Some(origin.trace),
            hops: origin.trace.hops(),
            key_line: Some(origin.key_line.to_owned()),
            events: vec![event],
            trail: Trail::default(),
            brought_again_at: None,
            test: false,
        }
    }

    /// The outbox item of a test send.
    #[must_use]
    pub fn of_test(account: &str, origin: Origin<'_>, event: StoredEvent) -> Self {
        Self { test: true, ..Self::of(account, origin, event) }
    }

    /// The delivery of one of its events to an endpoint, of which no attempt has been made: due at `now`.
    #[must_use]
    pub fn delivery(&self, event: &StoredEvent, endpoint_id: &str, trigger: Trigger, now: Timestamp) -> Delivery {
        Delivery {
            account: self.account.clone(),
            id: ids::delivery_id(&event.id, endpoint_id),
            event_id: event.id.clone(),
            event: event.name,
            subject: event.subject.clone(),
            outbox_id: self.id.clone(),
            shared: None,
            endpoint_id: endpoint_id.to_owned(),
            status: DeliveryStatus::Pending,
            attempt_count: 0,
            series_start: 0,
            series: 0,
            trigger,
            next_attempt_at: Some(now),
            created_at: now,
            claimed_until: None,
            waiting_since: None,
            paced: false,
            completed_at: None,
            test: self.test,
            last_attempt: None,
            attempts: Vec::new(),
        }
    }

    /// Outbox items for `events` of a record that has this trail; one, unless they are large.
    #[must_use]
    pub fn split(account: &str, origin: Origin<'_>, events: Vec<StoredEvent>, mut trail: Trail) -> Vec<Self> {
        let mut outboxes: Vec<Self> = Vec::new();
        let mut room = 0_usize;
        for event in events {
            let size = event.body.len() + 200;
            match outboxes.last_mut() {
                Some(last) if size <= room => last.events.push(event),
                _ => {
                    let outbox = Self { trail: trail.clone(), ..Self::of(account, origin, event) };
                    trail = outbox.behind();
                    outboxes.push(outbox);
                    room = MAX_ITEM_BYTES;
                }
            }
            room = room.saturating_sub(size);
        }
        outboxes
    }

    /// The trail of whatever comes after it.
    #[must_use]
    pub fn behind(&self) -> Trail {
        self.trail.behind(&self.id)
    }

    /// The request's place in its trace, with its hops; a new trace where none is known.
    #[must_use]
    pub fn step(&self) -> TraceContext {
        self.trace.unwrap_or_else(TraceContext::start).with_hops(self.hops)
    }

    /// Whether its events came round too often to be delivered again: [`trace::MAX_HOPS`].
    #[must_use]
    pub fn is_loop(&self) -> bool {
        self.hops >= trace::MAX_HOPS
    }

    /// The event with this id.
    #[must_use]
    pub fn event(&self, id: &str) -> Option<&StoredEvent> {
        self.events.iter().find(|event| event.id == id)
    }
}
