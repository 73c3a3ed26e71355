//! What the sweeper asks: which unfinished deliveries are overdue, or due later than any wait explains.

use aws_sdk_dynamodb::types::ReturnValue;
use domain::delivery::Delivery;
use jiff::{SignedDuration, Timestamp};

use super::stored::read;
use super::{Deliveries, TABLE};
use crate::conditional::unless_refused;
use crate::item::{Reader, key, n, s};
use crate::shard::Shard;
use crate::{StoreError, tables};

/// An entry of the index `by-due`: an unfinished delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overdue {
    /// The account that the delivery belongs to.
    pub account: String,
    /// The id of the delivery.
    pub id: String,
    /// Epoch milliseconds at which the sweeper looks after it.
    due_at: i64,
}

impl Overdue {
    /// Whether it was looked after ahead of the attempt: the sweeper was to send its message, and nothing was lost.
    #[must_use]
    pub fn is_ahead(&self, delivery: &Delivery) -> bool {
        delivery.next_attempt_at.is_some_and(|next| self.due_at < next.as_millisecond())
    }
}

/// A span of the times at which the sweeper looks after deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueSpan {
    /// At this instant or before it.
    By(Timestamp),
    /// After this instant.
    Beyond(Timestamp),
}

/// What becomes of claims on attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claims {
    /// They hold until their time is over.
    Hold,
    /// They end: whoever made them is gone.
    Ended,
}

impl Deliveries {
    /// Entries of one shard of `by-due` that lie in `span`, earliest first, at most `limit`, after the entry `seen`.
    /// One query; the index is eventually consistent.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn overdue(
        &self,
        shard: Shard,
        seen: Option<Overdue>,
        span: DueSpan,
        limit: i32,
    ) -> Result<Vec<Overdue>, StoreError> {
        let start = seen.map(|seen| {
            let mut start = key(seen.account, seen.id);
            start.extend([("dueShard".to_owned(), s(shard.key())), ("dueAt".to_owned(), n(seen.due_at))]);
            start
        });
        let (is_due, at) = match span {
            DueSpan::By(at) => ("<=", at),
            DueSpan::Beyond(at) => (">", at),
        };
        let output = self
            .db
            .query()
            .table_name(&self.table)
            .index_name(tables::BY_DUE)
            .key_condition_expression(format!("dueShard = :shard AND dueAt {is_due} :at"))
            .expression_attribute_values(":shard", s(shard.key()))
            .expression_attribute_values(":at", n(at.as_millisecond()))
            .limit(limit)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(StoreError::call("Query overdue deliveries"))?;
        let items = output.items().iter().map(|item| {
            let reader = Reader { table: TABLE, item };
            Ok(Overdue { account: reader.string("pk")?, id: reader.string("sk")?, due_at: reader.number("dueAt")? })
        });
        items.collect()
    }

    /// Moves an overdue delivery on in `by-due`, so that sweeps leave it alone for `long` while its message waits in a
    /// queue: one write unit for the item and two for the index entry. A delivery that is due later than that keeps its
    /// time, unless it is further away than `farthest`.
    ///
    /// Returns the delivery, or `None` when its time in the index has changed since: an attempt was recorded, or
    /// another sweep has reserved it.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn reserve(
        &self,
        overdue: &Overdue,
        claims: Claims,
        now: Timestamp,
        long: SignedDuration,
        farthest: SignedDuration,
    ) -> Result<Option<Delivery>, StoreError> {
        let soon = (now + long).as_millisecond();
        let too_far = overdue.due_at > (now + farthest).as_millisecond();
        let until = if too_far { soon } else { soon.max(overdue.due_at + 1) };
        let outcome = self
            .update_item(&overdue.account, &overdue.id)
            .update_expression(match claims {
                Claims::Hold => "SET dueAt = :until",
                Claims::Ended => "SET dueAt = :until REMOVE claimedUntil",
            })
            .condition_expression("dueAt = :seen")
            .expression_attribute_values(":until", n(until))
            .expression_attribute_values(":seen", n(overdue.due_at))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        let reserved = unless_refused(outcome, "UpdateItem overdue delivery")?;
        reserved.and_then(|output| output.attributes).as_ref().map(read).transpose()
    }
}
