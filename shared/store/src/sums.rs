//! Sums of deliveries: what became of those whose events were raised in some five minutes, and in an hour.
//!
//! The sweeper counts the deliveries of five minutes once these are over, and again after what changes later. The sums
//! lie in the table of deliveries, in partitions of their own:
//!
//! | partition key · sort key | holds |
//! |---|---|
//! | `<account>#sums` · `bucket#<begin>` | the sum of five minutes, if they had deliveries |
//! | `<account>#sums` · `hour#<begin>` | that of the buckets of an hour which have been counted, and which these are |
//! | `sums` · `progress` | since when all deliveries are counted, and until when |
//!
//! An hour is summed up anew from its buckets whenever one of them was written; so statistics by the hour read hours alone,
//! and counting a bucket again is the same as counting it for the first time.

mod stored;
mod summed;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use domain::statistics::Sum;
use jiff::{SignedDuration, Timestamp};
use telemetry::causes::causes;

use crate::backoff::pause_before;
use crate::conditional::unless_refused;
use crate::item::{Item, Reader, key, n, s};
use crate::undispatched::BUCKET;
use crate::{Client, StoreError};
use stored::{attributes, begin_of, read_sum};
use summed::{HOUR, bit, hour_of, read};

pub(crate) use stored::{attribute, parse};
pub use summed::{Summed, SummedSpan, Unit};

const TABLE: &str = "deliveries";
/// How often an hour is summed up that another sweep is summing up too.
const MAX_TRIES: u32 = 10;
const PROGRESS: (&str, &str) = ("sums", "progress");

/// How far deliveries are counted, of all accounts. In between, time without a sum had no deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// From when on.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// The table of deliveries, as far as sums are concerned.
#[derive(Debug, Clone)]
pub struct Sums {
    db: Client,
    table: String,
    /// How long they are kept: as long as the deliveries.
    kept: SignedDuration,
    /// The end of the progress that this process has noted last, in epoch seconds.
    noted: Arc<AtomicI64>,
}

impl Sums {
    pub(crate) fn new(db: Client, table: String, kept: SignedDuration) -> Self {
        Self { db, table, kept, noted: Arc::new(AtomicI64::new(i64::MIN)) }
    }

