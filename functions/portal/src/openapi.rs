//! `/openapi.json`: the API in OpenAPI 3.1. Bodies, events, problems and defects come from the tables that the
//! functions use; `tests/openapi/run` checks the rest against real responses.

mod answers;
mod examples;
mod headers;
mod operations;
pub(crate) mod problem_examples;
mod problems;
mod records;
mod schemas;
mod shape;
mod webhooks;

pub(crate) use records::example;

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

/// The description of the API as a whole.
const DESCRIPTION: &str = "\
Systems POST work orders, projects, employees, vendors and time-off requests; WorkSkedge stores them and delivers signed \
events to every subscriber's endpoint, with retries.\n\n\
- Every call carries an API key in `X-API-Key`. [How keys work](/docs/authentication)\n\
- Sending the same body again is always safe: the natural key finds the record, and a repeat is `unchanged`. \
[How records are written](/docs/inbound)\n\
- A key has 1,000 calls an hour and 50 a minute, and 100 [batches](/docs/batches) an hour and 10 a minute. \
[Rate limits](/docs/rate-limits)\n\
- `?dryRun=true` checks what is sent, and stores nothing. [Dry runs](/docs/batches#dry-runs)\n\
- `HEAD` works wherever `GET` does. Unknown query parameters are refused.\n\
- Errors are RFC 9457 `application/problem+json`, and list every defect of the body at once. [Errors](/docs/errors)\n\
- *Webhooks* lists the events that subscribers receive. [Verifying signatures](/docs/verifying-signatures)";

/// The groups of operations, with their descriptions.
const TAGS: [(&str, &str); 12] = [
    ("Inbound", "Records that other systems send: created, updated or deleted by their natural key."),
    ("Endpoints", "The URLs that receive events, and which events they receive."),
    ("Deliveries", "Each event sent to each endpoint, its outcome, and retries."),
    ("Events", "The catch-up feed, and publishing from within WorkSkedge."),
    ("Records", "What was sent, as it is stored, and what happened to it."),
    ("Alerts", "Failed deliveries and endpoints that need attention."),
    ("Refused calls", "Calls of the last week that were refused, and why."),
    ("API keys", "Keys with their scopes, limits and expiry."),
    ("Portal links", "Links that open the console for the users of your own dashboard, without an API key."),
    ("Audit log", "Who changed what, when and from where."),
    ("Catalog", "Event types with their schemas and examples, and this description. Needs no key."),
    ("Webhooks", "What subscribers receive: a `POST` to each endpoint for each event."),
];

static TEXT: LazyLock<String> = LazyLock::new(|| document().to_string());

/// The document as JSON text.
#[must_use]
pub fn text() -> String {
    TEXT.clone()
}

/// The document.
#[must_use]
pub fn document() -> Value {
    let tags: Vec<Value> = TAGS.iter().map(|(name, text)| json!({ "name": name, "description": text })).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "WorkSkedge Webhooks",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Records in, signed events out",
            "description": DESCRIPTION,
            "contact": { "name": "WorkSkedge", "url": "https://workskedge.com" },
            "license": { "name": "Proprietary", "url": "https://workskedge.com/terms" },
        },
        "servers": [{ "url": "/", "description": "This deployment" }],
        "security": [{ "apiKey": [] }],
        "tags": tags,
        "paths": operations::paths(),
        "webhooks": webhooks::all(),
        "components": {
            "securitySchemes": {
                "apiKey": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-API-Key",
                    "description": "A key of the account: `wsk_...`, or the token of a portal link: `wsl_...`. Each operation names the scope that it needs.",
                }
            },
            "headers": headers::all(),
            "parameters": webhooks::parameters(),
            "schemas": schemas::all(),
            "examples": problems::examples(),
        }
    })
}

/// A reference to a schema of the document.
fn schema(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// An object with these members.
fn members(members: impl IntoIterator<Item = (impl Into<String>, Value)>) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.into(), value)).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn references<'a>(value: &'a Value, found: &mut HashSet<&'a str>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("$ref").and_then(Value::as_str));
                object.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_component_is_used() {
        let document = document();
        let mut found = HashSet::new();
        references(&document, &mut found);
        for reference in &found {
            assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
        }
        for (kind, components) in document["components"].as_object().unwrap() {
            for name in components.as_object().unwrap().keys().filter(|_| kind != "securitySchemes") {
                assert!(found.contains(format!("#/components/{kind}/{name}").as_str()), "{kind}/{name} is not used");
            }
        }
    }

    /// All texts that people read: descriptions, summaries and titles.
    fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(object) => {
                for (name, value) in object {
                    match value {
                        Value::String(text) if ["description", "summary", "title"].contains(&name.as_str()) => {
                            found.push(text);
                        }
                        value => texts(value, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|value| texts(value, found)),
            _ => {}
        }
    }

    #[test]
    fn texts_do_not_refer_to_internal_documents() {
        let document = document();
        let mut found = Vec::new();
        texts(&document, &mut found);
        assert!(found.len() > 500, "{} texts", found.len());
        let inner =
            ["section", "contract", "xor", "qbo", "xsd", "tenant", "tombstone", "tombstones", "dp", "iff", "fixture"];
        for text in found {
            let lower = text.to_lowercase();
            let mut words = lower.split(|c: char| !c.is_alphanumeric());
            assert!(!words.any(|word| inner.contains(&word)), "{text}");
            let numbered = lower.split("see ").skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            assert!(!numbered && !text.trim().is_empty(), "{text}");
        }
        assert!(!document.to_string().contains("\"x-"), "words of our own");
    }

    /// Of other alternatives generators make a type that says nothing.
    #[test]
    fn every_body_is_an_object_with_members_or_one_of_those_by_a_word() {
        let document = document();
        let resolved = |schema: &Value| document.pointer(&schema["$ref"].as_str().unwrap()[1..]).unwrap().clone();
        let mut bodies = Vec::new();
        for call in
            document["paths"].as_object().unwrap().values().flat_map(|calls| calls.as_object().unwrap().values())
        {
            let content = &call["requestBody"]["content"]["application/json"];
            bodies.extend(content.get("schema").map(resolved));
        }
        assert!(bodies.len() > 10, "{} bodies", bodies.len());
        while let Some(body) = bodies.pop() {
            if let Some(words) = body["discriminator"]["mapping"].as_object() {
                let one_of = body["oneOf"].as_array().unwrap();
                assert_eq!(one_of.len(), words.len());
                for ((word, _), schema) in words.iter().zip(one_of) {
                    let schema = resolved(schema);
                    assert_eq!(schema["properties"]["event"]["const"], *word);
                    bodies.push(schema);
                }
            } else {
                assert!(body["type"] == "object" && body["properties"].is_object(), "{body}");
                assert!(["anyOf", "oneOf", "allOf"].iter().all(|word| body.get(word).is_none()), "{body}");
            }
        }
    }

    #[test]
    fn every_call_has_an_example_of_what_it_answers_with() {
        let document = document();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, call) in methods.as_object().unwrap() {
                for (status, answer) in call["responses"].as_object().unwrap() {
                    for (kind, content) in answer["content"].as_object().into_iter().flatten() {
                        let shown = !content["example"].is_null() || content["examples"].is_object();
                        assert!(shown || !kind.ends_with("json"), "{method} {path} {status} has no example");
                    }
                }
                // What has an example is sent by explorers without being asked to.
                for parameter in call["parameters"].as_array().unwrap() {
                    let has_example = !parameter["example"].is_null();
                    assert_eq!(parameter["required"], has_example, "{method} {path}: {}", parameter["name"]);
                }
            }
        }
    }
}
