//! What has been counted, and the response that it becomes.

use std::collections::BTreeMap;

use domain::clock::whole_seconds;
use domain::delivery::{Delivery, DeliveryStatus};
use domain::statistics::{Counts, EndpointSum, Histogram, Step, Sum};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::raised_at;
use super::span::Span;

/// Deliveries of some time, all of them or those to one endpoint.
#[derive(Debug, Clone)]
pub(super) struct Tally<'a> {
    pub(super) span: Span,
    /// The one endpoint.
    only: Option<&'a str>,
    steps: Vec<EndpointSum>,
    endpoints: BTreeMap<String, EndpointTally>,
}

#[derive(Debug, Default, Clone)]
struct EndpointTally {
    sum: EndpointSum,
    steps: BTreeMap<usize, Counts>,
    /// The earliest retry that is planned.
    next_attempt_at: Option<Timestamp>,
}

/// The response.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stats {
    since: Timestamp,
    until: Timestamp,
    /// Whether all of the span was counted.
    complete: bool,
    /// From when on every delivery was counted: `since` if `complete`. Some older ones are counted as well.
    counted_since: Timestamp,
    #[serde(flatten)]
    steps: Series<TimedStep>,
    latency_ms: Option<Latency>,
    endpoints: Vec<EndpointStats>,
}

/// Numbers by step. What is not told by the hour has another name, so that nobody takes it for hours.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Series<T> {
    Hours(Vec<T>),
    Steps(Vec<T>),
}

/// The deliveries of one step.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct CountedStep {
    /// When it begins.
    at: Timestamp,
    #[serde(flatten)]
    counts: Counts,
}

/// The same, with how long they took.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct TimedStep {
    at: Timestamp,
    #[serde(flatten)]
    counts: Counts,
    latency_ms: Option<Latency>,
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
    latency_ms: Option<Latency>,
    /// Among the latest deliveries of the account, or of the one endpoint, that are tried again.
    next_attempt_at: Option<Timestamp>,
    /// Steps with deliveries only: a week of a hundred endpoints would be long otherwise.
    #[serde(flatten)]
    steps: Series<CountedStep>,
}

impl<'a> Tally<'a> {
    /// Of one endpoint if it is said which.
    pub(super) fn new(span: Span, only: Option<&'a str>) -> Self {
        Self { span, only, steps: vec![EndpointSum::default(); span.steps], endpoints: BTreeMap::new() }
    }

    /// Counts a delivery in the step in which its event was raised, the order of lists.
    pub(super) fn add(&mut self, delivery: &Delivery) {
        let Some(at) = raised_at(&delivery.id) else { return };
        let mut sum = Sum::default();
        sum.add(delivery);
        self.add_sum(at, &sum);
    }

    /// Adds deliveries of events of the step that `at` is in.
    pub(super) fn add_sum(&mut self, at: Timestamp, sum: &Sum) {
        let index = self.span.step_of(at);
        let Some((index, step)) = index.and_then(|index| Some((index, self.steps.get_mut(index)?))) else { return };
        for (id, of) in sum.endpoints.iter().filter(|(id, _)| self.only.is_none_or(|only| only == **id)) {
            step.counts.merge(of.counts);
            if self.only.is_some() {
                step.latency.merge(&of.latency);
            }
            let endpoint = self.endpoints.entry(id.clone()).or_default();
            endpoint.sum.counts.merge(of.counts);
            endpoint.sum.latency.merge(&of.latency);
            endpoint.steps.entry(index).or_default().merge(of.counts);
        }
        if self.only.is_none() {
            step.latency.merge(&sum.latency);
        }
    }

    /// Notes when endpoints are sent something again, also those of which nothing was counted.
    pub(super) fn note_retries(&mut self, deliveries: &[Delivery]) {
        for delivery in deliveries.iter().filter(|delivery| delivery.status == DeliveryStatus::Retrying) {
            if let Some(next) = delivery.next_attempt_at {
                let earliest = &mut self.endpoints.entry(delivery.endpoint_id.clone()).or_default().next_attempt_at;
                *earliest = Some(earliest.map_or(next, |earliest| earliest.min(next)));
            }
        }
    }

    /// The response. `stopped`: the instant at which counting stopped before the end of the span.
    pub(super) fn into_stats(self, stopped: Option<Timestamp>) -> Stats {
        let span = self.span;
        let mut all = Histogram::default();
        for step in &self.steps {
            all.merge(&step.latency);
        }
        let timed = |(index, of): (usize, EndpointSum)| TimedStep {
            at: span.begin(index),
            counts: of.counts,
            latency_ms: latency(&of.latency),
        };
        let counted = |(index, counts)| CountedStep { at: span.begin(index), counts };
        let endpoints = self.endpoints.into_iter().rev().map(|(endpoint_id, tally)| EndpointStats {
            endpoint_id,
            counts: tally.sum.counts,
            latency_ms: latency(&tally.sum.latency),
            next_attempt_at: tally.next_attempt_at.map(whole_seconds),
            steps: Series::of(span.step, tally.steps.into_iter().map(counted)),
        });
        Stats {
            since: span.since,
            until: span.until,
            complete: stopped.is_none(),
            // The second in which it stopped is counted in part.
            counted_since: stopped.map_or(span.since, |at| whole_seconds(at + SignedDuration::from_secs(1))),
            steps: Series::of(span.step, self.steps.into_iter().enumerate().map(timed)),
            latency_ms: latency(&all),
            endpoints: endpoints.collect(),
        }
    }
}

impl<T> Series<T> {
    fn of(step: Step, numbers: impl Iterator<Item = T>) -> Self {
        match step {
            Step::Hour => Self::Hours(numbers.collect()),
            Step::FiveMinutes | Step::SixHours => Self::Steps(numbers.collect()),
        }
    }
}

/// Percentiles of durations.
fn latency(of: &Histogram) -> Option<Latency> {
    Some(Latency { p50: of.percentile(50)?, p95: of.percentile(95)?, p99: of.percentile(99)? })
}

#[cfg(test)]
mod tests;
