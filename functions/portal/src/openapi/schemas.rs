//! All schemas: bodies and events from their tables, responses from [`answers`], problems.

use domain::events::{EventName, json_schema as event_schema};
use domain::filter::MAX_BYTES;
use domain::models::json_schema;
use domain::models::{Kind, Model};
use domain::schema::{Field, published, sent_object};
use inbound::MAX_RECORDS;
use inbound::manage::bodies;
use outbound::sender::{LONGEST_NAME, LONGEST_VALUE};
use serde_json::{Map, Value, json};

use super::records::{batch_name, name};
use super::{answers, members, problems, schema, webhooks};

/// All schemas.
pub(super) fn all() -> Value {
    let mut schemas = Map::new();
    let mut add = |name: String, schema: Value| schemas.insert(name, published(schema));
    for kind in Kind::ALL {
        add(name(kind).to_owned(), record(kind.model()));
        add(batch_name(kind), batch(kind));
    }
    for (name, schema) in [
        ("EndpointBody", endpoint(true)),
        ("EndpointChange", endpoint(false)),
        ("EndpointPreview", with_filter(sent_object(&bodies::PREVIEW))),
        ("KeyBody", key(sent_object(&bodies::KEY))),
        ("KeyChange", key(change(&bodies::KEY))),
        ("Rotation", sent_object(&bodies::ROTATION)),
        ("PortalLinkBody", key(sent_object(&bodies::PORTAL_LINK))),
        ("SecretRotation", sent_object(&bodies::SECRET_ROTATION)),
        ("TestSend", test()),
        ("Replay", sent_object(&bodies::REPLAY)),
        ("Retry", sent_object(&bodies::RETRY)),
        ("AlertChange", sent_object(&bodies::ALERT)),
        ("Publication", publication()),
        ("ThinEvent", webhooks::thin_event()),
        ("Problem", problems::problem()),
        ("RefusedRecord", problems::of_record()),
        ("Defect", problems::defect()),
    ] {
        add(name.to_owned(), schema);
    }
    for (name, schema) in answers::all() {
        add(name.to_owned(), schema);
    }
    for event in EventName::ALL {
        add(format!("Event.{event}"), event_schema(event));
        add(publication_name(event), publication_of(event));
    }
    Value::Object(schemas)
}

/// A body that creates or changes a record. Fields that only a new record needs are not required of every body.
///
/// That its key and its id are not both absent is said by `not`: of `anyOf` generators make a union, whose members say nothing
/// about the fields, and Redocly refuses examples for what `then` does not name.
fn record(model: &Model) -> Value {
    let mut schema = json_schema(model);
    if let Value::Object(schema) = &mut schema {
        schema.shift_remove("$schema");
        schema.insert("title".to_owned(), json!(name(model.kind)));
        let needed = schema.shift_remove("required").unwrap_or_default();
        let needed: Vec<String> = needed.as_array().into_iter().flatten().map(|name| format!("`{name}`")).collect();
        let needed = needed.join(", ").replace('"', "");
        let text = format!(
            "`{}` or `id` finds the record. A new one needs {needed}. `\"\"` in any other \
             field, and an empty list, mean null.",
            model.key
        );
        schema.insert("description".to_owned(), json!(text));
        let absent = json!({ "not": {} });
        schema.insert("not".to_owned(), json!({ "properties": { "id": absent, model.key: absent } }));
    }
    schema
}

/// A body with many of them.
fn batch(kind: Kind) -> Value {
    let records = json!({
        "type": "array",
        "minItems": 1,
        "maxItems": MAX_RECORDS,
        "items": schema(name(kind)),
        "description": "processed in this order; each may have 131,072 bytes, and the body 1,048,576",
    });
    json!({
        "type": "object",
        "title": batch_name(kind),
        "required": ["records"],
        "properties": { "records": records },
        "additionalProperties": false,
    })
}

fn change(fields: &[Field]) -> Value {
    let mut schema = sent_object(fields);
    schema["required"] = json!([]);
    schema
}

/// With `filter`, which the table does not have.
fn with_filter(mut schema: Value) -> Value {
    schema["properties"]["filter"] = json!({
        "type": ["object", "null"],
        "description": format!(
            "only events whose content matches: a pattern of Amazon EventBridge for `id`, `event`, `timestamp` and `data`, \
             at most {MAX_BYTES} bytes. [Filters](/docs/filters)"
        ),
    });
    schema
}

/// With `headers` and `filter`, which the table does not have.
fn endpoint(new: bool) -> Value {
    let schema = if new { sent_object(&bodies::ENDPOINT) } else { change(&bodies::ENDPOINT) };
    let mut schema = with_filter(schema);
    schema["properties"]["headers"] = json!({
        "type": ["object", "null"],
        "maxProperties": 10,
        "propertyNames": { "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", "maxLength": LONGEST_NAME },
        "additionalProperties": { "type": "string", "minLength": 1, "maxLength": LONGEST_VALUE },
        "description": "custom headers, sent with each delivery; names that HTTP or WorkSkedge uses are refused",
    });
    schema
}

fn test() -> Value {
    let mut schema = sent_object(&bodies::TEST);
    schema["properties"]["event"]["enum"] = json!(EventName::ALL.map(EventName::as_str));
    schema["properties"]["data"] = json!({
        "type": ["object", "null"],
        "description": "sent in place of the catalog's example; as in the schema of the event, at most 32 KiB",
    });
    schema
}

/// Its scopes are a set.
fn key(mut schema: Value) -> Value {
    schema["properties"]["scopes"]["uniqueItems"] = json!(true);
    schema
}

/// The schema of a publication, one for each event: which says what `data` is.
fn publication() -> Value {
    let events = EventName::ALL.map(|event| (event, schema(&publication_name(event))));
    let mapping = events.iter().map(|(event, schema)| (event.as_str(), schema["$ref"].clone()));
    json!({
        "description": "`event` says what `data` is.",
        "oneOf": events.iter().map(|(_, schema)| schema).collect::<Vec<_>>(),
        "discriminator": { "propertyName": "event", "mapping": members(mapping) },
    })
}

fn publication_name(event: EventName) -> String {
    format!("Publication.{event}")
}

fn publication_of(event: EventName) -> Value {
    let mut schema = sent_object(&bodies::PUBLICATION);
    schema["required"] = json!(["event", "data", "idempotencyKey"]);
    schema["properties"]["event"] = json!({ "type": "string", "const": event.as_str() });
    let mut data = sent_object(event.event_type().fields);
    data["description"] = json!("at most 32 KiB");
    schema["properties"]["data"] = data;
    schema
}
