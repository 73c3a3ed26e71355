//! JSON Schema 2020-12 of tables, with words of our own: `x-class` (the data class), `x-maxDecimals`, `x-maxDifferent` (of
//! a set, whose repeats are not counted) and `x-format`. What is [`published`] has their meaning in its descriptions.

use serde_json::{Map, Value, json};

use super::custom_fields::KEY_PATTERN;
use super::{Class, Field, Min, Presence, Shape, Type};

/// The dialect that all our schemas are written in.
pub const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Which fields an object must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Those that a sender can't leave out.
    Sent,
    /// All: in an event every listed field is there, null when empty.
    Emitted,
}

/// The body of a call that makes something: what a new one needs is required.
#[must_use]
pub fn sent_object(fields: &[Field]) -> Value {
    Value::Object(object(fields, Class::Operational, Form::Sent))
}

/// The data of an event: receivers ignore fields that they don't know.
#[must_use]
pub fn data_object(fields: &[Field]) -> Value {
    let mut schema = object(fields, Class::Operational, Form::Emitted);
    schema.insert("additionalProperties".to_owned(), Value::Bool(true));
    Value::Object(schema)
}

/// A schema as readers get it, who know JSON Schema and none of our own words: what those say about values is said in
/// the description.
#[must_use]
pub fn published(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(object) => {
            object.shift_remove("x-class");
            let decimals = object.shift_remove("x-maxDecimals").map(|most| format!("at most {most} decimals"));
            let different = object.shift_remove("x-maxDifferent").map(|most| {
                format!("a set of at most {most}: repeats are dropped, whatever the case of their letters")
            });
            let zone = object.shift_remove("x-format").map(|_| "an IANA name".to_owned());
            for note in [decimals, different, zone].into_iter().flatten() {
                let text = match object.get("description").and_then(Value::as_str) {
                    Some(text) => format!("{text}; {note}"),
                    None => note,
                };
                object.insert("description".to_owned(), text.into());
            }
            object.values_mut().for_each(|value| *value = published(value.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = published(item.take())),
        _ => {}
    }
    schema
}

/// What is nested in a field of class `within` is at least as private as that.
fn object(fields: &[Field], within: Class, form: Form) -> Map<String, Value> {
    let required = fields.iter().filter(|f| form == Form::Emitted || f.presence != Presence::Optional);
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema.insert("required".to_owned(), required.map(|f| f.name).collect());
    let properties: Map<_, _> = fields.iter().map(|f| (f.name.to_owned(), property(f, within, form))).collect();
    schema.insert("properties".to_owned(), Value::Object(properties));
    schema
}

fn property(field: &Field, within: Class, form: Form) -> Value {
    let class = field.class.max(within);
    let mut schema = type_schema(&field.kind, class, form);
    if field.presence.nullable() {
        allow_null(&mut schema);
    }
    schema.insert("x-class".to_owned(), json!(class.code()));
    if !field.doc.is_empty() {
        schema.insert("description".to_owned(), json!(field.doc));
    }
    Value::Object(schema)
}

/// Words and null together need no type; everything else gets a second one.
fn allow_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(words)) = schema.get_mut("enum") {
        words.push(Value::Null);
        schema.shift_remove("type");
    } else if let Some(kind) = schema.get_mut("type") {
        *kind = json!([kind.take(), "null"]);
    }
}

const PHONE: &str = r"^\+?[0-9 ().\-/]+( ?([xX]|[eE][xX][tT]\.?) ?\d{1,6})?$";
const URL: &str = r"^https?://[^\s/?#@]+([/?#]\S*)?$";

