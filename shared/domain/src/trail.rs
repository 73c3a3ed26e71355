//! Trails: which outbox items a record has raised before, newest first. A record and each of its outbox items carry one, so
//! that the record's history is read backwards, three requests at a time, without an index that each event would pay for
//! (`docs/adr/0020-the-history-of-a-record.md`).

use std::fmt;

use serde::Deserializer;
use serde::de::{Error, Visitor};
use ulid::Ulid;

/// How many items a trail names: what is read at once. Each takes 16 bytes of two items.
pub const LENGTH: usize = 3;
const ULID_BYTES: usize = 16;

/// The ids of the latest outbox items of a record, newest first: three at most.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trail(Vec<Ulid>);

impl Trail {
    /// The trail behind the outbox item with this id: that one first.
    #[must_use]
    pub fn behind(&self, outbox_id: &str) -> Self {
        let latest = Ulid::from_string(outbox_id).ok();
        Self(latest.into_iter().chain(self.0.iter().copied()).take(LENGTH).collect())
    }

    /// The ids, newest first.
    pub fn ids(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(Ulid::to_string)
    }

    /// Whether nothing came before.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As it is stored: the ids in binary, one behind the other.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(Ulid::to_bytes).collect()
    }

    /// What was stored. Nothing depends on a trail, so that what is no id is left out.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let (ids, _) = bytes.as_chunks::<ULID_BYTES>();
        Self(ids.iter().map(|id| Ulid::from_bytes(*id)).collect())
    }
}

/// Reads what is stored.
///
/// # Errors
/// When it is not binary.
pub(crate) fn stored<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Trail, D::Error> {
    struct Bytes;
    impl Visitor<'_> for Bytes {
        type Value = Trail;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the ids of a trail")
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Trail, E> {
            Ok(Trail::from_bytes(bytes))
        }
    }
    deserializer.deserialize_bytes(Bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ulid(number: u64) -> String {
        Ulid::from_parts(number, 7).to_string()
    }

    #[test]
    fn it_names_the_latest_and_forgets_the_oldest() {
        let trail = (1..=10).fold(Trail::default(), |trail, number| trail.behind(&ulid(number)));
        let ids: Vec<_> = (8..=10).rev().map(ulid).collect();
        assert_eq!(trail.ids().collect::<Vec<_>>(), ids);
        assert!(!trail.is_empty() && Trail::default().is_empty());
    }

    #[test]
    fn it_reads_back_as_it_was_stored() {
        let trail = Trail::default().behind(&ulid(1)).behind(&ulid(2));
        let bytes = trail.to_bytes();
        assert_eq!((bytes.len(), Trail::from_bytes(&bytes)), (2 * ULID_BYTES, trail.clone()));
        assert_eq!(Trail::from_bytes(&bytes[..20]).ids().count(), 1);
        assert_eq!(trail.behind("no id"), trail);
    }
}
