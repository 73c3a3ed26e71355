//! The clock of the local system: the machine's, or one that a test sets.
//!
//! The time of day may be set back or ahead. Queues and schedule wait by [`Clock::steady`], which never goes back, with
//! [`Clock::sleep_until`], so that a test advances the time instead of waiting for it.

use std::sync::Arc;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// Tells the time. Clones share one clock.
#[derive(Debug, Clone)]
pub struct Clock(Kind);

#[derive(Debug, Clone)]
enum Kind {
    System { started_at: Timestamp, started: Instant },
    Settable(Arc<watch::Sender<Times>>),
}

/// The times that a settable clock shows.
#[derive(Debug, Clone, Copy)]
struct Times {
    now: Timestamp,
    steady: Timestamp,
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Kind::System { started_at: machine(), started: Instant::now() })
    }

    /// A clock that shows `now` until it is set.
    #[must_use]
    pub fn settable(now: Timestamp) -> Self {
        Self(Kind::Settable(Arc::new(watch::Sender::new(Times { now, steady: now }))))
    }

    /// The time of day.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Kind::System { .. } => machine(),
            Kind::Settable(times) => times.borrow().now,
        }
    }

    /// The time by which to wait: that of the clock's start plus the time that has passed since. It never goes back.
    #[must_use]
    pub fn steady(&self) -> Timestamp {
        match &self.0 {
            Kind::System { started_at, started } => {
                let passed = SignedDuration::try_from(started.elapsed()).unwrap_or(SignedDuration::MAX);
                started_at.checked_add(passed).unwrap_or(Timestamp::MAX)
            }
            Kind::Settable(times) => times.borrow().steady,
        }
    }

    /// Sets a settable clock, and wakes whoever waits for a time that has come. When it is set back, the steady time
    /// stays. Does nothing to the machine's clock.
    pub fn set(&self, now: Timestamp) {
        if let Kind::Settable(times) = &self.0 {
            times.send_modify(|times| {
                let passed = now.duration_since(times.now).max(SignedDuration::ZERO);
                let steady = times.steady.checked_add(passed).unwrap_or(Timestamp::MAX);
                *times = Times { now, steady };
            });
        }
    }

    /// Returns when [`Clock::steady`] is `due` or later.
    pub async fn sleep_until(&self, due: Timestamp) {
        match &self.0 {
            Kind::System { .. } => {
                let wait = due.duration_since(self.steady());
                if let Ok(wait) = wait.try_into() {
                    tokio::time::sleep(wait).await;
                }
            }
            Kind::Settable(times) => {
                // The sender lives in `self`, so that waiting can't fail.
                let _ = times.subscribe().wait_for(|times| times.steady >= due).await;
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the rim: everything else is given the time")]
fn machine() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_goes_on_when_the_clock_is_set_back() {
        let start: Timestamp = "2025-10-20T14:30:00Z".parse().unwrap();
        let clock = Clock::settable(start);
        let minutes = SignedDuration::from_mins;
        clock.set(start + minutes(10));
        clock.set(start - minutes(300));
        assert_eq!((clock.now(), clock.steady()), (start - minutes(300), start + minutes(10)));
        clock.set(start - minutes(298));
        assert_eq!(clock.steady(), start + minutes(12));
        let machine = Clock::system();
        assert!(machine.steady() <= machine.steady());
    }
}
