//! What was decided, done in an order that may break off anywhere. Until the attempt is recorded the message stays in the queue
//! and the attempt is made again. After that the health of the endpoint is best effort, and the sweeper queues a retry that was
//! not queued.

use domain::delivery::{Attempt, Delivery, DeliveryTask, LastAttempt};
use domain::schedule::is_left_to_sweeper;
use jiff::Timestamp;
use store::deliveries::Outcome;

use super::decision::{Decision, EndpointNews};
use super::together::Recorder;
use super::{Deliverer, Ready, TaskError};

/// What a delivery waits for, and when its next attempt is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// Its endpoint is disabled; it looks again.
    ForEndpoint(Timestamp),
    /// It stands in the line of its endpoint's pace.
    InLine(Timestamp),
}

impl Deliverer {
    /// Does what was decided about an attempt that ended at `ended`: disables the endpoint, records the attempt, notes
    /// the endpoint's health, queues the next attempt.
    pub(super) async fn apply(
        &self,
        decision: Decision,
        Ready { delivery, endpoint, recorder, .. }: Ready<'_>,
        (attempt, ended): (Attempt, Timestamp),
        claim: Option<Timestamp>,
    ) -> Result<(), TaskError> {
        let Decision { status, next_attempt_at, endpoint: news } = decision;
        let last = LastAttempt::from(&attempt);
        if let EndpointNews::Gone { counts } = news {
            // Before anything is recorded: should it fail, the attempt is made again, and a 410 is never just
            // forgotten.
            Box::pin(self.disable_gone(delivery, endpoint, last, counts, ended)).await?;
        }
        let outcome = Outcome { status, attempt: Some(attempt), next_attempt_at, paced: false, claim, now: ended };
        if !recorder.record(delivery, &outcome).await? {
            return Box::pin(self.record_superseded(delivery, outcome)).await;
        }
        self.follow_up(delivery, endpoint, last, news, ended).await;
        if let Some(due) = next_attempt_at.filter(|due| !is_left_to_sweeper(*due, ended)) {
            let attempt_count = delivery.attempt_count + 1;
            // Anything but a success gave it an item of its own.
            let task = DeliveryTask { attempt_count, due, shared: None, ..delivery.task() };
            Box::pin(self.later.send(&[task], ended)).await?;
        }
        Ok(())
    }

    /// The task comes again at `due`, by way of the queue of later attempts. `paced`: it has stood in line.
    pub(super) async fn put_off(
        &self,
        delivery: &Delivery,
        paced: bool,
        due: Timestamp,
        now: Timestamp,
    ) -> Result<(), TaskError> {
        Ok(self.later.send(&[DeliveryTask { due, paced, ..delivery.task() }], now).await?)
    }

    /// Records that a delivery waits, and queues its next attempt unless that is left to the sweeper.
    pub(super) async fn wait(
        &self,
        delivery: &Delivery,
        recorder: &Recorder<'_>,
        wait: Wait,
        now: Timestamp,
    ) -> Result<(), TaskError> {
        let (due, paced) = match wait {
            Wait::ForEndpoint(due) => (due, false),
            Wait::InLine(due) => (due, true),
        };
        let (status, next_attempt_at) = (delivery.status, Some(due));
        let outcome = Outcome { status, attempt: None, next_attempt_at, paced, claim: None, now };
        if recorder.record(delivery, &outcome).await? && !is_left_to_sweeper(due, now) {
            let task = DeliveryTask { due, paced, shared: None, ..delivery.task() };
            self.later.send(&[task], now).await?;
        }
        Ok(())
    }

    /// What becomes of an attempt whose outcome is not the delivery's. When a new series began while it was under way,
    /// it is one more attempt on the list and the series begins now; else another run of the same attempt was recorded
    /// first, and what follows is that run's business.
    async fn record_superseded(&self, delivery: &Delivery, outcome: Outcome) -> Result<(), TaskError> {
        let Some(attempt) = outcome.attempt else { return Ok(()) };
        if let Some(next) = self.deliveries.record_beside(delivery, &attempt, outcome.now).await? {
            self.later.send(&[next.task()], outcome.now).await?;
        }
        Ok(())
    }
}
