//! When an order, or one line of it, is worked on.

use domain::rules::fields::text;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

/// A half-open span of time whose end may be unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) start: Timestamp,
    pub(crate) end: Option<Timestamp>,
}

impl Window {
    /// `scheduledStart` to `scheduledEnd`; `None` while there is no start.
    pub(crate) fn of_order(record: &Map<String, Value>) -> Option<Self> {
        Some(Self { start: instant(record, "scheduledStart")?, end: instant(record, "scheduledEnd") })
    }

    /// `start` to `end` of an assignment, each by default the order's.
    pub(crate) fn of_line(line: &Map<String, Value>, order: Option<Self>) -> Option<Self> {
        let start = instant(line, "start").or(order.map(|window| window.start))?;
        Some(Self { start, end: instant(line, "end").or(order.and_then(|window| window.end)) })
    }

    /// The end for comparisons: work without a known end is certain only at its start.
    pub(crate) fn certain_end(self) -> Timestamp {
        self.end.unwrap_or_else(|| self.start.saturating_add(SignedDuration::from_secs(1)).unwrap_or(self.start))
    }

    /// First and last day of work in `zone`. Work that ends at midnight does not touch the next day.
    pub(crate) fn days(self, zone: &TimeZone) -> (Date, Date) {
        let last_moment = self.certain_end().saturating_sub(SignedDuration::from_nanos(1)).unwrap_or(self.start);
        (zone.to_datetime(self.start).date(), zone.to_datetime(last_moment).date())
    }
}

/// A date-time field as an instant.
pub(crate) fn instant(record: &Map<String, Value>, field: &str) -> Option<Timestamp> {
    text(record, field)?.parse().ok()
}
