//! The pace of an endpoint: an attempt starts at the slot that it has taken, or its delivery stands in line and comes again.

use std::num::NonZeroU16;
use std::time::Duration;

use domain::delivery::{CLAIM, Delivery, DeliveryStatus, DeliveryTask, Trigger};
use domain::endpoint::Lane;
use domain::ids;
use domain::pace::{Asking, LONGEST_LINE, NEAR_FOR_A_PERSON, Turn};
use jiff::{SignedDuration, Timestamp};
use store::StoreError;
use store::deliveries::GRACE_SECONDS;
use telemetry::causes::causes;
use tokio::time::{Instant, sleep};

use super::apply::Wait;
use super::{Deliverer, Ready, TaskError};

/// How far ahead a slot may lie that a worker waits for with the delivery in hand: what is put off comes after a second at
/// the earliest.
const NEAR: SignedDuration = SignedDuration::from_secs(1);
/// The same in the lane of first attempts, where a message of another endpoint may be in the batch.
const NEAR_AT_FIRST: SignedDuration = SignedDuration::from_millis(500);
/// How long an attempt is put off, and up to how much longer, when more workers want a slot at the same moment than
/// DynamoDB can serve.
const BUSY: (SignedDuration, SignedDuration) = (SignedDuration::from_secs(5), SignedDuration::from_secs(25));

impl Deliverer {
    /// When the attempt starts: now, or at the next slot of its endpoint's pace, which is waited for. `None` when no slot is
    /// near: the delivery stands in line.
    pub(super) async fn start(&self, ready: Ready<'_>, now: Timestamp) -> Result<Option<Timestamp>, TaskError> {
        match ready.endpoint.max_per_second {
            Some(per_second) => Box::pin(self.slot(ready, per_second, now)).await,
            None => Ok(Some(now)),
        }
    }

    async fn slot(
        &self,
        ready: Ready<'_>,
        per_second: NonZeroU16,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, TaskError> {
        let asked = Instant::now();
        let place = match self.turn(ready, per_second, now).await? {
            Turn::Start(slot) => {
                let wait = Duration::try_from(slot.duration_since(now)).unwrap_or_default();
                if let Some(rest) = wait.checked_sub(asked.elapsed()) {
                    sleep(rest).await;
                }
                return Ok(Some(slot.max(now)));
            }
            Turn::Wait(place) => place,
            // At some time of the second half of the longest line, so that they don't all come at once.
            Turn::Away => now + LONGEST_LINE / 2 + (LONGEST_LINE / 2).mul_f64(ids::random_fraction()),
        };
        self.stand_in_line(ready, place, now).await?;
        Ok(None)
    }

    async fn turn(&self, ready: Ready<'_>, per_second: NonZeroU16, now: Timestamp) -> Result<Turn, TaskError> {
        let Ready { delivery, has_waited, .. } = ready;
        let near = match self.policy.lane {
            _ if is_asked_for(delivery) => NEAR_FOR_A_PERSON,
            Lane::First => NEAR_AT_FIRST,
            Lane::Later | Lane::Slow => NEAR,
        };
        let asking = Asking { per_second, near, has_waited, now };
        match self.paces.take(&delivery.account, &delivery.endpoint_id, asking).await {
            Err(error) if error.is_throttle() || matches!(error, StoreError::Contention(_)) => {
                tracing::warn!(error = %causes(&error), "no slot could be taken; the attempt is put off");
                Ok(Turn::Wait(now + BUSY.0 + BUSY.1.mul_f64(ids::random_fraction())))
            }
            turn => Ok(turn?),
        }
    }

    /// The delivery comes again at `due`. That it has waited is in its message; in its item as well when the sweeper would
    /// take it for lost meanwhile. It fails now when its event will be gone by then.
    async fn stand_in_line(&self, ready: Ready<'_>, due: Timestamp, now: Timestamp) -> Result<(), TaskError> {
        let Ready { delivery, recorder, .. } = ready;
        if !self.policy.keeps_until(delivery, due) {
            return Ok(recorder.end(delivery, DeliveryStatus::Failed, None, now).await?);
        }
        if counts_as_lost(delivery, due) {
            return self.wait(delivery, recorder, Wait::InLine(due), now).await;
        }
        Ok(self.later.send(&[DeliveryTask { due, paced: true, ..delivery.task() }], now).await?)
    }
}

/// Whether an attempt goes before those that have not stood in line yet: it has, or a person has asked for it.
pub(super) fn has_waited(task: &DeliveryTask, delivery: &Delivery) -> bool {
    task.paced || delivery.paced || is_asked_for(delivery)
}

/// Whether the next attempt is the first of a manual retry.
fn is_asked_for(delivery: &Delivery) -> bool {
    delivery.trigger == Trigger::Manual && delivery.attempt_count == delivery.series_start
}

/// Whether the sweeper would send a delivery again before an attempt that starts at `due` is recorded.
fn counts_as_lost(delivery: &Delivery, due: Timestamp) -> bool {
    let planned = delivery.next_attempt_at.unwrap_or(delivery.created_at);
    due + CLAIM >= planned + SignedDuration::from_secs(GRACE_SECONDS)
}

#[cfg(test)]
mod tests {
    use domain::events::EventName;
    use domain::outbox::{Outbox, StoredEvent};
    use domain::trace::{Origin, TraceContext};

    use super::*;

    fn now() -> Timestamp {
        "2025-10-20T14:30:00Z".parse().unwrap()
    }

    fn delivery() -> Delivery {
        let event = StoredEvent {
            id: "evt_1".to_owned(),
            name: EventName::VendorCreated,
            body: String::new(),
            project_id: None,
            subject: None,
        };
        let outbox = Outbox::of(
            "acc_1",
            Origin { request_id: "req_1", trace: TraceContext::start(), key_line: "key_1" },
            event.clone(),
        );
        outbox.delivery(&event, "ep_1", Trigger::Scheduled, now())
    }

    #[test]
    fn a_wait_is_recorded_when_the_sweeper_would_not_wait_for_so_long() {
        let waits = |seconds| counts_as_lost(&delivery(), now() + SignedDuration::from_secs(seconds));
        assert_eq!([1, 254, 255, 3_600].map(waits), [false, false, true, true]);
        let planned = Some(now() + SignedDuration::from_mins(60));
        let retry = Delivery { next_attempt_at: planned, ..delivery() };
        assert!(!counts_as_lost(&retry, now() + SignedDuration::from_mins(61)), "from when it was planned for");
    }

    #[test]
    fn what_has_waited_and_what_a_person_asks_for_goes_first() {
        let (new, task) = (delivery(), delivery().task());
        assert!(!has_waited(&task, &new));
        assert!(has_waited(&DeliveryTask { paced: true, ..task.clone() }, &new));
        assert!(has_waited(&task, &Delivery { paced: true, ..delivery() }));
        let manual = Delivery { trigger: Trigger::Manual, attempt_count: 3, series_start: 3, ..delivery() };
        assert!(has_waited(&task, &manual));
        assert!(!has_waited(&task, &Delivery { attempt_count: 4, ..manual }), "its retries stand in line");
        assert!(!has_waited(&task, &Delivery { trigger: Trigger::Replay, ..delivery() }));
    }
}
