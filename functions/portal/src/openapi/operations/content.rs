//! The content of responses: JSON with its schema, or a page or file that clients may have cached.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::{examples, headers, schema};
use super::parameters;

/// Content by its name: a schema of the document, the document itself, or a media type.
pub(super) fn content(name: &str) -> Value {
    match name {
        "OpenAPI" => {
            json!({ "application/json": { "schema": { "type": "object" }, "example": { "openapi": "3.1.0" } } })
        }
        "Search" => json!({ "application/json": {
            "schema": { "type": "array", "items": { "type": "object" } },
            "example": [{ "path": "/docs/inbound", "title": "How records are written", "text": "One call carries one record." }],
        } }),
        media if media.contains('/') => json!({ media: { "schema": { "type": "string" } } }),
        name => json!({ "application/json": { "schema": schema(name), "example": examples::of(name) } }),
    }
}

/// Whether this is a page or a file of the portal, which clients may keep.
pub(super) fn is_page(name: &str) -> bool {
    name.contains('/') || matches!(name, "OpenAPI" | "Search" | "SourceIps")
}

/// Adds 304 for cached pages and files, and for pages a 404 that is a page.
pub(super) fn add_page_answers(
    name: &str,
    counted: bool,
    responses: &mut BTreeMap<String, Value>,
    parameters: &mut Vec<Value>,
) {
    parameters.push(parameters::if_none_match());
    let known = json!({ "description": "Not modified", "headers": headers::of(counted, &["ETag"]) });
    responses.insert("304".to_owned(), known);
    if let ("text/html", Some(missing)) = (name, responses.get_mut("404")) {
        *missing = json!({ "description": "A page that says that there is no such page", "headers": headers::of(false, &[]), "content": content(name) });
    }
}
