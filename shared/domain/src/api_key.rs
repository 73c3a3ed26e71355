//! API keys: `wsk_<environment>_<32 random bytes in base62>`. Only a SHA-256 is stored; the key is shown once.

pub mod view;

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

use crate::rate_limit::Limits;
use crate::words;

/// How a key begins.
pub const KEY_BEGIN: &str = "wsk_";
/// How the token of a portal link begins.
pub const LINK_BEGIN: &str = "wsl_";

words! {
    /// What a key may be used for.
    pub enum Scope {
        /// The five inbound endpoints.
        Inbound = "inbound",
        /// `POST /api/events`.
        PublishEvents = "events:publish",
        /// Endpoints, deliveries, events, alerts, refused calls.
        ManageWebhooks = "webhooks:manage",
        /// Reading what was sent, with its history.
        ReadRecords = "records:read",
        /// API keys.
        ManageKeys = "keys:manage",
        /// Who changed what.
        ReadAudit = "audit:read",
    }
}

/// A key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// `key_` + ULID.
    pub id: String,
    /// Display name.
    pub name: String,
    /// The id of the first key, if it is one that a rotation has made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// What it may be used for.
    #[serde(deserialize_with = "known")]
    pub scopes: Vec<Scope>,
    /// SHA-256 of the key itself.
    pub hash: KeyHash,
    /// The last four characters, so that people can tell keys apart.
    pub hint: String,
    /// When it stops working.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Its own limits, if they differ from the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

/// The scopes that this version knows: one that a later version has stored is passed over, so that the key goes on working.
pub(crate) fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Scope>, D::Error> {
    let words = Vec::<Cow<'_, str>>::deserialize(deserializer)?;
    Ok(words.iter().filter_map(|word| Scope::parse(word)).collect())
}

impl ApiKey {
    /// What is stored of `key`: without an expiry or limits of its own.
    #[must_use]
    pub fn new(key: &NewKey, name: impl Into<String>, scopes: Vec<Scope>, now: Timestamp) -> Self {
        Self {
            id: crate::ids::new_id("key_", now),
            name: name.into(),
            first: None,
            scopes,
            hash: key.hash(),
            hint: key.hint(),
            expires_at: None,
            limits: None,
            created_at: crate::clock::whole_seconds(now),
            last_used_at: None,
        }
    }

    /// What it has in common with the keys that rotations replaced by it, and with those that will replace it: the id of
    /// the first one.
    #[must_use]
    pub fn line(&self) -> &str {
        self.first.as_deref().unwrap_or(&self.id)
    }

    /// Whether calls with it may raise events.
    #[must_use]
    pub fn sends(&self) -> bool {
        self.allows(Scope::Inbound) || self.allows(Scope::PublishEvents)
    }

    /// Whether it may be used for `scope`.
    #[must_use]
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether it counts as a key that manages keys, of which an account must keep one. A key that expires does not count:
    /// its expiry can't be refused.
    #[must_use]
    pub fn manages_keys(&self) -> bool {
        self.allows(Scope::ManageKeys) && self.expires_at.is_none()
    }

    /// Whether it has stopped working.
    #[must_use]
    pub fn expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// Its limits, or the default.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits.unwrap_or_default()
    }
}

/// SHA-256 of a key, in hexadecimal. Looking a key up by its hash takes the same time whatever a guess has in common
/// with a real key.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeyHash(String);

impl KeyHash {
    /// The hash of a key as it was sent.
    #[must_use]
    pub fn of(key: &str) -> Self {
        Self(hex::encode(Sha256::digest(key)))
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(..)")
    }
}

/// A new key, or the token of a portal link, before only its hash is kept.
#[derive(Clone)]
pub struct NewKey(String);

impl NewKey {
    /// A key for `environment` (`live`, `test`, `local`) of 32 random bytes.
    #[must_use]
    pub fn generate(environment: &str) -> Self {
        Self(format!("{KEY_BEGIN}{environment}_{}", base62(crate::ids::random())))
    }

    /// The token of a portal link: told from a key by how it begins.
    #[must_use]
    pub fn for_link(environment: &str) -> Self {
        Self(format!("{LINK_BEGIN}{environment}_{}", base62(crate::ids::random())))
    }

    /// The key, to be shown once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(&self.0)
    }

    /// Its last four characters.
    #[must_use]
    pub fn hint(&self) -> String {
        let tail = self.0.len().saturating_sub(4);
        format!("…{}", &self.0[tail..])
    }
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewKey(..)")
    }
}

/// 256 bits in 43 digits of base 62.
fn base62(mut bytes: [u8; 32]) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut digits = String::with_capacity(43);
    for _ in 0..43 {
        let mut rest = 0_u32;
        for byte in &mut bytes {
            let value = rest * 256 + u32::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            rest = value % 62;
        }
        digits.push(char::from(DIGITS[rest as usize]));
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_its_environment_and_43_digits_and_is_not_printed() {
        let key = NewKey::generate("live");
        let digits = key.expose().strip_prefix("wsk_live_").unwrap();
        assert_eq!(digits.len(), 43);
        assert!(NewKey::for_link("live").expose().starts_with("wsl_live_"));
        assert!(digits.bytes().all(|b| b.is_ascii_alphanumeric()));
        assert_ne!(key.expose(), NewKey::generate("live").expose());
        assert_eq!(format!("{key:?} {:?}", key.hash()), "NewKey(..) KeyHash(..)");
    }

    #[test]
    fn only_a_key_that_stays_counts_as_one_that_manages_keys() {
        let now: Timestamp = "2025-10-20T14:30:00.5Z".parse().unwrap();
        let new = NewKey::generate("test");
        let key = ApiKey::new(&new, "Ops", vec![Scope::ManageKeys], now);
        assert!(key.manages_keys() && key.hash == new.hash());
        assert!(!ApiKey { expires_at: Some(now), ..key.clone() }.manages_keys());
        assert!(!ApiKey { scopes: vec![Scope::Inbound], ..key }.manages_keys());
    }

    #[test]
    fn a_scope_of_a_later_version_does_not_make_a_key_unreadable() {
        let key = ApiKey::new(&NewKey::generate("test"), "Ops", vec![Scope::Inbound], Timestamp::UNIX_EPOCH);
        let mut stored = serde_json::to_value(&key).unwrap();
        stored["scopes"] = serde_json::json!(["inbound", "records:write"]);
        assert_eq!(serde_json::from_value::<ApiKey>(stored).unwrap(), key);
    }

    #[test]
    fn base62_of_known_numbers() {
        let mut bytes = [0; 32];
        bytes[31] = 61;
        assert_eq!(base62(bytes), format!("z{}", "0".repeat(42)));
        bytes[31] = 62;
        assert_eq!(base62(bytes), format!("01{}", "0".repeat(41)));
    }
}
