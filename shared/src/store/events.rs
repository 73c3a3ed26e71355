//! Events: all events of one request are one outbox item, written with the record (contract section 5.5).
//!
//! An event's id is the item's ULID plus its place in it, so that an event is found by its id with one query and no item
//! of its own.

mod feed;
mod span;

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use jiff::Timestamp;
use serde::Deserialize;

use super::StoreError;
use super::idempotency::{Claim, Idempotency};
use super::item::{Item, n, s};
use crate::delivery::{Delivery, DeliveryStatus, Trigger};
use crate::events::{Event, EventName};
use crate::ids;

pub use feed::{FeedEvent, FeedPage, NoPosition, Position};
pub use span::OutboxPage;

const TABLE: &str = "events";
/// Events and deliveries are kept 30 days (contract section 9).
pub const RETENTION_SECONDS: i64 = 30 * 86_400;
/// An outbox item stays well under DynamoDB's 400 KB: each delivery of one of its events reads it whole.
const MAX_ITEM_BYTES: usize = 64 * 1024;

/// An event as it lies in an outbox item.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StoredEvent {
    /// `evt_` + ULID.
    pub id: String,
    /// One of the 23.
    pub name: EventName,
    /// The bytes that are signed and sent.
    pub body: String,
    /// The project that it is about, for endpoints that want only some projects'.
    #[serde(rename = "project", default)]
    pub project_id: Option<String>,
}

impl StoredEvent {
    /// The event with its bytes; `project_id` is the project that it is about.
    #[must_use]
    pub fn new(event: &Event, project_id: Option<&str>) -> Self {
        let (id, project_id) = (event.id.clone(), project_id.map(str::to_owned));
        Self { id, name: event.name, body: event.body(), project_id }
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
    /// In the order in which they were raised.
    pub events: Vec<StoredEvent>,
    /// A test send: no endpoint gets it but the one that it was sent to, and no feed shows it.
    #[serde(default)]
    pub test: bool,
}

impl Outbox {
    /// The outbox item of one event.
    #[must_use]
    pub fn of(account: &str, request_id: &str, event: StoredEvent) -> Self {
        let id = event.id.trim_start_matches("evt_").to_owned();
        Self { account: account.to_owned(), id, request_id: request_id.to_owned(), events: vec![event], test: false }
    }

    /// The outbox item of a test send.
    #[must_use]
    pub fn of_test(account: &str, request_id: &str, event: StoredEvent) -> Self {
        Self { test: true, ..Self::of(account, request_id, event) }
    }

    /// The delivery of one of its events to an endpoint, of which no attempt has been made: due at `now`.
    #[must_use]
    pub fn delivery(&self, event: &StoredEvent, endpoint_id: &str, trigger: Trigger, now: Timestamp) -> Delivery {
        Delivery {
            account: self.account.clone(),
            id: ids::delivery_id(&event.id, endpoint_id),
            event_id: event.id.clone(),
            event: event.name,
            outbox_id: self.id.clone(),
            endpoint_id: endpoint_id.to_owned(),
            status: DeliveryStatus::Pending,
            attempt_count: 0,
            series_start: 0,
            series: 0,
            trigger,
            next_attempt_at: Some(now),
            created_at: now,
            completed_at: None,
            test: self.test,
            attempts: Vec::new(),
        }
    }

    /// Outbox items for `events`; one, unless they are large.
    #[must_use]
    pub fn split(account: &str, request_id: &str, events: Vec<StoredEvent>) -> Vec<Self> {
        let mut outboxes: Vec<Self> = Vec::new();
        let mut room = 0_usize;
        for event in events {
            let size = event.body.len() + 200;
            match outboxes.last_mut() {
                Some(last) if size <= room => last.events.push(event),
                _ => {
                    outboxes.push(Self::of(account, request_id, event));
                    room = MAX_ITEM_BYTES;
                }
            }
            room = room.saturating_sub(size);
        }
        outboxes
    }

    /// The event with this id.
    #[must_use]
    pub fn event(&self, id: &str) -> Option<&StoredEvent> {
        self.events.iter().find(|event| event.id == id)
    }

    /// Reads the item, whether it came from the table or from its stream.
    ///
    /// # Errors
    /// When an attribute is missing or has another form.
    pub fn from_item(item: impl Into<serde_dynamo::Item>) -> Result<Self, StoreError> {
        let unreadable = |error: serde_dynamo::Error| StoreError::Unreadable { table: TABLE, what: error.to_string() };
        serde_dynamo::from_item(item.into()).map_err(unreadable)
    }

    fn to_item(&self, now: Timestamp) -> Item {
        let events = self.events.iter().map(|event| {
            let mut item: Item = HashMap::from([
                ("id".to_owned(), s(&event.id)),
                ("name".to_owned(), s(event.name.as_str())),
                ("body".to_owned(), s(&event.body)),
            ]);
            if let Some(project) = &event.project_id {
                item.insert("project".to_owned(), s(project));
            }
            AttributeValue::M(item)
        });
        let mut item = HashMap::from([
            ("pk".to_owned(), s(&self.account)),
            ("sk".to_owned(), s(&self.id)),
            ("requestId".to_owned(), s(&self.request_id)),
            ("events".to_owned(), AttributeValue::L(events.collect())),
            ("expiresAt".to_owned(), n(now.as_second() + RETENTION_SECONDS)),
        ]);
        if self.test {
            item.insert("test".to_owned(), AttributeValue::Bool(true));
        }
        item
    }
}

/// The table of events.
#[derive(Debug, Clone)]
pub struct Events {
    db: Client,
    table: String,
}

impl Events {
    /// On the table with this name.
    #[must_use]
    pub fn new(db: Client, table: String) -> Self {
        Self { db, table }
    }

    /// The table's name, for batches that read from several tables.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Stores an outbox item together with an idempotency key, once: when the key was used before, nothing is stored
    /// and what was left under it is returned.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn publish_once(
        &self,
        outbox: &Outbox,
        idempotency: &Idempotency,
        key: &str,
        fingerprint: &str,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        let answer = outbox.events.first().map_or("", |event| event.id.as_str());
        let outcome = self
            .db
            .transact_write_items()
            .transact_items(idempotency.put_once(key, fingerprint, answer, now)?)
            .transact_items(self.put(outbox, now)?)
            .send()
            .await;
        match outcome.map_err(aws_sdk_dynamodb::error::SdkError::into_service_error) {
            Ok(_) => Ok(Claim::Ours),
            Err(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                let item = cancelled.cancellation_reasons().first().and_then(|reason| reason.item());
                Claim::read(item.ok_or(StoreError::Contention(TABLE))?)
            }
            Err(other) => Err(StoreError::operation("TransactWriteItems event", other)),
        }
    }

    /// Stores an outbox item by itself.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn store(&self, outbox: &Outbox, now: Timestamp) -> Result<(), StoreError> {
        let call = self.db.put_item().table_name(&self.table).set_item(Some(outbox.to_item(now)));
        call.send().await.map_err(StoreError::call("PutItem event"))?;
        Ok(())
    }

    /// The write of an outbox item, for the transaction of its record.
    pub(crate) fn put(&self, outbox: &Outbox, now: Timestamp) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(outbox.to_item(now)))
            .build()
            .map_err(|e| StoreError::operation("Put event", e))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}
