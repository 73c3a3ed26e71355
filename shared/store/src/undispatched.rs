//! Markers of outbox items that were accepted and not dispatched yet.
//!
//! A marker is written in the transaction that raises the events, and deleted by the dispatcher. What the stream lost,
//! or the dispatcher gave up, still has its marker, and the sweeper makes the stream bring it again. Markers are spread
//! over shards: partition key `shard#<0..15>`, sort key `<ULID>#<account>`.

use aws_sdk_dynamodb::types::{DeleteRequest, Put, TransactWriteItem, WriteRequest};
use domain::clock::SKEW;
use domain::outbox::Outbox;
use jiff::{SignedDuration, Timestamp};
use ulid::Ulid;

use crate::batch::batch_write_best_effort;
use crate::conditional::unless_refused;
use crate::item::{Item, Reader, key, n, s};
use crate::shard::Shard;
use crate::tables::EVENT_RETENTION_SECONDS;
use crate::{Client, StoreError};

/// How long sweeps leave an event alone that the stream is made to bring again: the stream may have a backlog.
const RESERVE: SignedDuration = SignedDuration::from_mins(15);

const TABLE: &str = "undispatched";
/// `BatchWriteItem` writes at most this many items.
const BATCH: usize = 25;

/// An outbox item that waits to be dispatched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// The account that the outbox item belongs to.
    pub account: String,
    /// The id of the outbox item, a ULID: its sort key in the events table.
    pub outbox_id: String,
}

/// A page of markers.
#[derive(Debug, Default)]
pub struct MarkerPage {
    /// Oldest first.
    pub markers: Vec<Marker>,
    /// The marker behind which the next page begins, if there is one.
    pub next: Option<Marker>,
}

impl Marker {
    /// The marker of an outbox item.
    #[must_use]
    pub fn of(outbox: &Outbox) -> Self {
        Self { account: outbox.account.clone(), outbox_id: outbox.id.clone() }
    }

    /// When the events were raised, by the ULID.
    fn raised_at(&self) -> Option<Timestamp> {
        let milliseconds = Ulid::from_string(&self.outbox_id).ok()?.timestamp_ms();
        Timestamp::from_millisecond(i64::try_from(milliseconds).ok()?).ok()
    }

    fn key(&self) -> Item {
        let ulid = Ulid::from_string(&self.outbox_id).unwrap_or_default();
        let sort = format!("{}#{}", self.outbox_id, self.account);
        key(Shard::of(ulid).key(), sort)
    }

    fn read(item: &Item) -> Result<Self, StoreError> {
        let reader = Reader { table: TABLE, item };
        let (id, account) = reader.text("sk")?.split_once('#').ok_or_else(|| reader.unreadable("sk"))?;
        Ok(Self { account: account.to_owned(), outbox_id: id.to_owned() })
    }
}

/// No sweep has reserved the marker, or one whose clock ran ahead.
const IS_FREE: &str = "attribute_not_exists(reservedUntil) OR reservedUntil <= :now OR reservedUntil > :ahead";

/// Later than any reservation that is made now ends, in epoch milliseconds.
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
    pub(crate) fn new(db: Client, table: String) -> Self {
        Self { db, table }
    }

    /// The write of a marker, for the transaction of its outbox item.
    pub(crate) fn put(&self, marker: &Marker, now: Timestamp) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(marker.key()))
            .item("expiresAt", n(now.as_second() + EVENT_RETENTION_SECONDS))
            .build()
            .map_err(StoreError::built("Put marker"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Deletes markers, 25 a call. One that DynamoDB leaves out each time that it is asked stays, without an error: its
    /// events are dispatched again, which makes no delivery twice.
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
            batch_write_best_effort(&self.db, &self.table, deletes, "BatchWriteItem markers").await?;
        }
        Ok(())
    }

    /// Markers of one shard that no sweep has reserved, oldest first, behind the previous page's `next`: those of
    /// events that were raised before `until`, and those of a time that has not come yet, left by a clock that was set
    /// back since. One query, which examines `limit` markers.
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

    /// Reserves a marker for 15 minutes, so that the next sweeps leave it alone. Returns false when it was deleted or
    /// another sweep has reserved it. One write unit.
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
        Ok(unless_refused(outcome, "UpdateItem marker")?.is_some())
    }
}
