//! Handles a batch of delivery tasks. Each is decided on (`decision.rs`), attempted, and its outcome written
//! (`apply.rs`).
//!
//! The deliverer, the retry worker and the slow worker are this code behind three queues, so that a backlog of retries or an
//! endpoint that answers slowly never delays the first attempts.

mod aftermath;
mod apply;
mod claim;
mod decision;
mod endpoint_limiter;
mod lines;
mod pace;
mod together;
mod unsigned;

use std::pin::pin;
use std::time::{Duration, Instant};

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use domain::delivery::{Delivery, DeliveryStatus, DeliveryTask, Message};
use domain::endpoint::{Endpoint, Lane};
use domain::filter::Filters;
use domain::ids;
use domain::json::Malformed;
use domain::outbox::StoredEvent;
use domain::trace::TraceContext;
use futures_util::future::{join, join_all};
use jiff::{SignedDuration, Timestamp};
use store::StoreError;
use store::alerts::Alerts;
use store::config::{ConfigError, Environment};
use store::deliveries::{Deliveries, Work};
use store::endpoints::Endpoints;
use store::events::Events;
use store::paces::Paces;
use store::queue::{Queue, QueueError};
use store::seal::SealError;
use store::undispatched::Undispatched;
use telemetry::causes::causes;
use tokio::time::timeout;
use tracing::{Instrument as _, Span};

use crate::attempts::{AttemptMaker, AttemptResult};
use crate::metrics::Metrics;
use aftermath::HealthWritesPending;
use apply::Wait;
use claim::Claimed;
use decision::{Loaded, Policy, Step, after_attempt, next_step};
use endpoint_limiter::{Admission, EndpointLimiter};
use lines::{log, span_of, trace_of};
use together::{Recorder, drive};

pub use aftermath::settle;

/// An attempt succeeds within 30 seconds or not at all.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long an attempt waits in a queue when its endpoint has too many under way.
const CROWDED: SignedDuration = SignedDuration::from_secs(20);

/// The deliverer, the retry worker or the slow worker.
#[derive(Debug)]
pub struct Deliverer {
    deliveries: Deliveries,
    events: Events,
    endpoints: Endpoints,
    alerts: Alerts,
    undispatched: Undispatched,
    paces: Paces,
    /// Of later attempts; in the slow lane, the slow queue.
    later: Queue,
    /// Of slow endpoints.
    slow: Queue,
    attempts: AttemptMaker,
    policy: Policy,
    /// How long an attempt takes when its endpoint counts as slow.
    slow_after: Duration,
    metrics: Metrics,
    limiter: EndpointLimiter,
    health_writes: HealthWritesPending,
}

/// What an attempt is made of.
#[derive(Clone, Copy)]
struct Ready<'a> {
    delivery: &'a Delivery,
    endpoint: &'a Endpoint,
    event: Option<&'a StoredEvent>,
    /// Whether it has stood in the line of its endpoint's pace, or need not.
    has_waited: bool,
    trace: TraceContext,
    recorder: &'a Recorder<'a>,
}

