//! The events of one marker beside their deliveries.

use std::collections::BTreeMap;
use std::time::Instant;

use domain::alert::{Alert, GIVEN_UP_AFTER};
use domain::clock::SKEW;
use domain::delivery::{Delivery, DeliveryTask};
use domain::events::EventName;
use domain::outbox::Outbox;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use store::StoreError;
use store::deliveries::{DispatchedPage, GRACE_SECONDS};
use store::events::{Survey, raised_at};
use store::range::Order;
use store::undispatched::Marker;
use telemetry::causes::causes;

use super::is_over;
use crate::{SweepError, Sweeper};

/// How many outbox items are compared at a time.
const PAGE: i32 = 500;
/// How many events or deliveries are set going in parallel.
const AT_ONCE: usize = 25;
/// How long sweeps leave a marker alone that has something missing: the stream may have a backlog. Longer with the age
/// of what is missing, a sixteenth of it.
const SHORTEST_WAIT: SignedDuration = SignedDuration::from_mins(15);

/// What a comparison is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Only what must have been lost by now is set going.
    Sweep,
    /// The queues are empty: every delivery that waits for its first attempt gets a message. Events are not looked at,
    /// since the stream goes on where it stopped.
    Start,
}

/// A comparison under way.
pub(super) struct Comparison<'a> {
    sweeper: &'a Sweeper,
    marker: Marker,
    /// When the sweep began.
    began: Instant,
    now: Timestamp,
    /// When the account's oldest endpoint was made, once that is known.
    oldest_endpoint: Option<Oldest>,
    /// When the oldest event was raised that is not settled.
    unsettled_since: Option<Timestamp>,
    resumed: usize,
    /// What could not be set going; the next sweep does it.
    failed: Option<SweepError>,
}

/// What came of a comparison.
#[derive(Debug, Clone, Copy)]
pub(super) struct Compared {
    /// How many events and deliveries were set going.
    pub(super) resumed: usize,
    /// Whether the deliveries that the marker is about are counted. Always false at a start.
    pub(super) is_counted: bool,
}

/// The oldest endpoint of an account.
#[derive(Debug, Clone, Copy)]
enum Oldest {
    /// It has none.
    None,
    MadeAt(Timestamp),
}

/// What has to be set going.
#[derive(Default)]
struct Lost {
    /// Ids of outbox items that were not dispatched, or not to all endpoints.
    outboxes: Vec<String>,
    /// Deliveries that wait for a first attempt whose message must have been lost.
    deliveries: Vec<Delivery>,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(sweeper: &'a Sweeper, marker: Marker, began: Instant, now: Timestamp) -> Self {
        let (oldest_endpoint, unsettled_since, failed) = (None, None, None);
        Self { sweeper, marker, began, now, oldest_endpoint, unsettled_since, resumed: 0, failed }
    }

    /// Sets going what is missing, and counts.
    pub(super) async fn run(mut self, mode: Mode) -> Result<Compared, SweepError> {
        if mode == Mode::Start {
            self.marker.compared = None;
            let resumed =
                if self.marker.is_of_older() { 0 } else { self.sweeper.refill(&self.marker, self.now).await? };
            return Ok(Compared { resumed, is_counted: false });
        }
        if !self.marker.is_of_older() {
            self.compare_all().await?;
        }
        let is_compared = self.marker.compared.is_none();
        let is_counted = is_compared && self.sweeper.count(&mut self.marker, self.now, || is_over(self.began)).await?;
        self.note(is_counted).await?;
        self.failed.map_or(Ok(Compared { resumed: self.resumed, is_counted }), Err)
    }

    /// Compares the events of the marker, as far as the time suffices.
    async fn compare_all(&mut self) -> Result<(), SweepError> {
        let mut range = self.marker.range();
        // What an earlier comparison has left unsettled is in front of where it stopped.
        if self.marker.compared.take().is_some_and(|compared| self.marker.settled.as_ref() != Some(&compared)) {
            self.unsettled_since = Some(self.marker.begins_at());
        }
        loop {
            let survey = self.sweeper.events.survey(&self.marker.account, range, PAGE).await?;
            let stopped = survey.stopped.clone();
            self.compare(survey).await?;
            let Some(last) = stopped else { return Ok(()) };
            range = range.behind(&last);
            if is_over(self.began) {
                self.marker.compared = Some(last);
                return Ok(());
            }
        }
    }

    /// Notes how far it has come; the next sweep goes on there, or looks again when what was set going has had its time.
    async fn note(&self, is_counted: bool) -> Result<(), SweepError> {
        let (markers, now) = (&self.sweeper.undispatched, self.now);
        match self.unsettled_since {
            _ if !is_counted => {
                markers.reserve(&self.marker, now, now).await?;
            }
            Some(since) => {
                let wait = SHORTEST_WAIT.max(now.duration_since(since) / 16);
                markers.reserve(&self.marker, now + wait, now).await?;
            }
            None => markers.delete(std::slice::from_ref(&self.marker)).await?,
        }
        Ok(())
    }

    /// Compares some outbox items, in order of time, with the deliveries of their events.
    async fn compare(&mut self, survey: Survey) -> Result<(), SweepError> {
        let Some(range) = survey.events() else { return Ok(()) };
        let dispatched = self.sweeper.deliveries.dispatched(&self.marker.account, range).await?;
        let mut lost = Lost::default();
        for (id, outbox) in survey.outboxes {
            let settled = match outbox {
                Ok(outbox) => self.is_settled(&outbox, &dispatched, &mut lost).await?,
                Err(error) => {
                    tracing::error!(error = %causes(&error), outbox_id = id, "an event can't be read");
                    let given_up = self.is_given_up(&id);
                    if given_up {
                        self.tell(&format!("evt_{id}"), None).await?;
                    }
                    given_up
                }
            };
            if !settled {
                self.unsettled_since = self.unsettled_since.or_else(|| raised_at(&id).ok());
            } else if self.unsettled_since.is_none() {
                self.marker.settled = Some(id);
            }
        }
        self.set_going(lost).await;
        Ok(())
    }

