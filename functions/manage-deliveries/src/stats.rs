//! Delivery numbers of the latest hours: of the time that the sweeper has counted from its sums, of the latest minutes by
//! a walk through a bounded number of deliveries.

mod plan;

use std::collections::BTreeMap;

use domain::clock::whole_seconds;
use domain::delivery::{Delivery, DeliveryStatus};
use domain::ids::ulid_of;
use domain::statistics::{Counts, Histogram, Sum};
use inbound::http::Reply;
use inbound::problem::Problem;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use store::StoreError;
use store::deliveries::Filter;
use tokio::try_join;

use crate::Call;
use plan::{Gap, Plan};

const HOUR_SECONDS: i64 = 3_600;
/// Deliveries per query.
const PAGE: i32 = 1_000;
/// The most deliveries that one response walks through, but for what a page has beyond.
const MAX_WALKED: usize = 10_000;
/// And the most pages: there may be gaps without deliveries.
const MAX_PAGES: usize = 30;
/// The most deliveries among which the next attempts are looked for.
const MAX_RETRYING: i32 = 500;

/// The time that is counted: whole hours, ending with the current one, until now or some minutes ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    since: Timestamp,
    until: Timestamp,
    hours: usize,
}

/// The deliveries of one hour.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Hour {
    /// When it begins.
    at: Timestamp,
    #[serde(flatten)]
    counts: Counts,
}

/// How long successful attempts took, in milliseconds, to a thirtieth.
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
    /// The earliest retry that is planned, of the latest [`MAX_RETRYING`] of the account that are tried again.
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
    /// From when on every delivery was counted: `since` if `complete`. Some older ones are counted as well.
    counted_since: Timestamp,
    hours: Vec<Hour>,
    latency_ms: Option<Latency>,
    endpoints: Vec<EndpointStats>,
}

/// How much has been walked through.
#[derive(Debug, Default)]
struct Budget {
    walked: usize,
    pages: usize,
}

/// What has been counted so far.
#[derive(Debug, Clone)]
struct Tally {
    span: Span,
    hours: Vec<Counts>,
    latency: Histogram,
    endpoints: BTreeMap<String, EndpointTally>,
    /// The earliest retry that is planned, by endpoint.
    next_attempts: BTreeMap<String, Timestamp>,
}

#[derive(Debug, Default, Clone)]
struct EndpointTally {
    counts: Counts,
    hours: BTreeMap<usize, Counts>,
}

impl Call<'_> {
    /// Counts the latest `hours`, without test sends.
    pub(crate) async fn stats(&self, hours: u8) -> Result<Reply, Problem> {
        let span = Span::latest(hours, self.now);
        let sums = &self.function.sums;
        // First: what is counted meanwhile may be in the sums or not, but is walked in any case.
        let progress = sums.progress().await?;
        let filter = Filter { since: Some(span.since), status: Some(DeliveryStatus::Retrying), ..Filter::default() };
        let retrying = self.function.deliveries.page(self.account(), &filter, None, MAX_RETRYING);
        let (summed, retrying) = try_join!(sums.hours(self.account(), span.since), retrying)?;
        let plan = Plan::new(span, progress, summed, self.now);
        let mut tally = Tally::new(span);
        for hour in &plan.hours {
            tally.add_sum(hour.begins_at, &hour.sum);
        }
        tally.note_retries(&retrying.deliveries);
        let stopped = self.walk(&plan.gaps, &mut tally).await?;
        Ok(Reply::ok(&tally.into_stats(stopped)))
    }

    /// Counts the deliveries of gaps, newest first. Returns the instant at which it stopped, if it did not come to the
    /// end. When only the latest minutes have too many, the statistics end where these begin.
    async fn walk(&self, gaps: &[Gap], tally: &mut Tally) -> Result<Option<Timestamp>, StoreError> {
        let mut budget = Budget::default();
        for gap in gaps {
            let before = gap.is_latest_minutes(tally.span.since, self.now).then(|| tally.clone());
            match (self.walk_gap(*gap, tally, &mut budget).await?, before) {
                (None, _) => {}
                (Some(_), Some(before)) => {
                    *tally = before;
                    tally.span.until = gap.since;
                    budget = Budget::default();
                }
                (stopped, None) => return Ok(stopped),
            }
        }
        Ok(None)
    }

    async fn walk_gap(
        &self,
        gap: Gap,
        tally: &mut Tally,
        budget: &mut Budget,
    ) -> Result<Option<Timestamp>, StoreError> {
        let filter = Filter { since: Some(gap.since), until: gap.until, ..Filter::default() };
        let mut after: Option<String> = None;
        loop {
            if budget.walked >= MAX_WALKED || budget.pages >= MAX_PAGES {
                return Ok(after.as_deref().and_then(raised_at).or(gap.until));
            }
            let page = self.function.deliveries.page(self.account(), &filter, after.as_deref(), PAGE).await?;
            page.deliveries.iter().for_each(|delivery| tally.add(delivery));
            budget.walked += page.deliveries.len();
            budget.pages += 1;
            after = page.stopped;
            if after.is_none() {
                return Ok(None);
            }
        }
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
        Hour { at: self.begin(index), counts }
    }

    /// When an hour begins.
    fn begin(&self, index: usize) -> Timestamp {
        let hours = i64::try_from(index).unwrap_or_default();
        let at = self.since.checked_add(SignedDuration::from_secs(hours * HOUR_SECONDS));
        at.unwrap_or(self.since)
    }

    /// When its hours begin, oldest first.
    fn begins(&self) -> impl Iterator<Item = Timestamp> {
        (0..self.hours).map(|index| self.begin(index))
    }

    /// The end of its last hour.
    fn end(&self) -> Timestamp {
        self.begin(self.hours)
    }
}

