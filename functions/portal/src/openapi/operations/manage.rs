//! Endpoints, deliveries, events and alerts.

use domain::api_key::Scope::{ManageWebhooks, ReadRecords};
use inbound::manage::parameters;
use inbound::problem::ProblemCode::{AlreadyDelivered, InvalidStateTransition, LimitReached};
use serde_json::json;

use super::call::Call;

pub(super) fn calls() -> Vec<Call> {
    let mut calls = endpoints();
    calls.extend(secrets());
    calls.extend(sending());
    calls.extend(deliveries());
    calls.extend(records());
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
                "Creates an endpoint. The response has its signing secret, which `/secret` shows again. If the account \
                 already has an endpoint with the same URL, events, projects, `filter`, `changed` and `skipKeys`, in any \
                 order or spelling, the response is 200 with that endpoint, unchanged: `description`, `headers`, \
                 `maxPerSecond`, `format` and `status` of the body are ignored. [Filters](/docs/filters)",
            )
            .takes("EndpointBody", body)
            .answers(201, "The endpoint with its secret", "EndpointWithSecret")
            .or_finds("The existing endpoint with this subscription, and its secret")
            .fails_with(&[LimitReached]),
        call("post", "/preview", "preview-endpoint")
            .about(
                "Endpoints",
                "Preview a subscription",
                "Which of the account's latest 100 events an endpoint with these conditions would get, and what leaves out the \
                 others. Nothing is saved or sent. An account without events gets the catalog's examples. [Filters](/docs/filters)",
            )
            .takes("EndpointPreview", json!({ "events": ["workorder.*"], "filter": { "data": { "priority": ["high"] } } }))
            .answers(200, "What it would get", "Preview"),
        call("get", "/{id}", "get-endpoint")
            .about("Endpoints", "Get an endpoint", "With what waits for its `maxPerSecond`.")
            .answers(200, "The endpoint", "EndpointWhole"),
        call("patch", "/{id}", "change-endpoint")
            .about(
                "Endpoints",
                "Change, pause or enable an endpoint",
                "Absent fields stay as they are. Enabling resets its health and sends held deliveries at once. Pending \
                 deliveries of events that it no longer subscribes to are cancelled when they are due. A new \
                 `maxPerSecond` counts at once for new deliveries; null removes it. A new `format` counts from the next attempt \
                 on, retries and replays included.",
            )
            .takes("EndpointChange", json!({ "status": "disabled" }))
            .answers(200, "The endpoint", "Endpoint"),
        call("delete", "/{id}", "delete-endpoint")
            .about(
                "Endpoints",
                "Unsubscribe",
                "Its pending and retrying deliveries end as `cancelled`; an attempt that is under way ends as it ends.",
            )
            .answers_nothing("Deleted"),
    ]
}

fn secrets() -> Vec<Call> {
    let call = |method, path: &str, id: &str| Call::new(method, format!("/api/endpoints{path}"), id, ManageWebhooks);
    vec![
        call("get", "/{id}/secret", "get-secret")
            .about("Endpoints", "Reveal the signing secret", "With the expiry of previous secrets.")
            .answers(200, "The secret", "Secret"),
        call("post", "/{id}/secret/rotate", "rotate-secret")
            .about(
                "Endpoints",
                "Rotate the signing secret",
                "Both secrets sign until the overlap ends. [How to rotate](/docs/rotating-secrets)",
            )
            .may_take("SecretRotation", json!({ "overlapHours": 24, "promote": "later" }))
            .answers(200, "The new secret", "Secret")
            .fails_with(&[LimitReached]),
        call("post", "/{id}/secret/promote", "promote-secret")
            .about(
                "Endpoints",
                "Promote the new signing secret",
                "It signs `X-Webhook-Signature` from now on, in place of the previous secret. If it does already, \
                 nothing changes.",
            )
            .answers(200, "The secret", "Secret"),
    ]
}

fn sending() -> Vec<Call> {
    let call = |method, path: &str, id: &str| Call::new(method, path, id, ManageWebhooks);
    // With its end, so that it never spans more than 30 days.
    let day =
        json!({ "since": "2026-11-20T00:00:00Z", "until": "2026-11-21T00:00:00Z", "only": "failed", "dryRun": true });
    vec![
        call("post", "/api/endpoints/{id}/test", "test-endpoint")
            .about(
                "Endpoints",
                "Send a test",
                "Sends the catalog's example, or `data` of your own, once, now, and responds with the outcome. A failed \
                 test has no consequences: it is not counted, alerted or retried. A successful one resets the failure count.",
            )
            .takes("TestSend", json!({ "event": "workorder.created" }))
            .answers(200, "The outcome", "TestResult"),
        call("post", "/api/endpoints/{id}/replay", "replay")
            .about(
                "Endpoints",
                "Replay",
                "Sends the `failed`, the `missing` or `all` deliveries of a span of time again; `dryRun` only counts \
                 them. [Catching up](/docs/catching-up)",
            )
            .takes("Replay", day)
            .answers(202, "How many are sent, or would be", "ReplayResult")
            .fails_with(&[InvalidStateTransition]),
        call("post", "/api/deliveries/{id}/retry", "retry-delivery")
            .about(
                "Deliveries",
                "Send a delivery again",
                "Starts a new series of attempts now, with the same `X-Webhook-ID`. It replaces planned attempts.",
            )
            .may_take("Retry", json!({ "force": false }))
            .answers(202, "The delivery", "Delivery")
            .fails_with(&[AlreadyDelivered, InvalidStateTransition]),
    ]
}