    /// The sums of an account from `since` on. One query for each MB, consistent: of an hour some 900 bytes, with a hundred
    /// endpoints up to 12 KB; of five minutes up to half of that.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn since(&self, account: &str, unit: Unit, since: Timestamp) -> Result<SummedSpan, StoreError> {
        let mut found = SummedSpan::default();
        for item in self.query(account, unit.key(since), format!("{}#~", unit.prefix())).await? {
            match read(&item, unit) {
                Ok(summed) => found.sums.push(summed),
                Err(error) => {
                    tracing::error!(error = %causes(&error), "a sum of deliveries can't be read; they are counted");
                    found.unreadable.extend(begin_of(&item));
                }
            }
        }
        Ok(found)
    }

    /// How far deliveries are counted; `None` before the first sweep.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn progress(&self) -> Result<Option<Progress>, StoreError> {
        let call = self.db.get_item().table_name(&self.table).set_key(Some(key(PROGRESS.0, PROGRESS.1)));
        let output = call.send().await.map_err(StoreError::call("GetItem progress"))?;
        let at = |name| output.item().and_then(|item| Reader { table: TABLE, item }.opt_time(name));
        Ok(at("since").zip(at("until")).map(|(since, until)| Progress { since, until }))
    }

    /// Notes that all deliveries of events before `until` are counted. When that is noted for the first time, those since
    /// `since` are. One write unit, unless this process has noted the same before.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn note_progress(&self, progress: Progress) -> Result<(), StoreError> {
        let Progress { since, until } = progress;
        if self.noted.load(Ordering::Relaxed) == until.as_second() {
            return Ok(());
        }
        let call = self
            .db
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(PROGRESS.0, PROGRESS.1)))
            .update_expression("SET #since = if_not_exists(#since, :since), #until = :until")
            .expression_attribute_names("#since", "since")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":since", s(since.to_string()))
            .expression_attribute_values(":until", s(until.to_string()));
        call.send().await.map_err(StoreError::call("UpdateItem progress"))?;
        self.noted.store(until.as_second(), Ordering::Relaxed);
        Ok(())
    }

    /// Stores the sum of the five minutes that begin at `bucket`, in place of an earlier one. [`Sums::sum_up`] must follow.
    /// One write unit for each KB.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn put_bucket(&self, account: &str, bucket: Timestamp, sum: &Sum) -> Result<(), StoreError> {
        let mut item = key(partition(account), Unit::Bucket.key(bucket));
        item.extend(attributes(bucket, sum, self.kept));
        let call = self.db.put_item().table_name(&self.table).set_item(Some(item));
        call.send().await.map_err(StoreError::call("PutItem sum"))?;
        Ok(())
    }

    /// Sums the hour up that a bucket is in. One write unit for each KB of the hour; two queries. Returns the buckets that
    /// can't be read, and are not in it: they have to be counted again.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, or other sweeps sum the hour up each time that it is tried.
    pub async fn sum_up(&self, account: &str, bucket: Timestamp) -> Result<Vec<Timestamp>, StoreError> {
        let hour = hour_of(bucket);
        let hour_key = || Unit::Hour.key(hour);
        for tries in 0..MAX_TRIES {
            pause_before(tries).await;
            // Before the buckets: whoever has written one of them since has also changed the version.
            let seen = self.query(account, hour_key(), hour_key()).await?;
            let seen = seen.first().and_then(|item| Reader { table: TABLE, item }.opt_number::<u64>("version"));
            let (low, high) = (Unit::Bucket.key(hour), Unit::Bucket.key(hour + HOUR - BUCKET));
            let (mut whole, mut unreadable) = (Summed::hour(hour, Sum::default(), []), vec![]);
            for item in self.query(account, low, high).await? {
                let Some(begin) = begin_of(&item) else { continue };
                match read_sum(&item) {
                    Ok(sum) => {
                        whole.sum.merge(&sum);
                        whole.buckets |= bit(hour, begin);
                    }
                    Err(error) => {
                        tracing::error!(error = %causes(&error), "a sum of deliveries can't be read; they are counted again");
                        unreadable.push(begin);
                    }
                }
            }
            if self.put_hour(account, &whole, seen).await? {
                return Ok(unreadable);
            }
        }
        Err(StoreError::Contention(TABLE))
    }

    /// Returns false, and stores nothing, when the version of the hour is no longer `seen`.
    async fn put_hour(&self, account: &str, hour: &Summed, seen: Option<u64>) -> Result<bool, StoreError> {
        let mut item = key(partition(account), Unit::Hour.key(hour.begins_at));
        item.extend(attributes(hour.begins_at, &hour.sum, self.kept));
        item.insert("buckets".to_owned(), n(hour.buckets));
        item.insert("version".to_owned(), n(seen.unwrap_or_default() + 1));
        let mut call = self
            .db
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(version)");
        if let Some(seen) = seen {
            call = call.condition_expression("version = :seen").expression_attribute_values(":seen", n(seen));
        }
        Ok(unless_refused(call.send().await, "PutItem sum of an hour")?.is_some())
    }

    async fn query(&self, account: &str, low: String, high: String) -> Result<Vec<Item>, StoreError> {
        let call = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
            .expression_attribute_values(":pk", s(partition(account)))
            .expression_attribute_values(":low", s(low))
            .expression_attribute_values(":high", s(high))
            .consistent_read(true);
        let items = call.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        items.map_err(StoreError::call("Query sums"))
    }
}

fn partition(account: &str) -> String {
    format!("{account}#sums")
}
