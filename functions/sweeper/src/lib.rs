//! The sweeper: once a minute, whatever is overdue goes back on a queue.
//!
//! DynamoDB is the truth and SQS only the clock: a queue that lost a message, or all of them, loses no delivery. What is
//! overdue goes to the retry queue, first attempts too: whatever held them up must not hold up news.

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use shared::config::{ConfigError, Environment};
use shared::queue::{Queue, QueueError};
use shared::store::StoreError;
use shared::store::deliveries::{DUE_SHARDS, Deliveries, Overdue};

/// So many at a time from each shard of the index.
const PAGE: usize = 100;
/// So many in one sweep: the next one goes on.
const MAX_PER_SWEEP: usize = 20_000;
/// A delivery that was put back is left alone for so long: its message may have to wait in a backlog.
const RESERVE: SignedDuration = SignedDuration::from_mins(15);

/// What the sweeper holds.
#[derive(Debug)]
pub struct Sweeper {
    deliveries: Deliveries,
    retries: Queue,
}

/// Why a sweep ended early. The next one goes on.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// DynamoDB failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// SQS failed.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl Sweeper {
    /// Reads `DELIVERIES_TABLE` and `RETRY_QUEUE_URL`.
    ///
    /// # Errors
    /// When one of them is not set.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self { deliveries: environment.deliveries()?, retries: environment.retry_queue()? })
    }

    /// Puts what is overdue at `now` back on its queue; returns how many deliveries that were.
    ///
    /// # Errors
    /// When DynamoDB or SQS can't be reached.
    pub async fn sweep(&self, now: Timestamp) -> Result<usize, SweepError> {
        self.sweep_until(now, now, MAX_PER_SWEEP).await
    }

    /// Puts every unfinished delivery back on its queue, due or not: for a start with empty queues.
    ///
    /// # Errors
    /// When DynamoDB or SQS can't be reached.
    pub async fn sweep_all(&self, now: Timestamp) -> Result<usize, SweepError> {
        self.sweep_until(Timestamp::MAX, now, usize::MAX).await
    }

    async fn sweep_until(&self, until: Timestamp, now: Timestamp, max: usize) -> Result<usize, SweepError> {
        let mut swept = 0;
        for shard in 0..DUE_SHARDS {
            // All are found before the first is put back: what is put back moves on in the index, and a sweep without an
            // end would find it again and again.
            let overdue = self.overdue(shard, until, max - swept).await?;
            for some in overdue.chunks(PAGE) {
                self.put_back(some, now).await?;
            }
            swept += overdue.len();
        }
        if swept > 0 {
            tracing::info!(swept, "overdue deliveries went back on their queues");
        }
        Ok(swept)
    }

    /// At most `max` entries of one shard, oldest first.
    async fn overdue(&self, shard: u8, until: Timestamp, max: usize) -> Result<Vec<Overdue>, StoreError> {
        let mut overdue: Vec<Overdue> = Vec::new();
        while overdue.len() < max {
            let limit = i32::try_from(PAGE.min(max - overdue.len())).unwrap_or(i32::MAX);
            let page = self.deliveries.overdue(shard, overdue.last().cloned(), until, limit).await?;
            if page.is_empty() {
                break;
            }
            overdue.extend(page);
        }
        Ok(overdue)
    }

    async fn put_back(&self, overdue: &[Overdue], now: Timestamp) -> Result<(), SweepError> {
        let reserve = overdue.iter().map(|entry| self.deliveries.reserve(entry, now, RESERVE));
        let mut tasks = Vec::with_capacity(overdue.len());
        for delivery in join_all(reserve).await {
            tasks.extend(delivery?.map(|delivery| delivery.task()));
        }
        Ok(self.retries.send(&tasks, now).await?)
    }
}
