//! Rate windows: how many calls a key (or an address without one) has left this minute and this hour.
//!
//! The item `<key id or address>#<hour>` holds an hour of one caller: the hour's count, and a count for each of its
//! minutes. One conditional update takes from both windows; a refused one returns the counts that the rate-limit
//! headers show.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::rate_limit::{Limits, Usage};
use jiff::Timestamp;

use crate::coalescer::Coalescer;
use crate::item::{Item, Reader, n, s};
use crate::{Client, StoreError};

const TABLE: &str = "rate windows";

/// The windows of a caller that a call is in.
#[derive(Debug)]
struct Window {
    /// The item's.
    key: String,
    /// The attribute of the minute.
    minute: String,
    limits: Limits,
    now: Timestamp,
}

/// The table of rate windows.
#[derive(Debug, Clone)]
pub struct RateWindows {
    db: Client,
    table: String,
    calls: Coalescer<Usage>,
}

impl RateWindows {
    pub(crate) fn new(db: Client, table: String) -> Self {
        Self { db, table, calls: Coalescer::default() }
    }

    /// Takes one call of `caller` from the windows of the present minute and hour, or from neither when one is used up:
    /// then the usage is not `granted`. One write unit, also when it is refused; calls of this process that come meanwhile
    /// share the next. When the one that counts for all is dropped, the others may be counted twice.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn take(&self, caller: &str, limits: Limits, now: Timestamp) -> Result<Usage, StoreError> {
        let window = Window { key: key(caller, now), minute: minute_attribute(now), limits, now };
        let name = format!("{} {} {} {}", window.key, window.minute, limits.per_hour, limits.per_minute);
        self.calls.take(&name, |calls| Box::pin(self.take_all(&window, calls))).await
    }

    /// Takes as many of these calls as there is room for, the first of them first.
    async fn take_all(&self, window: &Window, calls: usize) -> Result<Vec<Usage>, StoreError> {
        let mut usages = Vec::with_capacity(calls);
        let mut granted = u64::try_from(calls).unwrap_or(u64::MAX).min(window.limits.most()).max(1);
        let refused = loop {
            let seen = self.take_many(window, granted).await?;
            if seen.granted {
                usages.extend((0..granted).rev().map(|later| seen.before(later)));
                // What the others find: the windows as the last of these has left them.
                break Usage { granted: false, ..seen };
            }
            match window.limits.room(seen).min(granted - 1) {
                0 => break seen,
                room => granted = room,
            }
        };
        usages.resize(calls, refused);
        Ok(usages)
    }

    /// Takes this many calls or none.
    async fn take_many(&self, window: &Window, calls: u64) -> Result<Usage, StoreError> {
        let Window { key, minute, limits, now } = window;
        let below = |limit: u64| n(limit.saturating_add(1).saturating_sub(calls));
        let outcome = self
            .db
            .update_item()
            .table_name(&self.table)
            .key("pk", s(key))
            .update_expression(
                "SET hourCount = if_not_exists(hourCount, :zero) + :calls, #m = if_not_exists(#m, :zero) + :calls, \
                 expiresAt = :ttl",
            )
            .condition_expression(
                "(attribute_not_exists(hourCount) OR hourCount < :hour) \
                 AND (attribute_not_exists(#m) OR #m < :minute)",
            )
            .expression_attribute_names("#m", minute)
            .expression_attribute_values(":zero", n(0))
            .expression_attribute_values(":calls", n(calls))
            .expression_attribute_values(":hour", below(limits.per_hour))
            .expression_attribute_values(":minute", below(limits.per_minute))
            .expression_attribute_values(":ttl", n(now.as_second() + 2 * 3600))
            .return_values(ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match outcome {
            Ok(output) => Ok(usage(output.attributes(), minute, true)),
            Err(error) => match error.into_service_error() {
                UpdateItemError::ConditionalCheckFailedException(refused) => Ok(usage(refused.item(), minute, false)),
                other => Err(StoreError::operation("UpdateItem rate window", other)),
            },
        }
    }

    /// What `caller` has used of both windows, without taking from them. Half a read unit; eventually consistent.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn usage(&self, caller: &str, now: Timestamp) -> Result<Usage, StoreError> {
        let output = self
            .db
            .get_item()
            .table_name(&self.table)
            .key("pk", s(key(caller, now)))
            .send()
            .await
            .map_err(StoreError::call("GetItem rate window"))?;
        Ok(usage(output.item(), &minute_attribute(now), true))
    }
}

fn key(caller: &str, now: Timestamp) -> String {
    format!("{caller}#{}", now.as_second().div_euclid(3600))
}

fn minute_attribute(now: Timestamp) -> String {
    format!("m{}", now.as_second().rem_euclid(3600) / 60)
}

fn usage(item: Option<&Item>, minute: &str, granted: bool) -> Usage {
    let count = |name: &str| item.and_then(|item| Reader { table: TABLE, item }.opt_number(name)).unwrap_or_default();
    Usage { hour: count("hourCount"), minute: count(minute), granted }
}
