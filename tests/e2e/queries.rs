//! Queries: a parameter that a call does not take is refused on every route, never ignored.

use inbound::http::write_cursor;
use serde_json::{Value, json};
use tests::{InboundApp, Reply, Tenant, TestApp};

use crate::crew::WORK_ORDER;
use crate::deliveries::create_work_order;
use crate::expect::{accepted, invalid, refused};

/// The calls of the API as they are described: method, path with its example, parameters of the query, whether it is open.
struct Described {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    required: Vec<String>,
    open: bool,
}

async fn described(app: &Tenant) -> Vec<Described> {
    let document = app.request("GET", "/openapi.json").without_key().send().await.expect(200).body;
    let mut calls = Vec::new();
    for (template, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let mut path = template.clone();
            let (mut query, mut required) = (Vec::new(), Vec::new());
            for parameter in operation["parameters"].as_array().expect("parameters") {
                let (name, example) = (parameter["name"].as_str().expect("a name"), example(parameter));
                if parameter["in"] == "query" && parameter["required"] == true {
                    required.push(name.to_owned());
                }
                match parameter["in"].as_str() {
                    Some("path") => path = path.replace(&format!("{{{name}}}"), &example),
                    Some("query") => query.push((name.to_owned(), example)),
                    _ => {}
                }
            }
            let open = operation["security"].is_array();
            calls.push(Described { method: method.to_uppercase(), path, query, required, open });
        }
    }
    calls
}

/// A value that a parameter may have: optional ones have no example, so that no client sends them unasked.
fn example(parameter: &Value) -> String {
    const ULID: &str = "01JAMB3X9T7Q2V5K8N4C6D0EFG";
    let schema = &parameter["schema"];
    let told =
        [&parameter["example"], &schema["default"], &schema["enum"][0]].into_iter().find(|value| !value.is_null());
    let prefix = schema["pattern"].as_str().and_then(|pattern| pattern.strip_prefix('^')?.split('[').next());
    match (told, prefix, schema["format"].as_str()) {
        (Some(Value::String(text)), ..) => text.clone(),
        (Some(value), ..) => value.to_string(),
        (None, Some(prefix), _) => format!("{prefix}{ULID}"),
        (None, None, Some("date-time")) => "2025-10-20T14:30:00Z".to_owned(),
        (None, None, _) => "WO-12345".to_owned(),
    }
}

/// Where a page of the list at `path` may begin.
fn cursor(path: &str, name: &str) -> String {
    const PREFIXES: [(&str, &str); 7] = [
        ("/api/endpoints", "ep_"),
        ("/api/deliveries", "dlv_"),
        ("/api/alerts", "alr_"),
        ("/api/requests", "req_"),
        ("/api/keys", "key_"),
        ("/api/portal-links", "lnk_"),
        ("/api/audit", "aud_"),
    ];
    const ULID: &str = "01JAMB3X9T7Q2V5K8N4C6D0EFG";
    let prefix = PREFIXES.iter().find(|(root, _)| path.starts_with(root)).map(|(_, prefix)| prefix);
    write_cursor(&match prefix {
        Some(prefix) => format!("{prefix}{ULID}"),
        None if name == "after" => format!("{ULID}.1"),
        None => format!("evt_{ULID}"),
    })
}

fn is_api(path: &str) -> bool {
    path.starts_with("/api/") || path == "/openapi.json"
}

#[track_caller]
fn message(reply: &Reply) -> &str {
    reply.body["errors"][0]["message"].as_str().expect("a message")
}

#[tokio::test]
async fn every_call_refuses_what_is_not_described_and_takes_what_is() {
    let app = TestApp::start().await;
    create_work_order(&app, "WO-12345").await;
    app.drain().await;
    let mut refusing = 0;
    for call in described(&app).await.iter().filter(|call| is_api(&call.path)) {
        let Described { method, path, query, required, open } = call;
        let unheard = format!("{path}?unheardOf=1");
        if !open {
            let stranger = app.request(method, &unheard).without_key().send().await;
            assert!(matches!(stranger.status, 401 | 429), "{method} {path}: {}", stranger.text);
        }
        let reply = app.request(method, &unheard).send().await;
        let missing = required.iter().map(|name| format!("{name} required"));
        let faults: Vec<String> = missing.chain(["unheardOf unknown_parameter".to_owned()]).collect();
        invalid(&reply, &faults.iter().map(String::as_str).collect::<Vec<_>>());
        refusing += 1;
        for (name, value) in query {
            let order = if (path.as_str(), name.as_str()) == ("/api/events", "cursor") { "&order=newest" } else { "" };
            let value = if matches!(name.as_str(), "cursor" | "after") { &cursor(path, name) } else { value };
            let reply = app.request(method, &format!("{path}?{name}={value}{order}")).send().await;
            // What needs a body gets as far as that.
            let taken = if method == "GET" { 200 } else { 415 };
            assert_eq!(reply.status, taken, "{path}?{name}={value}: {}", reply.text);
        }
    }
    assert!(refusing > 25, "{refusing}");
}

