//! The tasks of one message side by side, with those that arrive recorded together.
//!
//! The deliveries of an event share an item, and each write of it costs the same however many entries it sets: an
//! outcome waits until the message's other tasks are done too, but not long for one that hangs.

use std::time::Duration;

use domain::alert::{Alert, AlertKind};
use domain::delivery::{Delivery, DeliveryStatus, LastAttempt};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use store::StoreError;
use store::alerts::Alerts;
use store::deliveries::{Deliveries, Outcome};
use store::undispatched::Undispatched;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

/// How long an outcome waits for the others of its message.
const LINGER: Duration = Duration::from_millis(100);

/// Records outcomes of the tasks of one message.
#[derive(Debug)]
pub(super) struct Recorder<'a> {
    deliveries: &'a Deliveries,
    alerts: &'a Alerts,
    undispatched: &'a Undispatched,
    arrivals: mpsc::UnboundedSender<Arrival>,
    /// Held while a delivery moves out of the item that it shares: transactions on one item would cancel each other.
    moving: Mutex<()>,
}

/// The receiving end of a [`Recorder`].
pub(super) type Arrivals = mpsc::UnboundedReceiver<Arrival>;

/// An outcome that waits to be recorded.
#[derive(Debug)]
pub(super) struct Arrival {
    delivery: Delivery,
    outcome: Outcome,
    recorded: oneshot::Sender<Result<bool, StoreError>>,
}

impl<'a> Recorder<'a> {
    /// A recorder, and what [`drive`] needs of it.
    pub(super) fn new(
        deliveries: &'a Deliveries,
        alerts: &'a Alerts,
        undispatched: &'a Undispatched,
    ) -> (Self, Arrivals) {
        let (arrivals, waiting) = mpsc::unbounded_channel();
        (Self { deliveries, alerts, undispatched, arrivals, moving: Mutex::new(()) }, waiting)
    }

    /// Records an outcome: together with others where that is possible, a failure in one transaction with its alert, so
    /// that no delivery fails without anybody being told. `false`: the delivery has moved on, and nothing was recorded.
    ///
    /// # Errors
    /// Those of [`Deliveries::record`].
    pub(super) async fn record(&self, delivery: &Delivery, outcome: &Outcome) -> Result<bool, StoreError> {
        if outcome.status.is_final() {
            self.undispatched.mark_change(delivery, outcome.now).await;
        }
        if delivery.shared.is_some() && outcome.fits_shared_item() {
            let (recorded, answer) = oneshot::channel();
            let arrival = Arrival { delivery: delivery.clone(), outcome: outcome.clone(), recorded };
            if self.arrivals.send(arrival).is_ok()
                && let Ok(answer) = answer.await
            {
                return answer;
            }
        }
        Box::pin(self.record_alone(delivery, outcome)).await
    }

    async fn record_alone(&self, delivery: &Delivery, outcome: &Outcome) -> Result<bool, StoreError> {
        let _moving = self.moving.lock().await;
        if outcome.status != DeliveryStatus::Failed {
            return self.deliveries.record(delivery, outcome).await;
        }
        let last = outcome.attempt.as_ref().map(LastAttempt::from).or(delivery.last_attempt);
        let alert = Alert::about(AlertKind::DeliveryFailed, delivery, last, outcome.now);
        self.deliveries.record_failed(delivery, outcome, self.alerts, &alert).await
    }

    /// Ends a delivery without an attempt; with `claim` if that is ours already.
    ///
    /// # Errors
    /// Those of [`Deliveries::record`].
    pub(super) async fn end(
        &self,
        delivery: &Delivery,
        status: DeliveryStatus,
        claim: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.record(delivery, &Outcome { status, attempt: None, next_attempt_at: None, paced: false, claim, now })
            .await?;
        Ok(())
    }
}

/// Runs tasks whose outcomes go to a [`Recorder`], and returns what they return, in the order in which they end.
pub(super) async fn drive<O>(
    mut tasks: FuturesUnordered<impl Future<Output = O>>,
    mut arrivals: Arrivals,
    deliveries: &Deliveries,
) -> Vec<O> {
    let (mut done, mut waiting, mut writes) = (Vec::with_capacity(tasks.len()), Vec::new(), FuturesUnordered::new());
    let (mut under_way, mut until) = (0, None);
    while !tasks.is_empty() {
        let all_wait = waiting.len() + under_way == tasks.len();
        if !waiting.is_empty() && (all_wait || until.is_some_and(|until| until <= Instant::now())) {
            under_way += waiting.len();
            until = None;
            writes.push(write(std::mem::take(&mut waiting), deliveries));
        }
        tokio::select! {
            Some(outcome) = tasks.next() => done.push(outcome),
            Some(arrival) = arrivals.recv() => {
                waiting.push(arrival);
                until = until.or_else(|| Some(Instant::now() + LINGER));
            }
            Some(written) = writes.next() => under_way -= written,
            () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => {}
        }
    }
    done
}

/// Records what has arrived, and returns how many that were.
async fn write(arrivals: Vec<Arrival>, deliveries: &Deliveries) -> usize {
    let outcomes: Vec<_> = arrivals.iter().map(|arrival| (&arrival.delivery, &arrival.outcome)).collect();
    let recorded = deliveries.record_together(&outcomes).await;
    let count = arrivals.len();
    for (arrival, recorded) in arrivals.into_iter().zip(recorded) {
        // The task may have been dropped, and then nobody is told.
        let _ = arrival.recorded.send(recorded);
    }
    count
}
