//! The dispatcher: from the stream of events to one delivery for each endpoint that wants the event.
//!
//! The deliveries of an event are one item, which is stored unless it is there: a batch which the stream brings twice
//! makes no delivery twice. They are stored first and queued second: the sweeper finds those that are stored and not
//! queued, and events that were not dispatched.

mod outgoing;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use aws_lambda_events::dynamodb::{Event as StreamEvent, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use domain::clock::SKEW;
use domain::endpoint::{Endpoint, HealthState};
use domain::outbox::{Outbox, StoredEvent};
use futures_util::future::{join, join_all};
use jiff::Timestamp;
use store::StoreError;
use store::config::{ConfigError, Environment};
use store::deliveries::{Deliveries, FanOut};
use store::endpoints::{Endpoints, Page};
use store::events::{raised_at, read_outbox};
use store::queue::{Queue, QueueError};
use store::range::Order;
use telemetry::causes::causes;

use outgoing::{Outgoing, messages};

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

/// How the events of an account stand while they are dispatched, page after page of its endpoints.
#[derive(Default)]
struct Told {
    /// Those whose items say that they are not wholly dispatched.
    incomplete: BTreeSet<String>,
    /// Those that can't be dispatched. The sweeper has the stream bring them again.
    left: BTreeSet<String>,
    unsent: Outgoing,
}

/// What came of the events of an account in a batch.
struct Dispatched {
    account: String,
    /// The position of the account's first record in the batch.
    first: usize,
    /// The requests that raised the events.
    requests: String,
    /// How many of its endpoints can't be read.
    unreadable: Result<usize, DispatchError>,
    unsent: Outgoing,
}

impl Told {
    /// Takes what came of an event. An error fails the batch, unless the stream would bring this event again in vain and
    /// hold up those of all accounts meanwhile: when what is stored of it can't be read.
    fn take(
        &mut self,
        event: &StoredEvent,
        is_incomplete: bool,
        error: Option<StoreError>,
    ) -> Result<(), DispatchError> {
        self.incomplete.extend(is_incomplete.then(|| event.id.clone()));
        match error {
            Some(error) if error.is_temporary() => Err(error.into()),
            Some(error) => {
                tracing::error!(error = %causes(&error), event_id = event.id, "an event can't be dispatched");
                self.left.insert(event.id.clone());
                Ok(())
            }
            None => Ok(()),
        }
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
        let Read { by_account, failed } = Read::of(batch);
        let accounts = by_account.into_iter().map(|(account, batch)| self.account(account, batch, now));
        let mut failed: Vec<usize> = failed.into_iter().collect();
        let (mut unsent, mut waiting) = (Outgoing::default(), Vec::new());
        for dispatched in join_all(accounts).await {
            let Dispatched { account, first, requests, unreadable, unsent: rest } = dispatched;
            match unreadable {
                Ok(0) => {}
                // The sweeper has the stream bring them again. They must not wait here, where they would hold up the
                // events of all accounts.
                Ok(unreadable) => {
                    tracing::error!(account, unreadable, "endpoints can't be read; the others have their deliveries");
                }
                Err(error) => {
                    failed.push(first);
                    not_dispatched(&error, &account, &requests);
                }
            }
            if !rest.is_empty() {
                waiting.push((account, first, requests));
            }
            unsent.append(rest);
        }
        if let Err(error) = self.send(&unsent, now).await {
            for (account, first, requests) in waiting {
                failed.push(first);
                not_dispatched(&error, &account, &requests);
            }
        }
        let failed = failed.into_iter().min();
        failed.map_or_else(DynamoDbEventResponse::default, |position| failed_from(sequences[position].clone()))
    }

    async fn account(&self, account: String, Batch { first, outboxes }: Batch, now: Timestamp) -> Dispatched {
        let mut told = Told::default();
        let unreadable = self.dispatch(&account, &outboxes, now, &mut told).await;
        let requests: Vec<&str> = outboxes.iter().map(|outbox| outbox.request_id.as_str()).collect();
        Dispatched { account, first, requests: requests.join(", "), unreadable, unsent: told.unsent }
    }