    async fn is_settled(
        &mut self,
        outbox: &Outbox,
        dispatched: &DispatchedPage,
        lost: &mut Lost,
    ) -> Result<bool, SweepError> {
        if outbox.test {
            return Ok(true);
        }
        let (mut settled, mut missing) = (true, Vec::new());
        for event in &outbox.events {
            let Some(found) = dispatched.get(&event.id) else {
                if self.had_endpoints(&outbox.id).await? {
                    missing.push(event);
                }
                continue;
            };
            missing.extend(found.is_incomplete.then_some(event));
            settled = settled && found.pending.is_empty();
            let overdue = self.now - SignedDuration::from_secs(GRACE_SECONDS);
            // What was made in a time that has not come yet was made before the clock was set back.
            let is_overdue = |at: Timestamp| at <= overdue || at > self.now + SKEW;
            let pending = found.pending.iter().filter(|delivery| is_overdue(delivery.created_at));
            let pending = pending.filter(|delivery| delivery.claimed(self.now).is_none());
            lost.deliveries.extend(pending.cloned());
        }
        if missing.is_empty() {
            return Ok(settled);
        }
        // However old it is, it is tried once more when it is found.
        if outbox.brought_again_at.is_some() && self.is_given_up(&outbox.id) {
            for event in missing {
                self.tell(&event.id, Some(event.name)).await?;
            }
            return Ok(settled);
        }
        lost.outboxes.push(outbox.id.clone());
        Ok(false)
    }

    /// Whether an event is too old to be tried again.
    fn is_given_up(&self, outbox_id: &str) -> bool {
        raised_at(outbox_id).is_ok_and(|at| self.now.duration_since(at) > GIVEN_UP_AFTER)
    }

    /// Tells people of an event that is given up.
    async fn tell(&self, event_id: &str, event: Option<EventName>) -> Result<(), SweepError> {
        let alert = Alert::given_up(event_id, event, self.now);
        Ok(self.sweeper.alerts.raise(&self.marker.account, &alert).await?)
    }

    /// Whether the account has an endpoint that is older than the event: then the dispatcher has left, or will leave, a
    /// trace of the event even if nobody wanted it. One of a time that has not come was made before the clock was set
    /// back.
    async fn had_endpoints(&mut self, outbox_id: &str) -> Result<bool, SweepError> {
        let oldest = if let Some(known) = self.oldest_endpoint { known } else { self.find_oldest_endpoint().await? };
        let Oldest::MadeAt(made) = oldest else { return Ok(false) };
        // Ids of events have milliseconds.
        Ok(made.as_millisecond() <= raised_at(outbox_id)?.as_millisecond() || made > self.now)
    }

    async fn find_oldest_endpoint(&mut self) -> Result<Oldest, SweepError> {
        let page = self.sweeper.endpoints.page(&self.marker.account, None, Order::OldestFirst, 1).await?;
        let made_at = page.endpoints.first().map(|oldest| oldest.created_at);
        // One that can't be read now may have been there at the time.
        let made_at = made_at.or((page.unreadable > 0).then_some(Timestamp::MIN));
        Ok(*self.oldest_endpoint.insert(made_at.map_or(Oldest::None, Oldest::MadeAt)))
    }

    /// Makes the stream bring events again, and queues deliveries.
    async fn set_going(&mut self, lost: Lost) {
        let (account, now, sweeper) = (&self.marker.account, self.now, self.sweeper);
        for some in lost.outboxes.chunks(AT_ONCE) {
            for brought in join_all(some.iter().map(|id| sweeper.events.bring_again(account, id, now))).await {
                match brought {
                    Ok(there) => self.resumed += usize::from(there),
                    Err(error) => self.failed = Some(error.into()),
                }
            }
        }
        // Those that share an item one after the other: transactions on one item cancel each other.
        let mut by_item: BTreeMap<&Option<String>, Vec<&Delivery>> = BTreeMap::new();
        for delivery in &lost.deliveries {
            by_item.entry(&delivery.shared).or_default().push(delivery);
        }
        let items: Vec<Vec<&Delivery>> = by_item.into_values().collect();
        for some in items.chunks(AT_ONCE) {
            if is_over(self.began) {
                return;
            }
            let apart = join_all(some.iter().map(|sharing| set_apart(sweeper, sharing, now))).await;
            let (tasks, failed): (Vec<_>, Vec<_>) = apart.into_iter().unzip();
            let tasks: Vec<DeliveryTask> = tasks.into_iter().flatten().collect();
            self.resumed += tasks.len();
            // They are overdue by their own items from now on.
            let sent = sweeper.retries.send(&tasks, now).await.map_err(SweepError::from);
            let failed = failed.into_iter().flatten().map(SweepError::from).chain(sent.err());
            self.failed = self.failed.take().or(failed.last());
        }
    }
}

/// Moves deliveries out of the item that they share. Returns the messages for those that have moved, and the last error.
async fn set_apart(
    sweeper: &Sweeper,
    sharing: &[&Delivery],
    now: Timestamp,
) -> (Vec<DeliveryTask>, Option<StoreError>) {
    let (mut tasks, mut failed) = (Vec::with_capacity(sharing.len()), None);
    for delivery in sharing {
        match sweeper.deliveries.set_apart(delivery, now).await {
            Ok(apart) => tasks.extend(apart.map(|delivery| delivery.task())),
            Err(error) => failed = Some(error),
        }
    }
    (tasks, failed)
}
