//! Parameters of calls, each with an example.

use domain::events::EventName;
use domain::models::Kind;
use inbound::http::{Parameter, ValueType, write_cursor};
use inbound::problem::ProblemCode;
use serde_json::{Value, json};

/// A query parameter, from the table that requests are read by.
pub(super) fn query(parameter: &Parameter) -> Value {
    let (schema, example) = value(parameter);
    json!({
        "name": parameter.name, "in": "query", "required": parameter.required, "description": parameter.doc,
        "schema": schema, "example": example,
    })
}

/// The schema of its values, and an example.
fn value(parameter: &Parameter) -> (Value, Value) {
    let id = |prefix: &str| format!("{prefix}{ULID}");
    match parameter.value {
        ValueType::Number { min, max, default } => {
            (json!({ "type": "integer", "minimum": min, "maximum": max, "default": default }), json!(default))
        }
        ValueType::Word { all, default: Some(word) } => {
            (json!({ "type": "string", "enum": all(), "default": word }), json!(word))
        }
        ValueType::Word { all, default: None } => {
            // Of deliveries the one that people look for.
            let example = all().into_iter().find(|word| *word == "failed").or_else(|| all().first().copied());
            (json!({ "type": "string", "enum": all() }), json!(example))
        }
        ValueType::Event => {
            (json!({ "type": "string", "enum": EventName::ALL.map(EventName::as_str) }), json!("workorder.created"))
        }
        ValueType::Id(prefix) => {
            (json!({ "type": "string", "pattern": format!("^{prefix}[0-9A-HJKMNP-TV-Z]{{26}}$") }), json!(id(prefix)))
        }
        ValueType::Text { max } => (json!({ "type": "string", "minLength": 1, "maxLength": max }), json!("WO-12345")),
        ValueType::Time => {
            let example = if parameter.name == "until" { "2026-11-21T00:00:00Z" } else { "2026-11-20T00:00:00Z" };
            (json!({ "type": "string", "format": "date-time" }), json!(example))
        }
        ValueType::Text(longest) => {
            (json!({ "type": "string", "minLength": 1, "maxLength": longest }), json!("WO-12345"))
        }
        ValueType::Cursor(prefix) => (free(), json!(write_cursor(&id(prefix)))),
        ValueType::Position => (free(), json!(write_cursor(&format!("{ULID}.1")))),
    }
}

const ULID: &str = "01JAMB3X9T7Q2V5K8N4C6D0EFG";

/// The parameters in the path.
pub(super) fn in_path(path: &str) -> Vec<Value> {
    let names = path.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    names.map(|(name, _)| named(name, path)).collect()
}

fn named(name: &str, path: &str) -> Value {
    let words = |words: Vec<String>| json!({ "type": "string", "enum": words });
    let events = || words(EventName::ALL.map(|name| name.to_string()).into());
    let (schema, example, description) = match name {
        "page" => (free(), "getting-started", "Name of the page"),
        "name" => (events(), "workorder.created", "Name of the event"),
        "code" => {
            let codes = ProblemCode::ALL.iter().map(|code| code.as_str().to_owned()).collect();
            (words(codes), "validation_failed", "`code` of the error")
        }
        "type" => (words(Kind::ALL.map(|kind| kind.segment().to_owned()).into()), "workorder", "Which type of record"),
        "record" => (free(), "WO-12345", "Its number or its id; by its id if the number has `/` or `%` in it"),
        "resource" => (words(Kind::ALL.map(|kind| kind.segment().to_owned()).into()), "workorder", "Which resource"),
        "file" => (free(), "verify.py", "Name of the file"),
        _ => return id(path),
    };
    parameter(name, &schema, example, description)
}

fn id(path: &str) -> Value {
    let things = [
        ("/api/endpoints", "ep_01JAMB3X9T7Q2V5K8N4C6D0EFG", "Id of the endpoint"),
        ("/api/deliveries", "dlv_01JAMB3X9T7Q2V5K8N4C6D0EFG", "Id of the delivery"),
        ("/api/events", "evt_01JAMB3X9T7Q2V5K8N4C6D0EFG", "Id of the event"),
        ("/api/alerts", "alr_01JAMB3X9T7Q2V5K8N4C6D0EFG", "Id of the alert"),
        ("/api/keys", "key_01JAMB3X9T7Q2V5K8N4C6D0EFG", "Id of the key"),
    ];
    let thing = things.iter().find(|(root, ..)| path.starts_with(root)).unwrap_or(&things[0]);
    parameter("id", &free(), thing.1, thing.2)
}

fn free() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

fn parameter(name: &str, schema: &Value, example: &str, description: &str) -> Value {
    json!({
        "name": name, "in": "path", "required": true, "description": description, "schema": schema, "example": example,
    })
}

/// The header that makes repeated requests safe.
pub(super) fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "required": false,
        "description": "A unique value such as a UUID. For 24 hours, requests with the same key get the response to the first one.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!#-+\\--~]+$" },
        "example": "0b7c6f0e-3f0a-4f3e-9c57-6f1f9b1f4a11",
    })
}

/// The header by which a call belongs to its caller's trace.
pub(super) fn traceparent() -> Value {
    json!({
        "name": "traceparent",
        "in": "header",
        "required": false,
        "description": "W3C Trace Context: the events that the call raises and their deliveries belong to this trace.",
        "schema": { "type": "string" },
        "example": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    })
}

/// The header of conditional requests for cached pages.
pub(super) fn if_none_match() -> Value {
    json!({
        "name": "If-None-Match",
        "in": "header",
        "required": false,
        "description": "The `ETag` of your cached version",
        "schema": { "type": "string" },
        "example": "\"5257a869e7ecebeda32affa6\"",
    })
}
