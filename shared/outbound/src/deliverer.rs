//! Handles a batch of delivery tasks. Each is decided on (`decision.rs`), attempted, and its outcome written
//! (`apply.rs`).
//!
//! The deliverer and the retry worker are this code behind two queues, so that a backlog of retries never delays the
//! first attempts.

mod aftermath;
mod apply;
mod claim;
mod decision;
mod endpoint_limiter;
mod together;
mod unsigned;

use std::time::{Duration, Instant};

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use domain::attempt::{AttemptError, ErrorDetail};
use domain::delivery::{Attempt, Delivery, DeliveryStatus, DeliveryTask, Message};
use domain::endpoint::Endpoint;
use domain::ids;
use domain::json::Malformed;
use domain::outbox::{Outbox, StoredEvent};
use domain::trace::TraceContext;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use store::StoreError;
use store::alerts::Alerts;
use store::config::{ConfigError, Environment};
use store::deliveries::{Deliveries, Work};
use store::endpoints::Endpoints;
use store::events::Events;
use store::queue::{Queue, QueueError};
use store::seal::SealError;
use store::undispatched::Undispatched;
use telemetry::causes::causes;
use tracing::{Instrument as _, Span, field};
use url::Url;

use crate::attempts::{AttemptMaker, AttemptResult};
use crate::metrics::Metrics;
use aftermath::HealthWritesPending;
use claim::Claimed;
use decision::{Loaded, Policy, Step, after_attempt, next_step};
use endpoint_limiter::{Admission, EndpointLimiter};
use together::{Recorder, drive};

pub use aftermath::settle;

/// An attempt succeeds within 30 seconds or not at all.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long an attempt waits in the retry queue when its endpoint has too many under way.
const CROWDED: SignedDuration = SignedDuration::from_secs(20);

/// The deliverer, or the retry worker.
#[derive(Debug)]
pub struct Deliverer {
    deliveries: Deliveries,
    events: Events,
    endpoints: Endpoints,
    alerts: Alerts,
    undispatched: Undispatched,
    retries: Queue,
    attempts: AttemptMaker,
    policy: Policy,
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
    /// Reads the names of the tables of deliveries, events, endpoints, alerts and markers, `RETRY_QUEUE_URL`,
    /// `RETRY_SCHEDULE_SECONDS`, what [`AttemptMaker`] needs, and `METRICS_NAMESPACE`: where figures go in CloudWatch.
    ///
    /// # Errors
    /// When a variable is not set or can't be used.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            deliveries: environment.deliveries()?,
            events: environment.events()?,
            endpoints: environment.endpoints()?,
            alerts: environment.alerts()?,
            undispatched: environment.undispatched()?,
            retries: environment.retry_queue()?,
            attempts: AttemptMaker::from_environment(environment)?,
            policy: Policy { schedule: environment.retry_schedule()?, diverts_failing: false },
            metrics: Metrics::new(environment.optional("METRICS_NAMESPACE")),
            limiter: EndpointLimiter::default(),
            health_writes: HealthWritesPending::default(),
        })
    }

    /// For the queue of first attempts: what goes to an endpoint that has begun to fail since its deliveries were
    /// queued is passed on to the retry queue, where a subscriber that hangs holds up no first attempts.
    #[must_use]
    pub fn with_failing_diverted(self) -> Self {
        Self { policy: Policy { diverts_failing: true, ..self.policy }, ..self }
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
        let event = outbox.map(|outbox| outbox.and_then(|outbox| outbox.event(&delivery.event_id)));
        let loaded = Loaded { delivery, endpoint: work.endpoint(task), event };
        match next_step(task, loaded, &self.policy, now)? {
            Step::Drop => Ok(()),
            Step::PutOff(due) => Box::pin(self.put_off(delivery, due, now)).await,
            Step::End(status) => Ok(Box::pin(recorder.end(delivery, status, None, now)).await?),
            Step::WaitForEndpoint(due) => Box::pin(self.wait_for_endpoint(delivery, recorder, due, now)).await,
            Step::Attempt { endpoint, event } => {
                self.admit(Ready { delivery, endpoint, event, trace, recorder }, now).await
            }
        }
    }

    /// Makes an attempt when its endpoint has room for it and no other worker has claimed it.
    async fn admit(&self, ready: Ready<'_>, now: Timestamp) -> Result<(), TaskError> {
        let delivery = ready.delivery;
        let arrived = Instant::now();
        let admission = self.limiter.admit(delivery).await;
        let now = later(now, arrived.elapsed());
        match admission {
            Admission::UnderWay => Ok(()),
            Admission::Crowded => Box::pin(self.put_off(delivery, now + CROWDED, now)).await,
            Admission::Granted(_permit) => match self.claim(delivery, now).await? {
                Claimed::Others(until) => Box::pin(self.put_off(delivery, until, now)).await,
                Claimed::Ours(claim) => Box::pin(self.attempt(ready, claim, now)).await,
            },
        }
    }

    /// Makes one attempt and does what follows from it.
    async fn attempt(&self, ready: Ready<'_>, claim: Option<Timestamp>, now: Timestamp) -> Result<(), TaskError> {
        let Ready { delivery, endpoint, event, trace, recorder } = ready;
        // Events age out with their deliveries; one without the other can't be sent any more.
        let Some(event) = event else {
            return Ok(Box::pin(recorder.end(delivery, DeliveryStatus::Failed, claim, now)).await?);
        };
        let made = match self.attempts.make(delivery, &event.body, endpoint, trace, TIMEOUT, now).await {
            Ok(made) => made,
            Err(error) => return Box::pin(self.unsigned(ready, error, claim, now)).await,
        };
        let AttemptResult { answer, attempt, ended } = made;
        let decision = after_attempt(delivery, &answer, &self.policy.schedule, ended, ids::random_fraction());
        log(ready, &attempt, decision.status);
        self.metrics.count(delivery, &attempt, decision.status, ended);
        self.apply(decision, ready, (attempt, ended), claim).await
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

/// The step of its event's trace that an attempt is. The span gets the ids of the request that raised the event.
fn trace_of(outbox: Option<&Outbox>) -> TraceContext {
    let trace = outbox.and_then(|outbox| outbox.trace).map_or_else(TraceContext::start, TraceContext::child);
    if let Some(outbox) = outbox {
        Span::current().record("request_id", &outbox.request_id).record("trace_id", trace.trace_id());
    }
    trace
}

/// What is known of a task before anything is read. `request_id` and `trace_id` will be of the request that raised the event.
fn span_of(task: &DeliveryTask) -> Span {
    let (account, delivery_id) = (task.account.as_str(), task.delivery_id.as_str());
    let empty = field::Empty;
    tracing::info_span!("delivery", account, delivery_id, event_id = empty, request_id = empty, trace_id = empty)
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

/// One wide line per attempt, in the span that says whose and which it is: numbers and the endpoint's host, never a
/// body, a secret, or the rest of the URL, which often is one. A success is `DEBUG`: of it there are figures, and of a
/// million events it would be the largest part of the log.
fn log(ready: Ready<'_>, attempt: &Attempt, status: DeliveryStatus) {
    let Ready { delivery, endpoint, trace, .. } = ready;
    let url = Url::parse(&endpoint.url).ok();
    let latency_ms = attempt.started_at.as_millisecond() - delivery.created_at.as_millisecond();
    // A macro, since the level of a line is fixed where it is written.
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                event = delivery.event.as_str(),
                endpoint_id = delivery.endpoint_id,
                span_id = trace.span_id(),
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
            )
        };
    }
    if status == DeliveryStatus::Delivered { line!(debug) } else { line!(info) }
}
