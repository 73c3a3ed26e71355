//! The window of time off: when it begins and ends, as instants.

use domain::resource::Leave;
use jiff::Timestamp;
use jiff::civil::{Date, Time};

/// A half-open span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// The first instant in it.
    pub(crate) start: Timestamp,
    /// The first instant after it.
    pub(crate) end: Timestamp,
}

impl Window {
    /// The window of `leave`: from midnight to midnight in its time zone, or between its times on a partial day.
    ///
    /// Instants and not local times, because the zones of two requests may differ. `None` for dates or a zone that do
    /// not exist, which no stored record has.
    pub(crate) fn of(leave: &Leave) -> Option<Self> {
        let first: Date = leave.start_date.parse().ok()?;
        let last: Date = leave.end_date.parse().ok()?;
        let instant =
            |date: Date, time: Time| date.to_datetime(time).in_tz(&leave.time_zone).ok().map(|zoned| zoned.timestamp());
        let start = match &leave.start_time {
            Some(time) => instant(first, time.parse().ok()?)?,
            None => instant(first, Time::midnight())?,
        };
        let end = match &leave.end_time {
            Some(time) => instant(last, time.parse().ok()?)?,
            None => instant(last.tomorrow().ok()?, Time::midnight())?,
        };
        Some(Self { start, end })
    }

    /// Whether the two have an instant in common.
    pub(crate) fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

#[cfg(test)]
mod tests;
