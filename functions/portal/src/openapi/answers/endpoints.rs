//! Answers of `/api/endpoints`.

use domain::endpoint::Unmet;
use domain::format::Format;
use domain::pace::MAX_PER_SECOND;
use serde_json::{Value, json};

use super::super::schema;
use super::super::shape::{
    Member, attempt_error, boolean, count, error_detail, event_name, id, list, noted, nullable, object, secret,
    subject, text, time, words,
};

pub(super) fn endpoint() -> Vec<Member> {
    let pace = json!({ "type": "integer", "minimum": 1, "maximum": MAX_PER_SECOND });
    vec![
        ("id", id("ep_")),
        ("url", text()),
        ("events", noted(list(&text()), "event types, `workorder.*` or `*`")),
        ("projectIds", noted(list(&id("proj_")), "only events of these projects; empty for all")),
        ("filter", noted(nullable(&json!({ "type": "object" })), "only events whose content matches; null for all")),
        ("changed", noted(list(&text()), "of updates, only those that touch one of these fields; empty for all")),
        ("skipKeys", noted(list(&id("key_")), "no events that these API keys cause")),
        ("description", nullable(&text())),
        ("status", words(["enabled", "disabled"])),
        ("disabledReason", nullable(&text())),
        ("disabledAt", noted(nullable(&time()), "null while it is enabled")),
        (
            "headers",
            json!({ "type": "object", "additionalProperties": { "type": "string" }, "description": "custom headers; values are masked, except in the responses to the calls that set them" }),
        ),
        ("maxPerSecond", noted(nullable(&pace), "how many attempts a second it takes at most; null for no limit")),
        ("format", noted(words(Format::WORDS.iter().copied()), "what is sent of an event, from the next attempt on")),
        ("secretHint", noted(text(), "the last characters of the secret")),
        ("createdAt", time()),
        ("updatedAt", time()),
        ("version", count()),
        ("health", schema("Health")),
    ]
}

pub(super) fn waiting() -> Value {
    let waiting = object(&[
        ("deliveries", noted(count(), "how many, about")),
        ("until", noted(time(), "when the last of them is sent, about")),
    ]);
    noted(nullable(&waiting), "what waits for its `maxPerSecond`; null when there is no line")
}

pub(super) fn health() -> Vec<Member> {
    let error = object(&[
        ("deliveryId", id("dlv_")),
        ("error", attempt_error()),
        ("errorDetail", noted(nullable(&error_detail()), "what exactly failed, if known")),
        ("statusCode", nullable(&count())),
    ]);
    vec![
        ("state", words(["healthy", "failing"])),
        ("consecutiveFailures", count()),
        ("failingSince", nullable(&time())),
        ("lastSuccessAt", noted(nullable(&time()), "accurate to the minute")),
        ("lastFailureAt", nullable(&time())),
        ("lastError", noted(nullable(&error), "why the attempt of `lastFailureAt` failed")),
        (
            "lastSlowAt",
            noted(
                nullable(&time()),
                "when an attempt last took so long that the endpoint counts as slow, by default more than 3 seconds; accurate to the minute",
            ),
        ),
        (
            "disablesAt",
            noted(
                nullable(&time()),
                "from when on its next failure gets it disabled, if nothing arrives until then; null while it is healthy \
                 or disabled",
            ),
        ),
    ]
}

pub(super) fn preview() -> Vec<Member> {
    let key = object(&[
        ("id", id("key_")),
        ("name", text()),
        ("sends", noted(boolean(), "whether calls with it may raise events")),
    ]);
    let event = object(&[
        ("id", noted(nullable(&id("evt_")), "null for an example of the catalog")),
        ("event", event_name()),
        ("subject", subject()),
        ("raisedAt", nullable(&time())),
        (
            "unmet",
            noted(nullable(&words(Unmet::WORDS.iter().copied())), "the field that leaves it out; null when it is sent"),
        ),
    ]);
    vec![
        (
            "examples",
            noted(boolean(), "whether these are the examples of the catalog, because the account has no events"),
        ),
        ("examined", count()),
        ("matched", count()),
        ("events", noted(list(&event), "newest first")),
        ("key", noted(key, "the key of the call")),
    ]
}

pub(super) fn secret_answer() -> [Member; 3] {
    let promotes =
        "When `secret` starts to sign `X-Webhook-Signature` unless it is promoted before. Null if it does already.";
    [
        ("secret", secret()),
        ("promotesAt", noted(nullable(&time()), promotes)),
        ("previous", list(&object(&[("validUntil", time())]))),
    ]
}

pub(super) fn test_result() -> Vec<Member> {
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

pub(super) fn replay_result() -> Vec<Member> {
    vec![
        ("dryRun", boolean()),
        ("matched", noted(count(), "deliveries that match")),
        ("queued", noted(count(), "deliveries that this call queued; 0 in a dry run")),
        (
            "underWay",
            noted(
                count(),
                "deliveries that are skipped: pending or retrying ones that do not wait for the endpoint to be \
                 enabled, and those that a replay has delivered in the last ten minutes",
            ),
        ),
        ("nextSince", noted(nullable(&time()), "the `since` of the next call, when this one ended before `until`")),
    ]
}
