//! Lanes: how many attempts to one endpoint run at once, and that no delivery is attempted twice at once.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::delivery::Delivery;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// The most attempts to one endpoint that run at once in a process.
const WIDTH: usize = 100;
/// How long an attempt waits for its turn. An endpoint that answers gives many in this time, one that hangs gives none.
const PATIENCE: Duration = Duration::from_secs(2);

/// The lanes of all endpoints that have attempts under way.
#[derive(Debug, Default)]
pub(super) struct Lanes(Mutex<HashMap<String, Lane>>);

#[derive(Debug)]
struct Lane {
    turns: Arc<Semaphore>,
    deliveries: HashSet<String>,
}

/// Whether an attempt may be made now.
pub(super) enum Turn<'a> {
    /// It may, until this is dropped.
    Given(Given<'a>),
    /// The same delivery is being attempted: SQS brought its message twice.
    UnderWay,
    /// Its endpoint has as many attempts as it may have, and none of them ends.
    Crowded,
}

/// A turn. Dropping it gives it to the next.
pub(super) struct Given<'a> {
    _place: Place<'a>,
    _turn: OwnedSemaphorePermit,
}

/// A delivery's place in its lane, taken or waiting.
struct Place<'a> {
    lanes: &'a Lanes,
    endpoint_id: String,
    delivery_id: String,
}

impl Lanes {
    /// Waits a little for a turn of `delivery`.
    pub(super) async fn turn(&self, delivery: &Delivery) -> Turn<'_> {
        let Some((place, turns)) = self.enter(delivery) else { return Turn::UnderWay };
        match timeout(PATIENCE, turns.acquire_owned()).await {
            Ok(Ok(turn)) => Turn::Given(Given { _place: place, _turn: turn }),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => Turn::Crowded,
        }
    }

    fn enter(&self, delivery: &Delivery) -> Option<(Place<'_>, Arc<Semaphore>)> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes
            .entry(delivery.endpoint_id.clone())
            .or_insert_with(|| Lane { turns: Arc::new(Semaphore::new(WIDTH)), deliveries: HashSet::new() });
        let (endpoint_id, delivery_id) = (delivery.endpoint_id.clone(), delivery.id.clone());
        let entered = lane.deliveries.insert(delivery_id.clone());
        entered.then(|| (Place { lanes: self, endpoint_id, delivery_id }, Arc::clone(&lane.turns)))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut lanes = self.lanes.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get_mut(&self.endpoint_id) {
            lane.deliveries.remove(&self.delivery_id);
            if lane.deliveries.is_empty() {
                lanes.remove(&self.endpoint_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::delivery::Trigger;
    use domain::events::EventName;
    use domain::outbox::{Outbox, StoredEvent};

    use super::*;

    fn delivery(number: usize, endpoint: &str) -> Delivery {
        let id = format!("evt_{number}");
        let event = StoredEvent { id, name: EventName::VendorCreated, body: String::new(), project_id: None };
        let outbox = Outbox::of("acc_1", "req_1", event.clone());
        outbox.delivery(&event, endpoint, Trigger::Scheduled, jiff::Timestamp::UNIX_EPOCH)
    }

    #[tokio::test(start_paused = true)]
    async fn a_lane_that_does_not_move_turns_away_and_others_go_on() {
        let lanes = Lanes::default();
        let mut hanging = Vec::new();
        for id in 0..WIDTH {
            let Turn::Given(turn) = lanes.turn(&delivery(id, "ep_1")).await else { panic!("there is room") };
            hanging.push(turn);
        }
        assert!(matches!(lanes.turn(&delivery(WIDTH, "ep_1")).await, Turn::Crowded));
        assert!(matches!(lanes.turn(&delivery(0, "ep_1")).await, Turn::UnderWay));
        assert!(matches!(lanes.turn(&delivery(0, "ep_2")).await, Turn::Given(_)));
        hanging.pop();
        assert!(matches!(lanes.turn(&delivery(WIDTH, "ep_1")).await, Turn::Given(_)));
        hanging.clear();
        assert!(lanes.0.lock().unwrap().is_empty(), "idle endpoints are forgotten");
    }
}
