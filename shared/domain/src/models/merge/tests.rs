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
fn each_control_field_is_an_instruction_or_a_part_of_the_record() {
    let in_the_record = super::super::CONTROL.into_iter().filter(|name| !INSTRUCTIONS.contains(name));
    assert_eq!(in_the_record.collect::<Vec<_>>(), ["sourceUpdatedAt"]);
}

#[test]
fn absent_fields_stay_nulls_clear_and_objects_are_replaced() {
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
    assert_eq!(merged(stored.clone(), json!({"tags": ["night", "Crane", "x"]}))["tags"].as_array().unwrap().len(), 3);
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
fn merging_the_same_body_again_changes_nothing() {
    let sent = json!({"title": "a", "customFields": {"a": 1}, "tags": ["x"]});
    let once = merged(json!({}), sent.clone());
    assert_eq!(merged(once.clone(), sent), once);
}

#[test]
fn a_key_in_another_case_keeps_its_spelling() {
    let stored = map(json!({"workOrderNumber": "WO-a", "title": "Slab", "projectNumber": "P-1", "costCode": "a",
        "externalRef": {"system": "erp", "id": "x"},
        "assignments": [{"employeeNumber": "E-a"}, {"employeeNumber": "E-b"}], "materials": [{"vendorNumber": "V-a"}]}));
    let mut record = map(json!({"workOrderNumber": "wo-A", "title": "SLAB", "projectNumber": "p-2", "costCode": "A",
        "externalRef": {"system": "ERP", "id": "X"}, "assignments": [{"employeeNumber": "e-a", "lead": true},
        {"employeeNumber": "e-c"}, {"employeeNumber": "e-b"}], "materials": [{"vendorNumber": "v-A"}]}));
    keep_spelling(&WORK_ORDER, &stored, &mut record);
    let kept = json!({"workOrderNumber": "WO-a", "title": "SLAB", "projectNumber": "p-2", "costCode": "A",
        "externalRef": {"system": "erp", "id": "X"}, "assignments": [{"employeeNumber": "E-a", "lead": true},
        {"employeeNumber": "e-c"}, {"employeeNumber": "e-b"}], "materials": [{"vendorNumber": "V-a"}]});
    assert_eq!(Value::Object(record), kept);
}
