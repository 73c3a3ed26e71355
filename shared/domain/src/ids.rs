//! Identifiers: a prefix that says what it is, and a ULID, so that they sort by time. Those of records need not.

use aws_lc_rs::rand;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use ulid::Ulid;

use crate::models::Kind;

/// A new ULID of the millisecond `now`.
#[must_use]
pub fn new_ulid(now: Timestamp) -> Ulid {
    Ulid::from_parts(millis(now), u128::from_be_bytes(random()))
}

/// A new id: `wo_01JAMB3X9T7Q2V5K8N4C6D0EFG`.
#[must_use]
pub fn new_id(prefix: &str, now: Timestamp) -> String {
    format!("{prefix}{}", new_ulid(now))
}

/// A place in a row of ids: what a call does one after the other gets ids that sort by their places, whenever they are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    row: Ulid,
    number: u8,
}

impl Place {
    /// The place with this number in the row of an id; `None` when that is not one.
    #[must_use]
    pub fn in_row_of(id: &str, number: u8) -> Option<Self> {
        Some(Self { row: ulid_of(id)?, number })
    }

    /// A new ULID of the row's millisecond, behind those of smaller places. Its first 18 characters are the row's, its last 32
    /// bits are random.
    #[must_use]
    pub fn new_ulid(self) -> Ulid {
        let row = (self.row.0 >> 40) << 40;
        Ulid(row | (u128::from(self.number) << 32) | u128::from(u32::from_be_bytes(random())))
    }
}

/// The id of the first record of an account with this natural key, whatever its case: it follows from them, so that the
/// number leads to the record. In form it is a ULID, but says nothing of time.
#[must_use]
pub fn record_id(kind: Kind, account: &str, number: &str) -> String {
    let digest = Sha256::new()
        .chain_update(account)
        .chain_update("\n")
        .chain_update(kind.segment())
        .chain_update("\n")
        .chain_update(number.to_lowercase())
        .finalize();
    let mut first = [0_u8; 16];
    first.copy_from_slice(&digest[..16]);
    format!("{}{}", kind.model().prefix, Ulid(u128::from_be_bytes(first)))
}

/// The delivery of one event to one endpoint. The same pair always gets the same id, so that an event that is
/// dispatched twice is delivered once; its time is the event's, so that the deliveries of an event stand together.
#[must_use]
pub fn delivery_id(event_id: &str, endpoint_id: &str) -> String {
    let time = ulid_of(event_id).map_or(0, |ulid| ulid.timestamp_ms());
    derived("dlv_", time, &[event_id, endpoint_id])
}

/// An id of the time `ms` that follows from `parts`, none of which has a line break.
#[must_use]
pub fn derived(prefix: &str, ms: u64, parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\n"));
    let mut low = [0_u8; 16];
    low.copy_from_slice(&digest[..16]);
    format!("{prefix}{}", Ulid::from_parts(ms, u128::from_be_bytes(low)))
}

/// The ULID behind the prefix of an id.
#[must_use]
pub fn ulid_of(id: &str) -> Option<Ulid> {
    let (_, ulid) = id.rsplit_once('_')?;
    Ulid::from_string(ulid).ok()
}

/// Whether `text` is an id of this kind. What does not look like one is none, and does not come into keys and logs.
#[must_use]
pub fn is_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|ulid| Ulid::from_string(ulid).is_ok())
}

/// `N` random bytes of the operating system's generator.
///
/// # Panics
/// When the operating system has no randomness: nothing may go on without.
#[must_use]
#[expect(clippy::expect_used, reason = "without randomness no secret and no id can be made")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0_u8; N];
    rand::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A random number of the half-open interval [0, 1), for jitter.
#[must_use]
pub fn random_fraction() -> f64 {
    f64::from(u32::from_be_bytes(random())) / (f64::from(u32::MAX) + 1.0)
}

fn millis(now: Timestamp) -> u64 {
    u64::try_from(now.as_millisecond()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_event_and_one_endpoint_have_one_delivery_id_that_sorts_with_the_event() {
        let now: Timestamp = "2025-10-20T14:30:00Z".parse().unwrap();
        let event = new_id("evt_", now);
        let one = delivery_id(&event, "ep_1");
        assert_eq!(one, delivery_id(&event, "ep_1"));
        assert_ne!(one, delivery_id(&event, "ep_2"));
        assert_eq!(ulid_of(&one).unwrap().timestamp_ms(), ulid_of(&event).unwrap().timestamp_ms());
    }

    #[test]
    fn the_id_of_a_record_follows_from_account_resource_and_number() {
        let id = record_id(Kind::WorkOrder, "acc_1", "WO-12a");
        assert_eq!(id, "wo_44C3KWYVT0MFT335SYHC1PDQ07", "stored data depends on it");
        assert_eq!(id, record_id(Kind::WorkOrder, "acc_1", "wo-12A"));
        assert!(is_id(&id, "wo_"));
        for other in [
            record_id(Kind::WorkOrder, "acc_2", "WO-12a"),
            record_id(Kind::WorkOrder, "acc_1", "WO-12b"),
            record_id(Kind::Project, "acc_1", "WO-12a").replace("proj_", "wo_"),
        ] {
            assert_ne!(id, other);
        }
    }

    #[test]
    fn what_stands_in_a_row_sorts_by_its_place() {
        let now: Timestamp = "2025-10-20T14:30:00Z".parse().unwrap();
        let row = new_id("req_", now);
        let place = |number| Place::in_row_of(&row, number).unwrap();
        let ulids: Vec<Ulid> = (0..=u8::MAX).map(|number| place(number).new_ulid()).collect();
        assert!(ulids.is_sorted_by(|a, b| a < b), "{ulids:?}");
        assert!(ulids.iter().all(|ulid| ulid.to_string()[..18] == row[4..22]), "by which they are found together");
        assert_ne!(place(7).new_ulid(), place(7).new_ulid());
        assert_eq!(Place::in_row_of("row", 7), None);
    }

    #[test]
    fn ids_are_unique_and_carry_their_time() {
        let now: Timestamp = "2025-10-20T14:30:00Z".parse().unwrap();
        let (a, b) = (new_id("wo_", now), new_id("wo_", now));
        assert_ne!(a, b);
        assert_eq!(ulid_of(&a).unwrap().timestamp_ms(), 1_760_970_600_000);
        assert!(a.len() == 29 && a.starts_with("wo_"));
    }
}