impl Tally {
    fn new(span: Span) -> Self {
        let hours = vec![Counts::default(); span.hours];
        let (latency, endpoints, next_attempts) = (Histogram::default(), BTreeMap::new(), BTreeMap::new());
        Self { span, hours, latency, endpoints, next_attempts }
    }

    /// Counts a delivery in the hour in which its event was raised, the order of lists.
    fn add(&mut self, delivery: &Delivery) {
        let Some(at) = raised_at(&delivery.id) else { return };
        let mut sum = Sum::default();
        sum.add(delivery);
        self.add_sum(at, &sum);
    }

    /// Adds deliveries of events of the hour that `at` is in.
    fn add_sum(&mut self, at: Timestamp, sum: &Sum) {
        let hour = self.span.hour_of(at);
        let Some((hour, counts)) = hour.and_then(|hour| Some((hour, self.hours.get_mut(hour)?))) else { return };
        for (endpoint_id, of) in &sum.endpoints {
            counts.merge(*of);
            let endpoint = self.endpoints.entry(endpoint_id.clone()).or_default();
            endpoint.counts.merge(*of);
            endpoint.hours.entry(hour).or_default().merge(*of);
        }
        self.latency.merge(&sum.latency);
    }

    fn note_retries(&mut self, deliveries: &[Delivery]) {
        for delivery in deliveries.iter().filter(|delivery| delivery.status == DeliveryStatus::Retrying) {
            if let Some(next) = delivery.next_attempt_at {
                let earliest = self.next_attempts.entry(delivery.endpoint_id.clone()).or_insert(next);
                *earliest = next.min(*earliest);
            }
        }
    }

    /// The response. `stopped`: the instant at which counting stopped before the end of the span.
    fn into_stats(self, stopped: Option<Timestamp>) -> Stats {
        let span = self.span;
        let hours = |(index, counts)| span.hour(index, counts);
        let endpoints = self.endpoints.into_iter().rev().map(|(endpoint_id, tally)| EndpointStats {
            next_attempt_at: self.next_attempts.get(&endpoint_id).copied().map(whole_seconds),
            endpoint_id,
            counts: tally.counts,
            hours: tally.hours.into_iter().map(hours).collect(),
        });
        Stats {
            since: span.since,
            until: span.until,
            complete: stopped.is_none(),
            // The second in which it stopped is counted in part.
            counted_since: stopped.map_or(span.since, |at| whole_seconds(at + SignedDuration::from_secs(1))),
            hours: self.hours.into_iter().enumerate().map(hours).collect(),
            latency_ms: latency(&self.latency),
            endpoints: endpoints.collect(),
        }
    }
}

/// When the event of a delivery was raised.
fn raised_at(delivery_id: &str) -> Option<Timestamp> {
    let milliseconds = ulid_of(delivery_id)?.timestamp_ms();
    Timestamp::from_millisecond(i64::try_from(milliseconds).ok()?).ok()
}

/// Percentiles of durations.
fn latency(of: &Histogram) -> Option<Latency> {
    Some(Latency { p50: of.percentile(50)?, p95: of.percentile(95)?, p99: of.percentile(99)? })
}

#[cfg(test)]
mod tests;
