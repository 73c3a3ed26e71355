//! Which events an endpoint gets by their content, and how that is seen before it is saved.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Endpoint, InboundApp, Received, Receiver, TestApp};

use crate::crew::{WORK_ORDER, with};
use crate::expect::{common_headers, invalid, refused};

const ENDPOINTS: &str = "/api/endpoints";
const PREVIEW: &str = "/api/endpoints/preview";

async fn subscribe(app: &TestApp, receiver: &Receiver, conditions: Value) -> Endpoint {
    app.endpoint_with(with(json!({ "url": receiver.url(), "events": ["*"] }), conditions)).await
}

async fn order(app: &TestApp, number: &str, more: Value) {
    let body = with(json!({ "workOrderNumber": number, "title": "Pour slab" }), more);
    app.post(WORK_ORDER, body).await.expect(200);
}

/// Event and number of what arrived, in no order.
fn arrived(receiver: &Receiver) -> Vec<String> {
    let told = |request: Received| {
        format!("{} {}", request.header("x-webhook-event"), request.json()["data"]["workOrderNumber"].as_str().unwrap())
    };
    let mut all: Vec<String> = receiver.requests().into_iter().map(told).collect();
    all.sort();
    all
}

#[tokio::test]
async fn an_endpoint_gets_the_events_whose_content_matches() {
    let (app, urgent, all) = (TestApp::start().await, Receiver::start().await, Receiver::start().await);
    let filter = json!({ "event": [{ "prefix": "workorder." }],
        "data": { "priority": ["high", "urgent"], "title": [{ "anything-but": { "prefix": "Test" } }] } });
    subscribe(&app, &urgent, json!({ "filter": filter })).await;
    subscribe(&app, &all, json!({})).await;
    order(&app, "WO-1", json!({ "priority": "high" })).await;
    order(&app, "WO-2", json!({ "priority": "low" })).await;
    order(&app, "WO-3", json!({ "priority": "urgent", "title": "Test of the system" })).await;
    app.drain().await;
    assert_eq!(arrived(&urgent), ["workorder.created WO-1"]);
    assert_eq!(all.count(), 3);
}

#[tokio::test]
async fn of_updates_an_endpoint_gets_those_that_touch_its_fields() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    subscribe(&app, &receiver, json!({ "changed": ["scheduledStart", "status"] })).await;
    order(&app, "WO-1", json!({})).await;
    order(&app, "WO-1", json!({ "title": "Pour the slab" })).await;
    order(&app, "WO-1", json!({ "scheduledStart": "2025-11-03T05:00:00Z", "status": "scheduled" })).await;
    order(&app, "WO-1", json!({ "phase": "Foundation" })).await;
    app.drain().await;
    assert_eq!(arrived(&receiver), ["workorder.created WO-1", "workorder.updated WO-1"]);
}

#[tokio::test]
async fn a_published_event_is_filtered_like_any_other() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    subscribe(&app, &receiver, json!({ "filter": { "data": { "format": ["pdf"] } } })).await;
    for format in ["pdf", "csv"] {
        let mut data = app.fixture("events/report.generated")["data"].clone();
        data["format"] = json!(format);
        let body = json!({ "event": "report.generated", "data": data, "idempotencyKey": format });
        app.post("/api/events", body).await.expect(200);
    }
    app.drain().await;
    assert_eq!(receiver.only().json()["data"]["format"], "pdf");
}

