//! The clock of the local system: the machine's, or one that a test sets.
//!
//! Everything that waits for a time of day (queues, schedule) waits through [`Clock::sleep_until`], so that a test
//! advances time instead of waiting for it.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

/// Tells the time. Clones share one clock.
#[derive(Debug, Clone, Default)]
pub struct Clock(Kind);

#[derive(Debug, Clone, Default)]
enum Kind {
    #[default]
    System,
    Settable(Arc<watch::Sender<Timestamp>>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands at `now` until it is set.
    #[must_use]
    pub fn settable(now: Timestamp) -> Self {
        Self(Kind::Settable(Arc::new(watch::Sender::new(now))))
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "the rim: everything else is given the time")]
            Kind::System => Timestamp::now(),
            Kind::Settable(time) => *time.borrow(),
        }
    }

    /// Sets a settable clock and wakes whoever waits for a time that has come. The machine's clock stays as it is.
    pub fn set(&self, now: Timestamp) {
        if let Kind::Settable(time) = &self.0 {
            time.send_replace(now);
        }
    }

    /// Returns when it is `due` or later.
    pub async fn sleep_until(&self, due: Timestamp) {
        match &self.0 {
            Kind::System => {
                let wait = due.duration_since(self.now());
                if let Ok(wait) = wait.try_into() {
                    tokio::time::sleep(wait).await;
                }
            }
            Kind::Settable(time) => {
                // The sender lives in `self`, so that waiting can't fail.
                let _ = time.subscribe().wait_for(|now| *now >= due).await;
            }
        }
    }
}