fn deliveries() -> Vec<Call> {
    let call = |path: &str, id: &str| Call::new("get", path, id, ManageWebhooks);
    vec![
        call("/api/deliveries", "list-deliveries")
            .about(
                "Deliveries",
                "List deliveries",
                "Newest first, without their attempts. A page can have fewer results than `limit` and still a next \
                 page.",
            )
            .filtered_by(parameters::DELIVERIES)
            .answers(200, "One page", "DeliveryPage"),
        call("/api/deliveries/{id}", "get-delivery")
            .about("Deliveries", "Get a delivery", "With its attempts and the body as it was sent.")
            .answers(200, "The delivery", "DeliveryWhole"),
        call("/api/events", "list-events")
            .about(
                "Events",
                "Catch up on events",
                "Oldest first after the position `after`, for subscribers that were down; newest first with \
                 `order=newest`. [Catching up](/docs/catching-up)",
            )
            .filtered_by(parameters::EVENTS)
            .answers(200, "One page; `resumeAfter` only when oldest first", "Feed"),
        call("/api/events/{id}", "get-event")
            .about("Events", "Get an event", "With its deliveries and the other events of its request.")
            .answers(200, "The event", "EventWhole"),
        call("/api/alerts", "list-alerts")
            .about(
                "Alerts",
                "List alerts",
                "Newest first. The failed deliveries of an endpoint are one alert, which grows; one that failed in the \
                 last minute may still be listed by itself. `/api/deliveries?status=failed` lists each delivery.",
            )
            .filtered_by(parameters::ALERTS)
            .answers(200, "One page", "AlertPage"),
        call("/api/requests", "list-refused-calls")
            .about(
                "Refused calls",
                "List refused calls",
                "Calls with a key of the account that got a 4xx response in the last 7 days, newest first: which fields were \
                 wrong, and never their values. A page can have fewer results than `limit` and still a next page. \
                 [What is kept](/docs/errors#refused-calls-of-the-last-week)",
            )
            .filtered_by(parameters::REQUESTS)
            .answers(200, "One page", "RefusedCallPage"),
        call("/api/alerts/{id}", "get-alert").about("Alerts", "Get an alert", "").answers(200, "The alert", "Alert"),
        Call::new("patch", "/api/alerts/{id}", "change-alert", ManageWebhooks)
            .about(
                "Alerts",
                "Acknowledge, resolve or reopen an alert",
                "Of the kind `delivery.failed`; the others have no status. An acknowledged alert grows on and is \
                 published no more. Once it is resolved, the endpoint's next failed delivery begins another alert. Only \
                 one alert is open for an endpoint.",
            )
            .takes("AlertChange", json!({ "status": "resolved" }))
            .answers(200, "The alert", "Alert")
            .fails_with(&[InvalidStateTransition]),
        call("/api/stats", "get-stats")
            .about(
                "Deliveries",
                "Get delivery statistics",
                "Deliveries by outcome, the attempts that they took, and how long these took, by hour and endpoint, without \
                 test sends. With `endpointId`, all numbers are of that endpoint. A delivery counts in the hour of its event. \
                 With `step`, the numbers are by five minutes or by six hours. The latest minutes are exact, \
                 unless they have more than 10,000 deliveries: then the statistics end before these, as `until` says. A \
                 delivery that ends after ten minutes or more, as by a retry, changes the numbers 5 to 11 minutes later. \
                 If some older ones could not be counted, `complete` is false, and `countedSince` says from when on all are.",
            )
            .filtered_by(parameters::STATS)
            .answers(200, "The statistics", "Stats"),
    ]
}

fn records() -> Vec<Call> {
    let call = |path: &str, id: &str| Call::new("get", format!("/api/records{path}"), id, ReadRecords);
    vec![
        call("", "search-records")
            .about(
                "Records",
                "Search records",
                "Those with the number or the id `q`. If there are none, at most 20 that have `q` in their title or name, of \
                 the records that the latest 500 events are about. Deleted records are found by number for 30 days, unless \
                 another one has it since.",
            )
            .filtered_by(parameters::RECORDS)
            .answers(200, "What was found: one page", "RecordSummaryPage"),
        call("/{type}/{record}", "get-record")
            .about("Records", "Get a record", "As it is stored, without secrets. Of a deleted record, type, number and time are left for 30 days.")
            .answers(200, "The record", "RecordWhole"),
        call("/{type}/{record}/timeline", "get-timeline")
            .about(
                "Records",
                "Get the timeline of a record",
                "The calls that changed it, newest first, with the events that each raised and their deliveries, 50 a call at \
                 most. Calls that raised no event are not in it. It goes back as far as events are kept, also to a deleted \
                 record that had the number.",
            )
            .filtered_by(parameters::TIMELINE)
            .answers(200, "One page", "ChangePage"),
    ]
}
