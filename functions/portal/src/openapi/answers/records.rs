//! Answers about records.

use domain::models::Kind;
use serde_json::{Value, json};

use super::super::schema;
use super::super::shape::{Member, boolean, count, list, noted, nullable, text, time, words};

pub(super) fn record_summary() -> Vec<Member> {
    vec![
        ("type", words(Kind::ALL.map(Kind::segment))),
        ("id", text()),
        ("number", noted(text(), "its natural key, such as `workOrderNumber`")),
        ("title", noted(nullable(&text()), "its title or name; null for time off")),
        ("status", nullable(&text())),
        ("version", count()),
        ("updatedAt", nullable(&time())),
        ("deletedAt", noted(nullable(&time()), "when it was deleted; it is shown for 30 days still")),
    ]
}

pub(super) fn stored() -> Value {
    let fields = nullable(&json!({ "type": "object" }));
    noted(fields, "the fields as they are stored, without secrets; null once it is deleted")
}

pub(super) fn change() -> Vec<Member> {
    vec![
        ("requestId", noted(text(), "the call that changed the record")),
        ("receivedAt", time()),
        ("events", noted(list(&schema("RaisedEvent")), "in the order in which they were raised")),
        ("truncated", noted(boolean(), "whether there are more deliveries; list them with `/api/deliveries?eventId=`")),
    ]
}

pub(super) fn event_deliveries() -> Vec<Member> {
    vec![("deliveries", list(&schema("Delivery")))]
}
