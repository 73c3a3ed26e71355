//! Any value in any field: it is accepted or refused, and never the cause of a 5xx.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value, json};
use tests::{InboundApp, Reply};

use crate::crew::{self, with};
use crate::expect::{problem, refused};

const SEGMENTS: [&str; 5] = ["employee", "vendor", "project", "workorder", "timeoff"];

/// One value of each sort: each fits few fields.
fn of_each_sort() -> Vec<Value> {
    vec![json!(null), json!(true), json!(-1), json!(1.5), json!(""), json!("x"), json!([null]), json!({"a": {"b": []}})]
}

/// Values that are nearly right somewhere.
fn awkward() -> Vec<Value> {
    vec![
        json!(0),
        json!(-0.0),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e300),
        json!(1e-300),
        json!(" "),
        json!("0"),
        json!("-1.00"),
        json!("9".repeat(40)),
        json!("2025-02-30"),
        json!("2025-10-20T14:30:00Z"),
        json!("9999-12-31T23:59:59+23:59"),
        json!("24:00"),
        json!("\u{0}"),
        json!("\u{10ffff}"),
        json!("é".repeat(9000)),
        json!([]),
        json!([[]]),
        json!({}),
        json!({"": ""}),
        json!([{}]),
        json!("wo_abc123"),
        json!("emp_abc123"),
        json!(["mon", "mon"]),
        json!([1, "a", null, {}]),
    ]
}

/// A refusal is one, and what was accepted is stored.
#[track_caller]
fn is_answered(reply: &Reply, what: &str) {
    assert!(matches!(reply.status, 200 | 400 | 404 | 409), "{what}: {} {}", reply.status, reply.text);
    if reply.status != 200 {
        problem(reply);
    }
}

#[tokio::test]
async fn every_field_accepts_or_refuses_any_value() {
    let app = InboundApp::start().await;
    crew::send_parents(&app, "workorder").await;
    for segment in SEGMENTS {
        let (path, minimal) = (format!("/api/webhook/{segment}"), app.fixture(&format!("{segment}/valid/minimal")));
        let schema = tests::fixture(&format!("schemas/{segment}.schema"));
        let fields = schema["properties"].as_object().expect("an object");
        assert!(fields.len() > 20);
        for (i, field) in fields.keys().enumerate() {
            // Each awkward value meets every eighth field of each resource.
            let some = awkward().into_iter().enumerate().filter(|(j, _)| (i + j) % 8 == 0).map(|(_, value)| value);
            for value in of_each_sort().into_iter().chain(some) {
                let what = format!("{segment}.{field} = {value}");
                let reply = app.post(&path, with(minimal.clone(), json!({field.clone(): value}))).await;
                is_answered(&reply, &what);
            }
        }
    }
}

/// Any JSON.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[A-Za-z0-9 ._/#-]{0,60}".prop_map(Value::from),
        proptest::sample::select(awkward()),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::hash_map("[a-zA-Z][A-Za-z0-9]{0,12}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Every place in `value`, as JSON pointers.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(name, value)| {
            all.push(format!("{at}/{name}"));
            places(value, &format!("{at}/{name}"), all);
        }),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, value)| {
            all.push(format!("{at}/{i}"));
            places(value, &format!("{at}/{i}"), all);
        }),
        _ => {}
    }
}

#[tokio::test]
async fn random_values_in_random_places_are_accepted_or_refused() {
    let app = InboundApp::start().await;
    crew::send_parents(&app, "workorder").await;
    // Always the same seed: a test that fails fails again.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut random = TestRunner::new_with_rng(Config::default(), rng);
    for segment in SEGMENTS {
        let typical = app.fixture(&format!("{segment}/valid/typical"));
        let mut all = Vec::new();
        places(&typical, "", &mut all);
        let changes = proptest::collection::vec((proptest::sample::select(all), any_json()), 1..4);
        for _ in 0..80 {
            let mut body = typical.clone();
            for (place, value) in changes.new_tree(&mut random).expect("a value").current() {
                // A place may have gone with what was changed before it.
                if let Some(old) = body.pointer_mut(&place) {
                    *old = value;
                }
            }
            let reply = app.post(&format!("/api/webhook/{segment}"), body.clone()).await;
            is_answered(&reply, &format!("{segment} {body}"));
        }
    }
}

#[tokio::test]
async fn management_calls_accept_or_refuse_any_body() {
    let app = InboundApp::start().await;
    let endpoint = json!({"url": "http://127.0.0.1:9/", "events": ["*"], "projectIds": [], "description": "x", "headers": {}, "status": "enabled"});
    let key =
        json!({"name": "x", "scopes": ["inbound"], "expiresAt": "2026-01-01T00:00:00Z", "limits": {"perHour": 1}});
    let event =
        json!({"event": "report.failed", "data": {}, "occurredAt": "2025-10-20T14:30:00Z", "idempotencyKey": "k"});
    for (path, body) in [("/api/endpoints", endpoint), ("/api/keys", key), ("/api/events", event)] {
        for field in body.as_object().expect("an object").keys() {
            for value in of_each_sort().into_iter().chain(awkward()) {
                let reply = app.post(path, with(body.clone(), json!({field.clone(): value}))).await;
                assert!(matches!(reply.status, 200 | 201 | 400 | 409 | 422), "{path} {field} {value}: {}", reply.text);
                if reply.status >= 400 {
                    problem(&reply);
                }
            }
        }
        let call = |body: &'static str| app.request("POST", path).header("content-type", "application/json").body(body);
        for body in ["", "{", "\u{feff}{}"] {
            refused(&call(body).send().await, 400, "malformed_json");
        }
        refused(&call("[]").send().await, 400, "validation_failed");
    }
}