#[tokio::test]
async fn a_changed_filter_counts_at_once_and_cancels_what_it_leaves_out() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.answer_with([500, 200]);
    let endpoint = subscribe(&app, &receiver, json!({ "filter": { "data": { "priority": ["low"] } } })).await;
    order(&app, "WO-1", json!({ "priority": "low" })).await;
    order(&app, "WO-2", json!({ "priority": "high" })).await;
    app.drain().await;
    assert_eq!(arrived(&receiver), ["workorder.created WO-1"]);

    let path = format!("{ENDPOINTS}/{}", endpoint.id);
    let filter = json!({ "data": { "priority": ["high"] } });
    let changed = app.patch(&path, json!({ "filter": filter })).await.expect(200).body;
    assert_eq!((&changed["filter"], &changed["version"]), (&filter, &json!(2)));
    order(&app, "WO-3", json!({ "priority": "high" })).await;
    app.advance(Duration::from_secs(70)).await;
    app.drain().await;
    assert_eq!(arrived(&receiver), ["workorder.created WO-1", "workorder.created WO-3"]);
    let cancelled = app.get("/api/deliveries?status=cancelled").await.expect(200).body["data"].clone();
    assert_eq!(cancelled.as_array().unwrap().len(), 1);

    let cleared = app.patch(&path, json!({ "filter": null })).await.expect(200).body;
    assert_eq!(cleared["filter"], Value::Null);
    // What the filter of the time left out is missing now.
    let replay = json!({ "since": "2025-10-20T00:00:00Z", "only": "missing" });
    let replayed = app.post(&format!("{path}/replay"), replay).await.expect(202).body;
    assert_eq!(replayed["queued"], 1);
    app.drain().await;
    assert!(arrived(&receiver).contains(&"workorder.created WO-2".to_owned()));
}

#[tokio::test]
async fn an_endpoint_shows_what_it_asks_for_and_is_found_by_it() {
    let app = InboundApp::start().await;
    let url = "http://127.0.0.1:9/hook";
    let filter = json!({ "data": { "status": ["scheduled"], "priority": ["high"] } });
    let body = json!({ "url": url, "events": ["*"], "filter": filter, "changed": ["status", "title"] });
    let made = app.post(ENDPOINTS, body).await.expect(201).body;
    assert_eq!((&made["filter"], &made["changed"]), (&filter, &json!(["status", "title"])));
    let read = app.get(&format!("{ENDPOINTS}/{}", made["id"].as_str().unwrap())).await.expect(200).body;
    assert_eq!((&read["filter"], &read["changed"], &read["skipKeys"]), (&filter, &made["changed"], &json!([])));

    let same = json!({ "url": url, "events": ["*"], "changed": ["title", "status"],
        "filter": { "data": { "priority": ["high"], "status": ["scheduled"] } } });
    assert_eq!(app.post(ENDPOINTS, same).await.expect(200).body["id"], made["id"]);
    for other in [
        json!({ "changed": ["status", "title"] }),
        json!({ "filter": filter }),
        json!({ "filter": filter, "changed": ["status"] }),
        json!({ "filter": filter, "changed": ["status", "title"], "skipKeys": ["self"] }),
    ] {
        app.post(ENDPOINTS, with(json!({ "url": url, "events": ["*"] }), other)).await.expect(201);
    }
}

#[tokio::test]
async fn each_mistake_is_a_sentence_at_its_place() {
    let app = InboundApp::start().await;
    let filter = json!({
        "detail": { "status": ["done"] },
        "data": { "statsu": ["scheduled"], "priority": ["highest"], "title": "Pour slab", "version": [{ "numeric": [">"] }] },
    });
    let body = json!({
        "url": "http://127.0.0.1:9/", "events": ["*"], "filter": filter, "changed": ["status", "schedule"],
        "skipKeys": ["erp"],
    });
    let reply = app.post(ENDPOINTS, body).await;
    let defects = [
        "changed[1] unknown_field",
        "filter.data.title invalid_type",
        "filter.data.version[0].numeric invalid_value",
        "skipKeys[0] invalid_format",
    ];
    invalid(&reply, &defects);
    let filter =
        json!({ "detail": { "status": ["done"] }, "data": { "statsu": ["scheduled"], "priority": ["highest"] } });
    for (method, path) in [("POST", ENDPOINTS), ("POST", PREVIEW)] {
        let body = json!({ "url": "http://127.0.0.1:9/", "events": ["*"], "filter": filter });
        let body = if path == PREVIEW { json!({ "filter": filter }) } else { body };
        let reply = app.request(method, path).json(&body).send().await;
        invalid(
            &reply,
            &[
                "filter.data.priority[0] invalid_value",
                "filter.data.statsu unknown_field",
                "filter.detail unknown_field",
            ],
        );
        assert!(reply.text.contains("is a field of no event; did you mean status?"), "{}", reply.text);
    }
    let long = json!({ "data": { "title": ["x".repeat(5_000)] } });
    invalid(&app.post(PREVIEW, json!({ "filter": long })).await, &["filter too_large"]);
    let nested = json!({ "$or": [{ "data": { "title": [{ "anything-but": { "prefix": ["a", "b"] } }] } },
        { "data": { "$or": [{ "phase": [{ "anything-but": { "prefix": ["a", "b"] } }] }, { "costCode": ["7"] }] } }] });
    app.post(PREVIEW, json!({ "filter": nested })).await.expect(200);
}

