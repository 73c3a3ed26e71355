//! Ranges of ids: what `since`, `until` and a cursor make of the sort key of a query. Ids are ULIDs behind a prefix, so
//! that their order is the order of time.

use domain::ids::ulid_of;
use jiff::Timestamp;
use ulid::Ulid;

/// Which ids of a range come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Ascending: for whoever reads on from where they stopped.
    OldestFirst,
    /// Descending: for lists that people read.
    NewestFirst,
}

/// Ids between two ULIDs, both included; by default all. A cursor is a bound here, not a start key of DynamoDB, so that
/// one goes with any filter, and one that lies outside of the range is no error. Methods narrow the range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdRange {
    low: u128,
    high: u128,
}

impl Default for IdRange {
    fn default() -> Self {
        Self { low: u128::MIN, high: u128::MAX }
    }
}

impl IdRange {
    /// Ids made at the instant `since` or later.
    #[must_use]
    pub fn since(self, since: Timestamp) -> Self {
        Self { low: self.low.max(first_of(since)), ..self }
    }

    /// Ids made before the instant `until`.
    #[must_use]
    pub fn until(self, until: Timestamp) -> Self {
        match first_of(until).checked_sub(1) {
            Some(last) => Self { high: self.high.min(last), ..self },
            None => Self::EMPTY,
        }
    }

    /// Ids made in the same millisecond as `id`; none when `id` is not an id.
    #[must_use]
    pub fn at_the_time_of(self, id: &str) -> Self {
        let Some(millis) = ulid_of(id).map(|ulid| ulid.timestamp_ms()) else { return Self::EMPTY };
        let low = Ulid::from_parts(millis, u128::MIN).0;
        Self { low: self.low.max(low), high: self.high.min(Ulid::from_parts(millis, u128::MAX).0) }
    }

    /// All ids of the milliseconds that the range has ids of.
    #[must_use]
    pub(crate) fn whole_milliseconds(self) -> Self {
        if self.is_empty() {
            return self;
        }
        let millis = |bound| Ulid(bound).timestamp_ms();
        let low = Ulid::from_parts(millis(self.low), u128::MIN).0;
        Self { low, high: Ulid::from_parts(millis(self.high), u128::MAX).0 }
    }

    /// Whether `id` is in the range.
    #[must_use]
    pub(crate) fn contains(&self, id: &str) -> bool {
        ulid_of(id).is_some_and(|ulid| (self.low..=self.high).contains(&ulid.0))
    }

    /// Ids before `id`; none when `id` is not an id.
    #[must_use]
    pub fn before(self, id: &str) -> Self {
        match ulid_of(id).and_then(|ulid| ulid.0.checked_sub(1)) {
            Some(last) => Self { high: self.high.min(last), ..self },
            None => Self::EMPTY,
        }
    }

    /// Ids behind the ULID `last`; unchanged when it is none.
    #[must_use]
    pub fn behind(self, last: &str) -> Self {
        let Some(first) = Ulid::from_string(last).ok().and_then(|last| last.0.checked_add(1)) else { return self };
        self.from(Ulid(first))
    }

    /// Ids from `first` to `last`, both included.
    #[must_use]
    pub const fn between(first: Ulid, last: Ulid) -> Self {
        Self { low: first.0, high: last.0 }
    }

    /// Ids from `ulid` on, which is included.
    #[must_use]
    pub(crate) fn from(self, ulid: Ulid) -> Self {
        Self { low: self.low.max(ulid.0), ..self }
    }

    /// Whether no id lies in the range. DynamoDB refuses a query for such a range.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.low > self.high
    }

    /// The lowest and the highest id, with this prefix, for `BETWEEN`.
    pub(crate) fn keys(&self, prefix: &str) -> (String, String) {
        (format!("{prefix}{}", Ulid(self.low)), format!("{prefix}{}", Ulid(self.high)))
    }

    const EMPTY: Self = Self { low: u128::MAX, high: u128::MIN };
}

/// The lowest ULID of `instant`: of its millisecond, or of the next one where it lies within a millisecond.
fn first_of(instant: Timestamp) -> u128 {
    let millis = instant.as_millisecond() + i64::from(instant.subsec_nanosecond() % 1_000_000 > 0);
    // Years 1970 to 9999 fit into the 48 bits.
    Ulid::from_parts(u64::try_from(millis).unwrap_or(0), u128::MIN).0
}

#[cfg(test)]
mod tests {
    use domain::ids::new_id;

    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// As DynamoDB would say it, and as we do.
    fn contains(range: IdRange, id: &str) -> bool {
        let (low, high) = range.keys("dlv_");
        let contains = (low.as_str()..=high.as_str()).contains(&id);
        assert_eq!(range.contains(id), contains, "{id}");
        contains
    }

    #[test]
    fn since_is_inside_and_until_is_outside() {
        let (one, two) = (time("2025-10-20T14:30:00Z"), time("2025-10-20T14:30:01Z"));
        let range = IdRange::default().since(one).until(two);
        assert!(contains(range, &new_id("dlv_", one)));
        assert!(contains(range, &new_id("dlv_", time("2025-10-20T14:30:00.999Z"))));
        assert!(!contains(range, &new_id("dlv_", two)));
        assert!(!contains(range, &new_id("dlv_", time("2025-10-20T14:29:59.999Z"))));
        assert!(IdRange::default().since(two).until(one).is_empty());
        assert!(IdRange::default().until(time("1969-12-31T00:00:00Z")).is_empty());
    }

    #[test]
    fn a_cursor_is_outside_of_what_follows_it() {
        let id = new_id("dlv_", time("2025-10-20T14:30:00Z"));
        assert!(contains(IdRange::default(), &id));
        assert!(!contains(IdRange::default().before(&id), &id));
        let ulid = ulid_of(&id).unwrap();
        assert!(contains(IdRange::default().from(ulid), &id));
        assert!(contains(IdRange::default().at_the_time_of(&id), &id));
        for nothing in ["", "dlv_", "dlv_1", "dlv_00000000000000000000000000"] {
            assert!(IdRange::default().before(nothing).is_empty(), "{nothing}");
        }
    }
}
