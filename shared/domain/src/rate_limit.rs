//! Rate limits: 1,000 calls an hour and 50 a minute, unless a key has its own. Batches have windows of their own, which
//! follow from these.

use serde::{Deserialize, Serialize};

/// How many calls a caller may make in each window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Calls an hour, by the clock's hour.
    pub per_hour: u64,
    /// Calls a minute, by the clock's minute.
    pub per_minute: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_hour: 1000, per_minute: 50 }
    }
}

impl Limits {
    /// How many batches a caller with these limits may send: a tenth of its calls an hour and a fifth of those a minute, rounded
    /// up. So whoever raises or lowers a key's limits does so for its batches (`docs/adr/0023-batches-and-dry-runs.md`).
    #[must_use]
    pub const fn of_batches(self) -> Self {
        Self { per_hour: self.per_hour.div_ceil(10), per_minute: self.per_minute.div_ceil(5) }
    }

    /// How many calls all portal links together may make that a key with these limits has made: ten times as many, for the users
    /// of a dashboard (`docs/adr/0028-portal-links.md`).
    #[must_use]
    pub const fn of_links(self) -> Self {
        Self { per_hour: self.per_hour.saturating_mul(10), per_minute: self.per_minute.saturating_mul(10) }
    }

    /// The most calls that both windows have room for when nothing of them is used.
    #[must_use]
    pub fn most(self) -> u64 {
        self.room(Usage { hour: 0, minute: 0, granted: false })
    }

    /// How many more calls both windows have room for.
    #[must_use]
    pub fn room(self, used: Usage) -> u64 {
        self.per_hour.saturating_sub(used.hour).min(self.per_minute.saturating_sub(used.minute))
    }
}

/// What a caller has used of its windows, and whether this call was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Calls this hour, with this one if it was granted.
    pub hour: u64,
    /// Calls this minute, with this one if it was granted.
    pub minute: u64,
    /// Whether there was room in both windows.
    pub granted: bool,
}

impl Usage {
    /// What it was when this many calls fewer had been granted.
    #[must_use]
    pub fn before(self, calls: u64) -> Self {
        Self { hour: self.hour.saturating_sub(calls), minute: self.minute.saturating_sub(calls), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_follow_from_calls_and_are_never_none() {
        let of = |per_hour, per_minute| {
            let batches = Limits { per_hour, per_minute }.of_batches();
            (batches.per_hour, batches.per_minute)
        };
        let Limits { per_hour, per_minute } = Limits::default();
        assert_eq!(of(per_hour, per_minute), (100, 10));
        assert_eq!((of(1, 1), of(11, 6), of(0, 0)), ((1, 1), (2, 2), (0, 0)));
    }
}
