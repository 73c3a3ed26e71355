//! What statistics take from sums, and which time they have to walk through.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use store::sums::{Progress, SummedHour, SummedHours};
use store::undispatched::{BUCKET, GRACE, bucket_of};

use super::Span;

const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// Longer than it takes until the deliveries of a time are counted: its five minutes, five more, and a sweep or some.
const LATEST: SignedDuration = SignedDuration::from_mins(20);

/// How the deliveries of a span are counted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Hours that are taken as they are.
    pub(super) hours: Vec<SummedHour>,
    /// Time of which nothing is known, newest first.
    pub(super) gaps: Vec<Gap>,
}

/// Time from an instant on, and before another if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) since: Timestamp,
    pub(super) until: Option<Timestamp>,
}

impl Gap {
    /// Whether it is the time that a sweeper which does not lag has not counted yet, and all before it is counted.
    pub(super) fn is_latest_minutes(&self, since: Timestamp, now: Timestamp) -> bool {
        self.until.is_none() && self.since > since && self.since > now - LATEST
    }
}

impl Plan {
    /// `summed` must have been read after `progress`.
    pub(super) fn new(span: Span, progress: Option<Progress>, summed: SummedHours, now: Timestamp) -> Self {
        // Without sums all is walked.
        let Progress { since, until } = progress.unwrap_or(Progress { since: Timestamp::MAX, until: span.since });
        // When a clock was ahead that has noted it, not all of that time is counted.
        let until = until.min(bucket_of(now - GRACE));
        // Of hours before sums, those buckets alone are counted in which something has changed since.
        let hours = summed.hours.into_iter().filter(|hour| hour.begins_at + HOUR > since);
        let hours: Vec<SummedHour> = hours.filter(|hour| span.hour_of(hour.begins_at).is_some()).collect();
        let by_begin: HashMap<Timestamp, &SummedHour> = hours.iter().map(|hour| (hour.begins_at, hour)).collect();
        let mut gaps: Vec<Gap> = Vec::new();
        for begins_at in span.begins() {
            let hour = by_begin.get(&begins_at);
            let is_unreadable = summed.unreadable.contains(&begins_at);
            for bucket in (0..12).map(|number| begins_at + BUCKET * number) {
                let is_known = (since..until).contains(&bucket) && !is_unreadable;
                if is_known || hour.is_some_and(|hour| hour.has(bucket)) {
                    continue;
                }
                let end = Some(bucket + BUCKET);
                match gaps.last_mut() {
                    Some(gap) if gap.until == Some(bucket) => gap.until = end,
                    _ => gaps.push(Gap { since: bucket, until: end }),
                }
            }
        }
        gaps.reverse();
        // Nothing lies behind the span but what a clock has made that was ahead.
        if let Some(latest) = gaps.first_mut().filter(|gap| gap.until == Some(span.end())) {
            latest.until = None;
        }
        Self { hours, gaps }
    }
}

#[cfg(test)]
mod tests {
    use domain::statistics::Sum;

    use super::*;

    const NOW: &str = "2025-10-20T14:31:00Z";

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn hour(begin: &str, minutes: &[i64]) -> SummedHour {
        let begin = time(begin);
        let buckets = minutes.iter().map(|minute| begin + SignedDuration::from_mins(*minute));
        SummedHour::of(begin, Sum::default(), buckets)
    }

    fn gaps(progress: Option<(&str, &str)>, hours: Vec<SummedHour>, unreadable: &[&str]) -> (usize, Vec<String>) {
        let progress = progress.map(|(since, until)| Progress { since: time(since), until: time(until) });
        let summed = SummedHours { hours, unreadable: unreadable.iter().map(|begin| time(begin)).collect() };
        let plan = Plan::new(Span::latest(3, time(NOW)), progress, summed, time(NOW));
        let clock = |at: Timestamp| at.to_string()[11..16].to_owned();
        let end = |gap: &Gap| gap.until.map_or("end".to_owned(), clock);
        (plan.hours.len(), plan.gaps.iter().map(|gap| format!("{}-{}", clock(gap.since), end(gap))).collect())
    }

    const LONG: &str = "2025-10-01T00:00:00Z";

    #[test]
    fn without_sums_all_is_walked() {
        assert_eq!(gaps(None, vec![], &[]), (0, vec!["12:00-end".to_owned()]));
        // They are of an account whose sums another function has begun to read.
        assert_eq!(gaps(None, vec![hour("2025-10-20T13:00:00Z", &[0])], &[]).1, ["12:00-end"]);
    }

    #[test]
    fn what_is_counted_is_not_walked() {
        let known = Some((LONG, "2025-10-20T14:25:00Z"));
        assert_eq!(gaps(known, vec![], &[]).1, ["14:25-end"], "time without a sum had no deliveries");
        // The sweeper has not come to the end.
        let late = Some((LONG, "2025-10-20T14:05:00Z"));
        let hours = vec![hour("2025-10-20T14:00:00Z", &[0, 10, 15])];
        assert_eq!(gaps(late, hours, &[]), (1, vec!["14:20-end".to_owned(), "14:05-14:10".to_owned()]));
    }

    #[test]
    fn what_was_made_before_sums_is_walked() {
        let new = Some(("2025-10-20T13:20:00Z", "2025-10-20T14:25:00Z"));
        let changed = vec![hour("2025-10-20T12:00:00Z", &[5]), hour("2025-10-20T13:00:00Z", &[0, 30])];
        assert_eq!(
            gaps(new, changed, &[]),
            (1, vec!["14:25-end".to_owned(), "13:05-13:20".to_owned(), "12:00-13:00".to_owned()])
        );
        assert_eq!(gaps(new, vec![], &[]).1, ["14:25-end", "12:00-13:20"]);
    }

    #[test]
    fn an_hour_that_can_not_be_read_is_walked() {
        let known = Some((LONG, "2025-10-20T14:25:00Z"));
        assert_eq!(gaps(known, vec![], &["2025-10-20T13:00:00Z"]).1, ["14:25-end", "13:00-14:00"]);
        assert_eq!(gaps(known, vec![], &["2025-10-20T14:00:00Z"]).1, ["14:00-end"]);
    }

    #[test]
    fn the_latest_minutes_are_those_that_no_sweep_can_have_counted() {
        let (now, since) = (time(NOW), time("2025-10-20T12:00:00Z"));
        let is_latest = |begin, until| Gap { since: time(begin), until }.is_latest_minutes(since, now);
        assert!(is_latest("2025-10-20T14:25:00Z", None));
        assert!(!is_latest("2025-10-20T14:10:00Z", None), "the sweeper lags");
        assert!(!is_latest("2025-10-20T14:25:00Z", Some(now)), "something is counted behind it");
        assert!(!Gap { since: now, until: None }.is_latest_minutes(now, now), "there is nothing else");
    }

    #[test]
    fn a_clock_that_was_ahead_is_not_believed() {
        let ahead = Some((LONG, "2025-10-20T18:00:00Z"));
        assert_eq!(gaps(ahead, vec![], &[]).1, ["14:25-end"]);
    }
}