#[tokio::test]
async fn a_filter_that_is_misspelt_lists_nothing() {
    let app = TestApp::start().await;
    let reply = app.get("/api/deliveries?statuss=failed").await;
    invalid(&reply, &["statuss unknown_parameter"]);
    assert_eq!(message(&reply), "is not a parameter of this call; did you mean status?");
    assert_eq!(reply.body["detail"], "1 field is invalid");
    let reply = app.get("/api/alerts?endpointID=x&limit=0&kind=delivery.failed&kind=delivery.failed").await;
    invalid(&reply, &["endpointID unknown_parameter", "kind duplicate_item", "limit out_of_range"]);
}

#[tokio::test]
async fn a_dry_run_in_the_query_sends_nothing() {
    let app = TestApp::start().await;
    let endpoint = app.endpoint("http://127.0.0.1:9/", ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    let path = format!("/api/endpoints/{}/replay?dryRun=true", endpoint.id);
    let body = json!({ "since": "2025-10-20T00:00:00Z", "only": "all" });
    let deliveries = app.deliveries().await;
    let reply = app.post(&path, body).await;
    invalid(&reply, &["dryRun unknown_parameter"]);
    assert_eq!(message(&reply), "is not a parameter of this call, which takes none; send fields in the JSON body");
    assert_eq!(app.deliveries().await, deliveries);
    app.leave_work("the delivery is only counted");
}

#[tokio::test]
async fn parameter_names_are_percent_decoded() {
    let app = TestApp::start().await;
    for right in ["?", "?&", "?&&limit=1&", "?%6Cimit=1", "?limit=%31"] {
        app.get(&format!("/api/endpoints{right}")).await.expect(200);
    }
    for (query, expected) in [
        ("?limit+=1", "limit  unknown_parameter"),
        ("?LIMIT=1", "LIMIT unknown_parameter"),
        ("?limit%5B%5D=1", "limit[] unknown_parameter"),
        ("?=1", " unknown_parameter"),
        ("?%ff=1", "\u{fffd} unknown_parameter"),
        ("?%00=1", "\0 unknown_parameter"),
        ("?x", "x unknown_parameter"),
        ("?limit", "limit out_of_range"),
        ("?limit=", "limit out_of_range"),
        ("?limit=1;cursor=x", "limit out_of_range"),
        ("?limit=1&limit=1", "limit duplicate_item"),
        ("?limit=1&%6cimit=2", "limit duplicate_item"),
    ] {
        invalid(&app.get(&format!("/api/endpoints{query}")).await, &[expected]);
    }
    let many: Vec<String> = (0..1_000).map(|i| format!("x{i}")).collect();
    let reply = app.get(&format!("/api/endpoints?{}", many.join("&"))).await;
    refused(&reply, 400, "validation_failed");
    assert_eq!((reply.defects().len(), &reply.body["truncated"]), (50, &json!(true)));
}

/// Who may not call is told so, what is not there is not there, and only then is the query looked at; before the body.
#[tokio::test]
async fn other_refusals_come_first() {
    let app = TestApp::start().await;
    let made = app.post("/api/keys", json!({"name": "x", "scopes": ["inbound"], "limits": {"perMinute": 1}})).await;
    let key = made.expect(201).body["key"].as_str().expect("a key").to_owned();
    let call = |method: &str, path: &str| app.request(method, path).json(&json!({}));
    refused(&call("GET", "/api/keys?x=1").without_key().send().await, 401, "unauthorized");
    refused(&call("GET", "/api/keys?x=1").key(&key).send().await, 403, "forbidden");
    refused(&call("POST", &format!("{WORK_ORDER}?x=1")).key(&key).send().await, 429, "rate_limit_exceeded");
    refused(&call("GET", "/api/endpoints/x/y?x=1").send().await, 404, "not_found");
    refused(&call("PUT", "/api/keys?x=1").send().await, 405, "method_not_allowed");
    refused(&call("GET", "/api/event-types/none?x=1").send().await, 404, "not_found");
    refused(&call("PUT", "/openapi.json?x=1").send().await, 405, "method_not_allowed");
    let without_type = app.request("POST", &format!("{WORK_ORDER}?x=1")).body("{").send().await;
    invalid(&without_type, &["x unknown_parameter"]);
}

/// An answer is not given again to a request that asks for something else.
#[tokio::test]
async fn a_repetition_with_another_query_is_refused() {
    let app = InboundApp::start().await;
    let send = |query: &str| {
        let order = json!({"workOrderNumber": "WO-1", "title": "x"});
        app.request("POST", &format!("{WORK_ORDER}{query}")).header("idempotency-key", "k").json(&order).send()
    };
    invalid(&send("?validate=true").await, &["validate unknown_parameter"]);
    accepted(&send("").await, "created");
    invalid(&send("?validate=true").await, &["validate unknown_parameter"]);
    assert_eq!(send("?").await.header("idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn pages_ignore_tracking_parameters() {
    let app = TestApp::start().await;
    for path in ["/", "/docs", "/docs/inbound", "/docs/explorer", "/console/app.js"] {
        let reply = app.request("GET", &format!("{path}?utm_source=mail&utm_source=x")).without_key().send().await;
        assert_eq!((reply.status, reply.body), (200, Value::Null), "{path}");
    }
}