/// Why a task has to come again: its message stays in the queue.
#[derive(Debug, thiserror::Error)]
enum TaskError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error("the signing secret can't be opened")]
    Secret(#[from] SealError),
    #[error("the message can't be read")]
    Unreadable(#[from] Malformed),
}

impl Deliverer {
    /// Reads the names of the tables of deliveries, events, endpoints, alerts, markers and rate windows, `SLOW_QUEUE_URL`,
    /// `RETRY_QUEUE_URL` (not in the slow lane), `RETRY_SCHEDULE_SECONDS`, `SLOW_AFTER_SECONDS`, the retentions, what
    /// [`AttemptMaker`] needs, and `METRICS_NAMESPACE`: where figures go in CloudWatch.
    ///
    /// # Errors
    /// When a variable is not set or can't be used.
    pub fn from_environment(environment: &Environment, lane: Lane) -> Result<Self, ConfigError> {
        let slow = environment.slow_queue()?;
        Ok(Self {
            deliveries: environment.deliveries()?,
            events: environment.events()?,
            endpoints: environment.endpoints()?,
            alerts: environment.alerts()?,
            undispatched: environment.undispatched()?,
            paces: environment.paces()?,
            later: if lane == Lane::Slow { slow.clone() } else { environment.retry_queue()? },
            slow,
            attempts: AttemptMaker::from_environment(environment)?,
            policy: Policy {
                schedule: environment.retry_schedule()?,
                kept: environment.event_retention()?,
                lane,
                filters: Filters::default(),
            },
            slow_after: environment.slow_after()?,
            metrics: Metrics::new(environment.optional("METRICS_NAMESPACE")),
            limiter: EndpointLimiter::default(),
            health_writes: HealthWritesPending::default(),
        })
    }

    /// Handles one batch from a queue. Messages whose work could not be done are reported, and SQS brings them again,
    /// in the end to the dead-letter queue.
    pub async fn handle(&self, batch: SqsEvent, now: Timestamp) -> SqsBatchResponse {
        let mut response = SqsBatchResponse::default();
        let mut messages: Vec<(String, Vec<DeliveryTask>)> = Vec::with_capacity(batch.records.len());
        for message in batch.records {
            let id = message.message_id.clone().unwrap_or_default();
            match parse(&message) {
                Ok(tasks) => messages.push((id, tasks)),
                Err(error) => report(&mut response, &id, &error),
            }
        }
        let all: Vec<DeliveryTask> = messages.iter().flat_map(|(_, tasks)| tasks.iter().cloned()).collect();
        let work = self.deliveries.work(&all, &self.events, &self.endpoints).await;
        let runs = messages.iter().map(|(_, tasks)| self.message(tasks, work.as_ref(), now));
        for ((id, _), outcomes) in messages.iter().zip(join_all(runs).await) {
            for (span, outcome) in outcomes {
                if let Err(error) = outcome {
                    span.in_scope(|| report(&mut response, id, &error));
                }
            }
        }
        self.metrics.emit(now);
        response
    }

    /// Does what is to be done about the tasks of one message; each with the span of its lines in the log, which says
    /// which delivery it is about.
    async fn message(
        &self,
        tasks: &[DeliveryTask],
        work: Result<&Work, &StoreError>,
        now: Timestamp,
    ) -> Vec<(Span, Result<(), TaskError>)> {
        let work = match work {
            Ok(work) => work,
            Err(error) => return tasks.iter().map(|task| (span_of(task), Err(error.clone().into()))).collect(),
        };
        let (recorder, arrivals) = Recorder::new(&self.deliveries, &self.alerts, &self.undispatched);
        let recorder = &recorder;
        let runs = tasks.iter().map(|task| {
            let span = span_of(task);
            let run = self.task(task, work, recorder, now).instrument(span.clone());
            async move { (span, run.await) }
        });
        drive(runs.collect(), arrivals, &self.deliveries).await
    }

    /// Does what is to be done about one task. Thousands of these wait for their turn in a burst: whatever they don't need for
    /// that, the attempt above all, has memory of its own.
    async fn task(
        &self,
        task: &DeliveryTask,
        work: &Work,
        recorder: &Recorder<'_>,
        now: Timestamp,
    ) -> Result<(), TaskError> {
        let Some(delivery) = work.delivery(task)? else { return Ok(()) };
        Span::current().record("event_id", &delivery.event_id);
        let outbox = work.outbox(task);
        let trace = trace_of(outbox.as_ref().ok().copied().flatten());
        let loaded = Loaded { delivery, endpoint: work.endpoint(task), outbox };
        match next_step(task, loaded, &self.policy, now)? {
            Step::Drop => Ok(()),
            Step::PutOff(due) => Box::pin(self.put_off(delivery, task.paced, due, now)).await,
            Step::PassToSlow => {
                let task = DeliveryTask { due: now, paced: task.paced, ..delivery.task() };
                Ok(Box::pin(self.slow.send(&[task], now)).await?)
            }
            Step::End(status) => Ok(Box::pin(recorder.end(delivery, status, None, now)).await?),
            Step::WaitForEndpoint(due) => Box::pin(self.wait(delivery, recorder, Wait::ForEndpoint(due), now)).await,
            Step::Attempt { endpoint, event } => {
                let has_waited = pace::has_waited(task, delivery);
                self.admit(Ready { delivery, endpoint, event, has_waited, trace, recorder }, now).await
            }
        }
    }

    /// Makes an attempt when its endpoint has room for it, its pace allows it and no other worker has claimed it.
    async fn admit(&self, ready: Ready<'_>, now: Timestamp) -> Result<(), TaskError> {
        let Ready { delivery, has_waited, .. } = ready;
        let arrived = Instant::now();
        let admission = self.limiter.admit(delivery).await;
        let now = later(now, arrived.elapsed());
        match admission {
            Admission::UnderWay => Ok(()),
            Admission::Crowded => Box::pin(self.put_off(delivery, has_waited, now + CROWDED, now)).await,
            Admission::Granted(_permit) => {
                let Some(now) = self.start(ready, now).await? else { return Ok(()) };
                match self.claim(delivery, now).await? {
                    Claimed::Others(until) => Box::pin(self.put_off(delivery, has_waited, until, now)).await,
                    Claimed::Ours(claim) => Box::pin(self.attempt(ready, claim, now)).await,
                }
            }
        }
    }

    /// Makes one attempt and does what follows from it.
    async fn attempt(&self, ready: Ready<'_>, claim: Option<Timestamp>, now: Timestamp) -> Result<(), TaskError> {
        let Ready { delivery, event, recorder, .. } = ready;
        // Events age out with their deliveries; one without the other can't be sent any more.
        let Some(event) = event else {
            return Ok(Box::pin(recorder.end(delivery, DeliveryStatus::Failed, claim, now)).await?);
        };
        let made = match self.make(ready, event, now).await {
            Ok(made) => made,
            Err(error) => return Box::pin(self.unsigned(ready, error, claim, now)).await,
        };
        let AttemptResult { answer, attempt, ended } = made;
        let decision = after_attempt(delivery, &answer, &self.policy, ended, ids::random_fraction());
        log(ready, &attempt, decision.status);
        let first = attempt.number == 1 && !ready.has_waited;
        self.metrics.count(decision.status, first.then(|| ended.duration_since(delivery.created_at)));
        self.apply(decision, ready, (attempt, ended), claim).await
    }

    /// Makes one attempt. If it takes long, its endpoint is noted as slow while it is under way, for the sake of those that come
    /// after it.
    async fn make(&self, ready: Ready<'_>, event: &StoredEvent, now: Timestamp) -> Result<AttemptResult, SealError> {
        let Ready { delivery, endpoint, trace, .. } = ready;
        let mut making = pin!(self.attempts.make(delivery, event, endpoint, trace, TIMEOUT, now));
        // The shortest time of a timer is a millisecond, which is more than none.
        let quick = if self.slow_after.is_zero() { None } else { timeout(self.slow_after, &mut making).await.ok() };
        match quick {
            Some(made) => made,
            None => join(making, Box::pin(self.note_slow(delivery, endpoint, now + self.slow_after))).await.0,
        }
    }
}

/// `now` after a wait; a wait that is too short to matter leaves it as it is.
fn later(now: Timestamp, waited: Duration) -> Timestamp {
    let waited = if waited < Duration::from_millis(100) { Duration::ZERO } else { waited };
    now + SignedDuration::try_from(waited).unwrap_or_default()
}

fn parse(message: &SqsMessage) -> Result<Vec<DeliveryTask>, TaskError> {
    let read = serde_json::from_str::<Message>(message.body.as_deref().unwrap_or_default());
    Ok(read.map_err(|error| Malformed::from(&error))?.into_tasks())
}

fn report(response: &mut SqsBatchResponse, message_id: &str, error: &TaskError) {
    tracing::error!(error = %causes(error), message_id, "a delivery task was not done; SQS brings it again");
    if response.batch_item_failures.iter().any(|failure| failure.item_identifier == message_id) {
        return;
    }
    let mut failure = BatchItemFailure::default();
    message_id.clone_into(&mut failure.item_identifier);
    response.batch_item_failures.push(failure);
}
