//! Answers about deliveries, events, alerts and numbers.

use domain::alert::{AlertKind, AlertStatus};
use domain::delivery::view::Hold;
use domain::delivery::{DeliveryStatus, Trigger};
use domain::format::Format;
use serde_json::{Value, json};

use super::super::schema;
use super::super::shape::{
    Member, attempt_error, boolean, count, error_detail, event_name, id, list, noted, nullable, object, subject, text,
    time, words,
};
use super::page;

pub(super) fn delivery() -> Vec<Member> {
    vec![
        ("id", id("dlv_")),
        ("eventId", id("evt_")),
        ("event", event_name()),
        ("subject", subject()),
        ("endpointId", id("ep_")),
        ("status", words(DeliveryStatus::ALL.map(DeliveryStatus::as_str))),
        ("attemptCount", count()),
        ("nextAttemptAt", nullable(&time())),
        (
            "held",
            noted(
                nullable(&words([Hold::EndpointDisabled.as_str(), Hold::EndpointPace.as_str()])),
                "why it is not sent now: its endpoint is disabled, or it stands in the line of its endpoint's `maxPerSecond` \
                 until `nextAttemptAt`, for more than about four minutes",
            ),
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

pub(super) fn attempt() -> Vec<Member> {
    vec![
        ("number", count()),
        ("trigger", words(Trigger::ALL.map(Trigger::as_str))),
        (
            "format",
            noted(
                words(Format::WORDS.iter().copied()),
                "what was sent of the event: the endpoint's format at the time",
            ),
        ),
        ("startedAt", time()),
        ("durationMs", count()),
        ("statusCode", nullable(&count())),
        ("error", nullable(&attempt_error())),
        ("errorDetail", noted(nullable(&error_detail()), "what exactly failed, if known")),
        (
            "responseHeaders",
            noted(
                nullable(&json!({ "type": "object", "additionalProperties": { "type": "string" } })),
                "`content-type`, `location` without its query, `retry-after`, `server` and `x-request-id` of the response, \
                 200 bytes of each; null as `responseBody` is, or if it had none of them",
            ),
        ),
        (
            "responseBody",
            noted(
                nullable(&text()),
                "the first 2 KiB of the response; null when it was a success, unless this is a test send",
            ),
        ),
    ]
}

pub(super) fn event() -> Vec<Member> {
    vec![
        ("id", id("evt_")),
        ("event", event_name()),
        ("subject", subject()),
        ("timestamp", time()),
        ("data", noted(json!({ "type": "object" }), "as subscribers receive it")),
        ("requestId", noted(text(), "the request that raised the event")),
    ]
}

/// `resumeAfter` is absent with the newest first, so it is not required.
pub(super) fn feed() -> Value {
    let mut feed = object(&page("FeedEvent"));
    feed["properties"]["resumeAfter"] =
        noted(nullable(&text()), "store it: where to continue later; only with the oldest first");
    feed
}

pub(super) fn event_more() -> Vec<Member> {
    vec![
        ("deliveries", list(&schema("Delivery"))),
        (
            "siblings",
            noted(list(&object(&[("id", id("evt_")), ("event", event_name())])), "the other events of the request"),
        ),
        ("truncated", noted(boolean(), "whether there are more deliveries; list them with `/api/deliveries?eventId=`")),
    ]
}

/// What only an alert that rolls up failures has is null in the others.
pub(super) fn alert() -> Vec<Member> {
    let of_failures = |schema: &Value, note: &str| noted(nullable(schema), note);
    let example = object(&[
        ("deliveryId", id("dlv_")),
        ("event", nullable(&event_name())),
        ("subject", subject()),
        ("failedAt", time()),
    ]);
    vec![
        ("id", id("alr_")),
        ("kind", words(AlertKind::ALL.map(AlertKind::as_str))),
        (
            "status",
            of_failures(
                &words(AlertStatus::ALL.map(AlertStatus::as_str)),
                "where an alert about failed deliveries stands; null in every other, like the members that follow from `count` \
                 to `resolvedAt`",
            ),
        ),
        ("endpointId", noted(nullable(&id("ep_")), "null when the alert is about no single endpoint")),
        ("deliveryId", noted(nullable(&id("dlv_")), "the latest one that failed")),
        ("eventId", nullable(&id("evt_"))),
        ("event", nullable(&event_name())),
        ("subject", subject()),
        ("lastStatusCode", nullable(&count())),
        ("lastError", nullable(&attempt_error())),
        ("lastErrorDetail", nullable(&error_detail())),
        ("count", of_failures(&count(), "how many deliveries failed; one that failed twice counts twice")),
        ("since", of_failures(&time(), "the oldest event among them: replay `failed` deliveries since then")),
        ("lastAt", of_failures(&time(), "when the latest one failed")),
        ("examples", noted(list(&example), "the latest five, newest first")),
        (
            "recoveredAt",
            of_failures(
                &time(),
                "when the endpoint, having been failing, accepted a delivery again, if none has failed since",
            ),
        ),
        ("acknowledgedAt", nullable(&time())),
        ("resolvedAt", nullable(&time())),
        ("createdAt", time()),
        ("message", noted(text(), "what happened and what to do")),
    ]
}

/// `hours` or `steps`, whichever was asked for, so neither is required.
pub(super) fn stats() -> Value {
    let endpoint = [
        &[("endpointId", id("ep_"))],
        &counts()[..],
        &[
            ("latencyMs", noted(nullable(&latency()), "how long successful attempts took, within a tenth")),
            (
                "nextAttemptAt",
                noted(
                    nullable(&time()),
                    "the earliest retry that is planned, of the latest 500 deliveries that are retried, or of one endpoint among the account's latest 1,000",
                ),
            ),
        ],
    ];
    let endpoint = by_step(&endpoint.concat(), "Hour", "those without deliveries are left out");
    let stats = [
        ("since", noted(time(), "the start of the first step")),
        ("until", noted(time(), "now, or some ten minutes ago if these have too many deliveries")),
        ("complete", noted(boolean(), "whether every delivery from `since` until `until` was counted")),
        ("countedSince", noted(time(), "from when on every delivery was counted")),
        (
            "latencyMs",
            noted(
                nullable(&latency()),
                "how long successful attempts took, within 4 %; of one endpoint within a tenth",
            ),
        ),
        (
            "endpoints",
            noted(
                list(&endpoint),
                "newest first; endpoints without deliveries are left out, unless one is to be tried again",
            ),
        ),
    ];
    by_step(&stats, "TimedHour", "by the time of the event, oldest first")
}

fn by_step(members: &[Member], item: &str, note: &str) -> Value {
    let mut object = object(members);
    object["properties"]["hours"] = noted(list(&schema(item)), &format!("with `step=1h`; {note}"));
    object["properties"]["steps"] = noted(list(&schema(item)), &format!("with `step=5m` and `6h`; {note}"));
    object
}

fn latency() -> Value {
    object(&[("p50", count()), ("p95", count()), ("p99", count())])
}

pub(super) fn hour() -> Vec<Member> {
    [&[("at", noted(time(), "the start of the hour, or of the step"))], &counts()[..]].concat()
}

pub(super) fn timed_hour() -> Vec<Member> {
    let latency = noted(nullable(&latency()), "how long successful attempts took");
    [&hour()[..], &[("latencyMs", latency)]].concat()
}

pub(super) fn counts() -> Vec<Member> {
    vec![
        ("delivered", count()),
        ("failed", count()),
        ("waiting", noted(count(), "pending or retrying")),
        ("cancelled", count()),
        ("attempts", noted(count(), "attempts that these deliveries took, whenever they were made")),
    ]
}

pub(super) fn request_body() -> Value {
    noted(
        nullable(&text()),
        "the bytes that the latest attempt signed, or would if it were made now; null when the event is no longer stored",
    )
}
