//! Portal links: a link opens the console for the users of a dashboard, without an API key. It carries a token that works
//! like a key for a while, with no more scopes than the key that made it. Of the token only the SHA-256 is stored.

mod origin;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::api_key::{ApiKey, KeyHash, Scope, known};
use crate::words;

pub use origin::{BadOrigin, origin};

/// What ids of links begin with.
pub const PREFIX: &str = "lnk_";
/// What a link may be given. A key that it could make would outlive it, and records and events are sent by systems, not by
/// who looks at a page.
pub const SCOPES: [Scope; 3] = [Scope::ManageWebhooks, Scope::ReadRecords, Scope::ReadAudit];
/// How long a link works by default.
pub const DEFAULT_LIFE: SignedDuration = SignedDuration::from_hours(1);
/// The shortest and the longest life of a link, in seconds.
pub const LIFE_SECONDS: [i64; 2] = [60, 86_400];
/// The most origins of a link.
pub const MAX_ORIGINS: usize = 10;

words! {
    /// How the console looks to who opens a link.
    #[derive(Default)]
    pub enum Theme {
        /// As the system of its user says.
        #[default]
        Auto = "auto",
        /// Light.
        Light = "light",
        /// Dark.
        Dark = "dark",
    }
}

/// A link as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PortalLink {
    /// `lnk_` + ULID.
    pub id: String,
    /// Whom it is for, in the words of who made it.
    #[serde(default)]
    pub name: Option<String>,
    /// The key that made it. Without that key it does not work either.
    pub key_id: String,
    /// What it may be used for, at most: what its key may not, it may not.
    #[serde(deserialize_with = "known")]
    pub scopes: Vec<Scope>,
    /// Whether it can only look.
    pub read_only: bool,
    /// The origins of pages that may show the console in a frame.
    pub origins: Vec<String>,
    /// SHA-256 of its token.
    pub hash: KeyHash,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
}

impl PortalLink {
    /// The key that its calls are made with, by the key that made it: with the scopes that both have, until either expires, and
    /// with that key's limits. What it causes counts as caused by that key.
    #[must_use]
    pub fn acting(&self, key: &ApiKey) -> ApiKey {
        ApiKey {
            id: self.id.clone(),
            name: self.name.clone().unwrap_or_else(|| format!("Portal link of {}", key.name)),
            first: Some(key.line().to_owned()),
            scopes: self.scopes.iter().copied().filter(|scope| key.allows(*scope)).collect(),
            hash: self.hash.clone(),
            hint: String::new(),
            expires_at: Some(key.expires_at.map_or(self.expires_at, |at| at.min(self.expires_at))),
            limits: key.limits,
            created_at: self.created_at,
            last_used_at: None,
        }
    }
}

/// A link as its account sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkView<'a> {
    id: &'a str,
    name: Option<&'a str>,
    key_id: &'a str,
    scopes: &'a [Scope],
    read_only: bool,
    origins: &'a [String],
    expires_at: Timestamp,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
}

impl<'a> LinkView<'a> {
    /// What is shown of `link`.
    #[must_use]
    pub fn of(link: &'a PortalLink) -> Self {
        let PortalLink { id, name, key_id, scopes, read_only, origins, expires_at, created_at, .. } = link;
        Self {
            id,
            name: name.as_deref(),
            key_id,
            scopes,
            read_only: *read_only,
            origins,
            expires_at: *expires_at,
            created_at: *created_at,
            url: None,
        }
    }

    /// With the link itself: for the answer to the call that made it.
    #[must_use]
    pub fn with_url(self, url: &'a str) -> Self {
        Self { url: Some(url), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api_key::NewKey;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn link(scopes: Vec<Scope>) -> PortalLink {
        PortalLink {
            id: "lnk_1".to_owned(),
            name: None,
            key_id: "key_1".to_owned(),
            scopes,
            read_only: false,
            origins: Vec::new(),
            hash: NewKey::for_link("test").hash(),
            expires_at: at("2025-10-20T15:30:00Z"),
            created_at: at("2025-10-20T14:30:00Z"),
        }
    }

    #[test]
    fn a_link_is_never_wider_than_its_key() {
        let key =
            ApiKey::new(&NewKey::generate("test"), "Dashboard", vec![Scope::ManageWebhooks], Timestamp::UNIX_EPOCH);
        let link = link(vec![Scope::ManageWebhooks, Scope::ReadRecords]);
        let acting = link.acting(&key);
        assert_eq!(
            (acting.scopes.as_slice(), acting.expires_at),
            (&[Scope::ManageWebhooks][..], Some(link.expires_at))
        );
        assert_eq!((acting.id.as_str(), acting.name.as_str()), ("lnk_1", "Portal link of Dashboard"));
        let ends = at("2025-10-20T15:00:00Z");
        assert_eq!(link.acting(&ApiKey { expires_at: Some(ends), ..key }).expires_at, Some(ends));
    }

    #[test]
    fn its_token_is_shown_once_and_its_hash_never() {
        let link = link(vec![Scope::ManageWebhooks]);
        let shown = serde_json::to_value(LinkView::of(&link).with_url("https://x/portal/lnk_1#token=wsl_1")).unwrap();
        assert!(shown["url"].is_string() && shown.get("hash").is_none(), "{shown}");
        assert!(serde_json::to_value(LinkView::of(&link)).unwrap().get("url").is_none());
    }
}
