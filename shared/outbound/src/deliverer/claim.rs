//! Which worker makes the next attempt of a delivery.

use domain::delivery::{CLAIM, Delivery};
use jiff::{SignedDuration, Timestamp};
use store::deliveries::GRACE_SECONDS;

use super::decision::EARLY_MILLISECONDS;
use super::{Deliverer, TaskError};

/// Who makes the next attempt.
pub(super) enum Claimed {
    /// This one. The claim holds until then; `None` if the attempt needs no claim.
    Ours(Option<Timestamp>),
    /// Another one, whose claim holds until then.
    Others(Timestamp),
}

impl Deliverer {
    /// Claims the next attempt. A delivery's very first one needs no claim, which saves most deliveries a write: no
    /// retry is planned yet that could run at the same time, and a person who wants one is told that it is under way.
    /// That ends when it is so late, or so early by a clock that was set back, that the sweeper might send it to
    /// another worker before this attempt is recorded, or when it has waited for its endpoint or its pace and may have been set
    /// going again, by another message, when that was enabled or raised.
    pub(super) async fn claim(&self, delivery: &Delivery, now: Timestamp) -> Result<Claimed, TaskError> {
        let until = now + CLAIM;
        let planned = delivery.next_attempt_at.unwrap_or(delivery.created_at);
        let lost = planned + SignedDuration::from_secs(GRACE_SECONDS);
        let in_time = planned.as_millisecond() <= now.as_millisecond() + EARLY_MILLISECONDS && until < lost;
        let has_waited = delivery.waiting_since.is_some() || delivery.paced;
        let is_first = delivery.attempt_count == 0 && delivery.series == 0 && !has_waited;
        if is_first && in_time {
            return Ok(Claimed::Ours(None));
        }
        // Refused: another worker was faster, or the delivery has moved on, and then the task is dropped when it comes.
        let ours = Box::pin(self.deliveries.claim(delivery, now, until)).await?;
        Ok(if ours { Claimed::Ours(Some(until)) } else { Claimed::Others(until) })
    }
}
