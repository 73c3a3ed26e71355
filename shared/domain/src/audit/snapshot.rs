//! What an entry shows of a thing. A secret is shown by its hint or not at all; that it changed is told all the same, since
//! things are compared by what they are, not by what is shown of them.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::account::Account;
use crate::api_key::ApiKey;
use crate::endpoint::{Endpoint, StoredHeaders};
use crate::portal_link::PortalLink;

/// A thing at one time, by its members.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot(Vec<Member>);

/// What an entry shows of a thing before or after a change; `None` where there was or is none.
pub(super) type Side = Option<Map<String, Value>>;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    name: &'static str,
    shown: Value,
    /// What is compared where less than that is shown. Never stored.
    whole: Option<String>,
}

/// What became of a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Created(Snapshot),
    /// It was the first, and is the second.
    Updated(Snapshot, Snapshot),
    /// It is gone; `None`: it could not be read.
    Deleted(Option<Snapshot>),
}

impl Snapshot {
    /// An endpoint at the time `now`: all that people set, and nothing of its health.
    #[must_use]
    pub fn of_endpoint(endpoint: &Endpoint, now: Timestamp) -> Self {
        let previous = &endpoint.previous_secrets;
        let until: Vec<Timestamp> = previous.valid(now).map(|secret| secret.valid_until).collect();
        let skipped: Vec<&str> = endpoint.skip_keys.iter().map(|key| key.id.as_str()).collect();
        let headers = match &endpoint.headers {
            StoredHeaders::Sealed(headers) => headers.sealed.clone(),
            plain => format!("{plain:?}"),
        };
        Self(vec![
            Member::less("url", json!(without_values(&endpoint.url)), endpoint.url.clone()),
            Member::of("events", &endpoint.events),
            Member::of("projectIds", &endpoint.project_ids),
            Member::of("filter", &endpoint.filter),
            Member::of("changed", &endpoint.changed),
            Member::of("skipKeys", &skipped),
            Member::of("description", &endpoint.description),
            Member::less("headers", json!(endpoint.headers.masked()), headers),
            Member::of("maxPerSecond", &endpoint.max_per_second),
            Member::of("format", &endpoint.format),
            Member::of("status", &endpoint.status),
            Member::less("secretHint", json!(endpoint.secret.hint), endpoint.secret.sealed.clone()),
            Member::of("promotesAt", &previous.promotes_at(now)),
            Member::of("previousSecretsValidUntil", &until),
        ])
    }

    /// A key: its limits are null where it has those that all keys have.
    #[must_use]
    pub fn of_key(key: &ApiKey) -> Self {
        Self(vec![
            Member::of("name", &key.name),
            Member::of("hint", &key.hint),
            Member::of("scopes", &key.scopes),
            Member::of("limits", &key.limits),
            Member::of("expiresAt", &key.expires_at),
        ])
    }

    /// A portal link.
    #[must_use]
    pub fn of_link(link: &PortalLink) -> Self {
        Self(vec![
            Member::of("name", &link.name),
            Member::of("keyId", &link.key_id),
            Member::of("scopes", &link.scopes),
            Member::of("readOnly", &link.read_only),
            Member::of("origins", &link.origins),
            Member::of("expiresAt", &link.expires_at),
        ])
    }

    /// An account.
    #[must_use]
    pub fn of_account(account: &Account) -> Self {
        Self(vec![
            Member::of("name", &account.name),
            Member::of("timeZone", &account.time_zone),
            Member::of("currency", &account.currency),
            Member::of("country", &account.country),
        ])
    }

    /// With one more member.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &impl Serialize) -> Self {
        self.0.push(Member::of(name, value));
        self
    }

    fn shown(&self) -> Map<String, Value> {
        self.0.iter().map(Member::entry).collect()
    }
}

impl Member {
    fn of(name: &'static str, value: &impl Serialize) -> Self {
        Self { name, shown: json!(value), whole: None }
    }

    fn less(name: &'static str, shown: Value, whole: String) -> Self {
        Self { name, shown, whole: Some(whole) }
    }

    fn entry(&self) -> (String, Value) {
        (self.name.to_owned(), self.shown.clone())
    }
}

impl Change {
    /// What an entry says was there before, and is there after.
    pub(super) fn sides(&self) -> (Side, Side) {
        match self {
            Self::Created(after) => (None, Some(after.shown())),
            Self::Deleted(before) => (before.as_ref().map(Snapshot::shown), None),
            Self::Updated(before, after) => {
                let changed = |old: &&Member| !after.0.contains(old);
                let is_new = |new: &&Member| !before.0.contains(new);
                let before = before.0.iter().filter(changed).map(Member::entry).collect();
                (Some(before), Some(after.0.iter().filter(is_new).map(Member::entry).collect()))
            }
        }
    }
}

/// A URL without the values of its query, where receivers often have a token.
fn without_values(url: &str) -> String {
    let Some((path, query)) = url.split_once('?') else { return url.to_owned() };
    let masked = |pair: &str| pair.split_once('=').map_or_else(|| "…".to_owned(), |(name, _)| format!("{name}=…"));
    format!("{path}?{}", query.split('&').map(masked).collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests;
