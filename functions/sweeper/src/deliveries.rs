//! Deliveries that are overdue, or due so late that no message could wait for it. They go to the retry queue, even for a
//! first attempt: whatever held them up must not hold up new events.

use std::time::Instant;

use domain::clock::SKEW;
use domain::delivery::DeliveryTask;
use domain::pace::LONGEST_LINE;
use domain::schedule::{LONGEST_HOP_SECONDS, SENT_AHEAD, is_left_to_sweeper};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use store::StoreError;
use store::deliveries::{Claims, DueSpan, GRACE_SECONDS, Overdue};
use store::shard::Shard;

use crate::{SweepError, Sweeper, is_over};

/// How many deliveries are read from a shard of the index, and put back, at a time.
const PAGE: usize = 100;
/// How many deliveries one sweep puts back from each shard at most; the next sweep goes on.
const MAX_PER_SHARD: usize = 100_000 / Shard::COUNT;
/// How many shards are worked on in parallel: a partition of the index takes 500 reservations a second.
const SHARDS_AT_ONCE: usize = 4;
/// How long sweeps leave a delivery alone that was put back: its message may have to wait in a backlog.
const RESERVE: SignedDuration = SignedDuration::from_mins(15);

/// Which deliveries are put back, and for how long.
#[derive(Clone, Copy)]
struct Pass {
    span: DueSpan,
    claims: Claims,
    now: Timestamp,
    /// How many of each shard at most.
    max: usize,
    /// When the sweep began; `None` for a start, which takes as long as it takes.
    began: Option<Instant>,
}

impl Pass {
    fn is_over(&self) -> bool {
        self.began.is_some_and(is_over)
    }
}

/// How many deliveries were put on the queue, and how many of them because something was lost.
#[derive(Clone, Copy, Default)]
struct PutBack {
    queued: usize,
    lost: usize,
}

impl PutBack {
    fn add(&mut self, other: Self) {
        self.queued += other.queued;
        self.lost += other.lost;
    }
}

impl Sweeper {
    pub(crate) async fn sweep_deliveries(&self, now: Timestamp) -> Result<usize, SweepError> {
        let began = Some(Instant::now());
        let overdue = Pass { span: DueSpan::By(now), claims: Claims::Hold, now, max: MAX_PER_SHARD, began };
        // Left by a clock that was set back since: they would be overdue only when that time comes again.
        let too_far = Pass { span: DueSpan::Beyond(now + self.farthest()), ..overdue };
        let overdue = self.put_back_deliveries(overdue).await;
        let too_far = self.put_back_deliveries(too_far).await;
        Ok(overdue?.lost + too_far?.lost)
    }

    /// Puts every unfinished delivery that a message can wait for on the queue, and ends all claims: those who made them are
    /// gone.
    pub(crate) async fn refill_deliveries(&self, now: Timestamp) -> Result<usize, SweepError> {
        let all = DueSpan::By(Timestamp::MAX);
        let pass = Pass { span: all, claims: Claims::Ended, now, max: usize::MAX, began: None };
        Ok(self.put_back_deliveries(pass).await?.queued)
    }

    /// How far ahead of now the time of a delivery in `by-due` can be.
    fn farthest(&self) -> SignedDuration {
        let longest = self.schedule.longest_wait().max(LONGEST_LINE);
        let hop = SignedDuration::from_secs(LONGEST_HOP_SECONDS.into());
        // A wait that is left to the sweeper stands before its time, a shorter one behind it.
        (longest - SENT_AHEAD).max(longest.min(hop) + SignedDuration::from_secs(GRACE_SECONDS)).max(RESERVE) + SKEW
    }

    /// Puts unfinished deliveries on the queue, until the time is over. A failure does not stop the others; the last error is
    /// returned at the end.
    async fn put_back_deliveries(&self, pass: Pass) -> Result<PutBack, SweepError> {
        let (mut sum, mut failed) = (PutBack::default(), None);
        // Each sweep begins with another shard, so that none is left out when the time does not suffice.
        let first = usize::try_from(pass.now.as_second() / 60).unwrap_or_default() % Shard::COUNT;
        let shards: Vec<Shard> = Shard::all().cycle().skip(first).take(Shard::COUNT).collect();
        for some in shards.chunks(SHARDS_AT_ONCE) {
            for (put_back, error) in join_all(some.iter().map(|shard| self.put_back_shard(*shard, pass))).await {
                sum.add(put_back);
                failed = error.or(failed);
            }
        }
        failed.map_or(Ok(sum), Err)
    }

    async fn put_back_shard(&self, shard: Shard, pass: Pass) -> (PutBack, Option<SweepError>) {
        let (mut sum, mut failed) = (PutBack::default(), None);
        if pass.is_over() {
            return (sum, failed);
        }
        // All are found before the first is put back: what is put back moves on in the index, and a sweep of an open
        // span would find it again.
        let overdue = match self.overdue(shard, pass.span, pass.max).await {
            Ok(overdue) => overdue,
            Err(error) => return (sum, Some(error.into())),
        };
        for some in overdue.chunks(PAGE) {
            if pass.is_over() {
                break;
            }
            match self.put_back(some, pass).await {
                Ok(put_back) => sum.add(put_back),
                Err(error) => failed = Some(error),
            }
        }
        (sum, failed)
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
    /// reservation ends.
    async fn put_back(&self, overdue: &[Overdue], pass: Pass) -> Result<PutBack, SweepError> {
        let Pass { claims, now, .. } = pass;
        let reserve = |entry| self.deliveries.reserve(entry, claims, now, RESERVE, self.farthest());
        let reserve = overdue.iter().map(reserve);
        let (mut tasks, mut lost, mut failed) = (Vec::with_capacity(overdue.len()), 0, None);
        for (entry, reserved) in overdue.iter().zip(join_all(reserve).await) {
            match reserved {
                Ok(Some(delivery)) => {
                    let is_ahead = entry.is_ahead(&delivery);
                    let due = self.schedule.due(&delivery, now);
                    // At a start all are looked after. Some are still left to a later sweep; those of a version that left none
                    // to it go on hop by hop.
                    if !(is_ahead && is_left_to_sweeper(due, now)) {
                        tasks.push(DeliveryTask { due, ..delivery.task() });
                        lost += usize::from(!is_ahead);
                    }
                }
                Ok(None) => {}
                Err(error) => failed = Some(error),
            }
        }
        self.retries.send(&tasks, now).await?;
        failed.map_or(Ok(PutBack { queued: tasks.len(), lost }), |error| Err(error.into()))
    }
}
