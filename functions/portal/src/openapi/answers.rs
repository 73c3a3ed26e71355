//! What good answers look like. All members are always there; null where there is nothing to say.

use domain::alert::AlertKind;
use domain::api_key::Scope;
use domain::delivery::view::Hold;
use domain::delivery::{DeliveryStatus, Trigger};
use domain::models::Kind;
use serde_json::{Value, json};

use super::shape::{
    Member, attempt_error, boolean, count, error_detail, event_name, id, list, noted, nullable, object, secret, text,
    time, words,
};
use super::{schema, schemas};

/// Every answer by its name.
pub(super) fn all() -> Vec<(&'static str, Value)> {
    let whole = |parts: &[&[Member]]| object(&parts.concat());
    let mut all = vec![
        ("Endpoint", object(&endpoint())),
        ("EndpointWithSecret", whole(&[&endpoint(), &[("secret", secret())]])),
        ("Health", object(&health())),
        ("Secret", object(&secret_answer())),
        ("TestResult", object(&test_result())),
        ("ReplayResult", object(&replay_result())),
        ("Delivery", object(&delivery())),
        (
            "DeliveryWhole",
            whole(&[&delivery(), &[("attempts", list(&schema("Attempt"))), ("requestBody", request_body())]]),
        ),
        ("Attempt", object(&attempt())),
        ("Event", object(&event())),
        ("EventWhole", whole(&[&event(), &event_more()])),
        (
            "Published",
            object(&[("success", json!({ "const": true })), ("eventId", id("evt_")), ("duplicate", boolean())]),
        ),
        ("Alert", object(&alert())),
        ("Stats", object(&stats())),
        ("Hour", object(&hour())),
        ("Key", object(&key())),
        ("KeyCreated", whole(&[&key(), &[("key", api_key())]])),
        ("KeyRotated", whole(&[&key(), &[("key", api_key()), ("replaces", replaced())]])),
        ("EventType", object(&event_type())),
        ("Feed", feed()),
    ];
    for (name, item) in [
        ("EndpointPage", "Endpoint"),
        ("DeliveryPage", "Delivery"),
        ("AlertPage", "Alert"),
        ("KeyPage", "Key"),
        ("EventTypePage", "EventType"),
    ] {
        all.push((name, object(&page(item))));
    }
    all.extend(Kind::ALL.map(|kind| (receipt_name(kind), receipt(kind))));
    all
}

fn secret_answer() -> [Member; 3] {
    let promotes = "When `secret` begins to sign `X-Webhook-Signature` by itself. Null when it does already.";
    [
        ("secret", secret()),
        ("promotesAt", noted(nullable(&time()), promotes)),
        ("previous", list(&object(&[("validUntil", time())]))),
    ]
}

/// The answer to an inbound call.
pub(super) const fn receipt_name(kind: Kind) -> &'static str {
    match kind {
        Kind::WorkOrder => "WorkOrderReceipt",
        Kind::Project => "ProjectReceipt",
        Kind::Employee => "EmployeeReceipt",
        Kind::Vendor => "VendorReceipt",
        Kind::TimeOff => "TimeOffReceipt",
    }
}

fn receipt(kind: Kind) -> Value {
    let model = kind.model();
    let record = [("id", id(model.prefix)), (model.key, text()), ("status", text())];
    let data = [&record[..], &[("version", count()), ("createdAt", time()), ("updatedAt", time())]].concat();
    let warning = object(&[("code", text()), ("field", text()), ("message", text())]);
    let actions = if model.deletable {
        &["created", "updated", "unchanged", "deleted"][..]
    } else {
        &["created", "updated", "unchanged"]
    };
    let mut receipt = object(&[
        ("success", json!({ "const": true })),
        ("message", text()),
        ("action", words(actions.iter().copied())),
        ("data", object(&data)),
        ("events", noted(list(&event_name()), "what was raised, in order")),
        ("warnings", noted(list(&warning), "what a person should look at; never a reason to send again")),
        ("requestId", text()),
    ]);
    receipt["title"] = json!(format!("{} receipt", schemas::name(kind)));
    receipt
}

