//! What became of the deliveries of the latest hours, in numbers: one pass over them, so many and no more.

use std::collections::BTreeMap;

use domain::clock::whole_seconds;
use domain::delivery::{Delivery, DeliveryStatus};
use domain::ids::ulid_of;
use inbound::http::Reply;
use inbound::problem::Problem;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use store::deliveries::Filter;

use crate::Call;

const HOUR_SECONDS: i64 = 3_600;
/// Deliveries that are read by one query.
const PAGE: i32 = 1_000;
/// The most queries for one answer.
const MAX_PAGES: usize = 10;

/// What is counted: whole hours of the clock, of which the present one is the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    since: Timestamp,
    until: Timestamp,
    hours: usize,
}

/// How many deliveries stand how.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
struct Counts {
    delivered: usize,
    failed: usize,
    /// Pending or retrying.
    waiting: usize,
    cancelled: usize,
}

/// The deliveries of one hour.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Hour {
    /// When it begins.
    at: Timestamp,
    #[serde(flatten)]
    counts: Counts,
}

/// How long the attempts took that arrived, in milliseconds.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Latency {
    p50: u64,
    p95: u64,
    p99: u64,
}

/// The deliveries to one endpoint.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct EndpointStats {
    endpoint_id: String,
    #[serde(flatten)]
    counts: Counts,
    /// The earliest retry that is planned.
    next_attempt_at: Option<Timestamp>,
    /// The hours in which there was anything: a week of a hundred endpoints would be long otherwise.
    hours: Vec<Hour>,
}

/// The answer.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    since: Timestamp,
    until: Timestamp,
    /// Whether all of the span was counted.
    complete: bool,
    /// From when on everything was: `since` when it is complete.
    counted_since: Timestamp,
    hours: Vec<Hour>,
    latency_ms: Option<Latency>,
    endpoints: Vec<EndpointStats>,
}

/// What has been counted so far.
#[derive(Debug)]
struct Tally {
    span: Span,
    hours: Vec<Counts>,
    durations: Vec<u64>,
    endpoints: BTreeMap<String, EndpointTally>,
}

#[derive(Debug, Default)]
struct EndpointTally {
    counts: Counts,
    next_attempt_at: Option<Timestamp>,
    hours: BTreeMap<usize, Counts>,
}

impl Call<'_> {
    /// The latest `hours` in numbers. Test sends are no part of them.
    pub(crate) async fn stats(&self, hours: u8) -> Result<Reply, Problem> {
        let span = Span::latest(hours, self.now);
        let filter = Filter { since: Some(span.since), ..Filter::default() };
        let mut tally = Tally::new(span);
        let mut after = None;
        for _ in 0..MAX_PAGES {
            let page = self.function.deliveries.page(self.account(), &filter, after.as_deref(), PAGE).await?;
            for delivery in &page.deliveries {
                tally.add(delivery);
            }
            after = page.stopped;
            if after.is_none() {
                break;
            }
        }
        Ok(Reply::ok(&tally.into_stats(after.as_deref().and_then(raised_at))))
    }
}

impl Span {
    fn latest(hours: u8, now: Timestamp) -> Self {
        let second = now.as_second();
        let first = second - second.rem_euclid(HOUR_SECONDS) - (i64::from(hours) - 1) * HOUR_SECONDS;
        let since = Timestamp::from_second(first).unwrap_or(now);
        Self { since, until: whole_seconds(now), hours: usize::from(hours) }
    }

    /// Which of its hours an instant is in.
    fn hour_of(&self, at: Timestamp) -> Option<usize> {
        let seconds = at.as_second() - self.since.as_second();
        usize::try_from(seconds.div_euclid(HOUR_SECONDS)).ok().filter(|hour| *hour < self.hours)
    }

    fn hour(&self, index: usize, counts: Counts) -> Hour {
        let hours = i64::try_from(index).unwrap_or_default();
        let at = self.since.checked_add(SignedDuration::from_secs(hours * HOUR_SECONDS));
        Hour { at: at.unwrap_or(self.since), counts }
    }
}

impl Counts {
    fn add(&mut self, status: DeliveryStatus) {
        let count = match status {
            DeliveryStatus::Delivered => &mut self.delivered,
            DeliveryStatus::Failed => &mut self.failed,
            DeliveryStatus::Pending | DeliveryStatus::Retrying => &mut self.waiting,
            DeliveryStatus::Cancelled => &mut self.cancelled,
        };
        *count += 1;
    }
}

