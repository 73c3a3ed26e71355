//! Answers of `/api/audit`.

use domain::audit::{Action, ActorKind};
use serde_json::{Value, json};

use super::super::shape::{Member, id, noted, nullable, object, text, time, words};

pub(super) fn entry() -> Vec<Member> {
    vec![
        ("id", id("aud_")),
        ("createdAt", time()),
        ("action", words(Action::ALL.map(Action::as_str))),
        ("actor", actor()),
        ("targetId", noted(text(), "id of the endpoint, API key, portal link or account")),
        ("address", noted(nullable(&text()), "IP address that the call came from; null for an operator")),
        ("requestId", noted(nullable(&id("req_")), "the `X-Request-ID` of the call; null for an operator")),
        ("before", noted(members(), "what was there: of an update only what changed; null of what is new")),
        ("after", noted(members(), "what is there now, likewise; null of what was deleted")),
    ]
}

fn actor() -> Value {
    object(&[
        ("type", words(ActorKind::ALL.map(ActorKind::as_str))),
        ("id", noted(nullable(&text()), "id of the API key or of the portal link; null for an operator")),
        ("name", noted(nullable(&text()), "its name at the time; an operator's own, if given")),
        ("keyId", noted(nullable(&id("key_")), "of a portal link, the key that made it")),
    ])
}

fn members() -> Value {
    json!({ "type": ["object", "null"] })
}
