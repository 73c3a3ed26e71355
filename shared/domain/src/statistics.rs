//! What became of deliveries, in numbers: counts by outcome and endpoint, and how long attempts took. Sums can be added
//! up, in any order.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::delivery::{Delivery, DeliveryStatus};
use crate::words;

/// Durations below this have a bin of their own.
const EXACT: u64 = 32;
/// From there on, each power of two is divided into this many bins.
const BINS_PER_POWER: u64 = 16;
/// From this bin on, those of an endpoint are taken in pairs: half as many to store, which is most of a sum.
const PAIRED: u16 = 16;

words! {
    /// How finely statistics are told.
    #[derive(Default)]
    pub enum Step {
        /// Five minutes, which is how finely deliveries are counted.
        FiveMinutes = "5m",
        /// An hour.
        #[default]
        Hour = "1h",
        /// Six hours, which begin at 0, 6, 12 and 18 o'clock UTC.
        SixHours = "6h",
    }
}

impl Step {
    /// How long it is.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        match self {
            Self::FiveMinutes => 300,
            Self::Hour => 3_600,
            Self::SixHours => 21_600,
        }
    }
}

/// How many deliveries have which status, and how many attempts they took.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// The endpoint accepted them.
    pub delivered: u64,
    /// Every attempt failed.
    pub failed: u64,
    /// Pending or retrying.
    pub waiting: u64,
    /// Nothing more will be sent, although nobody refused them.
    pub cancelled: u64,
    /// Attempts at all of these, whenever they were made.
    pub attempts: u64,
}

/// Durations in milliseconds by bins, narrow enough that a [percentile](Histogram::percentile) is within a thirtieth of
/// the duration that was measured.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Histogram {
    bins: BTreeMap<u16, u64>,
}

/// The deliveries of some time.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Sum {
    /// By endpoint.
    pub endpoints: BTreeMap<String, EndpointSum>,
    /// How long the attempts took that were accepted.
    pub latency: Histogram,
}

/// Those to one endpoint.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct EndpointSum {
    /// How many they are.
    pub counts: Counts,
    /// How long the attempts took that were accepted, [roughly](Histogram::add_roughly).
    pub latency: Histogram,
}

impl Counts {
    /// Counts one more, with its attempts.
    pub fn add(&mut self, status: DeliveryStatus, attempts: u32) {
        self.attempts += u64::from(attempts);
        let count = match status {
            DeliveryStatus::Delivered => &mut self.delivered,
            DeliveryStatus::Failed => &mut self.failed,
            DeliveryStatus::Pending | DeliveryStatus::Retrying => &mut self.waiting,
            DeliveryStatus::Cancelled => &mut self.cancelled,
        };
        *count += 1;
    }

    /// Adds what others have counted.
    pub fn merge(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.failed += other.failed;
        self.waiting += other.waiting;
        self.cancelled += other.cancelled;
        self.attempts += other.attempts;
    }
}

impl Histogram {
    /// The histogram that has so many durations in each of these bins, as [`Self::bins`] tells them.
    #[must_use]
    pub fn of_bins(bins: impl IntoIterator<Item = (u16, u64)>) -> Self {
        Self { bins: bins.into_iter().collect() }
    }

    /// The bins that are not empty, each with its number and how many durations are in it, shortest first.
    pub fn bins(&self) -> impl Iterator<Item = (u16, u64)> {
        self.bins.iter().map(|(bin, count)| (*bin, *count))
    }

    /// Adds a duration.
    pub fn add(&mut self, milliseconds: u64) {
        *self.bins.entry(bin_of(milliseconds)).or_default() += 1;
    }

    /// Adds a duration so that fewer bins are needed: a [percentile](Self::percentile) is within a tenth then.
    pub fn add_roughly(&mut self, milliseconds: u64) {
        let bin = bin_of(milliseconds);
        *self.bins.entry(if bin < PAIRED { bin } else { bin | 1 }).or_default() += 1;
    }

    /// Adds the durations of another.
    pub fn merge(&mut self, other: &Self) {
        for (bin, count) in other.bins() {
            *self.bins.entry(bin).or_default() += count;
        }
    }

    /// The duration that `share` percent of all do not exceed, by nearest rank: the middle of its bin. `None` when there
    /// are none.
    #[must_use]
    pub fn percentile(&self, share: u64) -> Option<u64> {
        let all: u64 = self.bins.values().sum();
        let rank = (all * share).div_ceil(100);
        let mut seen = 0;
        let found = self.bins.iter().find(|(_, count)| {
            seen += **count;
            seen >= rank
        });
        found.map(|(bin, _)| middle_of(*bin))
    }
}

