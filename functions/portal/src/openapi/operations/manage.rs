//! Endpoints, deliveries, events, alerts and keys.

use domain::api_key::Scope::{ManageKeys, ManageWebhooks};
use inbound::manage::parameters;
use inbound::problem::ProblemCode::{AlreadyDelivered, InvalidStateTransition, LastKey, LimitReached};
use serde_json::json;

use super::call::Call;

pub(super) fn calls() -> Vec<Call> {
    let mut calls = endpoints();
    calls.extend(sending());
    calls.extend(deliveries());
    calls.extend(keys());
    calls
}

fn endpoints() -> Vec<Call> {
    let call = |method, path: &str, id: &str| Call::new(method, format!("/api/endpoints{path}"), id, ManageWebhooks);
    let body = json!({ "url": "https://erp.example.com/hooks/workskedge", "events": ["workorder.*"] });
    vec![
        call("get", "", "list-endpoints")
            .about("Endpoints", "List endpoints", "Newest first.")
            .filtered_by(parameters::ENDPOINTS)
            .answers(200, "One page", "EndpointPage"),
        call("post", "", "create-endpoint")
            .about(
                "Endpoints",
                "Subscribe",
                "Makes an endpoint. The answer has its signing secret, which `/secret` shows again. When the account has \
                 one with the same URL, events and projects, in whatever order or spelling, the answer is 200 with that \
                 one as it is: `description`, `headers` and `status` of the body change nothing.",
            )
            .takes("EndpointBody", body)
            .answers(201, "The endpoint with its secret", "EndpointWithSecret")
            .or_finds("The endpoint that subscribes to the same already, with its secret")
            .fails_with(&[LimitReached]),
        call("get", "/{id}", "get-endpoint").about("Endpoints", "Get an endpoint", "").answers(
            200,
            "The endpoint",
            "Endpoint",
        ),
        call("patch", "/{id}", "change-endpoint")
            .about(
                "Endpoints",
                "Change, pause or enable an endpoint",
                "What is absent stays. Enabling resets its health and sends at once what has waited for it. Attempts at events that it does not ask for any more are cancelled when they are due.",
            )
            .takes("EndpointChange", json!({ "status": "disabled" }))
            .answers(200, "The endpoint", "Endpoint"),
        call("delete", "/{id}", "delete-endpoint")
            .about("Endpoints", "Unsubscribe", "Its pending deliveries end as `cancelled`.")
            .answers_nothing("It is gone"),
        call("get", "/{id}/secret", "get-secret")
            .about("Endpoints", "Reveal the signing secret", "And until when those before it are valid.")
            .answers(200, "The secret", "Secret"),
        call("post", "/{id}/secret/rotate", "rotate-secret")
            .about(
                "Endpoints",
                "Rotate the signing secret",
                "Both sign until the overlap ends. [How to rotate](/docs/rotating-secrets)",
            )
            .may_take("SecretRotation", json!({ "overlapHours": 24, "promote": "later" }))
            .answers(200, "The new secret", "Secret")
            .fails_with(&[LimitReached]),
        call("post", "/{id}/secret/promote", "promote-secret")
            .about(
                "Endpoints",
                "Promote the new signing secret",
                "It signs `X-Webhook-Signature` from now on, in the place of the one that was rotated. Promoting what is \
                 promoted changes nothing.",
            )
            .answers(200, "The secret", "Secret"),
    ]
}

