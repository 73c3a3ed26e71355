//! What sums are of: five minutes and hours, and which of the former are in one of the latter.

use domain::statistics::{Step, Sum};
use jiff::{SignedDuration, Timestamp};

use super::TABLE;
use super::stored::{begin_of, read_sum};
use crate::StoreError;
use crate::item::{Item, Reader};
use crate::undispatched::BUCKET;

pub(super) const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What a sum is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Five minutes.
    Bucket,
    /// An hour.
    Hour,
}

/// The deliveries of five minutes, or of an hour as far as they have been counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summed {
    /// When that time begins.
    pub begins_at: Timestamp,
    /// What they are.
    pub sum: Sum,
    /// A bit for each bucket that was counted.
    pub(super) buckets: u16,
}

/// Sums of an account, all of the same unit.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct SummedSpan {
    /// Those with deliveries, oldest first.
    pub sums: Vec<Summed>,
    /// When those begin that can't be read.
    pub unreadable: Vec<Timestamp>,
}

impl Unit {
    /// What statistics in such steps are made of.
    #[must_use]
    pub const fn of(step: Step) -> Self {
        match step {
            Step::FiveMinutes => Self::Bucket,
            Step::Hour | Step::SixHours => Self::Hour,
        }
    }

    /// How long it is.
    #[must_use]
    pub const fn length(self) -> SignedDuration {
        match self {
            Self::Bucket => BUCKET,
            Self::Hour => HOUR,
        }
    }

    /// The sort key of the one that begins then.
    pub(super) fn key(self, begin: Timestamp) -> String {
        format!("{}#{begin}", self.prefix())
    }

    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::Bucket => "bucket",
            Self::Hour => "hour",
        }
    }
}

impl Summed {
    /// An hour of which these buckets were counted.
    #[must_use]
    pub fn hour(begins_at: Timestamp, sum: Sum, buckets: impl IntoIterator<Item = Timestamp>) -> Self {
        let buckets = buckets.into_iter().fold(0, |bits, bucket| bits | bit(begins_at, bucket));
        Self { begins_at, sum, buckets }
    }

    /// The five minutes that begin then.
    #[must_use]
    pub fn bucket(begins_at: Timestamp, sum: Sum) -> Self {
        Self::hour(begins_at, sum, [begins_at])
    }

    /// Whether the five minutes that begin then are in it.
    #[must_use]
    pub fn has(&self, bucket: Timestamp) -> bool {
        self.buckets & bit(self.begins_at, bucket) != 0
    }
}

pub(super) fn read(item: &Item, unit: Unit) -> Result<Summed, StoreError> {
    let reader = Reader { table: TABLE, item };
    let begins_at = begin_of(item).ok_or_else(|| reader.unreadable("sk"))?;
    let sum = read_sum(item)?;
    Ok(match unit {
        Unit::Bucket => Summed::bucket(begins_at, sum),
        Unit::Hour => Summed { begins_at, sum, buckets: reader.number("buckets")? },
    })
}

/// The begin of the hour that an instant is in.
pub(super) fn hour_of(at: Timestamp) -> Timestamp {
    let second = at.as_second();
    Timestamp::from_second(second - second.rem_euclid(HOUR.as_secs())).unwrap_or(at)
}

/// The bit of a bucket; 0 when it is not in the hour.
pub(super) fn bit(hour: Timestamp, bucket: Timestamp) -> u16 {
    let number = (bucket.as_second() - hour.as_second()).div_euclid(BUCKET.as_secs());
    u32::try_from(number).ok().and_then(|number| 1_u16.checked_shl(number)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_bucket_has_a_bit_in_its_hour_alone() {
        let hour = Summed { begins_at: time("2025-10-20T14:00:00Z"), sum: Sum::default(), buckets: 0b1000_0000_0001 };
        let has = |text| hour.has(time(text));
        assert!(has("2025-10-20T14:00:00Z") && has("2025-10-20T14:55:00Z"));
        for other in ["2025-10-20T14:05:00Z", "2025-10-20T13:55:00Z", "2025-10-20T15:00:00Z", "2025-10-21T14:00:00Z"] {
            assert!(!has(other), "{other}");
        }
        assert_eq!(hour_of(time("2025-10-20T14:55:00Z")), hour.begins_at);
        let bucket = Summed::bucket(time("2025-10-20T14:55:00Z"), Sum::default());
        assert!(bucket.has(bucket.begins_at) && !bucket.has(bucket.begins_at + BUCKET));
    }
}
