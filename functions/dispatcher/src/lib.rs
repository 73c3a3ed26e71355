//! The dispatcher: from the stream of events to one delivery for each endpoint that wants the event.
//!
//! The deliveries of an event are one item, which is stored unless it is there: a batch which the stream brings twice
//! makes no delivery twice. They are stored first and queued second: the sweeper finds those that are stored and not
//! queued, and events that were not dispatched.

mod batch;
mod choice;
mod outgoing;

use std::collections::BTreeSet;
use std::{mem, slice};

use aws_lambda_events::dynamodb::Event as StreamEvent;
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use domain::filter::Filters;
use domain::outbox::{Outbox, StoredEvent};
use futures_util::future::{join_all, join3};
use jiff::Timestamp;
use store::StoreError;
use store::alerts::Alerts;
use store::config::{ConfigError, Environment};
use store::deliveries::{Deliveries, FanOut};
use store::endpoints::{Endpoints, Page};
use store::queue::{Queue, QueueError};
use store::range::Order;
use telemetry::causes::causes;

use batch::{Batch, Read, sequence_number};
use outgoing::{Lanes, Outgoing, messages};

/// Endpoints are read in pages of this size: an event for ten thousand of them needs no more memory than one for a few.
const PAGE: i32 = 500;
/// How many accounts are served side by side: each holds a page of endpoints.
const ACCOUNTS_AT_ONCE: usize = 20;
/// How many events of an account are told to a page of endpoints in parallel.
const AT_ONCE: usize = 100;

/// The dispatcher: the tables and queues that it uses.
#[derive(Debug)]
pub struct Dispatcher {
    endpoints: Endpoints,
    deliveries: Deliveries,
    /// For events that come round for ever.
    alerts: Alerts,
    filters: Filters,
    first: Queue,
    later: Queue,
    slow: Queue,
}

/// How the events of an account stand while they are dispatched, page after page of its endpoints.
struct Account {
    id: String,
    batch: Batch,
    /// Where the next page of endpoints begins; `None` before the first and behind the last.
    next: Option<String>,
    /// How many endpoints can't be read.
    unreadable: usize,
    told: Told,
    /// Why its events have to come again.
    error: Option<DispatchError>,
}

/// What is known of the events that were told to some endpoints.
#[derive(Default)]
struct Told {
    /// Those whose items say that they are not wholly dispatched.
    incomplete: BTreeSet<String>,
    /// Those that can't be dispatched. The sweeper has the stream bring them again.
    left: BTreeSet<String>,
    /// Less than one call of SQS takes: they share one with those of other accounts.
    unsent: Outgoing,
}

impl Account {
    fn new((id, batch): (String, Batch)) -> Self {
        Self { id, batch, next: None, unreadable: 0, told: Told::default(), error: None }
    }

