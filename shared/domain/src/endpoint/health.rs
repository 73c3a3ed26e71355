//! Whether deliveries arrive at an endpoint, and what follows when they don't.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::LastError;
use crate::clock::is_recent;
use crate::words;

const DAY_SECONDS: i64 = 86_400;
/// Failures in a row after which an endpoint counts as failing.
pub const FAILING_AFTER: u32 = 3;
/// An endpoint is disabled when every attempt has failed for this long,
pub const DISABLE_AFTER_SECONDS: i64 = 5 * DAY_SECONDS;
/// and on at least this many calendar days (UTC): days without an attempt, or that a change of the clock skips, don't count.
pub const DISABLE_AFTER_DAYS: usize = 6;

/// How long an attempt takes when its endpoint counts as slow, unless `SLOW_AFTER_SECONDS` says otherwise.
pub const SLOW_AFTER: Duration = Duration::from_secs(3);

/// How long an endpoint counts as slow after an attempt that took so long.
pub const SLOW_FOR_SECONDS: i64 = 300;

/// The queues of deliveries, each with a function of its own, so that none holds up the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// First attempts.
    First,
    /// Later attempts, and all that goes to a failing endpoint.
    Later,
    /// All that goes to a slow endpoint. What is here stays here until it ends or waits for long.
    Slow,
}

/// Health of an endpoint. A failed test or replay does not affect it; a successful one ends a series of failures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// `failing` after the first attempts of three deliveries in a row failed.
    pub state: HealthState,
    /// Deliveries in a row whose first attempt failed.
    pub consecutive_failures: u32,
    /// Since when it fails.
    pub failing_since: Option<Timestamp>,
    /// The last success, to the minute.
    pub last_success_at: Option<Timestamp>,
    /// The last failure.
    pub last_failure_at: Option<Timestamp>,
    /// What it was.
    pub last_error: Option<LastError>,
    /// When an attempt last took long, to the minute.
    pub last_slow_at: Option<Timestamp>,
    /// The first failure since the last success.
    #[serde(skip)]
    pub first_failure_at: Option<Timestamp>,
    /// On how many calendar days (UTC) attempts have failed since then.
    #[serde(skip)]
    pub failed_days: usize,
}

impl Health {
    /// Whether nothing has failed since the last success.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.state == HealthState::Healthy
            && self.consecutive_failures == 0
            && self.first_failure_at.is_none()
            && self.failed_days == 0
    }

    /// Where its deliveries hold up no others. One that is slow and fails is kept apart from those that only fail.
    #[must_use]
    pub fn lane(&self, now: Timestamp) -> Lane {
        match self.last_slow_at {
            Some(at) if is_recent(at, now, SLOW_FOR_SECONDS) => Lane::Slow,
            _ if self.state == HealthState::Failing => Lane::Later,
            _ => Lane::First,
        }
    }

    /// Whether every attempt has failed for so long that the endpoint is to be disabled.
    #[must_use]
    pub fn has_failed_for_days(&self, now: Timestamp) -> bool {
        let Some(since) = self.first_failure_at else { return false };
        let seconds = now.as_second() - since.as_second();
        // A beginning that lies ahead was noted before the clock was set back: the days alone tell then.
        let long = !(0..DISABLE_AFTER_SECONDS).contains(&seconds);
        long && self.failed_days >= DISABLE_AFTER_DAYS && self.consecutive_failures >= FAILING_AFTER
    }

    /// From when on the next failure gets a failing endpoint disabled, if nothing arrives until then and attempts are made
    /// each day: see [`Self::has_failed_for_days`]. `None` while it does not fail.
    #[must_use]
    pub fn disables_at(&self) -> Option<Timestamp> {
        let (first, last) = self.first_failure_at.zip(self.last_failure_at)?;
        if self.state == HealthState::Healthy {
            return None;
        }
        let missing = i64::try_from(DISABLE_AFTER_DAYS.saturating_sub(self.failed_days)).unwrap_or_default();
        let last_missing_day = (last.as_second().div_euclid(DAY_SECONDS) + missing) * DAY_SECONDS;
        let days = if missing == 0 { i64::MIN } else { last_missing_day };
        Timestamp::from_second(days.max(first.as_second() + DISABLE_AFTER_SECONDS)).ok()
    }
}

words! {
    /// Whether deliveries arrive at an endpoint.
    #[derive(Default)]
    pub enum HealthState {
        /// Deliveries arrive.
        #[default]
        Healthy = "healthy",
        /// They fail. First attempts go to the retry queue, so that other endpoints don't wait.
        Failing = "failing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_days_count_only_while_attempts_are_made() {
        let now: Timestamp = "2025-10-25T14:30:00Z".parse().unwrap();
        let failed = |since: &str, failed_days, consecutive_failures| {
            let first_failure_at = Some(since.parse().unwrap());
            Health { consecutive_failures, first_failure_at, failed_days, ..Health::default() }.has_failed_for_days(now)
        };
        assert!(failed("2025-10-20T14:30:00Z", 6, 3));
        assert!(!failed("2025-10-20T14:30:01Z", 6, 3), "not for five days yet");
        assert!(!failed("2025-10-01T00:00:00Z", 5, 9), "on too few of the days");
        assert!(!failed("2025-10-01T00:00:00Z", 9, 2), "too few deliveries");
        assert!(failed("2026-10-01T00:00:00Z", 6, 3), "the clock was set back");
        assert!(!Health { failed_days: 6, consecutive_failures: 3, ..Health::default() }.has_failed_for_days(now));
    }

    #[test]
    fn a_failing_endpoint_tells_when_it_is_disabled() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let (first, state) = ("2025-10-20T14:30:00Z", HealthState::Failing);
        let failing = |last: &str, failed_days| {
            let (first_failure_at, last_failure_at) = (Some(time(first)), Some(time(last)));
            Health { state, last_failure_at, first_failure_at, failed_days, ..Health::default() }
        };
        for (last, failed_days, at) in [
            (first, 1, "2025-10-25T14:30:00Z"),
            ("2025-10-24T23:00:00Z", 5, "2025-10-25T14:30:00Z"),
            // Two days without an attempt.
            ("2025-10-24T23:00:00Z", 3, "2025-10-27T00:00:00Z"),
            ("2025-10-25T14:29:00Z", 6, "2025-10-25T14:30:00Z"),
        ] {
            let health = failing(last, failed_days);
            assert_eq!(health.disables_at(), Some(time(at)), "{last} {failed_days}");
            // As the rule itself says, when the missing days bring failures, too.
            let then = Health { failed_days: DISABLE_AFTER_DAYS, consecutive_failures: FAILING_AFTER, ..health };
            assert!(then.has_failed_for_days(time(at)), "{last} {failed_days}");
        }
        assert_eq!(Health { state: HealthState::Healthy, ..failing(first, 1) }.disables_at(), None);
        assert_eq!(Health { state, ..Health::default() }.disables_at(), None, "nothing was sent, so nothing counts");
    }
}
