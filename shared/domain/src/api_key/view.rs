//! Keys as answers show them: the key itself only once, its hash never.

use super::{ApiKey, NewKey, Scope};
use crate::rate_limit::{Limits, Usage};
use jiff::Timestamp;
use serde::Serialize;

/// A key as its account sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyView<'a> {
    id: &'a str,
    name: &'a str,
    hint: &'a str,
    scopes: &'a [Scope],
    /// Those that count: its own, or the default.
    limits: Limits,
    usage: UsageView,
    expires_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replaces: Option<ReplacedView<'a>>,
}

/// The key that a new one replaces, and until when it still works.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReplacedView<'a> {
    id: &'a str,
    expires_at: Option<Timestamp>,
}

/// Calls made in the present hour and minute, under the names of the limits that they count against.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UsageView {
    per_hour: u64,
    per_minute: u64,
}

impl<'a> KeyView<'a> {
    /// What is shown of `key`, with what it has used of its limits.
    #[must_use]
    pub fn of(key: &'a ApiKey, usage: Usage) -> Self {
        Self {
            id: &key.id,
            name: &key.name,
            hint: &key.hint,
            scopes: &key.scopes,
            limits: key.limits(),
            usage: UsageView { per_hour: usage.hour, per_minute: usage.minute },
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            created_at: key.created_at,
            key: None,
            replaces: None,
        }
    }

    /// With the key itself: for the answer to the call that made it.
    #[must_use]
    pub fn with_key(self, key: &'a NewKey) -> Self {
        Self { key: Some(key.expose()), ..self }
    }

    /// With the key that it takes the place of.
    #[must_use]
    pub fn in_place_of(self, old: &'a ApiKey) -> Self {
        Self { replaces: Some(ReplacedView { id: &old.id, expires_at: old.expires_at }), ..self }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_key_is_shown_once_and_its_hash_never() {
        let new = NewKey::generate("test");
        let key = ApiKey::new(&new, "ERP", vec![Scope::Inbound], "2025-10-20T14:30:00Z".parse().unwrap());
        let usage = Usage { hour: 7, minute: 2, granted: true };
        let expected = json!({
            "id": key.id, "name": "ERP", "hint": new.hint(), "scopes": ["inbound"],
            "limits": {"perHour": 1000, "perMinute": 50}, "usage": {"perHour": 7, "perMinute": 2},
            "expiresAt": null, "lastUsedAt": null, "createdAt": "2025-10-20T14:30:00Z",
        });
        assert_eq!(json!(KeyView::of(&key, usage)), expected);
        assert_eq!(json!(KeyView::of(&key, usage).with_key(&new))["key"], new.expose());
    }
}
