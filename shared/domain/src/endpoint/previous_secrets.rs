//! Secrets that rotations replaced and that are valid for a while yet.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The most replaced secrets of one endpoint that are valid at once: each adds a signature to every delivery.
pub const MAX_PREVIOUS_SECRETS: usize = 5;

/// A signing secret that a rotation replaced and that is valid for a while yet.
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

/// As many replaced secrets are valid as may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{MAX_PREVIOUS_SECRETS} replaced secrets are still valid")]
pub struct TooMany;

/// As they are stored: endpoints had one at most, once.
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
mod tests {
    use serde_json::json;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn secret(sealed: &str, until: i64) -> PreviousSecret {
        PreviousSecret { sealed: sealed.to_owned(), valid_until: at(until), leads: false }
    }

    fn leading(sealed: &str, until: i64) -> PreviousSecret {
        PreviousSecret { leads: true, ..secret(sealed, until) }
    }

    fn names(secrets: &PreviousSecrets, now: i64) -> Vec<&str> {
        secrets.valid(at(now)).map(|previous| previous.sealed.as_str()).collect()
    }

    #[test]
    fn the_one_that_was_replaced_last_comes_first_and_each_is_valid_for_its_own_time() {
        let mut secrets = PreviousSecrets::default();
        secrets.replace(secret("a", 100), at(0)).unwrap();
        secrets.replace(secret("b", 50), at(1)).unwrap();
        assert_eq!(names(&secrets, 49), ["b", "a"]);
        assert_eq!(names(&secrets, 50), ["a"]);
        secrets.replace(secret("c", 60), at(60)).unwrap();
        assert_eq!(secrets.0, [secret("a", 100)], "expired ones are dropped, and not kept for no time");
    }

    #[test]
    fn five_are_valid_at_most() {
        let mut secrets = PreviousSecrets::default();
        for until in 10..15 {
            secrets.replace(secret("s", until), at(0)).unwrap();
        }
        assert_eq!(secrets.replace(secret("t", 20), at(9)), Err(TooMany));
        assert_eq!(secrets.replace(secret("t", 9), at(9)), Ok(()), "one that ends at once needs no room");
        assert_eq!(secrets.replace(secret("t", 20), at(10)), Ok(()));
    }

    #[test]
    fn a_replaced_secret_leads_until_the_new_one_is_promoted_or_its_overlap_ends() {
        let mut secrets = PreviousSecrets::default();
        secrets.replace(secret("a", 100), at(0)).unwrap();
        assert_eq!((secrets.lead(at(0)), secrets.promotes_at(at(0))), (0, None), "the new one leads at once");
        secrets.replace(leading("b", 50), at(1)).unwrap();
        assert_eq!((secrets.lead(at(1)), secrets.promotes_at(at(1))), (1, Some(at(50))));
        assert_eq!((secrets.lead(at(50)), secrets.promotes_at(at(50))), (0, None), "the overlap has ended");
        secrets.replace(secret("c", 60), at(2)).unwrap();
        assert_eq!(names(&secrets, 2), ["c", "b", "a"]);
        assert_eq!((secrets.lead(at(2)), secrets.promotes_at(at(2))), (2, Some(at(50))), "it goes on leading");
        let mut early = secrets.clone();
        early.promote(at(20));
        assert_eq!((names(&early, 19), names(&early, 20)), (vec!["b", "c", "a"], vec!["c", "a"]), "it ends earlier");
        secrets.promote(at(90));
        assert_eq!((secrets.lead(at(2)), secrets.promotes_at(at(2))), (0, None));
        assert_eq!((names(&secrets, 49), names(&secrets, 50)), (vec!["b", "c", "a"], vec!["c", "a"]), "no later");
    }

    #[test]
    fn the_form_that_held_one_is_read() {
        let one = json!({"sealed": "a", "validUntil": "1970-01-01T00:01:40Z"});
        for (stored, expected) in
            [(json!(null), vec![]), (one.clone(), vec![secret("a", 100)]), (json!([one]), vec![secret("a", 100)])]
        {
            let read: PreviousSecrets = serde_json::from_value(stored).unwrap();
            assert_eq!(read.0, expected);
            assert_eq!(serde_json::from_value::<PreviousSecrets>(json!(read)).unwrap(), read);
        }
    }
}
