//! Building blocks for the schemas of responses.

use domain::attempt::{AttemptError, ErrorDetail};
use domain::events::EventName;
use domain::models::Kind;
use serde_json::{Value, json};

use super::members;

/// A member of an answer.
pub(super) type Member = (&'static str, Value);

pub(super) fn object(fields: &[Member]) -> Value {
    let required: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    json!({ "type": "object", "required": required, "properties": members(fields.iter().cloned()) })
}

pub(super) fn list(items: &Value) -> Value {
    json!({ "type": "array", "items": items })
}

/// A list in which nothing is there twice.
pub(super) fn set(items: &Value) -> Value {
    json!({ "type": "array", "items": items, "uniqueItems": true })
}

pub(super) fn words(words: impl IntoIterator<Item = &'static str>) -> Value {
    json!({ "type": "string", "enum": words.into_iter().collect::<Vec<_>>() })
}

/// The same or null.
pub(super) fn nullable(schema: &Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

pub(super) fn noted(mut schema: Value, note: &str) -> Value {
    schema["description"] = json!(note);
    schema
}

pub(super) fn id(prefix: &str) -> Value {
    json!({ "type": "string", "pattern": format!("^{prefix}") })
}

pub(super) fn secret() -> Value {
    json!({ "type": "string", "pattern": "^whsec_" })
}

pub(super) fn event_name() -> Value {
    words(EventName::ALL.map(EventName::as_str))
}

/// The record that something is about.
pub(super) fn subject() -> Value {
    let subject = object(&[
        ("type", words(Kind::ALL.map(Kind::segment))),
        ("id", text()),
        ("number", noted(text(), "its natural key, such as `workOrderNumber`, as it was at the time")),
    ]);
    noted(nullable(&subject), "the record that it is about; null when it is about none")
}

pub(super) fn attempt_error() -> Value {
    words(AttemptError::ALL.map(AttemptError::as_str))
}

pub(super) fn error_detail() -> Value {
    words(ErrorDetail::ALL.map(ErrorDetail::as_str))
}

pub(super) fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

pub(super) fn text() -> Value {
    json!({ "type": "string" })
}

pub(super) fn boolean() -> Value {
    json!({ "type": "boolean" })
}

pub(super) fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}