fn sending() -> Vec<Call> {
    let call = |method, path: &str, id: &str| Call::new(method, path, id, ManageWebhooks);
    vec![
        call("post", "/api/endpoints/{id}/test", "test-endpoint")
            .about("Endpoints", "Send a test", "Sends the catalog's example once and now, and answers with what came of it. One that fails has no consequences: no failure counted, no alert, no retry. One that arrives ends what failed in a row.")
            .takes("TestSend", json!({ "event": "workorder.created" }))
            .answers(200, "What came of it", "TestResult"),
        call("post", "/api/endpoints/{id}/replay", "replay")
            .about("Endpoints", "Replay", "Sends again what `failed`, what is `missing`, or `all` of a span of time; `dryRun` only counts. [Catching up](/docs/catching-up)")
            .takes("Replay", json!({ "since": "2026-11-20T00:00:00Z", "only": "failed", "dryRun": true }))
            .answers(202, "What is sent, or would be", "ReplayResult")
            .fails_with(&[InvalidStateTransition]),
        call("post", "/api/deliveries/{id}/retry", "retry-delivery")
            .about("Deliveries", "Send a delivery again", "A new series of attempts at once, under the same `X-Webhook-ID`, in the place of what was planned.")
            .may_take("Retry", json!({ "force": false }))
            .answers(202, "The delivery", "Delivery")
            .fails_with(&[AlreadyDelivered, InvalidStateTransition]),
    ]
}

fn deliveries() -> Vec<Call> {
    let call = |path: &str, id: &str| Call::new("get", path, id, ManageWebhooks);
    vec![
        call("/api/deliveries", "list-deliveries")
            .about("Deliveries", "List deliveries", "Newest first, without their attempts. A page can have fewer than asked for and still a next one.")
            .filtered_by(parameters::DELIVERIES)
            .answers(200, "One page", "DeliveryPage"),
        call("/api/deliveries/{id}", "get-delivery")
            .about("Deliveries", "Get a delivery", "With its attempts and the body as sent.")
            .answers(200, "The delivery", "DeliveryWhole"),
        call("/api/events", "list-events")
            .about("Events", "Catch up on events", "Oldest first behind `after`, for subscribers that were down; or with `order=newest` for people. [Catching up](/docs/catching-up)")
            .filtered_by(parameters::EVENTS)
            .answers(200, "One page; `resumeAfter` only when oldest first", "Feed"),
        call("/api/events/{id}", "get-event")
            .about("Events", "Get an event", "With its deliveries, and what else its request raised.")
            .answers(200, "The event", "EventWhole"),
        call("/api/alerts", "list-alerts")
            .about("Alerts", "List alerts", "Newest first.")
            .filtered_by(parameters::ALERTS)
            .answers(200, "One page", "AlertPage"),
        call("/api/stats", "get-stats")
            .about("Deliveries", "Numbers of the latest hours", "What became of the deliveries of each hour and of each endpoint, without test sends. When there were very many, only the latest are counted: `complete` says so, and `countedSince` from when on.")
            .filtered_by(parameters::STATS)
            .answers(200, "The numbers", "Stats"),
    ]
}

fn keys() -> Vec<Call> {
    let call = |method, path: &str, id: &str| Call::new(method, format!("/api/keys{path}"), id, ManageKeys);
    vec![
        call("get", "", "list-keys")
            .about("API keys", "List keys", "Newest first, with what they have used of their limits.")
            .filtered_by(parameters::KEYS)
            .answers(200, "One page", "KeyPage"),
        call("post", "", "create-key")
            .about("API keys", "Make a key", "The answer is the only one that shows it.")
            .takes("KeyBody", json!({ "name": "ERP", "scopes": ["inbound"] }))
            .answers(201, "The key", "KeyCreated"),
        call("get", "/{id}", "get-key").about("API keys", "Get a key", "").answers(200, "The key", "Key"),
        call("patch", "/{id}", "change-key")
            .about("API keys", "Change a key", "What is absent stays.")
            .takes("KeyChange", json!({ "name": "ERP, nightly" }))
            .answers(200, "The key", "Key")
            .fails_with(&[LastKey]),
        call("delete", "/{id}", "delete-key")
            .about("API keys", "Revoke a key", "It is refused everywhere within 60 seconds.")
            .answers_nothing("It is gone")
            .fails_with(&[LastKey]),
        call("post", "/{id}/rotate", "rotate-key")
            .about(
                "API keys",
                "Rotate a key",
                "Makes a key that may do the same, and ends the old one after the overlap.",
            )
            .may_take("Rotation", json!({ "overlapHours": 24 }))
            .answers(201, "The new key", "KeyRotated")
            .fails_with(&[InvalidStateTransition]),
    ]
}
