//! One batch of delivery tasks: read, attempt, record, and whatever follows from the answers.
//!
//! The deliverer and the retry worker are this code behind two queues, so that a backlog of retries never delays news.

mod aftermath;
mod claim;
mod endpoint_limiter;
mod unsigned;

use std::time::{Duration, Instant};

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use domain::alert::Alert;
use domain::attempt::{AttemptError, ErrorDetail};
use domain::delivery::{Attempt, Delivery, DeliveryStatus, DeliveryTask, LastAttempt, Message, Trigger};
use domain::endpoint::{Endpoint, EndpointStatus, HealthState};
use domain::ids;
use domain::outbox::StoredEvent;
use domain::schedule::{LOOK_AGAIN, RetrySchedule, Verdict, judge};
use jiff::{SignedDuration, Timestamp};
use store::StoreError;
use store::alerts::Alerts;
use store::config::{ConfigError, Environment};
use store::deliveries::{Deliveries, Outcome, Work};
use store::endpoints::Endpoints;
use store::events::Events;
use store::queue::{Queue, QueueError};
use store::seal::SealError;
use telemetry::causes::causes;
use tracing::{Instrument as _, Span, field};
use url::Url;

use crate::attempts::{AttemptMaker, AttemptResult};
use crate::metrics::Metrics;
use aftermath::HealthWritesPending;
use claim::Claimed;
use endpoint_limiter::{Admission, EndpointLimiter};

pub use aftermath::settle;

/// An attempt succeeds within 30 seconds or not at all.
const TIMEOUT: Duration = Duration::from_secs(30);
/// A message that comes this much before its due time is as good as due.
const EARLY_MILLISECONDS: i64 = 50;
/// How long an attempt waits in the retry queue when its endpoint has too many under way.
const CROWDED: SignedDuration = SignedDuration::from_secs(20);
/// How long a delivery waits for its disabled endpoint to be enabled again, or for a secret that can be opened.
const WAIT_FOR_ENDPOINT: SignedDuration = SignedDuration::from_hours(5 * 24);