fn endpoint() -> Vec<Member> {
    vec![
        ("id", id("ep_")),
        ("url", text()),
        ("events", noted(list(&text()), "names of the catalog, `workorder.*` or `*`")),
        ("projectIds", noted(list(&id("proj_")), "only events of these projects; empty for all")),
        ("description", nullable(&text())),
        ("status", words(["enabled", "disabled"])),
        ("disabledReason", nullable(&text())),
        ("disabledAt", noted(nullable(&time()), "since when it gets nothing; null while it is enabled")),
        (
            "headers",
            json!({ "type": "object", "additionalProperties": { "type": "string" }, "description": "your own headers; values are masked but in the answers to the calls that set them" }),
        ),
        ("secretHint", noted(text(), "the end of the secret")),
        ("createdAt", time()),
        ("updatedAt", time()),
        ("version", count()),
        ("health", schema("Health")),
    ]
}

fn health() -> Vec<Member> {
    vec![
        ("state", words(["healthy", "failing"])),
        ("consecutiveFailures", count()),
        ("failingSince", nullable(&time())),
        ("lastSuccessAt", noted(nullable(&time()), "to the minute")),
        ("lastFailureAt", nullable(&time())),
    ]
}

fn test_result() -> Vec<Member> {
    vec![
        ("deliveryId", id("dlv_")),
        ("eventId", id("evt_")),
        ("event", event_name()),
        ("endpointId", id("ep_")),
        ("test", json!({ "const": true })),
        ("status", words(["delivered", "failed"])),
        ("attempt", schema("Attempt")),
    ]
}

fn replay_result() -> Vec<Member> {
    vec![
        ("dryRun", boolean()),
        ("matched", noted(count(), "deliveries that are to be sent")),
        ("queued", noted(count(), "those that this call queued; none in a dry run")),
        (
            "underWay",
            noted(
                count(),
                "deliveries that are pending or retrying anyway and do not wait for the endpoint to be enabled, or have arrived by a replay in the last ten minutes: left alone",
            ),
        ),
        ("nextSince", noted(nullable(&time()), "the `since` of the next call, when this one ended before `until`")),
    ]
}

fn delivery() -> Vec<Member> {
    vec![
        ("id", id("dlv_")),
        ("eventId", id("evt_")),
        ("event", event_name()),
        ("endpointId", id("ep_")),
        ("status", words(DeliveryStatus::ALL.map(DeliveryStatus::as_str))),
        ("attemptCount", count()),
        ("nextAttemptAt", nullable(&time())),
        (
            "held",
            noted(nullable(&words([Hold::EndpointDisabled.as_str()])), "why it is not sent: its endpoint is disabled"),
        ),
        ("createdAt", time()),
        ("completedAt", nullable(&time())),
        ("test", boolean()),
        ("lastStatusCode", noted(nullable(&count()), "of the latest attempt")),
        ("lastError", noted(nullable(&attempt_error()), "of the latest attempt")),
        ("lastErrorDetail", noted(nullable(&error_detail()), "of the latest attempt")),
        ("lastDurationMs", noted(nullable(&count()), "of the latest attempt")),
    ]
}

fn attempt() -> Vec<Member> {
    vec![
        ("number", count()),
        ("trigger", words(Trigger::ALL.map(Trigger::as_str))),
        ("startedAt", time()),
        ("durationMs", count()),
        ("statusCode", nullable(&count())),
        ("error", nullable(&attempt_error())),
        ("errorDetail", noted(nullable(&error_detail()), "what exactly failed, where it is known")),
        ("responseBody", noted(nullable(&text()), "the first 2 KiB")),
    ]
}

