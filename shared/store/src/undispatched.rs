//! Markers of outbox items that were accepted and not dispatched yet.
//!
//! A marker is written in the transaction that raises the events, and deleted by the dispatcher. What the stream lost, or
//! the dispatcher gave up, still has its marker: the sweeper makes the stream bring it again.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{DeleteRequest, Put, TransactWriteItem, WriteRequest};
use domain::clock::SKEW;
use domain::outbox::Outbox;
use jiff::{SignedDuration, Timestamp};
use ulid::Ulid;

use super::Client;
use super::StoreError;
use super::events::RETENTION_SECONDS;
use super::item::{Item, Reader, n, s};
use super::shard::Shard;

/// An event that the stream brings again is left alone for so long: the stream may have a backlog.
const RESERVE: SignedDuration = SignedDuration::from_mins(15);

const TABLE: &str = "undispatched";
/// `BatchWriteItem` writes at most this many items.
const BATCH: usize = 25;

/// An outbox item that waits to be dispatched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// The tenant.
    pub account: String,
    /// Sort key of the outbox item.
    pub outbox_id: String,
}

/// A page of markers.
#[derive(Debug, Default)]
pub struct MarkerPage {
    /// Oldest first.
    pub markers: Vec<Marker>,
    /// Where the next page begins, if there is one.
    pub next: Option<Marker>,
}

impl Marker {
    /// Of this outbox item.
    #[must_use]
    pub fn of(outbox: &Outbox) -> Self {
        Self { account: outbox.account.clone(), outbox_id: outbox.id.clone() }
    }

    /// When its events were raised.
    fn raised_at(&self) -> Option<Timestamp> {
        let milliseconds = Ulid::from_string(&self.outbox_id).ok()?.timestamp_ms();
        Timestamp::from_millisecond(i64::try_from(milliseconds).ok()?).ok()
    }

    fn key(&self) -> Item {
        let ulid = Ulid::from_string(&self.outbox_id).unwrap_or_default();
        let sort = format!("{}#{}", self.outbox_id, self.account);
        HashMap::from([("pk".to_owned(), s(Shard::of(ulid).key())), ("sk".to_owned(), s(sort))])
    }

    fn read(item: &Item) -> Result<Self, StoreError> {
        let reader = Reader { table: TABLE, item };
        let (id, account) = reader.text("sk")?.split_once('#').ok_or_else(|| reader.unreadable("sk"))?;
        Ok(Self { account: account.to_owned(), outbox_id: id.to_owned() })
    }
}

/// Nobody has reserved it, or a clock that ran ahead has.
const IS_FREE: &str = "attribute_not_exists(reservedUntil) OR reservedUntil <= :now OR reservedUntil > :ahead";

/// Later than any reservation of `now` ends, in epoch milliseconds.
fn ahead(now: Timestamp) -> i64 {
    (now + RESERVE + SKEW).as_millisecond()
}

/// The table of markers.
#[derive(Debug, Clone)]
pub struct Undispatched {
    db: Client,
    table: String,
}

impl Undispatched {
    /// On the table with this name.
    #[must_use]
    pub fn new(db: Client, table: String) -> Self {
        Self { db, table }
    }

    /// The write of a marker, for the transaction of its outbox item.
    pub(super) fn put(&self, marker: &Marker, now: Timestamp) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(marker.key()))
            .item("expiresAt", n(now.as_second() + RETENTION_SECONDS))
            .build()
            .map_err(StoreError::built("Put marker"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Deletes markers.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn delete(&self, markers: &[Marker]) -> Result<(), StoreError> {
        for chunk in markers.chunks(BATCH) {
            let deletes = chunk.iter().map(|marker| {
                let delete = DeleteRequest::builder().set_key(Some(marker.key())).build();
                let delete = delete.map_err(StoreError::built("Delete marker"))?;
                Ok(WriteRequest::builder().delete_request(delete).build())
            });
            let deletes = deletes.collect::<Result<Vec<_>, StoreError>>()?;
            let mut pending = HashMap::from([(self.table.clone(), deletes)]);
            for tries in 0..super::MAX_BATCHES {
                super::pause_before(tries).await;
                let call = self.db.batch_write_item().set_request_items(Some(pending)).send();
                let output = call.await.map_err(StoreError::call("BatchWriteItem markers"))?;
                pending = output.unprocessed_items.unwrap_or_default();
                if pending.is_empty() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Markers of one shard that nobody has reserved, oldest first, from `next` of the page before on: those of before
    /// `until`, and those of a time that has not come, which a clock has left that was set back since. At most `limit`
    /// are looked at.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn overdue(
        &self,
        shard: Shard,
        next: Option<&Marker>,
        until: Timestamp,
        now: Timestamp,
        limit: i32,
    ) -> Result<MarkerPage, StoreError> {
        let output = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :shard")
            .filter_expression(IS_FREE)
            .expression_attribute_values(":shard", s(shard.key()))
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":ahead", n(ahead(now)))
            .limit(limit)
            .set_exclusive_start_key(next.map(Marker::key))
            .send()
            .await
            .map_err(StoreError::call("Query markers"))?;
        let mut markers = output.items().iter().map(Marker::read).collect::<Result<Vec<_>, _>>()?;
        markers.retain(|marker| marker.raised_at().is_none_or(|at| at < until || at > now + SKEW));
        Ok(MarkerPage { markers, next: output.last_evaluated_key().map(Marker::read).transpose()? })
    }

    /// Reserves a marker for `RESERVE`, so that the next sweeps leave it alone. Returns false when it is gone or
    /// somebody else's.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn reserve(&self, marker: &Marker, now: Timestamp) -> Result<bool, StoreError> {
        let outcome = self
            .db
            .update_item()
            .table_name(&self.table)
            .set_key(Some(marker.key()))
            .update_expression("SET reservedUntil = :until")
            .condition_expression(format!("attribute_exists(pk) AND ({IS_FREE})"))
            .expression_attribute_values(":until", n((now + RESERVE).as_millisecond()))
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":ahead", n(ahead(now)))
            .send()
            .await;
        match outcome.map_err(SdkError::into_service_error) {
            Ok(_) => Ok(true),
            Err(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
            Err(other) => Err(StoreError::operation("UpdateItem marker", other)),
        }
    }
}