impl Tally {
    fn new(span: Span) -> Self {
        let hours = vec![Counts::default(); span.hours];
        Self { span, hours, durations: Vec::new(), endpoints: BTreeMap::new() }
    }

    /// Counts a delivery in the hour of its event, which is what lists are in the order of.
    fn add(&mut self, delivery: &Delivery) {
        let hour = raised_at(&delivery.id).and_then(|at| self.span.hour_of(at));
        let Some((hour, counts)) = hour.and_then(|hour| Some((hour, self.hours.get_mut(hour)?))) else { return };
        if delivery.test {
            return;
        }
        counts.add(delivery.status);
        let endpoint = self.endpoints.entry(delivery.endpoint_id.clone()).or_default();
        endpoint.counts.add(delivery.status);
        endpoint.hours.entry(hour).or_default().add(delivery.status);
        if delivery.status == DeliveryStatus::Retrying {
            endpoint.next_attempt_at = endpoint.next_attempt_at.into_iter().chain(delivery.next_attempt_at).min();
        }
        if delivery.status == DeliveryStatus::Delivered {
            self.durations.extend(delivery.last_attempt.map(|last| last.duration_ms));
        }
    }

    /// The answer, when the count ended at the instant `stopped` or came to the end of the span.
    fn into_stats(mut self, stopped: Option<Timestamp>) -> Stats {
        self.durations.sort_unstable();
        let span = self.span;
        let hours = |(index, counts)| span.hour(index, counts);
        let endpoints = self.endpoints.into_iter().rev().map(|(endpoint_id, tally)| EndpointStats {
            endpoint_id,
            counts: tally.counts,
            next_attempt_at: tally.next_attempt_at.map(whole_seconds),
            hours: tally.hours.into_iter().map(hours).collect(),
        });
        Stats {
            since: span.since,
            until: span.until,
            complete: stopped.is_none(),
            // Of the second in which it ended, not all are counted.
            counted_since: stopped.map_or(span.since, |at| whole_seconds(at + SignedDuration::from_secs(1))),
            hours: self.hours.into_iter().enumerate().map(hours).collect(),
            latency_ms: latency(&self.durations),
            endpoints: endpoints.collect(),
        }
    }
}

/// When the event of a delivery was raised.
fn raised_at(delivery_id: &str) -> Option<Timestamp> {
    let milliseconds = ulid_of(delivery_id)?.timestamp_ms();
    Timestamp::from_millisecond(i64::try_from(milliseconds).ok()?).ok()
}

/// Of durations in ascending order.
fn latency(sorted: &[u64]) -> Option<Latency> {
    // The smallest that so many of a hundred don't exceed: always one that was measured.
    let percentile = |share: usize| sorted.get((sorted.len() * share).div_ceil(100).checked_sub(1)?).copied();
    Some(Latency { p50: percentile(50)?, p95: percentile(95)?, p99: percentile(99)? })
}

#[cfg(test)]
mod tests {
    use domain::delivery::{LastAttempt, Trigger};
    use domain::events::EventName;
    use domain::ids::new_id;
    use domain::outbox::{Outbox, StoredEvent};
    use domain::trace::Origin;

    use super::*;

    const NOW: &str = "2025-10-20T14:30:00Z";

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn delivery(at: &str, endpoint_id: &str, status: DeliveryStatus) -> Delivery {
        let at = time(at);
        let event = StoredEvent {
            id: new_id("evt_", at),
            name: EventName::WorkorderCreated,
            body: String::new(),
            project_id: None,
        };
        let pending = Outbox::of("acc_1", Origin::start("req_1"), event.clone()).delivery(
            &event,
            endpoint_id,
            Trigger::Scheduled,
            at,
        );
        let last_attempt =
            Some(LastAttempt { duration_ms: 40, status_code: Some(200), error: None, error_detail: None });
        Delivery { status, attempt_count: 1, next_attempt_at: None, last_attempt, ..pending }
    }

    fn stats(hours: u8, deliveries: &[Delivery]) -> Stats {
        let mut tally = Tally::new(Span::latest(hours, time(NOW)));
        for delivery in deliveries {
            tally.add(delivery);
        }
        tally.into_stats(None)
    }

    #[test]
    fn a_span_ends_with_the_present_hour() {
        let span = Span::latest(24, time("2025-10-20T14:30:00.5Z"));
        assert_eq!((span.since, span.until), (time("2025-10-19T15:00:00Z"), time(NOW)));
        assert_eq!(Span::latest(1, time("2025-10-20T14:00:00Z")).since, time("2025-10-20T14:00:00Z"));
        assert_eq!(span.hour_of(time("2025-10-20T14:59:59.9Z")), Some(23));
        assert_eq!(span.hour_of(time("2025-10-19T15:00:00Z")), Some(0));
        for outside in ["2025-10-19T14:59:59.9Z", "2025-10-20T15:00:00Z"] {
            assert_eq!(span.hour_of(time(outside)), None, "{outside}");
        }
    }