#[tokio::test]
async fn a_preview_says_which_of_the_latest_events_it_would_get_and_what_leaves_out_the_others() {
    let app = TestApp::start().await;
    for (number, more) in [
        ("WO-1", json!({ "priority": "high" })),
        ("WO-1", json!({ "priority": "high", "title": "Pour the slab" })),
        ("WO-2", json!({})),
    ] {
        order(&app, number, more).await;
        app.advance(Duration::from_secs(1)).await;
    }
    app.post("/api/webhook/project", json!({ "projectNumber": "P-1", "name": "Bridge" })).await.expect(200);
    let before = app.items(&app.account).await.len();
    let wanted =
        json!({ "events": ["workorder.*"], "filter": { "data": { "priority": ["high"] } }, "changed": ["status"] });
    let reply = app.post(PREVIEW, wanted).await.expect(200);
    common_headers(&reply);
    let told: Vec<(&str, Option<&str>, &Value)> = reply.body["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["event"].as_str().unwrap(), event["subject"]["number"].as_str(), &event["unmet"]))
        .collect();
    let (events, changed, filter) = (json!("events"), json!("changed"), json!("filter"));
    assert_eq!(
        told,
        [
            ("project.created", Some("P-1"), &events),
            ("workorder.created", Some("WO-2"), &filter),
            ("workorder.updated", Some("WO-1"), &changed),
            ("workorder.created", Some("WO-1"), &Value::Null),
        ]
    );
    assert_eq!(
        (&reply.body["examined"], &reply.body["matched"], &reply.body["examples"]),
        (&json!(4), &json!(1), &json!(false))
    );
    assert!(reply.body["events"][0]["id"].as_str().unwrap().starts_with("evt_"));
    assert_eq!(reply.body["key"]["sends"], true);
    assert_eq!(app.items(&app.account).await.len(), before, "nothing is stored");

    let mine = app.post(PREVIEW, json!({ "skipKeys": ["self"] })).await.expect(200).body;
    assert_eq!((&mine["matched"], &mine["events"][0]["unmet"]), (&json!(0), &json!("skipKeys")));
    app.drain().await;
}

#[tokio::test]
async fn an_account_without_events_is_shown_the_examples_of_the_catalog() {
    let app = InboundApp::start().await;
    let body = app.post(PREVIEW, json!({ "filter": { "data": { "status": ["cancelled"] } } })).await.expect(200).body;
    assert_eq!((&body["examples"], &body["examined"]), (&json!(true), &json!(23)));
    let passed: Vec<&Value> =
        body["events"].as_array().unwrap().iter().filter(|event| event["unmet"].is_null()).collect();
    assert!(passed.iter().all(|event| event["id"].is_null() && event["raisedAt"].is_null()), "{passed:?}");
    assert!(passed.iter().any(|event| event["event"] == "workorder.cancelled"), "{passed:?}");
    refused(&app.get(PREVIEW).await, 405, "method_not_allowed");
}
