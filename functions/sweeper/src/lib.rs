//! The sweeper: once a minute, whatever was lost on its way is set going again.
//!
//! DynamoDB is the truth, and its stream, SQS and SNS only carry things on. What they lose still stands in a table as not
//! done, and the sweeper finds it there:
//!
//! | not done | set going again by |
//! |---|---|
//! | an event that was not dispatched | a change of its item, which the stream brings to the dispatcher |
//! | a delivery that is overdue, or due too far away for any wait | a message on the retry queue |
//! | an alert that was not published | publishing it |

mod alerts;
mod deliveries;
mod events;

use domain::schedule::RetrySchedule;
use jiff::Timestamp;
use store::StoreError;
use store::alerts::Alerts;
use store::config::{ConfigError, Environment};
use store::deliveries::{Deliveries, DueSpan};
use store::events::Events;
use store::queue::{Queue, QueueError};
use store::topic::{Topic, TopicError};
use store::undispatched::Undispatched;
use telemetry::causes::causes;
use tokio::join;

/// What the sweeper holds.
#[derive(Debug)]
pub struct Sweeper {
    deliveries: Deliveries,
    retries: Queue,
    schedule: RetrySchedule,
    events: Events,
    undispatched: Undispatched,
    alerts: Alerts,
    topic: Topic,
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
    /// SNS failed.
    #[error(transparent)]
    Topic(#[from] TopicError),
}

impl Sweeper {
    /// Reads `DELIVERIES_TABLE`, `EVENTS_TABLE`, `UNDISPATCHED_TABLE`, `ALERTS_TABLE`, `RETRY_QUEUE_URL`, `ALERT_TOPIC_ARN`
    /// and `RETRY_SCHEDULE_SECONDS`.
    ///
    /// # Errors
    /// When one of them is not set or can't be read.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            deliveries: environment.deliveries()?,
            retries: environment.retry_queue()?,
            schedule: environment.retry_schedule()?,
            events: environment.events()?,
            undispatched: environment.undispatched()?,
            alerts: environment.alerts()?,
            topic: environment.alert_topic()?,
        })
    }

    /// Sets going again what was lost and should be done at `now`.
    ///
    /// # Errors
    /// When DynamoDB, SQS or SNS can't be reached.
    pub async fn sweep(&self, now: Timestamp) -> Result<(), SweepError> {
        // Side by side: what stops one of them must not stop the others.
        let (events, deliveries, alerts) = join!(
            Box::pin(self.sweep_events(now)),
            Box::pin(self.sweep_deliveries(now)),
            Box::pin(self.sweep_alerts())
        );
        for error in [&events, &deliveries, &alerts].into_iter().filter_map(|swept| swept.as_ref().err()) {
            tracing::error!(error = %causes(error), "a part of the sweep ended early; the next one goes on");
        }
        let (events, deliveries, alerts) = (events?, deliveries?, alerts?);
        if events + deliveries > 0 {
            tracing::warn!(events, deliveries, "what was lost on its way is set going again");
        }
        if alerts > 0 {
            tracing::info!(alerts, "alerts were published");
        }
        Ok(())
    }

    /// Puts every unfinished delivery back on its queue, due or not: for a start with empty queues.
    ///
    /// # Errors
    /// When DynamoDB or SQS can't be reached.
    pub async fn refill_queues(&self, now: Timestamp) -> Result<(), SweepError> {
        let deliveries = self.put_back_deliveries(DueSpan::By(Timestamp::MAX), now, usize::MAX).await?;
        if deliveries > 0 {
            tracing::info!(deliveries, "unfinished deliveries went back on their queue");
        }
        Ok(())
    }
}
