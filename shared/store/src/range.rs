//! Spans of sort keys that are ids: what `since`, `until` and a cursor are to a query, and its order.

use domain::ids::ulid_of;
use jiff::Timestamp;
use ulid::Ulid;

/// Which ids of a span come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As they were made.
    OldestFirst,
    /// What people look for.
    NewestFirst,
}

/// Ids between two ULIDs, both included. Bounds instead of a start key: a cursor goes with any filter, and one that lies
/// outside of the span is no error.
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
    /// From the instant `since` on.
    #[must_use]
    pub fn since(self, since: Timestamp) -> Self {
        Self { low: self.low.max(first_of(since)), ..self }
    }

    /// Up to the instant `until`, which is outside.
    #[must_use]
    pub fn until(self, until: Timestamp) -> Self {
        match first_of(until).checked_sub(1) {
            Some(last) => Self { high: self.high.min(last), ..self },
            None => Self::EMPTY,
        }
    }

    /// The millisecond of `id`; none for what is no id.
    #[must_use]
    pub fn at_the_time_of(self, id: &str) -> Self {
        let Some(millis) = ulid_of(id).map(|ulid| ulid.timestamp_ms()) else { return Self::EMPTY };
        let low = Ulid::from_parts(millis, u128::MIN).0;
        Self { low: self.low.max(low), high: self.high.min(Ulid::from_parts(millis, u128::MAX).0) }
    }

    /// Before `id`; none for what is no id.
    #[must_use]
    pub fn before(self, id: &str) -> Self {
        match ulid_of(id).and_then(|ulid| ulid.0.checked_sub(1)) {
            Some(last) => Self { high: self.high.min(last), ..self },
            None => Self::EMPTY,
        }
    }

    /// From `ulid` on.
    #[must_use]
    pub(crate) fn from(self, ulid: Ulid) -> Self {
        Self { low: self.low.max(ulid.0), ..self }
    }

    /// Nothing lies in it: a query would be refused.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.low > self.high
    }

    /// The bounds as sort keys with this prefix.
    pub(crate) fn keys(&self, prefix: &str) -> (String, String) {
        (format!("{prefix}{}", Ulid(self.low)), format!("{prefix}{}", Ulid(self.high)))
    }

    const EMPTY: Self = Self { low: u128::MAX, high: u128::MIN };
}

/// The first ULID that can be of `instant`: of its millisecond, or of the next where it lies within one.
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

    fn contains(range: IdRange, id: &str) -> bool {
        let (low, high) = range.keys("dlv_");
        (low.as_str()..=high.as_str()).contains(&id)
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
