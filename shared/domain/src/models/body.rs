//! Bodies of records: read, checked and described by the table of their model.

use serde_json::{Map, Value, json};

use super::Model;
use crate::defect::{DefectCode, Defects};
use crate::schema::{DIALECT, Presence, Type, check_limits, is_blank, parse_body, sent_object};

/// Reads the body of a create, update or delete. The result has the fields that were sent, normalised, in the order of
/// the table; null where a field is to be cleared, and [`bad_value`](crate::schema::bad_value) where one is bad. Control fields are among them.
///
/// Reports everything but fields that only a new record needs: see [`missing_on_create`].
#[expect(clippy::needless_pass_by_value, reason = "the raw body ends here: only what was read goes on")]
pub fn parse_record(model: &Model, body: Map<String, Value>, defects: &mut Defects) -> Map<String, Value> {
    let record = parse_body(model.fields, &body, &format!("{}s", model.kind.name()), defects);
    let has_id = body.get("id").is_some_and(|id| !id.is_null() && !is_blank(id));
    if !body.contains_key(model.key) && !has_id {
        defects.push(model.key, DefectCode::Required, "is required");
    }
    record
}

/// `required` for each field that a new record needs and that was not sent.
#[must_use]
pub fn missing_on_create(model: &Model, record: &Map<String, Value>) -> Defects {
    let mut defects = Defects::default();
    for field in model.fields.iter().filter(|f| matches!(f.presence, Presence::Key | Presence::OnCreate)) {
        if record.get(field.name).is_none_or(Value::is_null) {
            defects.push(field.name, DefectCode::Required, "is required");
        }
    }
    defects
}

/// Defects that a merged record can have although each body was valid: too many custom fields.
#[must_use]
pub fn check_merged(model: &Model, record: &Map<String, Value>) -> Defects {
    let mut defects = Defects::default();
    for field in model.fields.iter().filter(|f| matches!(f.kind, Type::CustomFields)) {
        if let Some(Value::Object(custom)) = record.get(field.name) {
            check_limits(custom, field.name, &mut defects);
        }
    }
    defects
}

/// JSON Schema of the body that creates a record.
#[must_use]
pub fn json_schema(model: &Model) -> Value {
    let title = format!(
        "POST /api/webhook/{} (create form; on update only {} or id is required)",
        model.kind.segment(),
        model.key
    );
    let mut schema = json!({ "$schema": DIALECT, "title": title });
    if let (Value::Object(schema), Value::Object(mut body)) = (&mut schema, sent_object(model.fields)) {
        schema.append(&mut body);
    }
    schema
}

#[cfg(test)]
mod tests;
