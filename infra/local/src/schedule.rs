//! Work by the clock: the sweeper's schedule, and the upkeep of the embedded services.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

/// A handler of a schedule, which gets the time that it runs for: the same one that Lambda runs.
pub type ScheduleHandler = Arc<dyn Fn(Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Makes a [`ScheduleHandler`] of an `async` closure or function.
pub fn schedule_handler<F, A>(handler: F) -> ScheduleHandler
where
    F: Fn(Timestamp) -> A + Send + Sync + 'static,
    A: Future<Output = ()> + Send + 'static,
{
    Arc::new(move |now| Box::pin(handler(now)))
}

/// Runs the handler at once and then every `period`, one run at a time, until `stop`.
pub(crate) async fn every(period: SignedDuration, clock: Clock, stop: CancellationToken, handler: ScheduleHandler) {
    loop {
        let started = clock.steady();
        if let Err(error) = tokio::spawn(handler(clock.now())).await {
            tracing::error!(%error, "a scheduled function panicked");
        }
        // A time beyond the largest timestamp would never come either.
        let next = started.checked_add(period).unwrap_or(Timestamp::MAX);
        if stop.run_until_cancelled(clock.sleep_until(next)).await.is_none() {
            return;
        }
    }
}
