use serde_json::json;

use super::*;
use crate::models::{TIME_OFF, VENDOR, WORK_ORDER};

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is not an object"),
    }
}

#[test]
fn a_draft_has_exactly_the_listed_fields_in_order() {
    let record = map(json!({
        "description": "secret", "title": "a", "id": "wo_1", "workOrderNumber": "WO-1", "status": "scheduled"
    }));
    let draft = EventDraft::new(EventName::WorkorderCreated, &record, map(json!({"assignedEmployeeIds": ["emp_1"]})));
    let names: Vec<_> = draft.data.keys().map(String::as_str).collect();
    let listed: Vec<_> = EventName::WorkorderCreated.event_type().fields.iter().map(|f| f.name).collect();
    assert_eq!(names, listed);
    assert_eq!(draft.data["projectId"], Value::Null);
    assert_eq!(draft.data["assignedEmployeeIds"], json!(["emp_1"]));
    assert_eq!(draft.data["assignedVendorIds"], json!([]));
}

#[test]
fn skills_are_their_names_and_nested_objects_are_whole() {
    let record = map(json!({"skills": [{"name": "Welding", "level": "master"}], "role": "foreman"}));
    let draft = EventDraft::new(EventName::EmployeeCreated, &record, Map::new());
    assert_eq!(draft.data["skills"], json!(["Welding"]));
    let extra = map(json!({"assignment": {"id": "wo_1", "note": "private", "type": "work_order"}}));
    let draft = EventDraft::new(EventName::EmployeeAssigned, &record, extra);
    let whole = json!({"type": "work_order", "id": "wo_1", "number": null, "title": null, "role": null,
        "lead": null, "start": null, "end": null});
    assert_eq!(draft.data["assignment"], whole);
    assert_eq!(draft.data["role"], "foreman");
}

#[test]
fn an_update_shows_old_scalars_of_its_own_data_only() {
    let stored = map(json!({"title": "a", "description": "b", "scheduledStart": "2025-11-03T11:00:00Z",
        "materials": [], "priority": "low", "version": 1, "updatedAt": "x", "estimatedHours": 50.0}));
    let record = map(json!({"title": "a", "description": "c", "phase": "Rough-in", "materials": [{"name": "x"}],
        "priority": "high", "version": 2, "updatedAt": "y", "estimatedHours": 50}));
    let draft = EventDraft::updated(EventName::WorkorderUpdated, &stored, &record, Map::new(), Map::new());
    let changed = json!(["description", "priority", "phase", "scheduledStart", "materials"]);
    assert_eq!(draft.data["changedFields"], changed);
    let previous = json!({"priority": "low", "phase": null, "scheduledStart": "2025-11-03T11:00:00Z"});
    assert_eq!(draft.data["previous"], previous);
}

#[test]
fn an_empty_list_equals_an_absent_one() {
    let (none, empty) = (map(json!({"title": "a"})), map(json!({"title": "a", "tags": [], "materials": []})));
    assert!(changed_fields(&WORK_ORDER, &none, &empty).is_empty());
    assert!(changed_fields(&WORK_ORDER, &empty, &none).is_empty());
    let one = map(json!({"title": "a", "tags": ["x"]}));
    assert_eq!(changed_fields(&WORK_ORDER, &one, &empty), ["tags"]);
}

#[test]
fn secrets_and_bookkeeping_never_count_as_changed() {
    let stored = map(json!({"id": "ven_1", "name": "a", "taxId": "12-3456789", "version": 1}));
    let record = map(json!({"id": "ven_1", "name": "b", "taxId": "98-7654321", "version": 2,
        "sourceUpdatedAt": "2025-11-03T11:00:00Z", "taxIdLast4": "4321", "notes": "n"}));
    assert_eq!(changed_fields(&VENDOR, &stored, &record), ["name", "notes"]);
    assert!(changed_fields(&WORK_ORDER, &record, &record).is_empty());
}

#[test]
fn no_event_lists_a_private_field() {
    for name in EventName::ALL {
        let Some(kind) = kind_of(name) else { continue };
        for field in name.event_type().fields {
            let own = kind.model().fields.iter().find(|own| own.name == field.name);
            let made_public = kind == Kind::TimeOff && field.name == "type";
            assert!(made_public || own.is_none_or(|own| own.class <= Class::Contact), "{name} {}", field.name);
        }
    }
}

#[test]
fn private_types_of_leave_become_protected_leave_in_events() {
    let record = map(json!({"type": "sick", "requestNumber": "TO-1"}));
    let draft = EventDraft::new(EventName::TimeoffRequested, &record, Map::new());
    assert_eq!(draft.data["type"], "protected_leave");
    let types = TIME_OFF.fields.iter().find_map(|f| match f.kind {
        Type::Enum(words) if f.name == "type" => Some(words),
        _ => None,
    });
    for kind in types.unwrap() {
        let open = ["vacation", "personal", "holiday", "training", "unpaid", "other"].contains(kind);
        assert_eq!(public_time_off_type(kind), if open { kind } else { "protected_leave" });
    }
    assert_eq!(public_time_off_type("protected_leave"), "protected_leave");
}