impl Sum {
    /// Counts a delivery, unless it is a test send.
    pub fn add(&mut self, delivery: &Delivery) {
        if delivery.test {
            return;
        }
        let endpoint = self.endpoints.entry(delivery.endpoint_id.clone()).or_default();
        endpoint.counts.add(delivery.status, delivery.attempt_count);
        let accepted = delivery.last_attempt.filter(|_| delivery.status == DeliveryStatus::Delivered);
        if let Some(last) = accepted {
            endpoint.latency.add_roughly(last.duration_ms);
            self.latency.add(last.duration_ms);
        }
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        for (endpoint_id, of) in &other.endpoints {
            let endpoint = self.endpoints.entry(endpoint_id.clone()).or_default();
            endpoint.counts.merge(of.counts);
            endpoint.latency.merge(&of.latency);
        }
        self.latency.merge(&other.latency);
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.endpoints.is_empty()
    }
}

/// How often a duration can be halved until it is less than twice [`BINS_PER_POWER`].
fn halvings(milliseconds: u64) -> u64 {
    u64::from((milliseconds / BINS_PER_POWER).checked_ilog2().unwrap_or_default())
}

fn bin_of(milliseconds: u64) -> u16 {
    if milliseconds < EXACT {
        return u16::try_from(milliseconds).unwrap_or_default();
    }
    let halvings = halvings(milliseconds);
    u16::try_from(halvings * BINS_PER_POWER + (milliseconds >> halvings)).unwrap_or(u16::MAX)
}

fn middle_of(bin: u16) -> u64 {
    let bin = u64::from(bin);
    if bin < EXACT {
        return bin;
    }
    let halvings = (bin / BINS_PER_POWER).saturating_sub(1).min(59);
    let begin = (bin - halvings * BINS_PER_POWER) << halvings;
    begin.saturating_add(((1 << halvings) - 1) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_told_within_a_thirtieth() {
        let mut last = 0;
        for exponent in 0..40_u32 {
            for part in 0..100 {
                let milliseconds = (1 << exponent) + (1 << exponent) * part / 100;
                let bin = bin_of(milliseconds);
                assert!(bin >= last, "{milliseconds}: bins are in order");
                last = bin;
                let off = middle_of(bin).abs_diff(milliseconds);
                assert!(off * 30 <= milliseconds, "{milliseconds} is told as {}", middle_of(bin));
            }
        }
        for exact in 0..=32 {
            assert_eq!(middle_of(bin_of(exact)), exact);
        }
        assert_eq!((bin_of(31), bin_of(32), bin_of(33), bin_of(34)), (31, 32, 32, 33), "no bin is left out");
        assert!(middle_of(bin_of(u64::MAX)) > u64::MAX / 32 * 31);
        assert!(middle_of(u16::MAX) > 0, "a bin that no duration has is no reason to fail");
    }

    #[test]
    fn a_duration_of_an_endpoint_is_told_within_a_tenth() {
        let mut bins = std::collections::BTreeSet::new();
        for milliseconds in (0..2_000).chain((2_000..60_000).step_by(17)) {
            let mut one = Histogram::default();
            one.add_roughly(milliseconds);
            let told = one.percentile(50).unwrap();
            assert!(told.abs_diff(milliseconds) * 10 <= milliseconds, "{milliseconds} is told as {told}");
            bins.extend(one.bins().map(|(bin, _)| bin));
        }
        let fine: std::collections::BTreeSet<u16> = (0..60_000).map(bin_of).collect();
        assert!(bins.len() * 2 <= fine.len() + usize::from(PAIRED) + 1, "{} of {}", bins.len(), fine.len());
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let of = |durations: &[u64]| {
            let mut histogram = Histogram::default();
            for duration in durations {
                histogram.add(*duration);
            }
            [50, 95, 99].map(|share| histogram.percentile(share))
        };
        assert_eq!(of(&[]), [None; 3]);
        assert_eq!(of(&[7]), [Some(7); 3]);
        assert_eq!(of(&[4, 1, 3, 2]), [Some(2), Some(4), Some(4)]);
        let twenty: Vec<u64> = (1..=20).collect();
        assert_eq!(of(&twenty), [Some(10), Some(19), Some(20)]);
    }

    #[test]
    fn histograms_are_added_up_and_read_back() {
        let (mut one, mut other, mut both) = (Histogram::default(), Histogram::default(), Histogram::default());
        for milliseconds in [1, 50, 50, 30_000] {
            one.add(milliseconds);
            both.add(milliseconds);
        }
        for milliseconds in [50, 2] {
            other.add(milliseconds);
            both.add(milliseconds);
        }
        one.merge(&other);
        assert_eq!(one, both);
        assert_eq!(Histogram::of_bins(both.bins()), both);
    }
}
