//! A marker as its item.

use domain::ids::ulid_of;
use domain::outbox::Outbox;
use domain::statistics::Sum;
use jiff::{SignedDuration, Timestamp};
use telemetry::causes::causes;
use ulid::Ulid;

use super::TABLE;
use crate::StoreError;
use crate::item::{Item, Reader, key, s};
use crate::range::IdRange;
use crate::shard::Shard;
use crate::sums;

/// The time that one marker is about.
pub const BUCKET: SignedDuration = SignedDuration::from_mins(5);
const BUCKET_MILLISECONDS: u64 = 5 * 60_000;

/// An account with events of some five minutes, or one whose older deliveries came to an end then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// The account.
    pub account: String,
    /// A ULID of those minutes.
    pub(super) id: Ulid,
    /// Of older deliveries: when the five minutes begin in which their events were raised, in epoch milliseconds.
    pub(super) older: Option<u64>,
    /// The outbox item up to which, inclusively, nothing is missing.
    pub settled: Option<String>,
    /// The outbox item up to which, inclusively, a comparison had come that ran out of time; the next one goes on behind
    /// it.
    pub compared: Option<String>,
    /// What was counted until the time ran out; the next sweep goes on there.
    pub counting: Option<Counting>,
}

/// A count of five minutes that has not come to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counting {
    /// When it began.
    pub began: Timestamp,
    /// The delivery up to which, inclusively, all are counted, newest first.
    pub after: String,
    /// What they are.
    pub sum: Sum,
}

impl Marker {
    /// The marker of an outbox item.
    #[must_use]
    pub fn of(outbox: &Outbox) -> Self {
        let millis = Ulid::from_string(&outbox.id).map_or(0, |ulid| ulid.timestamp_ms());
        Self::new(&outbox.account, begin_of(millis), None)
    }

    /// The marker of a change at `now` of a delivery whose event was raised at `raised`.
    pub(super) fn of_change(account: &str, raised: u64, now: Timestamp) -> Self {
        let millis = u64::try_from(now.as_millisecond()).unwrap_or_default();
        Self::new(account, begin_of(millis), Some(begin_of(raised)))
    }

    fn new(account: &str, begin: u64, older: Option<u64>) -> Self {
        // The rest of the ULID spreads accounts, and the times of one account, over the shards.
        let rest = ulid_of(account).map_or(0, |account| account.random());
        let number = older.unwrap_or(begin) / BUCKET_MILLISECONDS;
        let id = Ulid::from_parts(begin, rest ^ u128::from(number));
        Self { account: account.to_owned(), id, older, settled: None, compared: None, counting: None }
    }

    /// The ids of outbox items and of events that it is about, behind those that are settled or were compared.
    #[must_use]
    pub fn range(&self) -> IdRange {
        let begin = begin_of(self.id.timestamp_ms());
        let end = Ulid::from_parts(begin + BUCKET_MILLISECONDS - 1, u128::MAX);
        let seen = self.settled.iter().chain(&self.compared).filter_map(|id| Ulid::from_string(id).ok()).max();
        let first = seen.map_or(Ulid::from_parts(begin, 0), |last| Ulid(last.0.saturating_add(1)));
        IdRange::between(first, end)
    }

    /// When its five minutes begin.
    #[must_use]
    pub fn begins_at(&self) -> Timestamp {
        self.ends_at() - BUCKET
    }

