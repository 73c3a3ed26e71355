//! The time that statistics are of.

use domain::clock::whole_seconds;
use domain::statistics::Step;
use jiff::{SignedDuration, Timestamp};

const HOUR_SECONDS: i64 = 3_600;

/// The time that is counted: whole steps, ending with the current one, until now or some minutes ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) since: Timestamp,
    pub(super) until: Timestamp,
    pub(super) step: Step,
    pub(super) steps: usize,
}

impl Span {
    /// The steps that so many hours take, at least one, of which the last one has `now` in it.
    pub(super) fn latest(hours: u8, step: Step, now: Timestamp) -> Self {
        let (second, length) = (now.as_second(), step.seconds());
        let steps = (i64::from(hours) * HOUR_SECONDS + length - 1) / length;
        let first = second - second.rem_euclid(length) - (steps - 1) * length;
        let since = Timestamp::from_second(first).unwrap_or(now);
        Self { since, until: whole_seconds(now), step, steps: usize::try_from(steps).unwrap_or_default() }
    }

    /// The index of the step that an instant is in.
    pub(super) fn step_of(&self, at: Timestamp) -> Option<usize> {
        let seconds = at.as_second() - self.since.as_second();
        usize::try_from(seconds.div_euclid(self.step.seconds())).ok().filter(|step| *step < self.steps)
    }

    /// When a step begins.
    pub(super) fn begin(&self, index: usize) -> Timestamp {
        let steps = i64::try_from(index).unwrap_or_default();
        let at = self.since.checked_add(SignedDuration::from_secs(steps * self.step.seconds()));
        at.unwrap_or(self.since)
    }

    /// The end of its last step.
    pub(super) fn end(&self) -> Timestamp {
        self.begin(self.steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_span_ends_with_the_present_hour() {
        let span = Span::latest(24, Step::Hour, time("2025-10-20T14:30:00.5Z"));
        assert_eq!((span.since, span.until), (time("2025-10-19T15:00:00Z"), time("2025-10-20T14:30:00Z")));
        assert_eq!(Span::latest(1, Step::Hour, time("2025-10-20T14:00:00Z")).since, time("2025-10-20T14:00:00Z"));
        assert_eq!(span.step_of(time("2025-10-20T14:59:59.9Z")), Some(23));
        assert_eq!(span.step_of(time("2025-10-19T15:00:00Z")), Some(0));
        for outside in ["2025-10-19T14:59:59.9Z", "2025-10-20T15:00:00Z"] {
            assert_eq!(span.step_of(time(outside)), None, "{outside}");
        }
    }

    #[test]
    fn an_hour_of_five_minutes_is_the_latest_hour() {
        let span = Span::latest(1, Step::FiveMinutes, time("2025-10-20T14:02:00Z"));
        assert_eq!(
            (span.since, span.steps, span.end()),
            (time("2025-10-20T13:05:00Z"), 12, time("2025-10-20T14:05:00Z"))
        );
        assert_eq!(span.step_of(time("2025-10-20T13:59:59Z")), Some(10));
    }

    #[test]
    fn six_hours_are_those_of_the_day() {
        let span = Span::latest(168, Step::SixHours, time("2025-10-20T14:02:00Z"));
        assert_eq!(
            (span.since, span.steps, span.end()),
            (time("2025-10-13T18:00:00Z"), 28, time("2025-10-20T18:00:00Z"))
        );
        let short = Span::latest(1, Step::SixHours, time("2025-10-20T14:02:00Z"));
        assert_eq!((short.since, short.steps), (time("2025-10-20T12:00:00Z"), 1));
    }
}
