//! How far dispatching is behind accepting, and how accepting waits for it.
//!
//! Senders that post as fast as they are answered would take the whole machine: what they post is stored, and is
//! delivered seconds or minutes later. So a request that may raise events waits a little while the oldest event that was
//! not dispatched yet is older than 100 ms, and the longer the older that event is. No request is refused, and
//! none waits for longer than 2 seconds, however far behind the dispatcher is.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use crate::clock::Clock;

/// The age up to which nobody waits. In ordinary work, an event waits for a few milliseconds.
const TOLERATED: Duration = Duration::from_millis(100);
/// The longest that a request waits.
const LONGEST: Duration = Duration::from_secs(2);
/// How often a request that waits looks whether it still has to.
const GLANCE: Duration = Duration::from_millis(20);

/// The events that wait to be dispatched. Clones share it.
#[derive(Debug, Clone)]
pub struct Backlog {
    clock: Clock,
    oldest: Arc<Mutex<Option<Timestamp>>>,
}

impl Backlog {
    /// A backlog with nothing in it, by this clock.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { clock, oldest: Arc::default() }
    }

    /// Says when the oldest event that waits was raised; `None` when none waits, or when patience would not help.
    pub fn set(&self, oldest: Option<Timestamp>) {
        *self.oldest.lock().unwrap_or_else(PoisonError::into_inner) = oldest;
    }

    /// How old the oldest event is that waits.
    fn age(&self) -> Duration {
        let oldest = *self.oldest.lock().unwrap_or_else(PoisonError::into_inner);
        oldest.and_then(|oldest| self.clock.now().duration_since(oldest).try_into().ok()).unwrap_or_default()
    }

    /// Waits for as long as a request has to that may raise events. Returns early when the backlog has shrunk.
    pub(crate) async fn pace(&self) {
        let began = Instant::now();
        loop {
            let rest = delay(self.age()).saturating_sub(began.elapsed());
            if rest.is_zero() {
                return;
            }
            sleep(rest.min(GLANCE)).await;
        }
    }
}

/// How long a request waits while the oldest event is of this age.
fn delay(age: Duration) -> Duration {
    age.saturating_sub(TOLERATED).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn paced(backlog: &Backlog) -> Duration {
        let began = Instant::now();
        backlog.pace().await;
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn requests_wait_for_as_long_as_dispatching_is_behind_and_not_for_ever() {
        let now: Timestamp = "2025-10-20T14:30:00Z".parse().unwrap();
        let backlog = Backlog::new(Clock::settable(now));
        for (age, wait) in [(0, 0), (100, 0), (350, 250), (1_000, 900), (86_400_000, 2_000)] {
            backlog.set(Some(now - Duration::from_millis(age)));
            assert_eq!(paced(&backlog).await.as_millis(), wait, "{age}");
        }
        backlog.set(Some(now + Duration::from_mins(1)));
        assert!(paced(&backlog).await.is_zero(), "the clock was set back");
        backlog.set(None);
        assert!(paced(&backlog).await.is_zero());
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_goes_on_when_the_backlog_is_gone() {
        let backlog = Backlog::new(Clock::settable(Timestamp::UNIX_EPOCH + Duration::from_mins(1)));
        backlog.set(Some(Timestamp::UNIX_EPOCH));
        let gone = backlog.clone();
        tokio::spawn(async move {
            sleep(Duration::from_millis(90)).await;
            gone.set(None);
        });
        assert_eq!(paced(&backlog).await.as_millis(), 100);
    }
}
