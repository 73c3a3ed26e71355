//! Secrets that were replaced by rotations and are still valid for a while.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The most replaced secrets of one endpoint that are valid at once: each adds a signature to every delivery.
pub const MAX_PREVIOUS_SECRETS: usize = 5;

/// A signing secret that was replaced by a rotation and is still valid for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PreviousSecret {
    /// The envelope.
    pub sealed: String,
    /// Until when it signs too.
    pub valid_until: Timestamp,
    /// Whether it goes on signing `X-Webhook-Signature`, for as long as it is valid and nothing newer is promoted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leads: bool,
}

/// The replaced secrets of an endpoint, the most recently replaced one first. Those that have expired stay until the
/// next rotation, and are never shown or used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct PreviousSecrets(Vec<PreviousSecret>);

/// The maximum number of replaced secrets is valid already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{MAX_PREVIOUS_SECRETS} replaced secrets are still valid")]
pub struct TooMany;

/// The stored formats: earlier releases stored at most one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Many(Vec<PreviousSecret>),
    One(Option<PreviousSecret>),
}

impl From<Stored> for PreviousSecrets {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Many(many) => Self(many),
            Stored::One(one) => Self(one.into_iter().collect()),
        }
    }
}

impl PreviousSecrets {
    /// Those that are valid at `now`.
    pub fn valid(&self, now: Timestamp) -> impl Iterator<Item = &PreviousSecret> {
        self.0.iter().filter(move |previous| previous.valid_until > now)
    }

    /// Which secret signs `X-Webhook-Signature` at `now`: 0 for the endpoint's own, n for the n-th of those that are
    /// [`valid`](Self::valid).
    #[must_use]
    pub fn lead(&self, now: Timestamp) -> usize {
        self.valid(now).position(|previous| previous.leads).map_or(0, |at| at + 1)
    }

    /// When the endpoint's own secret begins to sign `X-Webhook-Signature` by itself; `None` when it does already.
    #[must_use]
    pub fn promotes_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.valid(now).find(|previous| previous.leads).map(|previous| previous.valid_until)
    }

    /// Lets the endpoint's own secret sign `X-Webhook-Signature` from now on. The one that did so until now, whom receivers
    /// still know, comes first among the replaced ones, and ends at `until` at the latest.
    pub fn promote(&mut self, until: Timestamp) {
        if let Some(at) = self.0.iter().position(|previous| previous.leads) {
            let led = self.0.remove(at);
            self.0.insert(0, PreviousSecret { leads: false, valid_until: led.valid_until.min(until), ..led });
        }
    }

    /// Drops those that have expired at `now`, and adds the one that is being replaced unless it expires at once.
    ///
    /// # Errors
    /// When [`MAX_PREVIOUS_SECRETS`] are valid already.
    pub fn replace(&mut self, replaced: PreviousSecret, now: Timestamp) -> Result<(), TooMany> {
        self.0.retain(|previous| previous.valid_until > now);
        if replaced.valid_until <= now {
            return Ok(());
        }
        if self.0.len() >= MAX_PREVIOUS_SECRETS {
            return Err(TooMany);
        }
        self.0.insert(0, replaced);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
