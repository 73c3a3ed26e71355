//! Answers of `/api/keys`.

use domain::api_key::Scope;
use serde_json::Value;

use super::super::shape::{Member, count, id, noted, nullable, object, set, text, time, words};

pub(super) fn key() -> Vec<Member> {
    let windows = || object(&[("perHour", count()), ("perMinute", count())]);
    vec![
        ("id", id("key_")),
        ("name", text()),
        ("hint", noted(text(), "the first and last characters of the key")),
        ("scopes", set(&words(Scope::ALL.map(Scope::as_str)))),
        ("limits", windows()),
        ("usage", noted(windows(), "calls in the current hour and minute")),
        ("expiresAt", nullable(&time())),
        ("lastUsedAt", noted(nullable(&time()), "accurate to the minute")),
        ("createdAt", time()),
    ]
}

pub(super) fn api_key() -> Value {
    noted(text(), "shown only in this response")
}

pub(super) fn replaced() -> Value {
    object(&[("id", id("key_")), ("expiresAt", nullable(&time()))])
}
