//! Parameters of calls. Optional ones have no examples: what has one, clients and explorers send without being asked to.

use domain::events::EventName;
use domain::models::Kind;
use inbound::http::{Parameter, ValueType};
use serde_json::{Value, json};

/// A query parameter, from the table that requests are read by.
pub(super) fn query(parameter: &Parameter) -> Value {
    let mut described = optional("query", parameter.name, parameter.doc, &schema(parameter.value));
    if parameter.required {
        described["required"] = json!(true);
        described["example"] = json!(RECORD_NUMBER);
    }
    described
}

/// The schema of its values.
fn schema(value: ValueType) -> Value {
    match value {
        ValueType::Number { min, max, default } => {
            json!({ "type": "integer", "minimum": min, "maximum": max, "default": default })
        }
        ValueType::Flag => json!({ "type": "boolean", "default": false }),
        ValueType::Word { all, default: Some(word) } => json!({ "type": "string", "enum": all(), "default": word }),
        ValueType::Word { all, default: None } => json!({ "type": "string", "enum": all() }),
        ValueType::Event => events(),
        ValueType::Id(prefix) => json!({ "type": "string", "pattern": format!("^{prefix}[0-9A-HJKMNP-TV-Z]{{26}}$") }),
        ValueType::Text { max } => json!({ "type": "string", "minLength": 1, "maxLength": max }),
        ValueType::Time => json!({ "type": "string", "format": "date-time" }),
        ValueType::Cursor(_) | ValueType::Position => free(),
    }
}

/// The number of the record that examples are about.
const RECORD_NUMBER: &str = "WO-12345";

/// The parameters in the path.
pub(super) fn in_path(path: &str) -> Vec<Value> {
    let names = path.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    names.map(|(name, _)| named(name, path)).collect()
}

fn named(name: &str, path: &str) -> Value {
    let kinds = || json!({ "type": "string", "enum": Kind::ALL.map(Kind::segment) });
    let (schema, example, description) = match name {
        "name" => (events(), "workorder.created", "Name of the event"),
        "type" => (kinds(), "workorder", "Which type of record"),
        "record" => (free(), RECORD_NUMBER, "Its number or its id; by its id if the number ends in `/timeline`"),
        _ => {
            let (example, description) = id(path);
            (free(), example, description)
        }
    };
    json!({
        "name": name, "in": "path", "required": true, "description": description, "schema": schema, "example": example,
    })
}

/// The example of an id, and what it is the id of.
fn id(path: &str) -> (&'static str, &'static str) {
    let things = [
        ("/api/endpoints/", "ep_01JAMB3X9T7Q2V5K8N4C6D0EFG", "Id of the endpoint"),
        ("/api/deliveries/", "dlv_01JAMB3X9T7Q2V5K8N4C6D0EFG", "Id of the delivery"),
        ("/api/events/", "evt_01JAMB3X9T7Q2V5K8N4C6D0EFG", "Id of the event"),
        ("/api/alerts/", "alr_01JAMB3X9T7Q2V5K8N4C6D0EFG", "Id of the alert"),
        ("/api/keys/", "key_01JAMB3X9T7Q2V5K8N4C6D0EFG", "Id of the key"),
        ("/api/portal-links/", "lnk_01JAMB3X9T7Q2V5K8N4C6D0EFG", "Id of the portal link"),
    ];
    let (_, example, description) = things.iter().find(|(root, ..)| path.starts_with(root)).unwrap_or(&things[0]);
    (example, description)
}

fn events() -> Value {
    json!({ "type": "string", "enum": EventName::ALL.map(EventName::as_str) })
}

fn free() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

fn optional(place: &str, name: &str, description: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": place, "required": false, "description": description, "schema": schema })
}

/// The header that makes repeated requests safe.
pub(super) fn idempotency_key() -> Value {
    let schema = json!({ "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!#-+\\--~]+$" });
    let text =
        "A unique value such as a UUID. For 24 hours, requests with the same key get the response to the first one.";
    optional("header", "Idempotency-Key", text, &schema)
}

/// The header by which a call belongs to its caller's trace.
pub(super) fn traceparent() -> Value {
    let text = "W3C Trace Context: the events that the call raises and their deliveries belong to this trace.";
    optional("header", "traceparent", text, &json!({ "type": "string" }))
}

/// The header that tells of the deliveries that led to a call.
pub(super) fn tracestate() -> Value {
    let text = "Pass it on from a delivery that the call answers, with its `traceparent`: a loop is found by it. \
                [Loops](/docs/filters#loops)";
    optional("header", "tracestate", text, &json!({ "type": "string" }))
}

/// The header of conditional requests for what clients may keep.
pub(super) fn if_none_match() -> Value {
    optional("header", "If-None-Match", "The `ETag` of your cached version", &json!({ "type": "string" }))
}