    /// The end of its five minutes.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        end_of(self.id.timestamp_ms())
    }

    /// Whether it is about deliveries of older events, and only to have these counted again.
    #[must_use]
    pub const fn is_of_older(&self) -> bool {
        self.older.is_some()
    }

    /// When the five minutes begin whose deliveries are to be counted.
    #[must_use]
    pub fn counts(&self) -> Timestamp {
        self.older.map_or_else(|| self.begins_at(), time_of)
    }

    pub(super) fn key(&self) -> Item {
        let sort_key = format!("{}#{}", self.id, self.account);
        key(Shard::of(self.id).key(), self.older.map_or(sort_key.clone(), |older| format!("{sort_key}#{older}")))
    }

    /// One that can't be read must not keep the sweeper from the others.
    pub(super) fn read_or_log(item: &Item) -> Option<Self> {
        let read = Self::read(item);
        read.inspect_err(|error| tracing::error!(error = %causes(error), "a marker can't be read and is left out")).ok()
    }

    fn read(item: &Item) -> Result<Self, StoreError> {
        let reader = Reader { table: TABLE, item };
        let unreadable = || reader.unreadable("sk");
        let mut parts = reader.text("sk")?.split('#');
        let id = parts.next().and_then(|id| Ulid::from_string(id).ok()).ok_or_else(unreadable)?;
        let account = parts.next().ok_or_else(unreadable)?.to_owned();
        let older = parts.next().map(|older| older.parse().map_err(|_| unreadable())).transpose()?;
        let text = |name: &str| reader.opt_text(name).map(str::to_owned);
        // What can't be read is counted from the beginning.
        let sum = item.get("counted").and_then(|value| sums::parse(value).ok());
        let began = reader.opt_text("countedFrom").and_then(|at| at.parse().ok());
        let counting = began.zip(text("countedTo")).zip(sum);
        let counting = counting.map(|((began, after), sum)| Counting { began, after, sum });
        Ok(Self { account, id, older, settled: text("settled"), compared: text("compared"), counting })
    }

    /// How far it is, as attributes; `None` for those that it is not to have.
    pub(super) fn progress(&self) -> [(&'static str, Option<aws_sdk_dynamodb::types::AttributeValue>); 4] {
        [
            ("compared", self.compared.as_ref().map(s)),
            ("countedFrom", self.counting.as_ref().map(|counting| s(counting.began.to_string()))),
            ("countedTo", self.counting.as_ref().map(|counting| s(&counting.after))),
            ("counted", self.counting.as_ref().map(|counting| sums::attribute(&counting.sum))),
        ]
    }
}

/// When the five minutes begin that a millisecond is in.
pub(super) const fn begin_of(millis: u64) -> u64 {
    millis - millis % BUCKET_MILLISECONDS
}

/// The end of the five minutes that a time in epoch milliseconds is in.
pub(super) fn end_of(millis: u64) -> Timestamp {
    time_of(begin_of(millis) + BUCKET_MILLISECONDS)
}

/// When the five minutes begin that an instant is in.
#[must_use]
pub fn bucket_of(at: Timestamp) -> Timestamp {
    time_of(begin_of(u64::try_from(at.as_millisecond()).unwrap_or_default()))
}

fn time_of(millis: u64) -> Timestamp {
    i64::try_from(millis).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_marker_reads_back_from_its_key() {
        let raised = u64::try_from(time("2025-10-20T14:33:20Z").as_millisecond()).unwrap();
        let account = "acc_01JAMB3X9T7Q2V5K8N4C6D0EFG";
        let marker = Marker::of_change(account, raised, time("2025-10-20T16:59:59.9Z"));
        assert_eq!(Marker::read(&marker.key()).unwrap(), marker);
        assert_eq!((marker.is_of_older(), marker.counts()), (true, time("2025-10-20T14:30:00Z")));
        assert_eq!(
            (marker.begins_at(), marker.ends_at()),
            (time("2025-10-20T16:55:00Z"), time("2025-10-20T17:00:00Z"))
        );
        let of_events = Marker { older: None, ..marker };
        assert_eq!(Marker::read(&of_events.key()).unwrap(), of_events);
        assert_eq!((of_events.is_of_older(), of_events.counts()), (false, time("2025-10-20T16:55:00Z")));
        for wrong in ["", "x#acc_1", "01JAMB3X9T7Q2V5K8N4C6D0EFG", "01JAMB3X9T7Q2V5K8N4C6D0EFG#acc_1#x"] {
            assert!(Marker::read(&key("shard#0", wrong)).is_err(), "{wrong}");
        }
    }
}
