//! The content of responses: JSON with its schema, which clients may keep if it is the same for everybody.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::{examples, headers, schema};
use super::parameters;

/// Content by its name: a schema of the document, or the document itself.
pub(super) fn content(name: &str) -> Value {
    match name {
        "OpenAPI" => {
            json!({ "application/json": { "schema": { "type": "object" }, "example": { "openapi": "3.1.0" } } })
        }
        name => json!({ "application/json": { "schema": schema(name), "example": examples::of(name) } }),
    }
}

/// Whether clients may keep it, and ask by its `ETag` whether it has changed.
pub(super) fn is_kept(name: &str) -> bool {
    matches!(name, "OpenAPI" | "SourceIps")
}

/// Adds 304, and the header that asks for it.
pub(super) fn add_unchanged(responses: &mut BTreeMap<String, Value>, parameters: &mut Vec<Value>) {
    parameters.push(parameters::if_none_match());
    let known = json!({ "description": "Not modified", "headers": headers::of(true, &["ETag"]) });
    responses.insert("304".to_owned(), known);
}