    /// Dispatches all events of one account in a batch, in one pass over its endpoints. Returns how many of the
    /// endpoints can't be read.
    async fn dispatch(
        &self,
        account: &str,
        outboxes: &[Outbox],
        now: Timestamp,
        told: &mut Told,
    ) -> Result<usize, DispatchError> {
        let (mut after, mut unreadable) = (None::<String>, 0);
        loop {
            let page = self.endpoints.page(account, after.as_deref(), Order::OldestFirst, PAGE).await?;
            let is_first = after.is_none();
            if !page.endpoints.is_empty() || page.unreadable > 0 {
                self.tell(outboxes, &page, is_first, now, told).await?;
            }
            unreadable += page.unreadable;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        // What unreadable endpoints have missed is still to be dispatched.
        if unreadable == 0 {
            let done: Vec<&String> = told.incomplete.difference(&told.left).collect();
            self.note_complete(account, &done).await;
        }
        Ok(unreadable)
    }

    /// Notes of events which were dispatched in parts that all parts are done. Where that fails, the sweeper has the
    /// stream bring them again, which makes nothing twice.
    async fn note_complete(&self, account: &str, event_ids: &[&String]) {
        for some in event_ids.chunks(AT_ONCE) {
            for noted in join_all(some.iter().map(|id| self.deliveries.note_complete(account, id))).await {
                if let Err(error) = noted {
                    let error = causes(&error);
                    tracing::warn!(error, account, "an event that was dispatched will be dispatched again");
                }
            }
        }
    }

    /// Stores the deliveries of events to a page of endpoints, and queues those that are new even if others could not be
    /// stored, but for the last few, which share a call with those of other accounts. Those that existed already were
    /// queued by whoever stored them, or the sweeper finds them.
    async fn tell(
        &self,
        outboxes: &[Outbox],
        page: &Page,
        is_first: bool,
        now: Timestamp,
        told: &mut Told,
    ) -> Result<(), DispatchError> {
        let is_all = is_first && page.next.is_none() && page.unreadable == 0;
        let failing = page.endpoints.iter().filter(|endpoint| endpoint.health.state == HealthState::Failing);
        let failing: HashSet<&str> = failing.map(|endpoint| endpoint.id.as_str()).collect();
        let events: Vec<_> =
            outboxes.iter().flat_map(|outbox| outbox.events.iter().map(move |event| (outbox, event))).collect();
        let mut stored = Ok(());
        for some in events.chunks(AT_ONCE) {
            let fanned_out = some.iter().map(|(outbox, event)| {
                let wanted = page.endpoints.iter().filter(|endpoint| is_wanted(outbox, event, endpoint, now));
                let wanted: Vec<String> = wanted.map(|endpoint| endpoint.id.clone()).collect();
                let part = FanOut { outbox, event, is_first, is_all, now };
                async move { self.deliveries.fan_out(part, &wanted).await }
            });
            for ((outbox, event), fanned_out) in some.iter().zip(join_all(fanned_out).await) {
                for new in &fanned_out.new {
                    told.unsent.append(messages(outbox, event, new, &failing, now));
                }
                stored = stored.and(told.take(event, fanned_out.is_incomplete, fanned_out.error));
            }
            let full = told.unsent.take_full();
            stored = stored.and(self.send(&full, now).await);
        }
        stored
    }

    async fn send(&self, messages: &Outgoing, now: Timestamp) -> Result<(), DispatchError> {
        let Outgoing { first, retries } = messages;
        let (first, retries) =
            join(self.first.send_messages(first, now), self.retries.send_messages(retries, now)).await;
        Ok(first.and(retries)?)
    }
}

/// Whether an endpoint gets an event: it wants it, and was not made after it. That matters only for an event that is
/// dispatched again, maybe days late. An endpoint of a time that has not come was made before the clock was set back.
fn is_wanted(outbox: &Outbox, event: &StoredEvent, endpoint: &Endpoint, now: Timestamp) -> bool {
    let was_made_since = |raised_at| (raised_at + SKEW..=now + SKEW).contains(&endpoint.created_at);
    let is_too_new = outbox.brought_again_at.is_some() && raised_at(&outbox.id).is_ok_and(was_made_since);
    !is_too_new && endpoint.wants(event.name, event.project_id.as_deref())
}

fn not_dispatched(error: &DispatchError, account: &str, requests: &str) {
    let error = causes(error);
    tracing::error!(error, account, requests, "events were not dispatched; the stream brings them again");
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
