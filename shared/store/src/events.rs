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
use domain::outbox::Outbox;
use jiff::Timestamp;
use telemetry::causes::Cause;

use super::Client;
use super::StoreError;
use super::item::{Item, n, s};

pub use feed::{FeedEvent, FeedPage, NoPosition, Position};
pub use latest::LatestEvents;
pub use span::{OutboxPage, raised_at};
pub use writer::EventWriter;

const TABLE: &str = "events";
/// Events and deliveries are kept 30 days.
pub const RETENTION_SECONDS: i64 = 30 * 86_400;

/// Reads an outbox item, whether it came from the table or from its stream.
///
/// # Errors
/// When an attribute is missing or has another form.
pub fn read_outbox(item: impl Into<serde_dynamo::Item>) -> Result<Outbox, StoreError> {
    let unreadable = |error: serde_dynamo::Error| StoreError::Unreadable {
        table: TABLE,
        what: "event".to_owned(),
        cause: Some(Cause::new(error)),
    };
    serde_dynamo::from_item(item.into()).map_err(unreadable)
}

fn outbox_item(outbox: &Outbox, now: Timestamp) -> Item {
    let events = outbox.events.iter().map(|event| {
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
        ("pk".to_owned(), s(&outbox.account)),
        ("sk".to_owned(), s(&outbox.id)),
        ("requestId".to_owned(), s(&outbox.request_id)),
        ("events".to_owned(), AttributeValue::L(events.collect())),
        ("expiresAt".to_owned(), n(now.as_second() + RETENTION_SECONDS)),
    ]);
    if let Some(trace) = outbox.trace {
        item.insert("traceparent".to_owned(), s(trace.to_string()));
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
        let call = self.db.put_item().table_name(&self.table).set_item(Some(outbox_item(outbox, now)));
        call.send().await.map_err(StoreError::call("PutItem event"))?;
        Ok(())
    }

    /// The write of an outbox item, for a transaction.
    fn put(&self, outbox: &Outbox, now: Timestamp) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(outbox_item(outbox, now)))
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
            Err(other) => Err(StoreError::operation("UpdateItem event", other)),
        }
    }
}