/// What a delivering function holds.
#[derive(Debug)]
pub struct Deliverer {
    deliveries: Deliveries,
    events: Events,
    endpoints: Endpoints,
    alerts: Alerts,
    retries: Queue,
    attempts: AttemptMaker,
    schedule: RetrySchedule,
    metrics: Metrics,
    limiter: EndpointLimiter,
    health_writes: HealthWritesPending,
    diverts_failing: bool,
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
    Unreadable(#[from] serde_json::Error),
}

impl Deliverer {
    /// The tables of deliveries, events, endpoints and alerts, `RETRY_QUEUE_URL`, `RETRY_SCHEDULE_SECONDS`, how attempts are
    /// made, and `METRICS_NAMESPACE`, where their figures go in CloudWatch.
    ///
    /// # Errors
    /// When a variable is not set or can't be used.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            deliveries: environment.deliveries()?,
            events: environment.events()?,
            endpoints: environment.endpoints()?,
            alerts: environment.alerts()?,
            retries: environment.retry_queue()?,
            attempts: AttemptMaker::from_environment(environment)?,
            schedule: environment.retry_schedule()?,
            metrics: Metrics::new(environment.optional("METRICS_NAMESPACE")),
            limiter: EndpointLimiter::default(),
            health_writes: HealthWritesPending::default(),
            diverts_failing: false,
        })
    }

    /// For the queue of first attempts: what goes to an endpoint that has begun to fail since its deliveries were queued
    /// is passed on to the retry queue, where a subscriber that hangs holds up nobody's news.
    #[must_use]
    pub fn with_failing_diverted(self) -> Self {
        Self { diverts_failing: true, ..self }
    }

    /// Handles one batch from a queue. Messages whose work could not be done are reported, and SQS brings them again,
    /// in the end to the dead-letter queue.
    pub async fn handle(&self, batch: SqsEvent, now: Timestamp) -> SqsBatchResponse {
        let mut response = SqsBatchResponse::default();
        let mut tasks: Vec<(String, DeliveryTask)> = Vec::with_capacity(batch.records.len());
        for message in batch.records {
            let id = message.message_id.clone().unwrap_or_default();
            match parse(&message) {
                Ok(task) => tasks.push((id, task)),
                Err(error) => report(&mut response, id, &error),
            }
        }
        // Every line that is logged about a task says which delivery it is about.
        let tasks: Vec<_> = tasks.into_iter().map(|(id, task)| (span_of(&task), id, task)).collect();
        let all: Vec<DeliveryTask> = tasks.iter().map(|(.., task)| task.clone()).collect();
        match self.deliveries.work(&all, &self.events, &self.endpoints).await {
            Ok(work) => {
                let work = &work;
                let runs = tasks.into_iter().map(async |(span, id, task)| {
                    let outcome = self.task(&task, work, now).instrument(span.clone()).await;
                    (span, id, outcome)
                });
                for (span, id, outcome) in futures_util::future::join_all(runs).await {
                    if let Err(error) = outcome {
                        span.in_scope(|| report(&mut response, id, &error));
                    }
                }
            }
            Err(error) => {
                let error = TaskError::from(error);
                for (span, id, _) in tasks {
                    span.in_scope(|| report(&mut response, id, &error));
                }
            }
        }
        self.metrics.emit(now);
        response
    }

    /// One task: dropped when it is out of date, sent on when it is early or its endpoint is crowded, else attempted.
    async fn task(&self, task: &DeliveryTask, work: &Work, now: Timestamp) -> Result<(), TaskError> {
        let Some(delivery) = work.delivery(task)? else { return Ok(()) };
        Span::current().record("event_id", &delivery.event_id);
        let current = delivery.attempt_count == task.attempt_count && delivery.series == task.series;
        if delivery.status.is_final() || !current {
            return Ok(());
        }
        if let Some(until) = delivery.claimed(now) {
            // What is under way decides, whatever its endpoint has become.
            return self.put_off(delivery, until, now).await;
        }
        let Some(endpoint) = work.endpoint(task)? else {
            return self.end(delivery, DeliveryStatus::Cancelled, None, now).await;
        };
        let due = self.schedule.due(delivery, now);
        if due.as_millisecond() > now.as_millisecond() + EARLY_MILLISECONDS {
            return self.put_off(delivery, due, now).await;
        }
        let outbox = work.outbox(task)?;
        if let Some(outbox) = outbox {
            Span::current().record("request_id", &outbox.request_id);
        }
        let event = outbox.and_then(|outbox| outbox.event(&delivery.event_id));
        if event.is_some_and(|event| is_unwanted(delivery, event, endpoint)) {
            return self.end(delivery, DeliveryStatus::Cancelled, None, now).await;
        }
        if endpoint.status == EndpointStatus::Disabled {
            return self.wait_for_endpoint(delivery, now).await;
        }
        if self.diverts_failing && endpoint.health.state == HealthState::Failing {
            return self.put_off(delivery, due, now).await;
        }
        let arrived = Instant::now();
        let admission = self.limiter.admit(delivery).await;
        let now = later(now, arrived.elapsed());
        match admission {
            Admission::UnderWay => Ok(()),
            Admission::Crowded => self.put_off(delivery, now + CROWDED, now).await,
            Admission::Granted(_permit) => match self.claim(delivery, now).await? {
                Claimed::Others(until) => self.put_off(delivery, until, now).await,
                Claimed::Ours(claim) => self.attempt(delivery, event, endpoint, claim, now).await,
            },
        }
    }

    /// The task comes again at `due`, by way of the retry queue.
    async fn put_off(&self, delivery: &Delivery, due: Timestamp, now: Timestamp) -> Result<(), TaskError> {
        Ok(self.retries.send(&[DeliveryTask { due, ..delivery.task() }], now).await?)
    }

    /// Sends, judges and records one attempt, and does what follows.
    async fn attempt(
        &self,
        delivery: &Delivery,
        event: Option<&StoredEvent>,
        endpoint: &Endpoint,
        claim: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), TaskError> {
        // Events age out with their deliveries; one without the other can't be sent any more.
        let Some(event) = event else { return self.end(delivery, DeliveryStatus::Failed, claim, now).await };
        let made = match self.attempts.make(delivery, &event.body, endpoint, TIMEOUT, now).await {
            Ok(made) => made,
            Err(error) => return self.unsigned(delivery, endpoint, error, claim, now).await,
        };
        let AttemptResult { answer, attempt, ended } = made;
        let in_series = delivery.attempt_count - delivery.series_start + 1;
        let verdict = judge(&self.schedule, in_series, &answer, ended, ids::random_fraction());
        let (status, next_attempt_at) = match verdict {
            Verdict::Delivered => (DeliveryStatus::Delivered, None),
            Verdict::RetryAt(at) => (DeliveryStatus::Retrying, Some(at)),
            Verdict::Exhausted | Verdict::Gone => (DeliveryStatus::Failed, None),
        };
        log(delivery, endpoint, &attempt, status);
        self.metrics.count(delivery, &attempt, status, ended);
        if verdict == Verdict::Gone {
            // Before anything is recorded: should it fail, the attempt is made again, and a 410 is never just forgotten.
            self.disable_gone(delivery, endpoint, &attempt, ended).await?;
        }
        let alert = (status == DeliveryStatus::Failed)
            .then(|| aftermath::delivery_failed(delivery, Some(LastAttempt::from(&attempt)), ended));
        let last = LastAttempt::from(&attempt);
        let outcome = Outcome { status, attempt: Some(attempt), next_attempt_at, claim, now: ended };
        if !self.record(delivery, &outcome, alert).await? {
            return self.record_superseded(delivery, outcome).await;
        }
        self.follow_up(delivery, endpoint, last, verdict, ended).await;
        if let Some(due) = next_attempt_at {
            let attempt_count = delivery.attempt_count + 1;
            self.retries.send(&[DeliveryTask { attempt_count, due, ..delivery.task() }], ended).await?;
        }
        Ok(())
    }

    /// What becomes of an attempt whose outcome is not the delivery's. When a new series began while it was under way,
    /// it is one more attempt on the list and the series begins now; else another run of the same attempt was recorded
    /// first, and what follows is that run's business.
    async fn record_superseded(&self, delivery: &Delivery, outcome: Outcome) -> Result<(), TaskError> {
        let Some(attempt) = outcome.attempt else { return Ok(()) };
        if let Some(next) = self.deliveries.record_beside(delivery, &attempt, outcome.now).await? {
            self.retries.send(&[next.task()], outcome.now).await?;
        }
        Ok(())
    }

    /// Ends a delivery without an attempt; with `claim` if that is ours already.
    async fn end(
        &self,
        delivery: &Delivery,
        status: DeliveryStatus,
        claim: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), TaskError> {
        let alert = (status == DeliveryStatus::Failed)
            .then(|| aftermath::delivery_failed(delivery, delivery.last_attempt, now));
        let outcome = Outcome { status, attempt: None, next_attempt_at: None, claim, now };
        self.record(delivery, &outcome, alert).await?;
        Ok(())
    }

    /// A disabled endpoint may be mended and enabled again: its deliveries wait for some days, then they have failed.
    async fn wait_for_endpoint(&self, delivery: &Delivery, now: Timestamp) -> Result<(), TaskError> {
        if delivery.waiting_since.is_some_and(|since| now.duration_since(since) >= WAIT_FOR_ENDPOINT) {
            return self.end(delivery, DeliveryStatus::Failed, None, now).await;
        }
        let due = now + LOOK_AGAIN;
        let (status, next_attempt_at) = (delivery.status, Some(due));
        let outcome = Outcome { status, attempt: None, next_attempt_at, claim: None, now };
        if self.record(delivery, &outcome, None).await? {
            self.retries.send(&[DeliveryTask { due, ..delivery.task() }], now).await?;
        }
        Ok(())
    }

    /// Records an outcome, a failure together with its alert: whoever marks a delivery failed has told a person.
    async fn record(&self, delivery: &Delivery, outcome: &Outcome, alert: Option<Alert>) -> Result<bool, StoreError> {
        match alert {
            Some(alert) => self.deliveries.record_failed(delivery, outcome, &self.alerts, &alert).await,
            None => self.deliveries.record(delivery, outcome).await,
        }
    }
}

