//! Events: all events of one request are one outbox item, written with the record.
//!
//! The key of an item is the account and the ULID of its first event; the ids of the further ones count up from there.
//! So an event is found by its id with one query, and needs no item of its own.

mod erase;
mod feed;
mod history;
mod latest;
mod span;
mod writer;

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use domain::outbox::{Outbox, StoredEvent};
use jiff::{SignedDuration, Timestamp};
use telemetry::causes::Cause;

use crate::conditional::unless_refused;
use crate::item::{Item, TRAIL, b, key, n, s};
use crate::{Client, StoreError, body};

pub use feed::{FeedEvent, FeedPage, NoPosition, Position};
pub use history::History;
pub use latest::LatestEvents;
pub use span::{OutboxPage, Survey, raised_at};
pub use writer::EventWriter;

const TABLE: &str = "events";

/// Reads an outbox item, of the table or of its stream.
///
/// # Errors
/// When an attribute is missing or has another form.
pub fn read_outbox(item: impl Into<serde_dynamo::Item>) -> Result<Outbox, StoreError> {
    let mut item = item.into();
    inflate(&mut item);
    let text = |name: &str| match item.inner().get(name) {
        Some(serde_dynamo::AttributeValue::S(text)) => text.clone(),
        _ => String::new(),
    };
    let key = format!("{} {}", text("pk"), text("sk"));
    serde_dynamo::from_item(item).map_err(|error: serde_dynamo::Error| StoreError::Unreadable {
        table: TABLE,
        key,
        what: "event".to_owned(),
        cause: Some(Cause::new(NotAnOutbox::from(&error))),
    })
}

/// Gives the events their bodies as text. One that can't be inflated stays as it is, and then is not text.
fn inflate(item: &mut serde_dynamo::Item) {
    let Some(serde_dynamo::AttributeValue::L(events)) = item.get_mut("events") else { return };
    for event in events {
        if let serde_dynamo::AttributeValue::M(event) = event
            && let Some(body) = event.get_mut("body")
            && let serde_dynamo::AttributeValue::B(bytes) = body
            && let Some(text) = body::inflated(bytes)
        {
            *body = serde_dynamo::AttributeValue::S(text);
        }
    }
}

/// What the parser says up to the first quotation mark or backtick: behind it stands what it read, which may be data of an event.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NotAnOutbox(String);

impl From<&serde_dynamo::Error> for NotAnOutbox {
    fn from(error: &serde_dynamo::Error) -> Self {
        Self(error.to_string().split(['"', '`']).next().unwrap_or_default().trim_end().to_owned())
    }
}

/// The attribute `events`.
fn event_list(events: &[StoredEvent]) -> AttributeValue {
    let events = events.iter().map(|event| {
        let mut item: Item = HashMap::from([
            ("id".to_owned(), s(&event.id)),
            ("name".to_owned(), s(event.name.as_str())),
            ("body".to_owned(), body::attribute(&event.body)),
        ]);
        if let Some(project) = &event.project_id {
            item.insert("project".to_owned(), s(project));
        }
        if let Some(subject) = &event.subject {
            item.insert("subject".to_owned(), s(subject.to_string()));
        }
        AttributeValue::M(item)
    });
    AttributeValue::L(events.collect())
}

/// The item of events that are raised at `now`, which is kept for as long as `kept` says.
fn outbox_item(outbox: &Outbox, now: Timestamp, kept: SignedDuration) -> Item {
    let mut item = HashMap::from([
        ("pk".to_owned(), s(&outbox.account)),
        ("sk".to_owned(), s(&outbox.id)),
        ("requestId".to_owned(), s(&outbox.request_id)),
        ("events".to_owned(), event_list(&outbox.events)),
        ("expiresAt".to_owned(), n((now + kept).as_second())),
    ]);
    if let Some(trace) = outbox.trace {
        item.insert("traceparent".to_owned(), s(trace.to_string()));
    }
    if outbox.hops > 0 {
        item.insert("hops".to_owned(), n(outbox.hops));
    }
    if let Some(key) = &outbox.key_line {
        item.insert("keyLine".to_owned(), s(key));
    }
    if !outbox.trail.is_empty() {
        item.insert(TRAIL.to_owned(), b(outbox.trail.to_bytes()));
    }
    if outbox.test {
        item.insert("test".to_owned(), AttributeValue::Bool(true));
    }
    item
}

/// The table of events.
#[derive(Debug, Clone)]
pub struct Events {
    db: Client,
    table: String,
    /// How long they are kept.
    kept: SignedDuration,
}

impl Events {
    pub(crate) fn new(db: Client, table: String, kept: SignedDuration) -> Self {
        Self { db, table, kept }
    }

    /// The table's name, for batches that read from several tables.
    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    /// Stores an outbox item without marking its account, whether or not there is one with its key: for test sends, which the
    /// dispatcher passes over. One write unit for each KB.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn store(&self, outbox: &Outbox, now: Timestamp) -> Result<(), StoreError> {
        let call = self.db.put_item().table_name(&self.table).set_item(Some(outbox_item(outbox, now, self.kept)));
        call.send().await.map_err(StoreError::call("PutItem event"))?;
        Ok(())
    }

    /// The write of an outbox item, for a transaction.
    fn put(&self, outbox: &Outbox, now: Timestamp) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(outbox_item(outbox, now, self.kept)))
            .build()
            .map_err(StoreError::built("Put event"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Changes an outbox item, so that the stream brings it to the dispatcher again. Returns false when there is none:
    /// its retention is over.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn bring_again(&self, account: &str, outbox_id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let outcome = self
            .db
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(account, outbox_id)))
            .update_expression("SET broughtAgainAt = :now")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":now", s(now.to_string()))
            .send()
            .await;
        Ok(unless_refused(outcome, "UpdateItem event")?.is_some())
    }
}

#[cfg(test)]
mod tests;