    /// Whether the account's events have to come again. Logs what went wrong.
    fn report(&self) -> bool {
        let (account, unreadable) = (&self.id, self.unreadable);
        if let Some(error) = &self.error {
            let requests: Vec<&str> = self.batch.outboxes.iter().map(|outbox| outbox.request_id.as_str()).collect();
            let (error, requests) = (causes(error), requests.join(", "));
            tracing::error!(error, account, requests, "events were not dispatched; the stream brings them again");
        } else if unreadable > 0 {
            // The sweeper has the stream bring the events again. They must not wait here, where they would hold up the
            // events of all accounts.
            tracing::error!(account, unreadable, "endpoints can't be read; the others have their deliveries");
        }
        self.error.is_some()
    }
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

/// Why events were not dispatched.
#[derive(Debug, Clone, thiserror::Error)]
enum DispatchError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl Dispatcher {
    /// Reads `ENDPOINTS_TABLE`, `DELIVERIES_TABLE`, `ALERTS_TABLE`, the retentions, `DELIVERY_QUEUE_URL`, `RETRY_QUEUE_URL`
    /// and `SLOW_QUEUE_URL`.
    ///
    /// # Errors
    /// When one of them is not set.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            endpoints: environment.endpoints()?,
            deliveries: environment.deliveries()?,
            alerts: environment.alerts()?,
            filters: Filters::default(),
            first: environment.delivery_queue()?,
            later: environment.retry_queue()?,
            slow: environment.slow_queue()?,
        })
    }

    /// Dispatches one batch of the stream. When something fails, the answer reports the first record that is not done:
    /// the stream goes on from there, and splits the batch until the record that fails is alone in it. Records behind
    /// it that were done are done again, which makes nothing twice.
    pub async fn handle(&self, batch: StreamEvent, now: Timestamp) -> DynamoDbEventResponse {
        let sequences: Vec<_> = batch.records.iter().map(sequence_number).collect();
        let Read { by_account, failed } = Read::of(batch);
        let mut accounts: Vec<Account> = by_account.into_iter().map(Account::new).collect();
        for some in accounts.chunks_mut(ACCOUNTS_AT_ONCE) {
            join_all(some.iter_mut().map(|account| self.dispatch_page(account, now))).await;
            self.send_together(some, now).await;
        }
        // Those that have many endpoints come last, so that nobody waits for them.
        for account in &mut accounts {
            self.finish(account, now).await;
        }
        let firsts = accounts.iter().filter(|account| account.report()).map(|account| account.batch.first);
        let failed = firsts.chain(failed).min();
        failed.map_or_else(DynamoDbEventResponse::default, |position| failed_from(sequences[position].clone()))
    }

    /// Dispatches the events of an account to its endpoints behind the first page.
    async fn finish(&self, account: &mut Account, now: Timestamp) {
        while account.next.is_some() && account.error.is_none() {
            self.dispatch_page(account, now).await;
            self.send_together(slice::from_mut(account), now).await;
        }
        // What unreadable endpoints have missed is still to be dispatched.
        if account.unreadable == 0 && account.error.is_none() {
            let done: Vec<&String> = account.told.incomplete.difference(&account.told.left).collect();
            self.note_complete(&account.id, &done).await;
        }
    }

    /// Tells the account's events to the next page of its endpoints.
    async fn dispatch_page(&self, account: &mut Account, now: Timestamp) {
        let Account { id, batch, next, unreadable, told, error } = account;
        let is_first = next.is_none();
        // Before anything says that the events are dispatched: nobody would come back for the alert.
        let alerted = if is_first { self.alert_of_loops(&batch.outboxes, now).await } else { Ok(()) };
        let page = match alerted.and(self.endpoints.page(id, next.as_deref(), Order::OldestFirst, PAGE).await) {
            Ok(page) => self.understood(id, page),
            Err(failure) => {
                *error = Some(failure.into());
                return;
            }
        };
        if !page.endpoints.is_empty() || page.unreadable > 0 {
            *error = self.tell(&batch.outboxes, &page, is_first, now, told).await.err();
        }
        *unreadable += page.unreadable;
        *next = page.next;
    }

    /// Sends the last messages of these accounts. Where that fails, all of them come again: SQS may have taken some.
    async fn send_together(&self, accounts: &mut [Account], now: Timestamp) {
        let mut messages = Outgoing::default();
        let mut senders = Vec::new();
        for account in accounts.iter_mut().filter(|account| !account.told.unsent.is_empty()) {
            messages.append(mem::take(&mut account.told.unsent));
            senders.push(account);
        }
        if let Err(error) = self.send(&messages, now).await {
            for account in senders {
                account.error.get_or_insert_with(|| error.clone());
            }
        }
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
        let lanes = Lanes::new(&page.endpoints, now);
        let events: Vec<_> =
            outboxes.iter().flat_map(|outbox| outbox.events.iter().map(move |event| (outbox, event))).collect();
        let mut stored = Ok(());
        for some in events.chunks(AT_ONCE) {
            let fanned_out = some.iter().map(|(outbox, event)| {
                let wanted = self.wanted(outbox, event, page, now);
                let part = FanOut { outbox, event, is_first, is_all, now };
                async move { self.deliveries.fan_out(part, &wanted).await }
            });
            for ((outbox, event), fanned_out) in some.iter().zip(join_all(fanned_out).await) {
                for new in &fanned_out.new {
                    told.unsent.append(messages(outbox, event, new, &lanes, now));
                }
                stored = stored.and(told.take(event, fanned_out.is_incomplete, fanned_out.error));
            }
            let full = told.unsent.take_full();
            stored = stored.and(self.send(&full, now).await);
        }
        stored
    }

    async fn send(&self, messages: &Outgoing, now: Timestamp) -> Result<(), DispatchError> {
        let (first, later, slow) = join3(
            self.first.send_messages(&messages.first, now),
            self.later.send_messages(&messages.later, now),
            self.slow.send_messages(&messages.slow, now),
        )
        .await;
        Ok(first.and(later).and(slow)?)
    }
}

/// The answer after which the stream goes on from this record.
fn failed_from(sequence_number: Option<String>) -> DynamoDbEventResponse {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = sequence_number;
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures.push(failure);
    response
}