/// Whether the endpoint does not ask for the event any more: its people have changed what it asks for since. What they
/// themselves send again is sent all the same.
fn is_unwanted(delivery: &Delivery, event: &StoredEvent, endpoint: &Endpoint) -> bool {
    delivery.trigger == Trigger::Scheduled && !endpoint.selects(event.name, event.project_id.as_deref())
}

/// `now` after a wait; a wait that is too short to matter leaves it as it is.
fn later(now: Timestamp, waited: Duration) -> Timestamp {
    let waited = if waited < Duration::from_millis(100) { Duration::ZERO } else { waited };
    now + SignedDuration::try_from(waited).unwrap_or_default()
}

fn parse(message: &SqsMessage) -> Result<DeliveryTask, TaskError> {
    let Message::V1(task) = serde_json::from_str(message.body.as_deref().unwrap_or_default())?;
    Ok(task)
}

/// `request_id` is the request's that raised the event.
fn span_of(task: &DeliveryTask) -> Span {
    let (account, delivery_id) = (task.account.as_str(), task.delivery_id.as_str());
    tracing::info_span!("delivery", account, delivery_id, event_id = field::Empty, request_id = field::Empty)
}

fn report(response: &mut SqsBatchResponse, message_id: String, error: &TaskError) {
    tracing::error!(error = %causes(error), message_id, "a delivery task was not done; SQS brings it again");
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = message_id;
    response.batch_item_failures.push(failure);
}

/// One wide line an attempt, in the span that says whose and which it is: numbers and the endpoint's host, never a body, a secret, or the rest of the address,
/// which often is one.
fn log(delivery: &Delivery, endpoint: &Endpoint, attempt: &Attempt, status: DeliveryStatus) {
    let url = Url::parse(&endpoint.url).ok();
    let latency_ms = attempt.started_at.as_millisecond() - delivery.created_at.as_millisecond();
    tracing::info!(
        event = delivery.event.as_str(),
        endpoint_id = delivery.endpoint_id,
        host = url.as_ref().and_then(Url::host_str),
        attempt = attempt.number,
        status = status.as_str(),
        status_code = attempt.status_code,
        error = attempt.error.map(AttemptError::as_str),
        error_detail = attempt.error_detail.map(ErrorDetail::as_str),
        duration_ms = attempt.duration_ms,
        latency_ms,
        "attempt {number} of {id}: {status}",
        number = attempt.number,
        id = delivery.id,
        status = status.as_str(),
    );
}
