//! One batch of delivery tasks: read, attempt, record, and whatever follows from the answers.
//!
//! The deliverer and the retry worker are this code behind two queues, so that a backlog of retries never delays news.

mod aftermath;
mod lanes;
mod secrets;

use std::time::Duration;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use crate::delivery::{Attempt, Delivery, DeliveryStatus, DeliveryTask, Message, Trigger};
use crate::endpoint::{Endpoint, EndpointStatus};
use crate::ids;
use crate::queue::{Queue, QueueError};
use crate::schedule::{RetrySchedule, Verdict, judge};
use crate::seal::{SealError, Sealer};
use crate::sender::{Answer, Outgoing, Sender};
use crate::store::StoreError;
use crate::store::alerts::Alerts;
use crate::store::deliveries::{Deliveries, Outcome, Work};
use crate::store::endpoints::Endpoints;
use crate::store::events::{Events, StoredEvent};
use lanes::{Lanes, Turn};
use secrets::Secrets;

/// An attempt succeeds within 30 seconds or not at all (contract section 8).
const TIMEOUT: Duration = Duration::from_secs(30);
/// A message that comes this much before its due time is as good as due.
const EARLY_MILLISECONDS: i64 = 50;
/// How long an attempt waits in the retry queue when its endpoint has too many under way.
const CROWDED_SECONDS: i64 = 20;

/// What a delivering function holds.
#[derive(Debug)]
pub struct Deliverer {
    deliveries: Deliveries,
    events: Events,
    endpoints: Endpoints,
    alerts: Alerts,
    retries: Queue,
    sender: Sender,
    secrets: Secrets,
    schedule: RetrySchedule,
    lanes: Lanes,
}

/// The parts that a [`Deliverer`] is made of.
#[derive(Debug)]
#[expect(missing_docs, reason = "the types say it")]
pub struct Parts {
    pub deliveries: Deliveries,
    pub events: Events,
    pub endpoints: Endpoints,
    pub alerts: Alerts,
    pub retries: Queue,
    pub sender: Sender,
    pub sealer: Sealer,
    pub schedule: RetrySchedule,
}

