//! Schemas of successful responses. All members are always present; null means no value.

mod audit;
mod deliveries;
mod endpoints;
mod keys;
mod links;
mod records;
mod requests;

use domain::models::Kind;
use serde_json::{Value, json};

use self::audit::entry;
use self::deliveries::{alert, attempt, delivery, event, event_more, feed, hour, request_body, stats, timed_hour};
use self::endpoints::{endpoint, health, preview, replay_result, secret_answer, test_result, waiting};
use self::keys::{api_key, key, replaced};
use self::links::{portal_link, url};
use self::records::{change, record_summary};
use self::requests::refused_call;
use super::records::{name, receipt_name, result_name, results_name};
use super::schema;
use super::shape::{Member, boolean, count, event_name, id, list, noted, nullable, object, secret, text, time, words};

/// Lists, with what they list.
const PAGES: [(&str, &str); 10] = [
    ("EndpointPage", "Endpoint"),
    ("DeliveryPage", "Delivery"),
    ("AlertPage", "Alert"),
    ("ChangePage", "Change"),
    ("RecordSummaryPage", "RecordSummary"),
    ("RefusedCallPage", "RefusedCall"),
    ("KeyPage", "Key"),
    ("PortalLinkPage", "PortalLink"),
    ("AuditEntryPage", "AuditEntry"),
    ("EventTypePage", "EventType"),
];

/// Every answer by its name.
pub(super) fn all() -> Vec<(&'static str, Value)> {
    let whole = |parts: &[&[Member]]| object(&parts.concat());
    let mut all = vec![
        ("Endpoint", object(&endpoint())),
        ("EndpointWhole", whole(&[&endpoint(), &[("waiting", waiting())]])),
        ("EndpointWithSecret", whole(&[&endpoint(), &[("secret", secret())]])),
        ("Health", object(&health())),
        ("Secret", object(&secret_answer())),
        ("TestResult", object(&test_result())),
        ("Preview", object(&preview())),
        ("ReplayResult", object(&replay_result())),
        ("Delivery", object(&delivery())),
        (
            "DeliveryWhole",
            whole(&[&delivery(), &[("attempts", list(&schema("Attempt"))), ("requestBody", request_body())]]),
        ),
        ("Attempt", object(&attempt())),
        // Not `Event`: the variables of a generated class are named after it and its members, and one of these is `event`.
        ("FeedEvent", object(&event())),
        ("EventWhole", whole(&[&event(), &event_more()])),
        (
            "Published",
            may_be_dry(object(&[
                ("success", json!({ "const": true })),
                ("eventId", id("evt_")),
                ("duplicate", boolean()),
                ("warnings", warnings()),
            ])),
        ),
        ("RecordSummary", object(&record_summary())),
        // Not `Record`, for the same reason: it has a member `record`.
        ("RecordWhole", whole(&[&record_summary(), &[("record", self::records::stored())]])),
        ("Change", object(&change())),
        ("RaisedEvent", whole(&[&event(), &self::records::event_deliveries()])),
        ("Alert", object(&alert())),
        ("RefusedCall", object(&refused_call())),
        ("Stats", stats()),
        ("Hour", object(&hour())),
        ("TimedHour", object(&timed_hour())),
        ("Key", object(&key())),
        ("KeyCreated", whole(&[&key(), &[("key", api_key())]])),
        ("KeyRotated", whole(&[&key(), &[("key", api_key()), ("replaces", replaced())]])),
        ("PortalLink", object(&portal_link())),
        ("PortalLinkCreated", whole(&[&portal_link(), &[("url", url())]])),
        ("AuditEntry", object(&entry())),
        ("EventType", object(&event_type())),
        ("Feed", feed()),
        ("SourceIps", object(&source_ips())),
    ];
    all.extend(PAGES.map(|(name, item)| (name, object(&page(item)))));
    for kind in Kind::ALL {
        let (receipt, result) = (receipt_members(kind), result_members());
        all.push((receipt_name(kind), titled(may_be_dry(object(&receipt)), &format!("{} receipt", name(kind)))));
        all.push((result_name(kind), may_be_dry(object(&[&result[..], &receipt].concat()))));
        all.push((results_name(kind), may_be_dry(object(&results(kind)))));
    }
    all
}

/// An answer that says so when nothing was stored.
fn may_be_dry(mut answer: Value) -> Value {
    answer["properties"]["dryRun"] = noted(boolean(), "true in a dry run, absent otherwise");
    answer
}

fn titled(mut schema: Value, title: &str) -> Value {
    schema["title"] = json!(title);
    schema
}

/// What the result of a record has before what the answer to a call of its own has.
fn result_members() -> [Member; 2] {
    [("index", noted(count(), "its place in `records`")), ("status", json!({ "type": "integer", "const": 200 }))]
}

fn results(kind: Kind) -> Vec<Member> {
    let result = json!({ "oneOf": [schema(result_name(kind)), schema("RefusedRecord")] });
    vec![
        ("success", noted(boolean(), "whether all records were accepted")),
        ("succeeded", count()),
        ("failed", count()),
        ("results", noted(list(&result), "one for each record, in the order of `records`")),
        ("requestId", text()),
    ]
}

fn receipt_members(kind: Kind) -> Vec<Member> {
    let model = kind.model();
    let record = [("id", id(model.prefix)), (model.key, text()), ("status", text())];
    let data = [&record[..], &[("version", count()), ("createdAt", time()), ("updatedAt", time())]].concat();
    let actions = if model.deletable {
        &["created", "updated", "unchanged", "deleted"][..]
    } else {
        &["created", "updated", "unchanged"]
    };
    vec![
        ("success", json!({ "const": true })),
        ("message", text()),
        ("action", words(actions.iter().copied())),
        ("data", object(&data)),
        ("events", noted(list(&event_name()), "the events that were raised, in order")),
        ("warnings", warnings()),
        ("requestId", text()),
    ]
}

fn warnings() -> Value {
    let warning = object(&[("code", text()), ("field", text()), ("message", text())]);
    noted(list(&warning), "for a person to check; never a reason to send the same again")
}

fn event_type() -> Vec<Member> {
    vec![
        ("name", event_name()),
        ("group", text()),
        ("description", text()),
        ("schema", noted(json!({ "type": "object" }), "JSON Schema 2020-12 of the body")),
        ("example", noted(json!({ "type": "object" }), "a body")),
    ]
}

fn source_ips() -> Vec<Member> {
    vec![
        ("static", noted(boolean(), "whether deliveries come from `ips` only")),
        ("ips", noted(list(&text()), "CIDR blocks; empty when the addresses aren't fixed")),
    ]
}

fn page(item: &str) -> Vec<Member> {
    vec![
        ("data", list(&schema(item))),
        ("nextCursor", noted(nullable(&text()), "the cursor of the next page; null on the last page")),
    ]
}
