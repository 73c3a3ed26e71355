//! Deliveries that are overdue, or due so late that no message could wait for it. They go to the retry queue, even for a
//! first attempt: whatever held them up must not hold up new events.

use domain::clock::SKEW;
use domain::delivery::DeliveryTask;
use domain::schedule::is_left_to_sweeper;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use store::StoreError;
use store::deliveries::{Claims, DueSpan, GRACE_SECONDS, Overdue};
use store::shard::Shard;

use crate::{SweepError, Sweeper};

/// How many deliveries are read from a shard of the index, and put back, at a time.
const PAGE: usize = 100;
/// How many deliveries one sweep puts back from each shard at most, so that no shard waits for another; the next sweep
/// goes on.
const MAX_PER_SHARD: usize = 100_000 / Shard::COUNT;
/// How long sweeps leave a delivery alone that was put back: its message may have to wait in a backlog.
const RESERVE: SignedDuration = SignedDuration::from_mins(15);

impl Sweeper {
    pub(crate) async fn sweep_deliveries(&self, now: Timestamp) -> Result<usize, SweepError> {
        let overdue = self.put_back_deliveries(DueSpan::By(now), Claims::Hold, now, MAX_PER_SHARD).await;
        // Left by a clock that was set back since: they would be overdue only when that time comes again.
        let too_far = DueSpan::Beyond(now + self.farthest());
        let too_far = self.put_back_deliveries(too_far, Claims::Hold, now, MAX_PER_SHARD).await;
        Ok(overdue? + too_far?)
    }

    /// How far ahead of now the time of a delivery in `by-due` can be.
    fn farthest(&self) -> SignedDuration {
        self.schedule.longest_wait().max(RESERVE) + SignedDuration::from_secs(GRACE_SECONDS) + SKEW
    }

    /// Puts unfinished deliveries that the sweeper looks after in `span` on the queue, at most `max` of each shard, and
    /// returns how many of them were lost. A failure does not stop the others; the last error is returned at the end.
    pub(crate) async fn put_back_deliveries(
        &self,
        span: DueSpan,
        claims: Claims,
        now: Timestamp,
        max: usize,
    ) -> Result<usize, SweepError> {
        let (mut lost, mut failed) = (0, None);
        for shard in Shard::all() {
            // All are found before the first is put back: what is put back moves on in the index, and a sweep of an
            // open span would find it again.
            let overdue = match self.overdue(shard, span, max).await {
                Ok(overdue) => overdue,
                Err(error) => {
                    failed = Some(error.into());
                    continue;
                }
            };
            for some in overdue.chunks(PAGE) {
                match self.put_back(some, claims, now).await {
                    Ok(found) => lost += found,
                    Err(error) => failed = Some(error),
                }
            }
        }
        failed.map_or(Ok(lost), Err)
    }

    /// At most `max` entries of one shard, oldest first.
    async fn overdue(&self, shard: Shard, span: DueSpan, max: usize) -> Result<Vec<Overdue>, StoreError> {
        let mut overdue: Vec<Overdue> = Vec::new();
        while overdue.len() < max {
            let limit = i32::try_from(PAGE.min(max - overdue.len())).unwrap_or(i32::MAX);
            let page = self.deliveries.overdue(shard, overdue.last().cloned(), span, limit).await?;
            if page.is_empty() {
                break;
            }
            overdue.extend(page);
        }
        Ok(overdue)
    }

    /// Sends what could be reserved, even if other reservations failed: no sweep looks at it again before its
    /// reservation ends. Returns how many of them were lost.
    async fn put_back(&self, overdue: &[Overdue], claims: Claims, now: Timestamp) -> Result<usize, SweepError> {
        let reserve = |entry| self.deliveries.reserve(entry, claims, now, RESERVE, self.farthest());
        let reserve = overdue.iter().map(reserve);
        let (mut tasks, mut lost, mut failed) = (Vec::with_capacity(overdue.len()), 0, None);
        for (entry, reserved) in overdue.iter().zip(join_all(reserve).await) {
            match reserved {
                Ok(Some(delivery)) => {
                    lost += usize::from(!entry.is_ahead(&delivery));
                    let due = self.schedule.due(&delivery, now);
                    // At a start all are looked after: some are still left to a later sweep.
                    if !is_left_to_sweeper(due, now) {
                        tasks.push(DeliveryTask { due, ..delivery.task() });
                    }
                }
                Ok(None) => {}
                Err(error) => failed = Some(error),
            }
        }
        self.retries.send(&tasks, now).await?;
        failed.map_or(Ok(lost), |error| Err(error.into()))
    }
}
