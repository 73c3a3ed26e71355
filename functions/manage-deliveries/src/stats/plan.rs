//! What statistics take from sums, and which time they have to walk through.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use store::sums::{Progress, Summed, SummedSpan, Unit};
use store::undispatched::{BUCKET, GRACE, bucket_of};

use super::span::Span;

/// Longer than it takes until the deliveries of a time are counted: its five minutes, five more, and a sweep or some.
const LATEST: SignedDuration = SignedDuration::from_mins(20);

/// How the deliveries of a span are counted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Sums that are taken as they are.
    pub(super) sums: Vec<Summed>,
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
    /// `summed` must have been read after `progress`, and be of the unit of the span's steps.
    pub(super) fn new(span: Span, progress: Option<Progress>, summed: SummedSpan, now: Timestamp) -> Self {
        // Without sums all is walked.
        let Progress { since, until } = progress.unwrap_or(Progress { since: Timestamp::MAX, until: span.since });
        // When a clock was ahead that has noted it, not all of that time is counted.
        let until = until.min(bucket_of(now - GRACE));
        let unit = Unit::of(span.step);
        // Of hours before sums, those buckets alone are counted in which something has changed since.
        let sums = summed.sums.into_iter().filter(|sum| sum.begins_at + unit.length() > since);
        let sums: Vec<Summed> = sums.filter(|sum| span.step_of(sum.begins_at).is_some()).collect();
        let by_begin: HashMap<Timestamp, &Summed> = sums.iter().map(|sum| (sum.begins_at, sum)).collect();
        let mut gaps: Vec<Gap> = Vec::new();
        for begins_at in every(unit.length(), span.since, span.end()) {
            let sum = by_begin.get(&begins_at);
            let is_unreadable = summed.unreadable.contains(&begins_at);
            for bucket in every(BUCKET, begins_at, begins_at + unit.length()) {
                let is_known = (since..until).contains(&bucket) && !is_unreadable;
                if is_known || sum.is_some_and(|sum| sum.has(bucket)) {
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
        Self { sums, gaps }
    }
}

/// The instants from `since` on and before `until` that are so far apart.
fn every(length: SignedDuration, since: Timestamp, until: Timestamp) -> impl Iterator<Item = Timestamp> {
    std::iter::successors(Some(since), move |at| at.checked_add(length).ok()).take_while(move |at| *at < until)
}

#[cfg(test)]
mod tests {
    use domain::statistics::{Step, Sum};

    use super::*;

    const NOW: &str = "2025-10-20T14:31:00Z";

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn hour(begin: &str, minutes: &[i64]) -> Summed {
        let begin = time(begin);
        let buckets = minutes.iter().map(|minute| begin + SignedDuration::from_mins(*minute));
        Summed::hour(begin, Sum::default(), buckets)
    }

    fn bucket(begin: &str) -> Summed {
        Summed::bucket(time(begin), Sum::default())
    }

    fn plan(
        span: Span,
        progress: Option<(&str, &str)>,
        sums: Vec<Summed>,
        unreadable: &[&str],
    ) -> (usize, Vec<String>) {
        let progress = progress.map(|(since, until)| Progress { since: time(since), until: time(until) });
        let summed = SummedSpan { sums, unreadable: unreadable.iter().map(|begin| time(begin)).collect() };
        let plan = Plan::new(span, progress, summed, time(NOW));
        let clock = |at: Timestamp| at.to_string()[11..16].to_owned();
        let end = |gap: &Gap| gap.until.map_or("end".to_owned(), clock);
        (plan.sums.len(), plan.gaps.iter().map(|gap| format!("{}-{}", clock(gap.since), end(gap))).collect())
    }

    /// Those of three hours by the hour.
    fn gaps(progress: Option<(&str, &str)>, hours: Vec<Summed>, unreadable: &[&str]) -> (usize, Vec<String>) {
        plan(Span::latest(3, Step::Hour, time(NOW)), progress, hours, unreadable)
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
    fn steps_of_five_minutes_are_taken_from_their_own_sums() {
        let span = Span::latest(1, Step::FiveMinutes, time(NOW));
        let known = Some((LONG, "2025-10-20T14:25:00Z"));
        assert_eq!(
            plan(span, known, vec![], &[]),
            (0, vec!["14:25-end".to_owned()]),
            "those without had no deliveries"
        );
        // One lies before the span, and one was counted while the sweeper lags behind.
        let sums = ["2025-10-20T13:30:00Z", "2025-10-20T13:50:00Z", "2025-10-20T14:20:00Z"].map(bucket);
        let late = Some((LONG, "2025-10-20T14:05:00Z"));
        assert_eq!(plan(span, late, sums.into(), &[]), (2, vec!["14:25-end".to_owned(), "14:05-14:20".to_owned()]));
        let damaged = ["2025-10-20T13:50:00Z"];
        assert_eq!(plan(span, known, vec![], &damaged).1, ["14:25-end", "13:50-13:55"]);
    }

    #[test]
    fn six_hours_are_taken_from_hours() {
        let span = Span::latest(6, Step::SixHours, time(NOW));
        let known = Some((LONG, "2025-10-20T14:25:00Z"));
        let hours = vec![hour("2025-10-20T12:00:00Z", &[0]), hour("2025-10-20T14:00:00Z", &[5])];
        assert_eq!(plan(span, known, hours, &[]), (2, vec!["14:25-end".to_owned()]));
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
