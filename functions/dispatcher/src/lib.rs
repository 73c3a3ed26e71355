//! The dispatcher: from the stream of events to one delivery for each endpoint that wants the event.
//!
//! The deliveries of an event are one item, which is stored unless it is there: a batch which the stream brings twice
//! makes no delivery twice. They are stored first and queued second: the sweeper finds those that are stored and not
//! queued, and events that were not dispatched.

use std::collections::{BTreeMap, HashSet};

use aws_lambda_events::dynamodb::{Event as StreamEvent, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use domain::clock::SKEW;
use domain::delivery::{FanOutTask, Message};
use domain::endpoint::{Endpoint, HealthState};
use domain::outbox::{Outbox, StoredEvent};
use futures_util::future::join_all;
use jiff::Timestamp;
use store::StoreError;
use store::config::{ConfigError, Environment};
use store::deliveries::{Deliveries, FanOut, MAX_SHARING, NewDeliveries};
use store::endpoints::Endpoints;
use store::events::{raised_at, read_outbox};
use store::queue::{Queue, QueueError};
use store::range::Order;
use telemetry::causes::causes;

/// Endpoints are read in pages of this size: an event for ten thousand of them needs no more memory than one for a few.
const PAGE: i32 = 500;
/// How many events are told to a page of endpoints in parallel.
const AT_ONCE: usize = 100;

/// The dispatcher: the tables and queues that it uses.
#[derive(Debug)]
pub struct Dispatcher {
    endpoints: Endpoints,
    deliveries: Deliveries,
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

/// Which part of an account's endpoints a page is.
#[derive(Debug, Clone, Copy)]
struct Place {
    is_first: bool,
    /// Whether there are no others, and none that can't be read.
    is_all: bool,
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
    /// Reads `ENDPOINTS_TABLE`, `DELIVERIES_TABLE`, `DELIVERY_QUEUE_URL` and `RETRY_QUEUE_URL`.
    ///
    /// # Errors
    /// When one of them is not set.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            endpoints: environment.endpoints()?,
            deliveries: environment.deliveries()?,
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
        for (account, Batch { first, outboxes }) in by_account {
            match self.dispatch(&account, &outboxes, now).await {
                Ok(0) => {}
                // The sweeper has the stream bring them again. They must not wait here, where they would hold up the
                // events of all accounts.
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
        failed.map_or_else(DynamoDbEventResponse::default, |position| failed_from(sequences[position].clone()))
    }

    /// Dispatches all events of one account in a batch, in one pass over its endpoints. Returns how many of the
    /// endpoints can't be read.
    async fn dispatch(&self, account: &str, outboxes: &[Outbox], now: Timestamp) -> Result<usize, DispatchError> {
        let (mut after, mut unreadable) = (None::<String>, 0);
        let (mut in_parts, mut several) = (false, HashSet::new());
        loop {
            let page = self.endpoints.page(account, after.as_deref(), Order::OldestFirst, PAGE).await?;
            let place = Place {
                is_first: after.is_none(),
                is_all: after.is_none() && page.next.is_none() && page.unreadable == 0,
            };
            if !page.endpoints.is_empty() || page.unreadable > 0 {
                several.extend(self.tell(outboxes, &page.endpoints, place, now).await?);
            }
            in_parts |= !place.is_all;
            unreadable += page.unreadable;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        for outbox in outboxes {
            for event in &outbox.events {
                let in_parts = in_parts || outbox.brought_again_at.is_some() || several.contains(&event.id);
                // What unreadable endpoints have missed is still to be dispatched: the item says so already.
                if in_parts && unreadable == 0 {
                    self.deliveries.note_incomplete(account, &event.id, false).await?;
                } else if outbox.brought_again_at.is_some() {
                    self.deliveries.note_incomplete(account, &event.id, true).await?;
                }
            }
        }
        Ok(unreadable)
    }

    /// Stores the deliveries of events to some endpoints, and queues those that are new even if others could not be
    /// stored. Those that existed already were queued by whoever stored them, or the sweeper finds them. Returns the
    /// events that take more than one item.
    async fn tell(
        &self,
        outboxes: &[Outbox],
        endpoints: &[Endpoint],
        Place { is_first, is_all }: Place,
        now: Timestamp,
    ) -> Result<Vec<String>, DispatchError> {
        let failing = endpoints.iter().filter(|endpoint| endpoint.health.state == HealthState::Failing);
        let failing: HashSet<&str> = failing.map(|endpoint| endpoint.id.as_str()).collect();
        let failing = &failing;
        let events: Vec<_> =
            outboxes.iter().flat_map(|outbox| outbox.events.iter().map(move |event| (outbox, event))).collect();
        let (mut several, mut stored) = (Vec::new(), Ok(()));
        for some in events.chunks(AT_ONCE) {
            let fanned_out = some.iter().map(|(outbox, event)| async move {
                let wanted = endpoints.iter().filter(|endpoint| is_wanted(outbox, event, endpoint, now));
                let wanted: Vec<String> = wanted.map(|endpoint| endpoint.id.clone()).collect();
                let part = FanOut { outbox, event, is_first, is_all, now };
                let (new, outcome) = self.deliveries.fan_out(part, &wanted).await;
                let messages: Vec<_> = new.iter().map(|new| messages(outbox, event, new, failing, now)).collect();
                let several = (wanted.len() > MAX_SHARING).then(|| event.id.clone());
                (messages, several, outcome)
            });
            let (mut first, mut retries) = (Vec::new(), Vec::new());
            for (messages, in_several, outcome) in join_all(fanned_out).await {
                several.extend(in_several);
                for (healthy, failing) in messages {
                    first.extend(healthy);
                    retries.extend(failing);
                }
                stored = stored.and(outcome.map_err(DispatchError::from));
            }
            for (queue, messages) in [(&self.first, first), (&self.retries, retries)] {
                stored = stored.and(queue.send_messages(&messages, now).await.map_err(DispatchError::from));
            }
        }
        stored.map(|()| several)
    }
}

/// Whether an endpoint gets an event: it wants it, and was not made after it. That matters only for an event that is
/// dispatched again, maybe days late. An endpoint of a time that has not come was made before the clock was set back.
fn is_wanted(outbox: &Outbox, event: &StoredEvent, endpoint: &Endpoint, now: Timestamp) -> bool {
    let was_made_since = |raised_at| (raised_at + SKEW..=now + SKEW).contains(&endpoint.created_at);
    let is_too_new = outbox.brought_again_at.is_some() && raised_at(&outbox.id).is_ok_and(was_made_since);
    !is_too_new && endpoint.wants(event.name, event.project_id.as_deref())
}

/// The messages for new deliveries of an event: those for the first queue, and those to failing endpoints, which go to
/// the retry queue at once, where they hold up no other endpoint.
fn messages(
    outbox: &Outbox,
    event: &StoredEvent,
    new: &NewDeliveries,
    failing: &HashSet<&str>,
    now: Timestamp,
) -> (Vec<Message>, Vec<Message>) {
    let (failing, healthy): (Vec<&String>, Vec<&String>) =
        new.endpoint_ids.iter().partition(|id| failing.contains(id.as_str()));
    let fan_out = |endpoint_ids: &[&String]| {
        Message::V2(FanOutTask {
            account: outbox.account.clone(),
            outbox_id: outbox.id.clone(),
            event_id: event.id.clone(),
            shared: new.shared.clone(),
            endpoint_ids: endpoint_ids.iter().map(|id| (*id).clone()).collect(),
            due: now,
        })
    };
    let split = |ids: &[&String]| ids.chunks(FanOutTask::MOST).map(fan_out).collect();
    (split(&healthy), split(&failing))
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
