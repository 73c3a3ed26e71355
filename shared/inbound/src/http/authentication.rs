//! Who sends an API key: looked up, and remembered for a while.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::account::Account;
use domain::api_key::{ApiKey, KeyHash};
use domain::clock::is_recent;
use jiff::Timestamp;
use lambda_http::http::HeaderMap;
use store::StoreError;
use store::api_keys::ApiKeys;
use telemetry::causes::causes;

/// A warm function remembers a key for this long. A revoked key has to be refused within 60 seconds; the other five are for
/// requests that are under way.
const KEY_CACHE_SECONDS: i64 = 55;
/// Past this many keys, all are forgotten.
const KEY_CACHE_ENTRIES: usize = 10_000;

/// The keys, and those that this function has looked up.
#[derive(Debug)]
pub(super) struct KnownKeys {
    keys: ApiKeys,
    known: Mutex<HashMap<KeyHash, Known>>,
}

/// A key that was looked up less than [`KEY_CACHE_SECONDS`] ago.
#[derive(Debug, Clone)]
struct Known {
    key: ApiKey,
    account: Account,
    since: Timestamp,
}

impl KnownKeys {
    pub(super) fn new(keys: ApiKeys) -> Self {
        Self { keys, known: Mutex::default() }
    }

    /// The account and the key of `X-API-Key`; `None` when it is missing, unknown, revoked or expired.
    pub(super) async fn authenticate(
        &self,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Option<(Account, ApiKey)>, StoreError> {
        let sent = headers.get("x-api-key").and_then(|value| value.to_str().ok());
        let Some(sent) = sent.filter(|key| key.starts_with("wsk_") && key.len() <= 100) else { return Ok(None) };
        let hash = KeyHash::of(sent);
        let known = match self.remembered(&hash, now) {
            Some(known) => Some(known),
            None => self.look_up(hash, now).await?,
        };
        Ok(known.filter(|known| !known.key.expired(now)).map(|known| (known.account, known.key)))
    }

    fn remembered(&self, hash: &KeyHash, now: Timestamp) -> Option<Known> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(hash).filter(|known| is_recent(known.since, now, KEY_CACHE_SECONDS)).cloned()
    }

    async fn look_up(&self, hash: KeyHash, now: Timestamp) -> Result<Option<Known>, StoreError> {
        let Some((key, account)) = self.keys.by_hash(&hash).await? else { return Ok(None) };
        if let Err(error) = self.keys.touch(&account.id, &key.id, now).await {
            tracing::warn!(error = %causes(&error), key_id = key.id, "the last use of a key was not noted");
        }
        let entry = Known { key, account, since: now };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEY_CACHE_ENTRIES {
            known.clear();
        }
        known.insert(hash, entry.clone());
        Ok(Some(entry))
    }
}
