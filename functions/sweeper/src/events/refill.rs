//! What a start does about deliveries that wait for their first attempt: the queues are empty.

use domain::delivery::{Delivery, DeliveryTask};
use jiff::{SignedDuration, Timestamp};
use store::undispatched::Marker;
use telemetry::causes::causes;

use crate::{SweepError, Sweeper};

/// How much of a marker's time a start looks at at once: the deliveries of a busy system's seconds fit into memory.
const REFILL_STEP: SignedDuration = SignedDuration::from_secs(5);

impl Sweeper {
    /// Queues all deliveries that wait for their first attempt. Claims on these are of a process that has ended.
    pub(super) async fn refill(&self, marker: &Marker, now: Timestamp) -> Result<usize, SweepError> {
        let (mut from, mut queued) = (marker.begins_at(), 0);
        while from < marker.ends_at() {
            let until = from + REFILL_STEP;
            let range = marker.range().since(from).until(until);
            from = until;
            if range.is_empty() {
                continue;
            }
            let dispatched = self.deliveries.dispatched(&marker.account, range).await?;
            let pending: Vec<Delivery> = dispatched.into_values().flat_map(|event| event.pending).collect();
            for claimed in pending.iter().filter(|delivery| delivery.claimed_until.is_some()) {
                if let Err(error) = self.deliveries.end_claim(claimed).await {
                    let (error, delivery_id) = (causes(&error), &claimed.id);
                    tracing::warn!(
                        error,
                        delivery_id,
                        "a claim of a process that has ended holds until its time is over"
                    );
                }
            }
            let tasks: Vec<DeliveryTask> = pending.iter().map(Delivery::task).collect();
            self.retries.send(&tasks, now).await?;
            queued += tasks.len();
        }
        Ok(queued)
    }
}
