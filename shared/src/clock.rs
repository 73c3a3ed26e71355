//! The one place that reads the clock.

use jiff::Timestamp;

/// The present, for the rim: handlers get it as an argument.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the rim")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// `now` without its fraction: records and events carry whole seconds (contract section 2.6).
#[must_use]
pub fn whole_seconds(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// `YYYY-MM-DDTHH:MM:SSZ`, whatever the fraction.
#[must_use]
pub fn rfc3339(at: Timestamp) -> String {
    whole_seconds(at).to_string()
}
