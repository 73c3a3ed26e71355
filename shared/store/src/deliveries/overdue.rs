//! What the sweeper asks: which unfinished deliveries are overdue, or due later than any wait explains.

use aws_sdk_dynamodb::types::ReturnValue;
use domain::delivery::Delivery;
use domain::schedule::SENT_AHEAD;
use jiff::{SignedDuration, Timestamp};

use super::stored::read;
use super::{Deliveries, GRACE_SECONDS, TABLE};
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

/// How long after it was looked after ahead of its attempt a delivery's message must be lost.
const LOST_AFTER: SignedDuration = SENT_AHEAD.saturating_add(SignedDuration::from_secs(GRACE_SECONDS));

impl Overdue {
    /// When it is looked after next if it is reserved now, in epoch milliseconds. See [`Deliveries::reserve`].
    fn reserved_until(&self, now: Timestamp, long: SignedDuration, farthest: SignedDuration) -> i64 {
        let (soon, due_at) = ((now + long).as_millisecond(), self.due_at);
        let is_within = |wait: SignedDuration| due_at <= (now + wait).as_millisecond();
        if !is_within(farthest) {
            soon
        } else if is_within(long - SENT_AHEAD) {
            soon.max(due_at + i64::try_from(LOST_AFTER.as_millis()).unwrap_or_default())
        } else {
            due_at + 1
        }
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
    /// queue, and until that message must be lost: one write unit for the item and two for the index entry. A delivery that is
    /// looked after so late that no message is sent for it, or none before its message must be lost, keeps its time, unless it
    /// is further away than `farthest`.
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
        let until = overdue.reserved_until(now, long, farthest);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_outlives_the_attempt_and_never_the_turn_of_the_sweeper() {
        let now: Timestamp = "2025-10-20T14:30:00Z".parse().unwrap();
        let minutes = SignedDuration::from_mins;
        let reserved = |due: SignedDuration| {
            let overdue = Overdue { account: String::new(), id: String::new(), due_at: (now + due).as_millisecond() };
            let until = overdue.reserved_until(now, minutes(15), minutes(120));
            SignedDuration::from_millis(until - now.as_millisecond())
        };
        // Lost, or to be sent now.
        assert_eq!(reserved(minutes(-30)), minutes(15));
        assert_eq!(reserved(minutes(0)), minutes(15));
        // Looked after at a start, three minutes ahead of attempts in 10 and in 15 minutes: five minutes after them.
        assert_eq!(reserved(minutes(7)), minutes(15));
        assert_eq!(reserved(minutes(12)), minutes(20));
        // Left to a later sweep.
        let moment = SignedDuration::from_millis(1);
        assert_eq!(reserved(minutes(12) + moment), minutes(12) + moment + moment);
        assert_eq!(reserved(minutes(120)), minutes(120) + moment);
        // Planned by a clock that ran ahead.
        assert_eq!(reserved(minutes(120) + moment), minutes(15));
    }
}
