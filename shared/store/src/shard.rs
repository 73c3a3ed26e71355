//! Shards of what the sweeper asks for: as one partition it could not take the writes of a busy system.

use ulid::Ulid;

/// A partition takes a thousand writes a second; these take sixteen thousand.
const SHARDS: u8 = 16;

/// One of the shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard(u8);

impl Shard {
    /// How many there are.
    pub const COUNT: usize = SHARDS as usize;

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..SHARDS).map(Self)
    }

    /// Of an item: by the end of its ULID, which is random or a digest.
    pub(super) fn of(ulid: Ulid) -> Self {
        Self(ulid.to_bytes()[15] % SHARDS)
    }

    /// As a partition key.
    pub(super) fn key(self) -> String {
        format!("shard#{}", self.0)
    }
}
