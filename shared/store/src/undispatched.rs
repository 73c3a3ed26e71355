//! Accounts whose latest events may not be dispatched yet.
//!
//! Whoever raises an event first marks its account, once for each five minutes: that an event is there is known even if
//! its record in the stream is lost. Some minutes after these are over the sweeper compares the account's events of
//! that time with their deliveries, sets going what is missing, and deletes the marker when nothing is. Markers are
//! spread over shards: partition key `shard#<0..15>`, sort key `<ULID>#<account>`, where the ULID has the time at which
//! the five minutes begin.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};
use domain::clock::SKEW;
use domain::ids::ulid_of;
use domain::outbox::Outbox;
use jiff::{SignedDuration, Timestamp};
use telemetry::causes::causes;
use ulid::Ulid;

use crate::batch::batch_write_best_effort;
use crate::conditional::unless_refused;
use crate::item::{Item, Reader, key, n, s};
use crate::range::IdRange;
use crate::shard::Shard;
use crate::tables::EVENT_RETENTION_SECONDS;
use crate::{Client, StoreError};

const TABLE: &str = "undispatched";
/// The time that one marker is about.
const BUCKET_MILLISECONDS: u64 = 5 * 60_000;
const BUCKET: SignedDuration = SignedDuration::from_mins(5);
/// How long an account is remembered as marked.
const REMEMBERED: Duration = Duration::from_mins(5);
/// `BatchWriteItem` writes at most this many items.
const BATCH: usize = 25;
/// The most accounts that are remembered as marked; when there are more, all are forgotten.
const MAX_REMEMBERED: usize = 10_000;

/// An account with events of some five minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// The account.
    pub account: String,
    /// A ULID of those minutes.
    id: Ulid,
    /// The outbox item up to which, inclusively, nothing is missing.
    pub settled: Option<String>,
    /// The outbox item up to which, inclusively, a comparison had come that ran out of time; the next one goes on behind
    /// it.
    pub compared: Option<String>,
}

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

impl Marker {
    /// The marker of an outbox item.
    #[must_use]
    pub fn of(outbox: &Outbox) -> Self {
        let millis = Ulid::from_string(&outbox.id).map_or(0, |ulid| ulid.timestamp_ms());
        // The rest of the ULID spreads accounts, and the times of one account, over the shards.
        let rest = ulid_of(&outbox.account).map_or(0, |account| account.random());
        let begin = begin_of(millis);
        let id = Ulid::from_parts(begin, rest ^ u128::from(begin / BUCKET_MILLISECONDS));
        Self { account: outbox.account.clone(), id, settled: None, compared: None }
    }

    /// The ids of outbox items and of events that it is about, behind those that are settled or were compared.
    #[must_use]
    pub fn range(&self) -> IdRange {
        let begin = begin_of(self.id.timestamp_ms());
        let end = Ulid::from_parts(begin + BUCKET_MILLISECONDS - 1, u128::MAX);
        let seen = self.settled.iter().chain(&self.compared).filter_map(|id| Ulid::from_string(id).ok()).max();
        let first = seen.map_or(Ulid::from_parts(begin, 0), |last| Ulid(last.0.saturating_add(1)));
        IdRange::between(first, end)
    }

    /// When its five minutes begin.
    #[must_use]
    pub fn begins_at(&self) -> Timestamp {
        self.ends_at() - BUCKET
    }

    /// The end of its five minutes.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        let end = begin_of(self.id.timestamp_ms()) + BUCKET_MILLISECONDS;
        i64::try_from(end).ok().and_then(|end| Timestamp::from_millisecond(end).ok()).unwrap_or(Timestamp::MAX)
    }

    fn key(&self) -> Item {
        key(Shard::of(self.id).key(), format!("{}#{}", self.id, self.account))
    }

    /// One that can't be read must not keep the sweeper from the others.
    fn read_or_log(item: &Item) -> Option<Self> {
        let read = Self::read(item);
        read.inspect_err(|error| tracing::error!(error = %causes(error), "a marker can't be read and is left out")).ok()
    }

    fn read(item: &Item) -> Result<Self, StoreError> {
        let reader = Reader { table: TABLE, item };
        let parts =
            reader.text("sk")?.split_once('#').and_then(|(id, account)| Some((Ulid::from_string(id).ok()?, account)));
        let (id, account) = parts.ok_or_else(|| reader.unreadable("sk"))?;
        let text = |name: &str| reader.opt_text(name).map(str::to_owned);
        Ok(Self { account: account.to_owned(), id, settled: text("settled"), compared: text("compared") })
    }
}

/// When the five minutes begin that a millisecond is in.
const fn begin_of(millis: u64) -> u64 {
    millis - millis % BUCKET_MILLISECONDS
}

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
    /// The accounts that this process has marked, each with the begin of the latest five minutes, and when that was.
    marked: Arc<Mutex<HashMap<String, (u64, Instant)>>>,
}

impl Undispatched {
    pub(crate) fn new(db: Client, table: String) -> Self {
        Self { db, table, marked: Arc::default() }
    }

    /// Marks the account of an outbox item that is about to be stored. One write unit, once for each account, five
    /// minutes and process.
    ///
    /// # Errors
    /// When DynamoDB can't be reached. The outbox item must not be stored then.
    pub async fn mark(&self, outbox: &Outbox, now: Timestamp) -> Result<(), StoreError> {
        let marker = Marker::of(outbox);
        let begin = marker.id.timestamp_ms();
        // Not for longer than five minutes, whatever the clock shows: when it was set back, the sweeper may have deleted the
        // marker of a time that comes again.
        let is_marked = |(known, at): &(u64, Instant)| *known == begin && at.elapsed() < REMEMBERED;
        if self.marked.lock().unwrap_or_else(PoisonError::into_inner).get(&marker.account).is_some_and(is_marked) {
            return Ok(());
        }
        self.db
            .put_item()
            .table_name(&self.table)
            .set_item(Some(marker.key()))
            .item("expiresAt", n(now.as_second() + EVENT_RETENTION_SECONDS))
            .send()
            .await
            .map_err(StoreError::call("PutItem marker"))?;
        let mut known = self.marked.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_REMEMBERED {
            known.clear();
        }
        known.insert(marker.account, (begin, Instant::now()));
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

    /// Notes how far the events of a marker are settled and compared, and has sweeps leave it alone until `until`.
    /// Returns false, and changes nothing, when it was deleted or another sweep has reserved it. One write unit.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn reserve(&self, marker: &Marker, until: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        let (mut set, mut remove, mut values) = (String::new(), "", free(now));
        if let Some(settled) = &marker.settled {
            set.push_str(", settled = :settled");
            values.insert(":settled".to_owned(), s(settled));
        }
        match &marker.compared {
            Some(compared) => {
                set.push_str(", compared = :compared");
                values.insert(":compared".to_owned(), s(compared));
            }
            None => remove = " REMOVE compared",
        }
        let call = self
            .db
            .update_item()
            .table_name(&self.table)
            .set_key(Some(marker.key()))
            .update_expression(format!("SET reservedAt = :now, reservedUntil = :until{set}{remove}"))
            .condition_expression(format!("attribute_exists(pk) AND ({IS_FREE})"))
            .set_expression_attribute_values(Some(values))
            .expression_attribute_values(":until", n(until.as_millisecond()));
        Ok(unless_refused(call.send().await, "UpdateItem marker")?.is_some())
    }
}
