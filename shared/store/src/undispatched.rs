//! Accounts whose latest events may not be dispatched yet.
//!
//! Whoever raises an event first marks its account, once for each five minutes: that an event is there is known even if
//! its record in the stream is lost. Some minutes after these are over the sweeper compares the account's events of
//! that time with their deliveries, sets going what is missing, counts them for the statistics, and deletes the marker
//! when nothing is missing. Markers are spread over shards: partition key `shard#<0..15>`, sort key `<ULID>#<account>`,
//! where the ULID has the time at which the five minutes begin.
//!
//! A delivery may come to its end hours later. Whoever records that first marks the account once more, for the five
//! minutes of now, with those that are to be counted again in the sort key: `<ULID>#<account>#<epoch ms>`. Each five
//! minutes of changes have a marker of their own, so that none is deleted that was written again meanwhile.

mod marker;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};
use domain::clock::SKEW;
use domain::delivery::Delivery;
use domain::ids::ulid_of;
use domain::outbox::Outbox;
use jiff::{SignedDuration, Timestamp};
use telemetry::causes::causes;

use crate::batch::batch_write_best_effort;
use crate::conditional::unless_refused;
use crate::item::{Item, n, s};
use crate::shard::Shard;
use crate::{Client, StoreError};

pub use marker::{BUCKET, Counting, Marker, bucket_of};

const TABLE: &str = "undispatched";
/// How long after the end of a marker's five minutes the sweeper looks at them.
pub const GRACE: SignedDuration = SignedDuration::from_mins(5);
/// How long after their end what changes of their deliveries needs no marker: it is seen when they are first counted.
const SEEN_ANYWAY: SignedDuration = SignedDuration::from_mins(4);
/// How long an account is remembered as marked.
const REMEMBERED: Duration = Duration::from_mins(5);
/// `BatchWriteItem` writes at most this many items.
const BATCH: usize = 25;
/// The most markers that are remembered; when there are more, all are forgotten.
const MAX_REMEMBERED: usize = 10_000;

/// A page of markers.
#[derive(Debug, Default)]
pub struct MarkerPage {
    /// Oldest first.
    pub markers: Vec<Marker>,
    /// Where the next page begins, if there is one.
    pub next: Option<Position>,
}

/// A place among the markers of a shard.
#[derive(Debug, Clone)]
pub struct Position(Item);

/// No sweep has reserved the marker, or one whose clock ran ahead.
const IS_FREE: &str = "attribute_not_exists(reservedUntil) OR reservedUntil <= :now OR reservedAt > :ahead";

/// The values of [`IS_FREE`].
fn free(now: Timestamp) -> Item {
    [(":now", now), (":ahead", now + SKEW)].map(|(name, at)| (name.to_owned(), n(at.as_millisecond()))).into()
}

/// The table of markers.
#[derive(Debug, Clone)]
pub struct Undispatched {
    db: Client,
    table: String,
    /// How long markers are kept that nobody settles: as long as events.
    kept: SignedDuration,
    /// What this process has marked: accounts, and accounts with older deliveries of some five minutes; each with the
    /// begin of the latest five minutes, and when that was.
    marked: Arc<Mutex<HashMap<Marked, (u64, Instant)>>>,
}

/// An account, and the begin of the five minutes of its older deliveries if it was marked for these.
type Marked = (String, Option<u64>);

impl Undispatched {
    pub(crate) fn new(db: Client, table: String, kept: SignedDuration) -> Self {
        Self { db, table, kept, marked: Arc::default() }
    }

    /// Marks the account of an outbox item that is about to be stored. One write unit, once for each account, five
    /// minutes and process.
    ///
    /// # Errors
    /// When DynamoDB can't be reached. The outbox item must not be stored then.
    pub async fn mark(&self, outbox: &Outbox, now: Timestamp) -> Result<(), StoreError> {
        let marker = Marker::of(outbox);
        if !self.is_marked(&marker) {
            self.put(&marker, now).await?;
            self.remember(marker);
        }
        Ok(())
    }

    /// Has the five minutes of a delivery's event counted again, which is about to change for the statistics. One write
    /// unit, once for each account, five minutes of events, five minutes of changes and process; none when the five
    /// minutes of the event have not been counted yet. A failure is only logged: the statistics stay as they are until
    /// the next change.
    pub async fn mark_change(&self, delivery: &Delivery, now: Timestamp) {
        let Some(raised) = ulid_of(&delivery.id).map(|id| id.timestamp_ms()).filter(|_| !delivery.test) else { return };
        let is_seen_anyway = now < marker::end_of(raised) + SEEN_ANYWAY;
        if !is_seen_anyway {
            // Rare, and large: what calls this must not have room for it.
            Box::pin(self.mark_older(Marker::of_change(&delivery.account, raised, now), now)).await;
        }
    }

