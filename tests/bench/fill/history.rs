//! What has happened: events, each with its deliveries, one after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::attempt::{AnswerHeaders, AttemptError};
use domain::delivery::{Attempt, DeliveryStatus, Trigger};
use domain::events::EventName;
use domain::format::Format;
use domain::ids;
use domain::outbox::{Outbox, StoredEvent};
use domain::trace::{Origin, TraceContext};
use jiff::{SignedDuration, Timestamp};
use store::deliveries::{Deliveries, FanOut, Outcome};
use store::events::Events;
use store::undispatched::Undispatched;

use crate::database::Database;

/// How many events are stored at once.
const AT_ONCE: usize = 128;
/// After so many events, the stream is emptied.
const STREAM: usize = 5_000;
/// For so long, all events beside the first account's are one account's.
const TURN: SignedDuration = SignedDuration::from_mins(5);
/// How long an event waits before it is sent.
const WAIT: SignedDuration = SignedDuration::from_millis(5);

/// What is to be stored.
pub(crate) struct History {
    pub(crate) events: usize,
    /// Ids of endpoints that get each event.
    pub(crate) endpoints: Vec<String>,
    pub(crate) accounts: Vec<String>,
    pub(crate) begin: Timestamp,
    pub(crate) over: SignedDuration,
    /// Of one event in so many, the delivery to the first endpoint fails.
    pub(crate) failed: usize,
}

struct Stores {
    events: Events,
    undispatched: Undispatched,
    deliveries: Deliveries,
}

impl History {
    /// Stores all of it, in order of time as far as one can say so of what is done at once.
    pub(crate) async fn store(self: Arc<Self>, database: &Database) {
        let environment = &database.environment;
        let stores = Arc::new(Stores {
            events: environment.events().unwrap(),
            undispatched: environment.undispatched().unwrap(),
            deliveries: environment.deliveries().unwrap(),
        });
        for first in (0..self.events).step_by(STREAM) {
            let (next, end) = (Arc::new(AtomicUsize::new(first)), self.events.min(first + STREAM));
            let writers: Vec<_> = (0..AT_ONCE)
                .map(|_| tokio::spawn(Arc::clone(&self).write(Arc::clone(&stores), Arc::clone(&next), end)))
                .collect();
            for writer in writers {
                writer.await.unwrap();
            }
            database.empty_stream().await;
        }
    }

    /// One writer, which takes the next event until there is none.
    async fn write(self: Arc<Self>, stores: Arc<Stores>, next: Arc<AtomicUsize>, end: usize) {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= end {
                return;
            }
            self.write_event(&stores, number).await;
        }
    }

    /// As the functions do: the marker and the event, the deliveries, and what came of them.
    async fn write_event(&self, stores: &Stores, number: usize) {
        let at = self.time_of(number);
        let event = StoredEvent::example(ids::new_id("evt_", at), EventName::WorkorderCreated);
        let outbox = Outbox::of(
            self.account_of(number, at),
            Origin { request_id: "req_bench", trace: TraceContext::start(), key_line: "key_bench" },
            event.clone(),
        );
        stores.undispatched.mark(&outbox, at).await.unwrap();
        stores.events.store(&outbox, at).await.unwrap();
        let part = FanOut { outbox: &outbox, event: &event, is_first: true, is_all: true, now: at };
        let made = stores.deliveries.fan_out(part, &self.endpoints).await;
        assert!(made.error.is_none(), "{:?}", made.error);
        let mut done = Vec::new();
        for (shared, endpoint) in made.new.iter().flat_map(|new| new.endpoint_ids.iter().map(|id| (&new.shared, id))) {
            let mut delivery = outbox.delivery(&event, endpoint, Trigger::Scheduled, at);
            delivery.shared = Some(shared.clone());
            let fails = number.is_multiple_of(self.failed) && *endpoint == self.endpoints[0];
            done.push((delivery, outcome(fails, number, at)));
        }
        let (failed, arrived): (Vec<_>, Vec<_>) = done
            .iter()
            .map(|(delivery, outcome)| (delivery, outcome))
            .partition(|(_, outcome)| !outcome.fits_shared_item());
        for outcomes in [arrived, failed].iter().filter(|outcomes| !outcomes.is_empty()) {
            assert!(stores.deliveries.record_together(outcomes).await.into_iter().all(Result::unwrap));
        }
    }

    fn time_of(&self, number: usize) -> Timestamp {
        let (number, events) = (i128::try_from(number).unwrap(), i128::try_from(self.events).unwrap());
        let since = i64::try_from(self.over.as_millis() * number / events).unwrap();
        self.begin + SignedDuration::from_millis(since)
    }

    /// Every other event is the first account's. The others take turns, so that each has a few times with many events.
    fn account_of(&self, number: usize, at: Timestamp) -> &str {
        let turn = usize::try_from(at.as_second() / TURN.as_secs()).unwrap();
        match self.accounts.len() - 1 {
            others if others > 0 && number % 2 == 1 => &self.accounts[1 + turn % others],
            _ => &self.accounts[0],
        }
    }
}

/// What came of the first attempt, which was also the last.
fn outcome(fails: bool, number: usize, at: Timestamp) -> Outcome {
    let took = 2 + u64::try_from(number % 40).unwrap();
    let started_at = at + WAIT;
    let attempt = Attempt {
        number: 1,
        trigger: Trigger::Scheduled,
        format: Format::Full,
        started_at,
        duration_ms: took,
        status_code: Some(if fails { 410 } else { 200 }),
        error: fails.then_some(AttemptError::HttpStatus),
        error_detail: None,
        response_headers: AnswerHeaders::new(),
        response_body: fails.then(|| "Gone".to_owned()),
    };
    Outcome {
        status: if fails { DeliveryStatus::Failed } else { DeliveryStatus::Delivered },
        attempt: Some(attempt),
        next_attempt_at: None,
        paced: false,
        claim: None,
        now: started_at + SignedDuration::from_millis(i64::try_from(took).unwrap()),
    }
}
