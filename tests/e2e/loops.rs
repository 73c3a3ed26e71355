//! Two systems that answer each other: keys whose events an endpoint does not get, and a chain of calls and deliveries that
//! ends.

use std::time::Duration;

use domain::alert::AlertKind;
use serde_json::{Value, json};
use tests::{Call, InboundApp, Received, Receiver, Reply, TestApp};

use crate::crew::WORK_ORDER;
use crate::expect::{invalid, warnings};

const ENDPOINTS: &str = "/api/endpoints";
const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Another key of the account: its id and the key itself.
async fn new_key(app: &InboundApp, scopes: &[&str]) -> (String, String) {
    let made = app.post("/api/keys", json!({ "name": "CRM", "scopes": scopes })).await.expect(201).body;
    (made["id"].as_str().unwrap().to_owned(), made["key"].as_str().unwrap().to_owned())
}

fn order(app: &InboundApp, number: &str, title: &str) -> Call {
    app.request("POST", WORK_ORDER).json(&json!({ "workOrderNumber": number, "title": title }))
}

fn numbers(receiver: &Receiver) -> Vec<String> {
    let number = |request: Received| request.json()["data"]["workOrderNumber"].as_str().unwrap().to_owned();
    let mut numbers: Vec<String> = receiver.requests().into_iter().map(number).collect();
    numbers.sort();
    numbers
}

#[tokio::test]
async fn an_endpoint_gets_no_events_that_its_own_keys_cause() {
    let (app, receiver, all) = (TestApp::start().await, Receiver::start().await, Receiver::start().await);
    let (id, key) = new_key(&app, &["inbound", "events:publish"]).await;
    let body = json!({ "url": receiver.url(), "events": ["*"], "skipKeys": [id] });
    let made = app.post(ENDPOINTS, body).await.expect(201).body;
    assert_eq!(made["skipKeys"], json!([id]));
    app.endpoint(&all.url(), ["*"]).await;
    order(&app, "WO-1", "Ours").send().await.expect(200);
    order(&app, "WO-2", "Theirs").key(&key).send().await.expect(200);
    let data = app.fixture("events/workorder.created")["data"].clone();
    let published = json!({ "event": "workorder.created", "data": data, "idempotencyKey": "1" });
    app.request("POST", "/api/events").json(&published).key(&key).send().await.expect(200);
    app.drain().await;
    assert_eq!(numbers(&receiver), ["WO-1"]);
    assert_eq!(all.count(), 3, "others get them");
}

#[tokio::test]
async fn a_rotated_key_is_the_same_sender() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let (id, first) = new_key(&app, &["inbound"]).await;
    let second = app.post(&format!("/api/keys/{id}/rotate"), json!({})).await.expect(201).body;
    app.endpoint_with(json!({ "url": receiver.url(), "events": ["*"], "skipKeys": [second["id"]] })).await;
    let path = format!("/api/keys/{}/rotate", second["id"].as_str().unwrap());
    let third = app.post(&path, json!({})).await.expect(201).body["key"].as_str().unwrap().to_owned();
    for (number, key) in [("WO-1", &first), ("WO-2", &third), ("WO-3", &app.key)] {
        order(&app, number, "One").key(key).send().await.expect(200);
    }
    app.drain().await;
    assert_eq!(numbers(&receiver), ["WO-3"]);
}

#[tokio::test]
async fn keys_are_checked_and_self_is_the_key_of_the_call() {
    let app = InboundApp::start().await;
    let (id, key) = new_key(&app, &["inbound", "webhooks:manage"]).await;
    let body = |url: &str, keys: Value| json!({ "url": format!("http://127.0.0.1:9/{url}"), "events": ["*"], "skipKeys": keys });
    let made = app.request("POST", ENDPOINTS).json(&body("a", json!(["self"]))).key(&key).send().await.expect(201).body;
    assert_eq!(made["skipKeys"], json!([id]));

    let theirs = app.tenant("Other").await;
    let foreign = theirs.get("/api/keys").await.expect(200).body["data"][0]["id"].clone();
    let unknown = "key_01JAMB3X9T7Q2V5K8N4C6D0EFG";
    for keys in [json!([id, foreign]), json!(["self", unknown])] {
        invalid(&app.post(ENDPOINTS, body("b", keys)).await, &["skipKeys[1] unknown_reference"]);
    }
    // A key that is gone stays where it is named already.
    app.delete(&format!("/api/keys/{id}")).await.expect(204);
    let path = format!("{ENDPOINTS}/{}", made["id"].as_str().unwrap());
    let changed = app.patch(&path, json!({ "skipKeys": [id, "self"] })).await.expect(200).body;
    assert_eq!(changed["skipKeys"].as_array().unwrap().len(), 2);
    assert_eq!(app.patch(&path, json!({ "skipKeys": null })).await.expect(200).body["skipKeys"], json!([]));
}