fn event() -> Vec<Member> {
    vec![
        ("id", id("evt_")),
        ("event", event_name()),
        ("timestamp", time()),
        ("data", noted(json!({ "type": "object" }), "as subscribers receive it")),
        ("requestId", noted(text(), "the request that raised it")),
    ]
}

/// The newest first have nothing to resume after.
fn feed() -> Value {
    let mut feed = object(&page("Event"));
    feed["properties"]["resumeAfter"] = noted(nullable(&text()), "keep it: where to go on later; oldest first only");
    feed
}

fn event_more() -> Vec<Member> {
    vec![
        ("deliveries", list(&schema("Delivery"))),
        (
            "siblings",
            noted(list(&object(&[("id", id("evt_")), ("event", event_name())])), "what else the request raised"),
        ),
        ("truncated", noted(boolean(), "there are more deliveries, to be listed by `/api/deliveries?eventId=`")),
    ]
}

fn alert() -> Vec<Member> {
    vec![
        ("id", id("alr_")),
        ("kind", words(AlertKind::ALL.map(AlertKind::as_str))),
        ("endpointId", id("ep_")),
        ("deliveryId", nullable(&id("dlv_"))),
        ("event", nullable(&event_name())),
        ("lastStatusCode", nullable(&count())),
        ("lastError", nullable(&attempt_error())),
        ("lastErrorDetail", nullable(&error_detail())),
        ("createdAt", time()),
        ("message", noted(text(), "says what to do")),
    ]
}

fn stats() -> Vec<Member> {
    let latency = object(&[("p50", count()), ("p95", count()), ("p99", count())]);
    let endpoint = [
        &[("endpointId", id("ep_"))],
        &counts()[..],
        &[
            ("nextAttemptAt", noted(nullable(&time()), "the earliest retry that is planned")),
            ("hours", noted(list(&schema("Hour")), "without those in which there was nothing")),
        ],
    ];
    vec![
        ("since", noted(time(), "the beginning of the first hour")),
        ("until", time()),
        ("complete", noted(boolean(), "whether all deliveries of the span were counted")),
        ("countedSince", noted(time(), "from when on all of them were")),
        ("hours", noted(list(&schema("Hour")), "by when the events were raised, oldest first")),
        ("latencyMs", noted(nullable(&latency), "how long the attempts took that arrived")),
        (
            "endpoints",
            noted(list(&object(&endpoint.concat())), "newest first, without those that there was nothing for"),
        ),
    ]
}

fn hour() -> Vec<Member> {
    [&[("at", noted(time(), "when it begins"))], &counts()[..]].concat()
}

fn counts() -> Vec<Member> {
    vec![
        ("delivered", count()),
        ("failed", count()),
        ("waiting", noted(count(), "pending or retrying")),
        ("cancelled", count()),
    ]
}

fn key() -> Vec<Member> {
    let windows = || object(&[("perHour", count()), ("perMinute", count())]);
    vec![
        ("id", id("key_")),
        ("name", text()),
        ("hint", noted(text(), "the beginning and the end of the key")),
        ("scopes", list(&words(Scope::ALL.map(Scope::as_str)))),
        ("limits", windows()),
        ("usage", noted(windows(), "calls in the present hour and minute")),
        ("expiresAt", nullable(&time())),
        ("lastUsedAt", noted(nullable(&time()), "to the minute")),
        ("createdAt", time()),
    ]
}

fn api_key() -> Value {
    noted(text(), "shown this once")
}

fn replaced() -> Value {
    object(&[("id", id("key_")), ("expiresAt", nullable(&time()))])
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

fn page(item: &str) -> Vec<Member> {
    vec![
        ("data", list(&schema(item))),
        ("nextCursor", noted(nullable(&text()), "of the next page; null on the last one")),
    ]
}

fn request_body() -> Value {
    noted(nullable(&text()), "the bytes that were signed; null when the event is not kept any more")
}