/// Why a task has to come again: its message stays in the queue.
#[derive(Debug, thiserror::Error)]
enum TaskError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error("the signing secret can't be opened: {0}")]
    Secret(#[from] SealError),
    #[error("the event of the delivery is gone")]
    NoEvent,
    #[error("the message can't be read: {0}")]
    Unreadable(#[from] serde_json::Error),
}

impl Deliverer {
    /// Of its parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { deliveries, events, endpoints, alerts, retries, sender, sealer, schedule } = parts;
        let (secrets, lanes) = (Secrets::new(sealer), Lanes::default());
        Self { deliveries, events, endpoints, alerts, retries, sender, secrets, schedule, lanes }
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
        let all: Vec<DeliveryTask> = tasks.iter().map(|(_, task)| task.clone()).collect();
        match self.deliveries.work(&all, &self.events, &self.endpoints).await {
            Ok(work) => {
                let work = &work;
                let runs = tasks.into_iter().map(async |(id, task)| (id, self.task(&task, work, now).await));
                for (id, outcome) in futures_util::future::join_all(runs).await {
                    if let Err(error) = outcome {
                        report(&mut response, id, &error);
                    }
                }
            }
            Err(error) => {
                let error = TaskError::from(error);
                for (id, _) in tasks {
                    report(&mut response, id, &error);
                }
            }
        }
        response
    }

    /// One task: dropped when it is out of date, sent on when it is early or its endpoint is crowded, else attempted.
    async fn task(&self, task: &DeliveryTask, work: &Work, now: Timestamp) -> Result<(), TaskError> {
        let Some(delivery) = work.deliveries.get(&task.delivery_id) else { return Ok(()) };
        if delivery.status.is_final() || delivery.attempt_count != task.attempt_count {
            return Ok(());
        }
        let due = delivery.next_attempt_at.unwrap_or(now);
        if due.as_millisecond() > now.as_millisecond() + EARLY_MILLISECONDS {
            return Ok(self.retries.send(&[delivery.task()], now).await?);
        }
        let endpoint = work.endpoints.get(&(task.account.clone(), task.endpoint_id.clone()));
        let Some(endpoint) = endpoint.filter(|endpoint| endpoint.status == EndpointStatus::Enabled) else {
            return self.cancel(delivery, now).await;
        };
        match self.lanes.turn(delivery).await {
            Turn::UnderWay => Ok(()),
            Turn::Crowded => {
                let later = now + SignedDuration::from_secs(CROWDED_SECONDS);
                Ok(self.retries.send(&[DeliveryTask { due: later, ..delivery.task() }], now).await?)
            }
            Turn::Given(_turn) => {
                let outbox = work.outboxes.get(&(task.account.clone(), task.outbox_id.clone()));
                let event = outbox.and_then(|outbox| outbox.event(&delivery.event_id));
                self.attempt(delivery, event, endpoint, now).await
            }
        }
    }

    /// Sends, judges and records one attempt, and does what follows.
    async fn attempt(
        &self,
        delivery: &Delivery,
        event: Option<&StoredEvent>,
        endpoint: &Endpoint,
        now: Timestamp,
    ) -> Result<(), TaskError> {
        let event = event.ok_or(TaskError::NoEvent)?;
        let answer = self.send(delivery, event, endpoint, now).await?;
        let ended = now + SignedDuration::from_millis(i64::try_from(answer.duration_ms).unwrap_or_default());
        let in_series = delivery.attempt_count - delivery.series_start + 1;
        let verdict = judge(&self.schedule, in_series, &answer, ended, ids::random_fraction());
        let (status, next_attempt_at) = match verdict {
            Verdict::Delivered => (DeliveryStatus::Delivered, None),
            Verdict::RetryAt(at) => (DeliveryStatus::Retrying, Some(at)),
            Verdict::Exhausted | Verdict::Gone => (DeliveryStatus::Failed, None),
        };
        let attempt = Attempt {
            number: delivery.attempt_count + 1,
            trigger: Trigger::Scheduled,
            started_at: now,
            duration_ms: answer.duration_ms,
            status_code: answer.status_code,
            error: answer.error,
            response_body: answer.response_body.clone(),
        };
        log(delivery, &attempt, status);
        let outcome = Outcome { status, attempt: Some(attempt), next_attempt_at, now: ended };
        if !self.deliveries.record(delivery, &outcome).await? {
            // Another run of the same attempt was recorded first: what follows from it is that run's business.
            return Ok(());
        }
        if let Some(due) = next_attempt_at {
            let attempt_count = delivery.attempt_count + 1;
            self.retries.send(&[DeliveryTask { due, attempt_count, ..delivery.task() }], ended).await?;
        }
        Ok(self.follow_up(delivery, endpoint, &answer, verdict, ended).await?)
    }

    async fn send(
        &self,
        delivery: &Delivery,
        event: &StoredEvent,
        endpoint: &Endpoint,
        now: Timestamp,
    ) -> Result<Answer, TaskError> {
        let current = self.secrets.open(&delivery.account, endpoint, &endpoint.secret.sealed, now).await?;
        let previous = match endpoint.previous_secret(now) {
            Some(previous) => Some(self.secrets.open(&delivery.account, endpoint, &previous.sealed, now).await?),
            None => None,
        };
        let headers: Vec<(String, String)> = endpoint.headers.clone().into_iter().collect();
        let outgoing = Outgoing {
            url: &endpoint.url,
            event: event.name.as_str(),
            delivery_id: &delivery.id,
            retry: delivery.attempt_count,
            body: Bytes::copy_from_slice(event.body.as_bytes()),
            secret: &current,
            previous: previous.as_deref(),
            headers: &headers,
            timestamp: now.as_second(),
            timeout: TIMEOUT,
        };
        Ok(self.sender.send(outgoing).await)
    }

    async fn cancel(&self, delivery: &Delivery, now: Timestamp) -> Result<(), TaskError> {
        let outcome = Outcome { status: DeliveryStatus::Cancelled, attempt: None, next_attempt_at: None, now };
        self.deliveries.record(delivery, &outcome).await?;
        Ok(())
    }
}

fn parse(message: &SqsMessage) -> Result<DeliveryTask, TaskError> {
    let Message::V1(task) = serde_json::from_str(message.body.as_deref().unwrap_or_default())?;
    Ok(task)
}

fn report(response: &mut SqsBatchResponse, message_id: String, error: &TaskError) {
    tracing::error!(%error, message_id, "a delivery task was not done; SQS brings it again");
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = message_id;
    response.batch_item_failures.push(failure);
}

/// One wide line an attempt: ids and numbers, never a body, an address or a secret.
fn log(delivery: &Delivery, attempt: &Attempt, status: DeliveryStatus) {
    let latency_ms = attempt.started_at.as_millisecond() - delivery.created_at.as_millisecond();
    tracing::info!(
        account = delivery.account,
        delivery_id = delivery.id,
        event_id = delivery.event_id,
        event = delivery.event.as_str(),
        endpoint_id = delivery.endpoint_id,
        attempt = attempt.number,
        status = status.as_str(),
        status_code = attempt.status_code,
        error = attempt.error.map(crate::sender::AttemptError::as_str),
        duration_ms = attempt.duration_ms,
        latency_ms,
        "attempt {number} of {id}: {status}", number = attempt.number, id = delivery.id, status = status.as_str(),
    );
}