    #[test]
    fn each_delivery_counts_in_its_hour_and_for_its_endpoint() {
        let stats = stats(
            3,
            &[
                delivery("2025-10-20T14:29:00Z", "ep_1", DeliveryStatus::Pending),
                delivery("2025-10-20T14:00:00Z", "ep_2", DeliveryStatus::Delivered),
                delivery("2025-10-20T13:59:59Z", "ep_1", DeliveryStatus::Failed),
                delivery("2025-10-20T12:00:00Z", "ep_1", DeliveryStatus::Cancelled),
            ],
        );
        let none = Counts::default();
        let at = |text, counts| Hour { at: time(text), counts };
        let hours = [
            at("2025-10-20T12:00:00Z", Counts { cancelled: 1, ..none }),
            at("2025-10-20T13:00:00Z", Counts { failed: 1, ..none }),
            at("2025-10-20T14:00:00Z", Counts { delivered: 1, waiting: 1, ..none }),
        ];
        assert_eq!(stats.hours, hours);
        let [two, one] = &stats.endpoints[..] else { panic!("{:?}", stats.endpoints) };
        assert_eq!((two.endpoint_id.as_str(), one.endpoint_id.as_str()), ("ep_2", "ep_1"), "newest first");
        assert_eq!(one.counts, Counts { failed: 1, waiting: 1, cancelled: 1, ..none });
        assert_eq!(one.hours.len(), 3);
        assert_eq!(
            two.hours,
            [at("2025-10-20T14:00:00Z", Counts { delivered: 1, ..none })],
            "empty hours are left out"
        );
    }

    #[test]
    fn tests_count_for_nothing() {
        let test = Delivery { test: true, ..delivery(NOW, "ep_1", DeliveryStatus::Failed) };
        let stats = stats(1, &[test]);
        assert_eq!((stats.endpoints.len(), &stats.hours[0].counts), (0, &Counts::default()));
    }

    #[test]
    fn the_next_attempt_is_the_earliest_retry() {
        let retrying =
            |at| Delivery { next_attempt_at: Some(time(at)), ..delivery(NOW, "ep_1", DeliveryStatus::Retrying) };
        // A first attempt is no retry, even when it is on its way.
        let pending = Delivery { status: DeliveryStatus::Pending, ..retrying("2025-10-20T14:30:00Z") };
        let stats = stats(1, &[retrying("2025-10-20T14:36:00Z"), retrying("2025-10-20T14:31:00.7Z"), pending]);
        assert_eq!(stats.endpoints[0].next_attempt_at, Some(time("2025-10-20T14:31:00Z")));
        assert_eq!(stats.endpoints[0].counts.waiting, 3);
    }

    #[test]
    fn a_count_that_stopped_says_from_when_on_it_is_whole() {
        let span = Span::latest(24, time(NOW));
        let stopped = Tally::new(span).into_stats(Some(time("2025-10-20T09:12:13.4Z")));
        assert_eq!((stopped.complete, stopped.counted_since), (false, time("2025-10-20T09:12:14Z")));
        let whole = Tally::new(span).into_stats(None);
        assert_eq!((whole.complete, whole.counted_since), (true, span.since));
    }

    #[test]
    fn latency_is_of_what_arrived() {
        let last = |duration_ms| Some(LastAttempt { duration_ms, status_code: None, error: None, error_detail: None });
        let failed = Delivery { last_attempt: last(30_000), ..delivery(NOW, "ep_1", DeliveryStatus::Failed) };
        let arrived = |ms| Delivery { last_attempt: last(ms), ..delivery(NOW, "ep_1", DeliveryStatus::Delivered) };
        assert_eq!(stats(1, std::slice::from_ref(&failed)).latency_ms, None);
        let of_one = stats(1, &[failed, arrived(7)]).latency_ms;
        assert_eq!(of_one, Some(Latency { p50: 7, p95: 7, p99: 7 }));
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!(latency(&hundred), Some(Latency { p50: 50, p95: 95, p99: 99 }));
        assert_eq!(latency(&[1, 2, 3, 4]), Some(Latency { p50: 2, p95: 4, p99: 4 }));
    }
}
