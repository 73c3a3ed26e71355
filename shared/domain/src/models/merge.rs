//! How a body changes a record: `docs/contract.md#merge`.

use serde_json::{Map, Value};

use super::Model;
use crate::schema::{Field, Shape, Type, same_set};

/// Control fields that say what to do and are no part of the record. `sourceUpdatedAt` is: the next one is compared
/// with it.
const INSTRUCTIONS: [&str; 3] = ["operation", "id", "ifVersion"];

/// Merges `sent` over `stored`, both normalised. An absent field stays, null clears it, and lists and objects are replaced
/// whole; but a set of the same words in another order or case stays as it is stored, and custom fields merge by key. The
/// result has no nulls and keeps `id`, `version` and whatever else only `stored` has.
#[must_use]
pub fn merge(model: &Model, stored: &Map<String, Value>, sent: &Map<String, Value>) -> Map<String, Value> {
    let mut record = stored.clone();
    for (name, value) in sent.iter().filter(|(name, _)| !INSTRUCTIONS.contains(&name.as_str())) {
        let kind = model.fields.iter().find(|field| field.name == name).map(|field| &field.kind);
        let value = match (kind, value, record.get(name)) {
            (Some(Type::CustomFields), Value::Object(changes), old) => merge_custom_fields(old, changes),
            (Some(kind), Value::Array(new), Some(Value::Array(old))) if same_set(kind, old, new) => continue,
            _ => value.clone(),
        };
        if value.is_null() {
            record.shift_remove(name);
        } else {
            record.insert(name.clone(), value);
        }
    }
    record
}

/// Null when no key is left.
fn merge_custom_fields(stored: Option<&Value>, changes: &Map<String, Value>) -> Value {
    let mut fields = stored.and_then(Value::as_object).cloned().unwrap_or_default();
    for (name, value) in changes {
        if value.is_null() {
            fields.shift_remove(name);
        } else {
            fields.insert(name.clone(), value.clone());
        }
    }
    if fields.is_empty() { Value::Null } else { Value::Object(fields) }
}

/// Gives the keys and names of systems of `record` the spelling that `stored` has for them where they differ in case only:
/// in another case it is the same key, so it is no change.
pub fn keep_spelling(model: &Model, stored: &Map<String, Value>, record: &mut Map<String, Value>) {
    keep_spelling_of(model.fields, stored, record);
}

fn keep_spelling_of(fields: &[Field], stored: &Map<String, Value>, record: &mut Map<String, Value>) {
    for field in fields {
        if let (Some(before), Some(value)) = (stored.get(field.name), record.get_mut(field.name)) {
            keep_spelling_in(&field.kind, before, value);
        }
    }
}

fn keep_spelling_in(kind: &Type, before: &Value, value: &mut Value) {
    match (kind, before, value) {
        (Type::Line { shape: Shape::Key | Shape::SystemName, .. }, Value::String(before), Value::String(value))
            if before.eq_ignore_ascii_case(value) =>
        {
            value.clone_from(before);
        }
        (Type::Object(fields), Value::Object(before), Value::Object(value)) => keep_spelling_of(fields, before, value),
        (Type::List { item, .. }, Value::Array(before), Value::Array(values)) => {
            for (before, value) in before.iter().zip(values) {
                keep_spelling_in(item, before, value);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
