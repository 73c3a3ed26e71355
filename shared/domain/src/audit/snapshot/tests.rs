use std::collections::BTreeSet;

use super::*;
use crate::api_key::{NewKey, Scope};
use crate::audit::{Action, Author};
use crate::endpoint::{
    EndpointStatus, EventFilter, HeaderValue, Health, OwnHeaders, PreviousSecret, PreviousSecrets, SealedHeaders,
    SealedSecret,
};
use crate::format::Format;
use crate::rate_limit::Limits;

/// Members of a stored endpoint that its snapshot shows under another name, or that no entry is about.
const OTHERWISE: [&str; 6] = ["id", "secret", "previousSecrets", "createdAt", "updatedAt", "version"];

fn now() -> Timestamp {
    "2025-10-20T14:30:00.25Z".parse().unwrap()
}

fn endpoint() -> Endpoint {
    let masked = [("Authorization".to_owned(), "…cret".to_owned())].into();
    Endpoint {
        id: "ep_1".to_owned(),
        url: "https://erp.example.com/hook?token=verysecret&flag".to_owned(),
        events: vec![EventFilter::All],
        project_ids: Vec::new(),
        filter: None,
        changed: Vec::new(),
        skip_keys: Vec::new(),
        description: Some("ERP".to_owned()),
        headers: StoredHeaders::Sealed(SealedHeaders { sealed: "k1.one".to_owned(), masked }),
        max_per_second: std::num::NonZeroU16::new(5),
        format: Format::Full,
        secret: SealedSecret { sealed: "k1.old".to_owned(), hint: "…1234".to_owned() },
        previous_secrets: PreviousSecrets::default(),
        created_at: now(),
        updated_at: now(),
        version: 1,
        status: EndpointStatus::Enabled,
        disabled_reason: None,
        disabled_at: None,
        health: Health::default(),
    }
}

fn entry(change: &Change) -> (Value, Value) {
    let entry = Author::operator(None, now()).entry(Action::EndpointUpdated, "ep_1", change);
    (json!(entry.before), json!(entry.after))
}

fn updated(new: &Endpoint) -> (Value, Value) {
    let [before, after] = [&endpoint(), new].map(|endpoint| Snapshot::of_endpoint(endpoint, now()));
    entry(&Change::Updated(before, after))
}

#[test]
fn an_update_shows_what_changed_and_nothing_else() {
    let new = Endpoint { events: vec![EventFilter::Group("vendor".to_owned())], version: 2, ..endpoint() };
    assert_eq!(updated(&new), (json!({"events": ["*"]}), json!({"events": ["vendor.*"]})));
    assert_eq!(updated(&endpoint()), (json!({}), json!({})));
}

#[test]
fn a_secret_that_changed_is_told_and_not_shown() {
    let StoredHeaders::Sealed(headers) = endpoint().headers else { panic!("not sealed") };
    let headers = StoredHeaders::Sealed(SealedHeaders { sealed: "k1.two".to_owned(), ..headers });
    let url = "https://erp.example.com/hook?token=another&flag".to_owned();
    let (before, after) = updated(&Endpoint { url, headers, ..endpoint() });
    let shown = json!({"headers": {"Authorization": "…cret"}, "url": "https://erp.example.com/hook?token=…&…"});
    assert_eq!((&before, &after), (&shown, &shown));
    let text =
        format!("{:?} {before} {after}", entry(&Change::Deleted(Some(Snapshot::of_endpoint(&endpoint(), now())))));
    for secret in ["verysecret", "another", "k1."] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn a_rotation_shows_hints_and_how_long_the_old_secret_signs() {
    let mut new = endpoint();
    let sealed =
        std::mem::replace(&mut new.secret, SealedSecret { sealed: "k1.new".to_owned(), hint: "…5678".to_owned() });
    let valid_until = "2025-10-21T14:30:00Z".parse().unwrap();
    let old = PreviousSecret { sealed: sealed.sealed, valid_until, leads: true };
    new.previous_secrets.replace(old, now()).unwrap();
    let (before, after) = updated(&new);
    assert_eq!(before, json!({"secretHint": "…1234", "promotesAt": null, "previousSecretsValidUntil": []}));
    let (until, hint) = (json!("2025-10-21T14:30:00Z"), json!("…5678"));
    assert_eq!(after, json!({"secretHint": hint, "promotesAt": until, "previousSecretsValidUntil": [until]}));
}

#[test]
fn all_that_is_stored_of_an_endpoint_is_shown_or_left_out_on_purpose() {
    let plain: OwnHeaders = [("X-Tenant".to_owned(), HeaderValue::new("7"))].into();
    let stored = json!(Endpoint { headers: StoredHeaders::Plain(plain), ..endpoint() });
    let shown = Snapshot::of_endpoint(&endpoint(), now()).shown();
    let shown: BTreeSet<&str> = shown.keys().map(String::as_str).chain(OTHERWISE).collect();
    for name in stored.as_object().unwrap().keys() {
        assert!(shown.contains(name.as_str()), "the audit log does not tell of {name}");
    }
}

#[test]
fn of_a_key_neither_itself_nor_its_hash_is_shown() {
    let new = NewKey::generate("test");
    let key = ApiKey::new(&new, "ERP", vec![Scope::Inbound], now());
    let raised = ApiKey { limits: Some(Limits { per_hour: 2_000, per_minute: 60 }), ..key.clone() };
    let (before, after) = entry(&Change::Updated(Snapshot::of_key(&key), Snapshot::of_key(&raised)));
    assert_eq!((before, after["limits"]["perHour"].as_u64()), (json!({"limits": null}), Some(2_000)));
    let (before, after) = entry(&Change::Created(Snapshot::of_key(&key)));
    assert!(before.is_null() && after["hint"] == new.hint(), "{after}");
    assert!(
        !after.to_string().contains(&new.hash().to_string()) && !after.to_string().contains(new.expose()),
        "{after}"
    );
}
