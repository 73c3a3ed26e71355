//! How a body changes a record: `docs/contract.md#merge`.

use serde_json::{Map, Value};

use super::Model;
use crate::schema::{Field, Shape, Type, same_set};

/// Control fields that say what to do and are no part of the record. `sourceUpdatedAt` is: the next one is compared
/// with it.
const INSTRUCTIONS: [&str; 3] = ["operation", "id", "ifVersion"];

/// `sent` over `stored`, both normalised. Absent is unchanged, null clears, lists and objects are replaced whole, but a set
/// of the same words in another order or case stays as it is stored; custom fields merge by key. The result has no nulls;
/// `id`, `version` and what else only `stored` has stay.
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
mod tests {
    use serde_json::json;

    use super::*;
    use crate::models::WORK_ORDER;

    fn map(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(map) => map,
            other => panic!("{other} is not an object"),
        }
    }

    fn merged(stored: Value, sent: Value) -> Value {
        Value::Object(merge(&WORK_ORDER, &map(stored), &map(sent)))
    }

    #[test]
    fn absent_stays_null_clears_objects_are_replaced() {
        let stored =
            json!({"id": "wo_1", "version": 3, "title": "a", "phase": "b", "siteAddress": {"line1": "x", "city": "y"}});
        let sent = json!({"operation": "update", "id": "wo_1", "ifVersion": 3, "phase": null, "trade": null,
            "siteAddress": {"line1": "z"}, "tags": [], "sourceUpdatedAt": "2025-01-01T00:00:00Z"});
        let result = json!({"id": "wo_1", "version": 3, "title": "a", "siteAddress": {"line1": "z"}, "tags": [],
            "sourceUpdatedAt": "2025-01-01T00:00:00Z"});
        assert_eq!(merged(stored, sent), result);
    }

    #[test]
    fn a_set_of_the_same_words_stays_as_it_is_stored() {
        let stored = json!({"tags": ["Crane", "night"], "assignments": [{"crew": "A"}, {"crew": "B"}]});
        assert_eq!(merged(stored.clone(), json!({"tags": ["NIGHT", "crane"]})), stored);
        assert_eq!(merged(stored.clone(), json!({"tags": ["night"]}))["tags"], json!(["night"]));
        assert_eq!(
            merged(stored.clone(), json!({"tags": ["night", "Crane", "x"]}))["tags"].as_array().unwrap().len(),
            3
        );
        let turned = json!([{"crew": "B"}, {"crew": "A"}]);
        assert_eq!(merged(stored, json!({"assignments": turned}))["assignments"], turned);
    }

    #[test]
    fn custom_fields_merge_by_key() {
        let stored = json!({"customFields": {"a": 1, "b": 2}});
        let sent = json!({"customFields": {"a": null, "c": "x", "d": null}});
        assert_eq!(merged(stored.clone(), sent), json!({"customFields": {"b": 2, "c": "x"}}));
        assert_eq!(merged(stored.clone(), json!({"customFields": {"a": null, "b": null}})), json!({}));
        assert_eq!(merged(stored.clone(), json!({"customFields": null})), json!({}));
        assert_eq!(merged(stored.clone(), json!({})), stored);
        assert_eq!(merged(json!({}), json!({"customFields": {"a": null}})), json!({}));
    }

    #[test]
    fn the_same_again_changes_nothing() {
        let sent = json!({"title": "a", "customFields": {"a": 1}, "tags": ["x"]});
        let once = merged(json!({}), sent.clone());
        assert_eq!(merged(once.clone(), sent), once);
    }

    #[test]
    fn a_key_in_another_case_keeps_its_spelling() {
        let stored = map(json!({"workOrderNumber": "WO-a", "title": "Slab", "projectNumber": "P-1", "costCode": "a",
            "externalRef": {"system": "erp", "id": "x"},
            "assignments": [{"employeeNumber": "E-a"}, {"employeeNumber": "E-b"}], "materials": [{"vendorNumber": "V-a"}]}));
        let mut record =
            map(json!({"workOrderNumber": "wo-A", "title": "SLAB", "projectNumber": "p-2", "costCode": "A",
            "externalRef": {"system": "ERP", "id": "X"}, "assignments": [{"employeeNumber": "e-a", "lead": true},
            {"employeeNumber": "e-c"}, {"employeeNumber": "e-b"}], "materials": [{"vendorNumber": "v-A"}]}));
        keep_spelling(&WORK_ORDER, &stored, &mut record);
        let kept = json!({"workOrderNumber": "WO-a", "title": "SLAB", "projectNumber": "p-2", "costCode": "A",
            "externalRef": {"system": "erp", "id": "X"}, "assignments": [{"employeeNumber": "E-a", "lead": true},
            {"employeeNumber": "e-c"}, {"employeeNumber": "e-b"}], "materials": [{"vendorNumber": "V-a"}]});
        assert_eq!(Value::Object(record), kept);
    }
}
