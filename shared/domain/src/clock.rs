//! The one place that reads the clock.

use jiff::{SignedDuration, Timestamp};

/// How far the clocks of two workers may be apart.
pub const SKEW: SignedDuration = SignedDuration::from_secs(10);

/// The current time. Only `main` functions read it; handlers get it as an argument.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the rim")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// `now` without its fraction: records and events carry whole seconds.
#[must_use]
pub fn whole_seconds(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// `YYYY-MM-DDTHH:MM:SSZ`, whatever the fraction.
#[must_use]
pub fn rfc3339(at: Timestamp) -> String {
    whole_seconds(at).to_string()
}

/// Whether `since` is less than `seconds` ago. What lies ahead is not: it was noted by a clock that has been set back
/// since, and would otherwise count as recent until the time comes again.
#[must_use]
pub fn is_recent(since: Timestamp, now: Timestamp, seconds: i64) -> bool {
    (0..seconds).contains(&(now.as_second() - since.as_second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_ahead_is_not_recent() {
        let now: Timestamp = "2025-10-20T14:30:00.5Z".parse().unwrap();
        let recent = |ahead: i64| is_recent(now + SignedDuration::from_millis(ahead), now, 60);
        assert_eq!([-60_000, -59_000, 0, 400, 600, 3_600_000].map(recent), [false, true, true, true, false, false]);
    }
}
