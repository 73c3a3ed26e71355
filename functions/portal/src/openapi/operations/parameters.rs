//! Parameters of calls, each with an example.

use serde_json::{Value, json};
use shared::events::EventName;
use shared::models::Kind;
use shared::problem::ProblemCode;

/// A parameter of the query.
pub(super) fn query(name: &str, schema: &Value, example: impl Into<Value>, description: &str) -> Value {
    let example: Value = example.into();
    json!({
        "name": name, "in": "query", "required": false, "description": description, "schema": schema, "example": example,
    })
}

/// What pages are asked for with.
pub(super) fn paging() -> [Value; 2] {
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 50 });
    [
        query("limit", &limit, 50, "How many at most"),
        query("cursor", &json!({ "type": "string" }), CURSOR, "The `nextCursor` of the page before"),
    ]
}

/// A place in a list.
pub(super) const CURSOR: &str = "MDFKQU1CM1g5VDdRMlY1SzhONEM2RDBFRkc";
/// A place in the feed.
pub(super) const POSITION: &str = "MDFKQU1CM1g5VDdRMlY1SzhONEM2RDBFRkcuMQ";

/// The parameter in the path.
pub(super) fn in_path(path: &str) -> Value {
    let name = path.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map_or("id", |(name, _)| name);
    let words = |words: Vec<String>| json!({ "type": "string", "enum": words });
    let events = || words(EventName::ALL.map(|name| name.to_string()).into());
    let (schema, example, description) = match name {
        "page" => (free(), "getting-started", "Its name in the contents"),
        "name" => (events(), "workorder.created", "Name of the event"),
        "code" => {
            let codes = ProblemCode::ALL.iter().map(|code| code.as_str().to_owned()).collect();
            (words(codes), "validation_failed", "`code` of the error")
        }
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

/// The header that makes a repetition harmless.
pub(super) fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "required": false,
        "description": "The answer to the first request with this key, such as a UUID, is given again for 24 hours.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!#-+\\--~]+$" },
        "example": "0b7c6f0e-3f0a-4f3e-9c57-6f1f9b1f4a11",
    })
}

/// The header by which a page that is known is not sent again.
pub(super) fn if_none_match() -> Value {
    json!({
        "name": "If-None-Match",
        "in": "header",
        "required": false,
        "description": "The `ETag` of the version that you have",
        "schema": { "type": "string" },
        "example": "\"5257a869e7ecebeda32affa6\"",
    })
}
