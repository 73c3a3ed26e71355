//! Shards: what the sweeper asks for is spread over 16 partitions, since one could not take the writes of a busy
//! system.

use ulid::Ulid;

/// A partition takes a thousand write units a second, so these take sixteen thousand.
const SHARDS: u8 = 16;

/// One of the shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard(u8);

impl Shard {
    /// How many shards there are.
    pub const COUNT: usize = SHARDS as usize;

    /// All shards, in order of their number.
    pub fn all() -> impl Iterator<Item = Self> + Clone {
        (0..SHARDS).map(Self)
    }

    /// The shard of an item, from the last byte of its ULID, which is random or from a digest.
    pub(crate) fn of(ulid: Ulid) -> Self {
        Self(ulid.to_bytes()[15] % SHARDS)
    }

    /// The partition key of the shard.
    pub(crate) fn key(self) -> String {
        format!("shard#{}", self.0)
    }
}