fn type_schema(kind: &Type, class: Class, form: Form) -> Map<String, Value> {
    let schema = match kind {
        Type::Line { min, max, shape } => line_schema(*min, *max, *shape),
        Type::Text { max } => json!({ "type": "string", "minLength": 1, "maxLength": max }),
        Type::Id(prefix) => json!({ "type": "string", "pattern": format!("^{prefix}[A-Za-z0-9]{{3,40}}$") }),
        Type::Enum(words) => json!({ "type": "string", "enum": words }),
        Type::Bool => json!({ "type": "boolean" }),
        Type::Int { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Type::Number { min: Min::AtLeast(min), max, decimals } => {
            json!({ "type": "number", "minimum": min, "maximum": max, "x-maxDecimals": decimals })
        }
        Type::Number { min: Min::Above(min), max, decimals } => {
            json!({ "type": "number", "exclusiveMinimum": min, "maximum": max, "x-maxDecimals": decimals })
        }
        Type::Coordinate { max } => json!({ "type": "number", "minimum": -max, "maximum": max }),
        Type::Money { decimals } => {
            json!({ "type": "string", "pattern": format!(r"^(0|[1-9]\d{{0,11}})(\.\d{{1,{decimals}}}0*)?$") })
        }
        Type::Date | Type::HistoricDate => json!({ "type": "string", "format": "date" }),
        Type::DateTime | Type::Instant => json!({ "type": "string", "format": "date-time" }),
        Type::Time => json!({ "type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$" }),
        Type::TimeZone => json!({ "type": "string", "maxLength": 64, "x-format": "iana-time-zone" }),
        Type::Currency => json!({ "type": "string", "pattern": "^[A-Z]{3}$" }),
        Type::Country => json!({ "type": "string", "pattern": "^[A-Z]{2}$" }),
        Type::Email => json!({ "type": "string", "format": "email", "maxLength": 100 }),
        Type::Phone => json!({ "type": "string", "maxLength": 32, "pattern": PHONE }),
        Type::Url => json!({ "type": "string", "maxLength": 200, "pattern": URL }),
        Type::List { min, max, item } if form == Form::Sent && item.is_scalar() => {
            json!({ "type": "array", "minItems": min, "x-maxDifferent": max, "items": type_schema(item, class, form) })
        }
        Type::List { min, max, item } => {
            json!({ "type": "array", "minItems": min, "maxItems": max, "items": type_schema(item, class, form) })
        }
        Type::Object(fields) => return object(fields, class, form),
        Type::CustomFields => custom_fields(),
        Type::Scalars => json!({ "type": "object" }),
    };
    match schema {
        Value::Object(schema) => schema,
        _ => Map::new(),
    }
}

fn line_schema(min: usize, max: usize, shape: Shape) -> Value {
    match shape.pattern() {
        Some(pattern) => json!({ "type": "string", "minLength": min, "maxLength": max, "pattern": pattern }),
        None => json!({ "type": "string", "minLength": min, "maxLength": max }),
    }
}

fn custom_fields() -> Value {
    json!({
        "type": "object",
        "maxProperties": 50,
        "propertyNames": { "pattern": KEY_PATTERN },
        "additionalProperties": {
            "anyOf": [
                { "type": ["string", "number", "boolean", "null"], "maxLength": 1000 },
                { "type": "array", "maxItems": 20, "items": { "type": "string", "maxLength": 1000 } }
            ]
        }
    })
}

/// The schema without its texts, which are ours to choose. A property can be called `description` too.
#[cfg(test)]
pub(crate) fn without_texts(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(object) => {
            object.retain(|name, value| !(name == "description" && value.is_string()));
            object.values_mut().for_each(|value| *value = without_texts(value.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = without_texts(item.take())),
        _ => {}
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_published_has_none_of_our_own_words() {
        let schema = json!({
            "x-class": "P0",
            "anyOf": [{ "type": "array", "x-maxDifferent": 7 }],
            "items": [{ "type": "number", "x-maxDecimals": 2, "x-class": "P2", "description": "hours" }],
            "properties": { "description": { "type": "string", "x-format": "iana-time-zone" } },
        });
        let set = "a set of at most 7: repeats are dropped, whatever the case of their letters";
        let expected = json!({
            "anyOf": [{ "type": "array", "description": set }],
            "items": [{ "type": "number", "description": "hours; at most 2 decimals" }],
            "properties": { "description": { "type": "string", "description": "an IANA name" } },
        });
        assert_eq!(published(schema), expected);
    }
}
