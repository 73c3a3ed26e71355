//! Answers of `/api/portal-links`.

use domain::api_key::Scope;
use domain::portal_link::SCOPES;
use serde_json::Value;

use super::super::shape::{Member, boolean, id, list, noted, nullable, set, text, time, words};

pub(super) fn portal_link() -> Vec<Member> {
    vec![
        ("id", id("lnk_")),
        ("name", nullable(&text())),
        ("keyId", noted(id("key_"), "the key that made it, without which it does not work")),
        ("scopes", set(&words(SCOPES.map(Scope::as_str)))),
        ("readOnly", boolean()),
        ("origins", noted(list(&text()), "the pages that may show it in a frame")),
        ("expiresAt", time()),
        ("createdAt", time()),
    ]
}

pub(super) fn url() -> Value {
    noted(text(), "the link, with its token behind the `#`; shown only in this response")
}
