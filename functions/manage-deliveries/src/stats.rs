//! Delivery numbers of the latest hours, counted in one pass over a bounded number of deliveries.

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
/// Deliveries per query.
const PAGE: i32 = 1_000;
/// The most queries for one response.
const MAX_PAGES: usize = 10;

/// The time that is counted: whole hours, ending with the current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    since: Timestamp,
    until: Timestamp,
    hours: usize,
}

/// How many deliveries have which status.
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

/// How long successful attempts took, in milliseconds.
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
    /// Hours with deliveries only: a week of a hundred endpoints would be long otherwise.
    hours: Vec<Hour>,
}

/// The response.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    since: Timestamp,
    until: Timestamp,
    /// Whether all of the span was counted.
    complete: bool,
    /// From when on every delivery was counted: `since` if `complete`.
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
    /// Counts the latest `hours`, without test sends.
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

    /// The index of the hour that an instant is in.
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

    /// Counts a delivery in the hour in which its event was raised, the order of lists.
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

    /// The response. `stopped`: the instant at which counting stopped before the end of the span.
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
            // The second in which it stopped is counted in part.
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

/// Percentiles of durations, which must be in ascending order.
fn latency(sorted: &[u64]) -> Option<Latency> {
    // Nearest rank: always a duration that was measured.
    let percentile = |share: usize| sorted.get((sorted.len() * share).div_ceil(100).checked_sub(1)?).copied();
    Some(Latency { p50: percentile(50)?, p95: percentile(95)?, p99: percentile(99)? })
}

#[cfg(test)]
mod tests;
