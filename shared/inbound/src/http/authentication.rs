//! Who sends an API key, or the token of a portal link: looked up, and remembered for a while.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::account::Account;
use domain::api_key::{ApiKey, KEY_BEGIN, KeyHash, LINK_BEGIN};
use domain::clock::is_recent;
use jiff::Timestamp;
use lambda_http::http::HeaderMap;
use store::StoreError;
use store::api_keys::{ApiKeys, Linked};
use telemetry::causes::causes;

/// A warm function remembers a key for this long. A revoked key has to be refused within 60 seconds; the other five are for
/// requests that are under way.
const KEY_CACHE_SECONDS: i64 = 55;
/// Past this many keys, all are forgotten.
const KEY_CACHE_ENTRIES: usize = 10_000;

/// Who calls: a key, or a portal link by way of one.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub(super) account: Account,
    /// Of a link the key that [`PortalLink::acting`](domain::portal_link::PortalLink::acting) makes of it.
    pub(super) key: ApiKey,
    pub(super) link: Option<Link>,
}

/// What is known of a portal link beside the key that it acts as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The key that made it.
    pub key_id: String,
    /// Whether it can only look.
    pub read_only: bool,
}

/// The keys, and those that this function has looked up.
#[derive(Debug)]
pub(super) struct KnownKeys {
    keys: ApiKeys,
    known: Mutex<HashMap<KeyHash, Known>>,
}

/// A key that was looked up less than [`KEY_CACHE_SECONDS`] ago.
#[derive(Debug, Clone)]
struct Known {
    who: Identity,
    since: Timestamp,
}

impl KnownKeys {
    pub(super) fn new(keys: ApiKeys) -> Self {
        Self { keys, known: Mutex::default() }
    }

    /// Who sent `X-API-Key`; `None` when it is missing, unknown, revoked or expired.
    pub(super) async fn authenticate(
        &self,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Option<Identity>, StoreError> {
        let sent = headers.get("x-api-key").and_then(|value| value.to_str().ok());
        let Some(sent) = sent.filter(|key| key.len() <= 100) else { return Ok(None) };
        let is_link = sent.starts_with(LINK_BEGIN);
        if !is_link && !sent.starts_with(KEY_BEGIN) {
            return Ok(None);
        }
        let hash = KeyHash::of(sent);
        let who = match self.remembered(&hash, now) {
            Some(known) => Some(known.who),
            None if is_link => self.look_up_link(hash, now).await?,
            None => self.look_up(hash, now).await?,
        };
        Ok(who.filter(|who| !who.key.expired(now)))
    }

    fn remembered(&self, hash: &KeyHash, now: Timestamp) -> Option<Known> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(hash).filter(|known| is_recent(known.since, now, KEY_CACHE_SECONDS)).cloned()
    }

    async fn look_up(&self, hash: KeyHash, now: Timestamp) -> Result<Option<Identity>, StoreError> {
        let Some((key, account)) = self.keys.by_hash(&hash).await? else { return Ok(None) };
        if let Err(error) = self.keys.touch(&account.id, &key.id, now).await {
            tracing::warn!(error = %causes(&error), key_id = key.id, "the last use of a key was not noted");
        }
        Ok(Some(self.remember(hash, Identity { account, key, link: None }, now)))
    }

    /// A link, and with it the key that made it: what that may no more, or no longer does, its links may not either.
    async fn look_up_link(&self, hash: KeyHash, now: Timestamp) -> Result<Option<Identity>, StoreError> {
        let Some(Linked { link, key, account }) = self.keys.link_by_hash(&hash).await? else { return Ok(None) };
        let acting = link.acting(&key);
        let link = Link { key_id: link.key_id, read_only: link.read_only };
        Ok(Some(self.remember(hash, Identity { account, key: acting, link: Some(link) }, now)))
    }

    fn remember(&self, hash: KeyHash, who: Identity, now: Timestamp) -> Identity {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEY_CACHE_ENTRIES {
            known.clear();
        }
        known.insert(hash, Known { who: who.clone(), since: now });
        who
    }
}