/// Answers a delivery as two-way syncs do: the same record, with another title, in the trace of the delivery.
async fn answer(app: &TestApp, delivery: &Received, title: &str) -> Reply {
    let number = delivery.json()["data"]["workOrderNumber"].as_str().unwrap().to_owned();
    let call = order(app, &number, title);
    let call = call.header("traceparent", delivery.header("traceparent"));
    call.header("tracestate", &format!("congo=t61rcWkgMzE,{}", delivery.header("tracestate"))).send().await
}

#[tokio::test]
async fn what_goes_round_stops_after_eight_deliveries_and_loses_nothing() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await.id;
    order(&app, "WO-1", "Title 0").send().await.expect(200);
    let mut replies = Vec::new();
    for round in 1..=8 {
        app.drain().await;
        app.advance(Duration::from_secs(1)).await;
        let delivery = receiver.requests().pop().unwrap();
        assert_eq!(delivery.header("tracestate"), format!("workskedge=h:{round}"));
        replies.push(answer(&app, &delivery, &format!("Title {round}")).await.expect(200));
    }
    app.drain().await;
    assert_eq!(receiver.count(), 8, "the event of the eighth answer went to nobody");
    let warned: Vec<Vec<String>> = replies.iter().map(warnings).collect();
    assert!(warned[..7].iter().all(Vec::is_empty), "{warned:?}");
    assert_eq!(warned[7], ["loop_stopped $"]);

    // The record and its event are there, and people are told, once.
    let stored = app.get("/api/records/workorder/WO-1").await.expect(200).body;
    assert_eq!(stored["title"], "Title 8");
    let latest = app.get("/api/events?order=newest&limit=1").await.expect(200).body["data"][0].clone();
    assert_eq!(latest["data"]["title"], "Title 8");
    let alerts = app.alerts().await;
    let [alert] = &alerts[..] else { panic!("{alerts:?}") };
    assert_eq!((alert.kind, alert.event_id.as_deref()), (AlertKind::EventLooped, latest["id"].as_str()));
    assert!(alert.message.contains("skipKeys"), "{}", alert.message);
    let listed = app.get("/api/alerts?kind=event.looped").await.expect(200).body;
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);

    // A person can send it all the same; what comes of that stops at once.
    let replay = json!({ "since": "2025-10-20T00:00:00Z", "only": "missing" });
    let replayed = app.post(&format!("{ENDPOINTS}/{endpoint}/replay"), replay).await.expect(202).body;
    assert_eq!(replayed["queued"], 1);
    app.drain().await;
    let ninth = receiver.requests().pop().unwrap();
    assert_eq!(ninth.header("tracestate"), "workskedge=h:9");
    answer(&app, &ninth, "Title 9").await.expect(200);
    app.drain().await;
    assert_eq!((receiver.count(), app.alerts().await.len()), (9, 1), "one alert an hour");
}

#[tokio::test]
async fn an_event_that_is_brought_again_stays_with_nobody() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    let call = order(&app, "WO-1", "One").header("traceparent", CALLER).header("tracestate", "workskedge=h:8");
    call.send().await.expect(200);
    app.system().skip_stream().await.unwrap();
    app.advance(Duration::from_mins(20)).await;
    app.sweep().await;
    app.drain().await;
    assert_eq!((receiver.count(), app.alerts().await.len()), (0, 1));
}

#[tokio::test]
async fn hops_count_with_a_trace_only() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    for (number, parent, state) in [
        ("WO-1", None, "workskedge=h:200"),
        ("WO-2", Some("00-nonsense"), "workskedge=h:8"),
        ("WO-3", Some(CALLER), "congo=t61rcWkgMzE"),
        ("WO-4", Some(CALLER), "workskedge=h:7"),
        ("WO-5", Some(CALLER), "workskedge=h:200"),
    ] {
        let call = order(&app, number, "One").header("tracestate", state);
        let call = if let Some(parent) = parent { call.header("traceparent", parent) } else { call };
        call.send().await.expect(200);
    }
    app.drain().await;
    assert_eq!(numbers(&receiver), ["WO-1", "WO-2", "WO-3", "WO-4"]);
    let states: Vec<String> = receiver.requests().iter().map(|one| one.header("tracestate").to_owned()).collect();
    assert_eq!(states.iter().filter(|state| *state == "workskedge=h:8").count(), 1, "{states:?}");
}

#[tokio::test]
async fn who_publishes_is_told_that_the_event_went_round() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    let event = app.fixture("events/report.generated");
    let publish = |path: &str, key: &str, hops: &str| {
        let body = json!({ "event": "report.generated", "data": event["data"], "idempotencyKey": key });
        app.request("POST", path).header("traceparent", CALLER).header("tracestate", hops).json(&body)
    };
    let fine = publish("/api/events", "1", "workskedge=h:7").send().await.expect(200);
    assert_eq!(warnings(&fine), [""; 0]);
    for path in ["/api/events", "/api/events?dryRun=true"] {
        let stopped = publish(path, "2", "workskedge=h:8").send().await.expect(200);
        assert_eq!(warnings(&stopped), ["loop_stopped $"]);
    }
    app.drain().await;
    assert_eq!(receiver.count(), 1);
}
