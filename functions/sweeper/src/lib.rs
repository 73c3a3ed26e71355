//! The sweeper: once a minute, it resumes whatever was lost on its way. As it looks through the events of five minutes, it
//! also counts their deliveries, for the statistics.
//!
//! DynamoDB is the source of truth; its stream, SQS and SNS only carry things on. What they lose is still in a table,
//! marked as not done, and the sweeper finds it there:
//!
//! | not done | resumed by |
//! |---|---|
//! | an event that was not dispatched | a change of its item, which the stream brings to the dispatcher |
//! | a first attempt of which nothing is recorded after minutes | an item of its own, and a message on the retry queue |
//! | another delivery that is overdue, or due later than any wait explains | a message on the retry queue |
//! | an alert that was not published | publishing it; failed deliveries are rolled up into one alert per endpoint first |

mod alerts;
mod deliveries;
mod events;

use std::time::{Duration, Instant};

use domain::schedule::RetrySchedule;
use jiff::Timestamp;
use store::StoreError;
use store::alerts::Alerts;
use store::config::{ConfigError, Environment};
use store::deliveries::Deliveries;
use store::endpoints::Endpoints;
use store::events::Events;
use store::queue::{Queue, QueueError};
use store::sums::Sums;
use store::topic::{Topic, TopicError};
use store::undispatched::Undispatched;
use telemetry::causes::causes;
use tokio::join;

/// The sweeper: the tables, the queue and the topic that it uses.
#[derive(Debug)]
pub struct Sweeper {
    deliveries: Deliveries,
    retries: Queue,
    schedule: RetrySchedule,
    events: Events,
    endpoints: Endpoints,
    undispatched: Undispatched,
    sums: Sums,
    alerts: Alerts,
    topic: Topic,
}

/// Why a sweep did not do everything. The next one, a minute later, does the rest.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// A call of DynamoDB failed, or an item can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A message could not be sent.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// An alert could not be published.
    #[error(transparent)]
    Topic(#[from] TopicError),
}

/// How long after its beginning a sweep begins nothing more; the next one does the rest. A sweep may run for 55 seconds
/// (the template's timeout).
const LONGEST: Duration = Duration::from_secs(35);

fn is_over(began: Instant) -> bool {
    began.elapsed() >= LONGEST
}

impl Sweeper {
    /// Reads `DELIVERIES_TABLE`, `EVENTS_TABLE`, `ENDPOINTS_TABLE`, `UNDISPATCHED_TABLE`, `ALERTS_TABLE`, `RETRY_QUEUE_URL`,
    /// `ALERT_TOPIC_ARN` and `RETRY_SCHEDULE_SECONDS`.
    ///
    /// # Errors
    /// When one of them is not set or can't be read.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            deliveries: environment.deliveries()?,
            retries: environment.retry_queue()?,
            schedule: environment.retry_schedule()?,
            events: environment.events()?,
            endpoints: environment.endpoints()?,
            undispatched: environment.undispatched()?,
            sums: environment.sums()?,
            alerts: environment.alerts()?,
            topic: environment.alert_topic()?,
        })
    }

    /// Resumes what was lost and should have been done by `now`: events, deliveries and alerts, in parallel. Each part
    /// logs its own failure, and none stops the others.
    ///
    /// # Errors
    /// The first failure of a part, after all parts have ended.
    pub async fn sweep(&self, now: Timestamp) -> Result<(), SweepError> {
        let (events, deliveries, alerts) = join!(
            Box::pin(self.sweep_events(now)),
            Box::pin(self.sweep_deliveries(now)),
            Box::pin(self.sweep_alerts(now))
        );
        for error in [&events, &deliveries, &alerts].into_iter().filter_map(|swept| swept.as_ref().err()) {
            tracing::error!(error = %causes(error), "a part of the sweep ended early; the next one goes on");
        }
        let (events, deliveries, alerts) = (events?, deliveries?, alerts?);
        if events + deliveries > 0 {
            tracing::warn!(events, deliveries, "lost events and deliveries were resumed");
        }
        if alerts > 0 {
            tracing::info!(alerts, "alerts were published");
        }
        Ok(())
    }

    /// Puts every unfinished delivery on the retry queue, due or not, but for those that a later sweep looks after: for a
    /// start of the local system, whose queues are empty, and whose claims on attempts are those of a process that has ended.
    ///
    /// # Errors
    /// When DynamoDB or SQS can't be reached.
    pub async fn refill_queues(&self, now: Timestamp) -> Result<(), SweepError> {
        let first = self.refill_first_attempts(now).await;
        let later = self.refill_deliveries(now).await;
        let deliveries = first? + later?;
        if deliveries > 0 {
            tracing::info!(deliveries, "unfinished deliveries were put back on a queue");
        }
        Ok(())
    }
}
