//! Limits the concurrent attempts to one endpoint, and prevents concurrent attempts at the same delivery.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::delivery::Delivery;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// The most concurrent attempts to one endpoint in a process.
const WIDTH: usize = 100;
/// How long an attempt waits for a permit. An endpoint that responds frees many in this time, one that hangs none.
const PATIENCE: Duration = Duration::from_secs(2);

/// The endpoints with attempts under way, by id.
#[derive(Debug, Default)]
pub(super) struct EndpointLimiter(Mutex<HashMap<String, Attempts>>);

#[derive(Debug)]
struct Attempts {
    permits: Arc<Semaphore>,
    deliveries: HashSet<String>,
}

/// Whether an attempt may be made now.
pub(super) enum Admission<'a> {
    /// It may be made, until the permit is dropped.
    Granted(Permit<'a>),
    /// The same delivery is being attempted: SQS brought its message twice.
    UnderWay,
    /// Its endpoint has the most attempts allowed, and none of them has ended in time.
    Crowded,
}

/// Permits one attempt. Dropping it permits the next.
pub(super) struct Permit<'a> {
    _entry: Entry<'a>,
    _permit: OwnedSemaphorePermit,
}

/// A delivery among the attempts of its endpoint, under way or waiting.
struct Entry<'a> {
    limiter: &'a EndpointLimiter,
    endpoint_id: String,
    delivery_id: String,
}

impl EndpointLimiter {
    /// Waits up to [`PATIENCE`] for the permit to attempt `delivery`.
    pub(super) async fn admit(&self, delivery: &Delivery) -> Admission<'_> {
        let Some((entry, permits)) = self.enter(delivery) else { return Admission::UnderWay };
        match timeout(PATIENCE, permits.acquire_owned()).await {
            Ok(Ok(permit)) => Admission::Granted(Permit { _entry: entry, _permit: permit }),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => Admission::Crowded,
        }
    }

    fn enter(&self, delivery: &Delivery) -> Option<(Entry<'_>, Arc<Semaphore>)> {
        let mut endpoints = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let attempts = endpoints
            .entry(delivery.endpoint_id.clone())
            .or_insert_with(|| Attempts { permits: Arc::new(Semaphore::new(WIDTH)), deliveries: HashSet::new() });
        let (endpoint_id, delivery_id) = (delivery.endpoint_id.clone(), delivery.id.clone());
        let entered = attempts.deliveries.insert(delivery_id.clone());
        entered.then(|| (Entry { limiter: self, endpoint_id, delivery_id }, Arc::clone(&attempts.permits)))
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        let mut endpoints = self.limiter.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(attempts) = endpoints.get_mut(&self.endpoint_id) {
            attempts.deliveries.remove(&self.delivery_id);
            if attempts.deliveries.is_empty() {
                endpoints.remove(&self.endpoint_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::delivery::Trigger;
    use domain::events::EventName;
    use domain::outbox::{Outbox, StoredEvent};
    use domain::trace::{Origin, TraceContext};

    use super::*;

    fn delivery(number: usize, endpoint: &str) -> Delivery {
        let id = format!("evt_{number}");
        let event =
            StoredEvent { id, name: EventName::VendorCreated, body: String::new(), project_id: None, subject: None };
        let outbox = Outbox::of(
            "acc_1",
            Origin { request_id: "req_1", trace: TraceContext::start(), key_line: "key_1" },
            event.clone(),
        );
        outbox.delivery(&event, endpoint, Trigger::Scheduled, jiff::Timestamp::UNIX_EPOCH)
    }

    #[tokio::test(start_paused = true)]
    async fn an_endpoint_that_hangs_is_refused_more_and_others_go_on() {
        let limiter = EndpointLimiter::default();
        let mut hanging = Vec::new();
        for id in 0..WIDTH {
            let Admission::Granted(permit) = limiter.admit(&delivery(id, "ep_1")).await else {
                panic!("there is room")
            };
            hanging.push(permit);
        }
        assert!(matches!(limiter.admit(&delivery(WIDTH, "ep_1")).await, Admission::Crowded));
        assert!(matches!(limiter.admit(&delivery(0, "ep_1")).await, Admission::UnderWay));
        assert!(matches!(limiter.admit(&delivery(0, "ep_2")).await, Admission::Granted(_)));
        hanging.pop();
        assert!(matches!(limiter.admit(&delivery(WIDTH, "ep_1")).await, Admission::Granted(_)));
        hanging.clear();
        assert!(limiter.0.lock().unwrap().is_empty(), "idle endpoints are forgotten");
    }
}