    async fn mark_older(&self, marker: Marker, now: Timestamp) {
        if self.is_marked(&marker) {
            return;
        }
        // Remembered before it is written: what is recorded beside it needs no second one, and the five minutes of now are
        // looked at long after both.
        self.remember(marker.clone());
        if let Err(error) = self.put_or_try_again(&marker, now).await {
            let (account, bucket) = (&marker.account, marker.counts());
            tracing::error!(error = %causes(&error), account, %bucket, "statistics may be out of date");
            self.marked.lock().unwrap_or_else(PoisonError::into_inner).remove(&(marker.account, marker.older));
        }
    }

    /// Nothing else comes back to a marker that is missing: what the SDK's tries could not write is tried once more.
    async fn put_or_try_again(&self, marker: &Marker, now: Timestamp) -> Result<(), StoreError> {
        match self.put(marker, now).await {
            Err(_) => self.put(marker, now).await,
            put => put,
        }
    }

    fn is_marked(&self, marker: &Marker) -> bool {
        let begin = marker.id.timestamp_ms();
        // Not for longer than five minutes, whatever the clock shows: when it was set back, the sweeper may have deleted the
        // marker of a time that comes again.
        let is_marked = |(known, at): &(u64, Instant)| *known == begin && at.elapsed() < REMEMBERED;
        let known = self.marked.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(marker.account.clone(), marker.older)).is_some_and(is_marked)
    }

    fn remember(&self, marker: Marker) {
        let mut known = self.marked.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_REMEMBERED {
            known.clear();
        }
        known.insert((marker.account, marker.older), (marker.id.timestamp_ms(), Instant::now()));
    }

    async fn put(&self, marker: &Marker, now: Timestamp) -> Result<(), StoreError> {
        let call = self
            .db
            .put_item()
            .table_name(&self.table)
            .set_item(Some(marker.key()))
            .item("expiresAt", n((now + self.kept).as_second()));
        call.send().await.map_err(StoreError::call("PutItem marker"))?;
        Ok(())
    }

    /// Deletes markers, 25 a call. One that DynamoDB leaves out each time that it is asked stays, without an error: its
    /// minutes are looked through again, which makes nothing twice.
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

    /// Markers of one shard, oldest first, behind the previous page's `next`: those that no sweep has reserved and whose
    /// five minutes are over at `until`, and those of a time that has not come yet, left by a clock that was set back
    /// since; without `until` all. One query, which examines `limit` markers.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn overdue(
        &self,
        shard: Shard,
        next: Option<Position>,
        until: Option<Timestamp>,
        now: Timestamp,
        limit: i32,
    ) -> Result<MarkerPage, StoreError> {
        let mut call = self.db.query().key_condition_expression("pk = :shard");
        if until.is_some() {
            call = call.filter_expression(IS_FREE).set_expression_attribute_values(Some(free(now)));
        }
        let output = call
            .table_name(&self.table)
            .expression_attribute_values(":shard", s(shard.key()))
            .limit(limit)
            .set_exclusive_start_key(next.map(|Position(key)| key))
            .send()
            .await
            .map_err(StoreError::call("Query markers"))?;
        let mut markers: Vec<Marker> = output.items().iter().filter_map(Marker::read_or_log).collect();
        let begins_ahead = |marker: &Marker| marker.ends_at() > now + SKEW + BUCKET;
        markers.retain(|marker| until.is_none_or(|until| marker.ends_at() <= until || begins_ahead(marker)));
        Ok(MarkerPage { markers, next: output.last_evaluated_key.map(Position) })
    }

    /// Notes how far the events of a marker are settled, compared and counted, and has sweeps leave it alone until
    /// `until`. Returns false, and changes nothing, when it was deleted or another sweep has reserved it. One write unit.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn reserve(&self, marker: &Marker, until: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        let mut set = ["reservedAt = :now", "reservedUntil = :until"].map(str::to_owned).to_vec();
        let (mut remove, mut values) = (Vec::new(), free(now));
        // Never taken away: what is settled stays so.
        let settled = marker.settled.as_ref().map(|settled| ("settled", Some(s(settled))));
        for (name, value) in marker.progress().into_iter().chain(settled) {
            match value {
                Some(value) => {
                    set.push(format!("{name} = :{name}"));
                    values.insert(format!(":{name}"), value);
                }
                None => remove.push(name),
            }
        }
        let set = set.join(", ");
        let remove = if remove.is_empty() { String::new() } else { format!(" REMOVE {}", remove.join(", ")) };
        let call = self
            .db
            .update_item()
            .table_name(&self.table)
            .set_key(Some(marker.key()))
            .update_expression(format!("SET {set}{remove}"))
            .condition_expression(format!("attribute_exists(pk) AND ({IS_FREE})"))
            .set_expression_attribute_values(Some(values))
            .expression_attribute_values(":until", n(until.as_millisecond()));
        Ok(unless_refused(call.send().await, "UpdateItem marker")?.is_some())
    }
}
