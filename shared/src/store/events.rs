//! Events: all events of one request are one outbox item, written with the record.
//!
//! An event's id is the item's ULID plus its place in it, so that an event is found by its id with one query and no item
//! of its own.

mod feed;
mod latest;
mod span;
mod writer;

use std::collections::HashMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use jiff::Timestamp;
use serde::Deserialize;

use super::Client;
use super::StoreError;
use super::item::{Item, n, s};
use crate::delivery::{Delivery, DeliveryStatus, Trigger};
use crate::events::{Event, EventName};
use crate::ids;

pub use feed::{FeedEvent, FeedPage, NoPosition, Position};
pub use latest::LatestEvents;
pub use span::OutboxPage;
pub use writer::EventWriter;

const TABLE: &str = "events";
/// Events and deliveries are kept 30 days.
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
            claimed_until: None,
            waiting_since: None,
            completed_at: None,
            test: self.test,
            last_attempt: None,
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

    /// Stores an outbox item by itself.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn store(&self, outbox: &Outbox, now: Timestamp) -> Result<(), StoreError> {
        let call = self.db.put_item().table_name(&self.table).set_item(Some(outbox.to_item(now)));
        call.send().await.map_err(StoreError::call("PutItem event"))?;
        Ok(())
    }

    /// The write of an outbox item, for a transaction.
    fn put(&self, outbox: &Outbox, now: Timestamp) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(outbox.to_item(now)))
            .build()
            .map_err(StoreError::built("Put event"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Makes the stream bring an outbox item again. Returns false when it is gone.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn bring_again(&self, account: &str, outbox_id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let outcome = self
            .db
            .update_item()
            .table_name(&self.table)
            .key("pk", s(account))
            .key("sk", s(outbox_id))
            .update_expression("SET broughtAgainAt = :now")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":now", s(now.to_string()))
            .send()
            .await;
        match outcome.map_err(SdkError::into_service_error) {
            Ok(_) => Ok(true),
            Err(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
            Err(other) => Err(StoreError::operation("UpdateItem event", &other)),
        }
    }
}
