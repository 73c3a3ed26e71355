//! The dispatcher: from the stream of events to one delivery for each endpoint that wants the event.
//!
//! The id of a delivery follows from event and endpoint, so that a batch which the stream brings twice makes no
//! delivery twice. Deliveries are stored first and queued second: the sweeper finds those that are stored and not
//! queued. The markers of the events are deleted last: the sweeper has the stream bring again the events of a marker
//! that is five minutes old.

use std::collections::BTreeMap;

use aws_lambda_events::dynamodb::{Event as StreamEvent, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use domain::delivery::{Delivery, Trigger};
use domain::endpoint::HealthState;
use domain::outbox::Outbox;
use futures_util::future::join_all;
use jiff::Timestamp;
use store::StoreError;
use store::config::{ConfigError, Environment};
use store::deliveries::{Deliveries, MAX_CREATED_AT_ONCE};
use store::endpoints::Endpoints;
use store::events::read_outbox;
use store::queue::{Queue, QueueError};
use store::range::Order;
use store::undispatched::{Marker, Undispatched};
use telemetry::causes::causes;

/// Endpoints are read in pages of this size: an event for ten thousand of them needs no more memory than one for a few.
const PAGE: i32 = 500;
/// How many deliveries are stored and queued in parallel.
const AT_ONCE: usize = 5 * MAX_CREATED_AT_ONCE;

/// The dispatcher: the tables and queues that it uses.
#[derive(Debug)]
pub struct Dispatcher {
    endpoints: Endpoints,
    deliveries: Deliveries,
    undispatched: Undispatched,
    first: Queue,
    retries: Queue,
}

/// The events of one account in a batch of the stream.
struct Batch {
    /// The position of the account's first record in the batch.
    first: usize,
    outboxes: Vec<Outbox>,
}

impl Batch {
    fn starting_at(first: usize) -> Self {
        Self { first, outboxes: Vec::new() }
    }
}

/// What a batch of the stream holds.
struct Read {
    by_account: BTreeMap<String, Batch>,
    /// The position of a record that can't be read; those behind it were not read.
    failed: Option<usize>,
}

impl Read {
    /// Deletions and test sends have nothing to dispatch.
    fn of(batch: StreamEvent) -> Self {
        let mut by_account: BTreeMap<String, Batch> = BTreeMap::new();
        for (position, record) in batch.records.into_iter().enumerate() {
            if record.event_name == "REMOVE" {
                continue;
            }
            let sequence = sequence_number(&record);
            match read_outbox(record.change.new_image) {
                Ok(outbox) if outbox.test => {}
                Ok(outbox) => {
                    let account = outbox.account.clone();
                    by_account.entry(account).or_insert_with(|| Batch::starting_at(position)).outboxes.push(outbox);
                }
                Err(error) => {
                    tracing::error!(error = %causes(&error), sequence, "a record of the event stream can't be read");
                    return Self { by_account, failed: Some(position) };
                }
            }
        }
        Self { by_account, failed: None }
    }
}

/// Why events were not dispatched.
#[derive(Debug, thiserror::Error)]
enum DispatchError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl Dispatcher {
    /// Reads `ENDPOINTS_TABLE`, `DELIVERIES_TABLE`, `UNDISPATCHED_TABLE`, `DELIVERY_QUEUE_URL` and `RETRY_QUEUE_URL`.
    ///
    /// # Errors
    /// When one of them is not set.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            endpoints: environment.endpoints()?,
            deliveries: environment.deliveries()?,
            undispatched: environment.undispatched()?,
            first: environment.delivery_queue()?,
            retries: environment.retry_queue()?,
        })
    }

    /// Dispatches one batch of the stream. When something fails, the answer reports the first record that is not done:
    /// the stream goes on from there, and splits the batch until the record that fails is alone in it. Records behind
    /// it that were done are done again, which makes nothing twice.
    pub async fn handle(&self, batch: StreamEvent, now: Timestamp) -> DynamoDbEventResponse {
        let sequences: Vec<_> = batch.records.iter().map(sequence_number).collect();
        let Read { by_account, mut failed } = Read::of(batch);
        let mut done = Vec::new();
        for (account, Batch { first, outboxes }) in by_account {
            match self.dispatch(&account, &outboxes, now).await {
                Ok(0) => done.extend(outboxes.iter().map(Marker::of)),
                // Their markers stay, and the sweeper has the stream bring them again. They must not wait here, where
                // they would hold up the events of all accounts.
                Ok(unreadable) => {
                    tracing::error!(account, unreadable, "endpoints can't be read; the others have their deliveries");
                }
                Err(error) => {
                    let requests =
                        outboxes.iter().map(|outbox| outbox.request_id.as_str()).collect::<Vec<_>>().join(", ");
                    let error = causes(&error);
                    tracing::error!(
                        error,
                        account,
                        requests,
                        "events were not dispatched; the stream brings them again"
                    );
                    failed = Some(failed.map_or(first, |other| other.min(first)));
                }
            }
        }
        if let Err(error) = self.undispatched.delete(&done).await {
            // Not worth repeating the whole batch: events with a marker are brought again, which makes nothing twice.
            tracing::warn!(error = %causes(&error), "events that were dispatched are still marked as undispatched");
        }
        failed.map_or_else(DynamoDbEventResponse::default, |position| failed_from(sequences[position].clone()))
    }

    /// Dispatches all events of one account in a batch, in one pass over its endpoints. Returns how many of the
    /// endpoints can't be read.
    async fn dispatch(&self, account: &str, outboxes: &[Outbox], now: Timestamp) -> Result<usize, DispatchError> {
        let (mut after, mut unreadable) = (None::<String>, 0);
        loop {
            let page = self.endpoints.page(account, after.as_deref(), Order::OldestFirst, PAGE).await?;
            let mut wanted: Vec<(Delivery, HealthState)> = Vec::with_capacity(AT_ONCE);
            for outbox in outboxes {
                for event in &outbox.events {
                    for endpoint in &page.endpoints {
                        if endpoint.wants(event.name, event.project_id.as_deref()) {
                            let delivery = outbox.delivery(event, &endpoint.id, Trigger::Scheduled, now);
                            wanted.push((delivery, endpoint.health.state));
                        }
                        if wanted.len() == AT_ONCE {
                            self.create_all(&wanted, now).await?;
                            wanted.clear();
                        }
                    }
                }
            }
            self.create_all(&wanted, now).await?;
            unreadable += page.unreadable;
            after = page.next;
            if after.is_none() {
                return Ok(unreadable);
            }
        }
    }

    async fn create_all(&self, wanted: &[(Delivery, HealthState)], now: Timestamp) -> Result<(), DispatchError> {
        let created = wanted.chunks(MAX_CREATED_AT_ONCE).map(|some| self.create(some, now));
        join_all(created).await.into_iter().collect()
    }

    /// Stores deliveries and queues those that are new, even if others could not be stored. Those that existed already
    /// were queued by whoever stored them, or the sweeper finds them. Deliveries to a failing endpoint go to the retry
    /// queue at once, where they hold up no other endpoint.
    async fn create(&self, wanted: &[(Delivery, HealthState)], now: Timestamp) -> Result<(), DispatchError> {
        let deliveries: Vec<Delivery> = wanted.iter().map(|(delivery, _)| delivery.clone()).collect();
        let (mut healthy, mut failing, mut outcome) = (Vec::new(), Vec::new(), Ok(()));
        for ((delivery, state), stored) in wanted.iter().zip(self.deliveries.create(&deliveries).await) {
            match stored {
                Ok(true) if *state == HealthState::Failing => failing.push(delivery.task()),
                Ok(true) => healthy.push(delivery.task()),
                Ok(false) => {}
                Err(error) => outcome = Err(error.into()),
            }
        }
        for (queue, tasks) in [(&self.first, healthy), (&self.retries, failing)] {
            outcome = outcome.and(queue.send(&tasks, now).await.map_err(DispatchError::from));
        }
        outcome
    }
}

fn sequence_number(record: &EventRecord) -> Option<String> {
    record.change.sequence_number.clone()
}

/// The answer after which the stream goes on from this record.
fn failed_from(sequence_number: Option<String>) -> DynamoDbEventResponse {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = sequence_number;
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures.push(failure);
    response
}
