use serde_json::json;

use super::*;

/// Pattern and event, and what Amazon's own matcher says of them: `tests/patterns/run`.
const CASES: &str = include_str!("../../../../tests/fixtures/patterns.jsonl");

fn defects(sent: &Value) -> Vec<String> {
    let mut defects = Defects::default();
    check(sent, "filter", &mut defects);
    defects.into_sorted().into_iter().map(|defect| format!("{} {}", defect.field, defect.message)).collect()
}

#[test]
fn patterns_match_as_eventbridge_documents_it() {
    for line in CASES.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let mut defects = Defects::default();
        let pattern = Pattern::parse(&case["pattern"], "filter", &mut defects);
        let said: Vec<String> = defects.iter().map(|defect| format!("{} {}", defect.field, defect.message)).collect();
        if let Some(sentence) = case["invalid"].as_str() {
            assert_eq!(said, [sentence], "{}", case["of"]);
        } else {
            assert_eq!(said, [""; 0], "{}", case["of"]);
            assert_eq!(pattern.matches(&case["event"]), case["matches"], "{}", case["of"]);
        }
    }
}

#[test]
fn a_field_that_is_named_twice_has_to_satisfy_both() {
    let sent = json!({"a": [{"prefix": "x"}], "$or": [{"a": [{"suffix": "y"}]}, {"b": [1]}]});
    let pattern = Pattern::parse(&sent, "filter", &mut Defects::default());
    assert!(pattern.matches(&json!({"a": "xy"})));
    assert!(!pattern.matches(&json!({"a": "zy"})) && !pattern.matches(&json!({"a": "x"})));
    assert!(!pattern.matches(&json!(null)) && !pattern.matches(&json!([{"a": "xy"}])));
}

#[test]
fn what_the_events_have_passes() {
    for fine in [
        json!({"event": ["workorder.completed"], "id": [{"prefix": "evt_"}], "timestamp": [{"prefix": "2025-"}]}),
        json!({"data": {"status": ["scheduled", "requested"], "priority": [{"anything-but": "low"}]}}),
        json!({"data": {"percentComplete": [{"numeric": [">=", 50]}], "paid": [true], "projectId": [null]}}),
        json!({"data": {"assignedEmployeeIds": ["emp_abc"], "skills": [{"equals-ignore-case": "Welding"}]}}),
        json!({"data": {"assignment": {"lead": [true], "type": ["project"]}, "previous": {"status": ["scheduled"]}}}),
        json!({"data": {"changedFields": ["notes"], "$or": [{"phase": [{"exists": false}]}, {"costCode": ["7"]}]}}),
        json!({"$or": [{"event": ["vendor.created"]}, {"data": {"w9OnFile": [false]}}]}),
    ] {
        assert_eq!(defects(&fine), [""; 0], "{fine}");
    }
}

#[test]
fn what_no_event_has_is_told() {
    let statuses = "must be one of active, approved, blocked";
    for (wrong, sentence) in [
        (json!([]), "filter must be an object with the fields that an event must have, each with a list of values"),
        (
            json!({"detail": {"status": ["x"]}}),
            "filter.detail is not a field of an event, which has id, event, timestamp and data",
        ),
        (
            json!({"event": ["workorder.created", "workorder.exploded"]}),
            "filter.event[1] must be an event of the catalog",
        ),
        (json!({"event": {"name": ["x"]}}), "filter.event is a single value in events: give a list of values"),
        (json!({"data": ["x"]}), "filter.data is an object in events: name its fields, each with a list of values"),
        (json!({"data": {"statsu": ["active"]}}), "filter.data.statsu is a field of no event; did you mean status?"),
        (json!({"data": {"customFields": {"a": ["x"]}}}), "filter.data.customFields is a field of no event"),
        (
            json!({"data": {"status": {"is": ["active"]}}}),
            "filter.data.status is no object in events: give a list of values",
        ),
        (
            json!({"data": {"assignment": ["x"]}}),
            "filter.data.assignment is an object in events: name its fields, each with a list of values",
        ),
        (
            json!({"data": {"assignment": {"leads": [true]}}}),
            "filter.data.assignment.leads is a field of no event; did you mean lead?",
        ),
        (json!({"data": {"status": ["finished"]}}), statuses),
        (
            json!({"data": {"title": [5]}}),
            "filter.data.title[0] matches nothing: the field is never a number in events",
        ),
        (
            json!({"data": {"title": [true]}}),
            "filter.data.title[0] matches nothing: the field is never true or false in events",
        ),
        (json!({"data": {"hours": ["8"]}}), "filter.data.hours[0] matches nothing: the field is never text in events"),
        (
            json!({"data": {"paid": [{"prefix": "t"}]}}),
            "filter.data.paid[0] matches nothing: the field is never text in events",
        ),
        (
            json!({"data": {"title": [{"numeric": [">", 1]}]}}),
            "filter.data.title[0] matches nothing: the field is never a number in events",
        ),
        (
            json!({"$or": [{"data": {"status": ["active"]}}, {"data": {"nmae": ["x"]}}]}),
            "filter.$or[1].data.nmae is a field of no event; did you mean name?",
        ),
        (
            json!({"data": {"$or": [{"title": ["x"]}, {"tilte": ["x"]}]}}),
            "filter.data.$or[1].tilte is a field of no event; did you mean title?",
        ),
        (
            json!({"data": {"previous": {"tilte": ["x"]}}}),
            "filter.data.previous.tilte is a field of no event; did you mean title?",
        ),
        (json!({"data": {"title": [{"prefix": "x".repeat(MAX_BYTES)}]}}), "filter must have at most 4096 bytes"),
    ] {
        let said = defects(&wrong);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0] == sentence || said[0].contains(statuses) && sentence == statuses, "{said:?}");
    }
}

#[test]
fn old_values_are_single_ones() {
    let deep = (0..12).fold(json!({"title": ["x"]}), |inner, _| json!({"previous": inner}));
    assert_eq!(defects(&json!({"data": deep})), ["filter.data.previous.previous is a field of no event"]);
}

#[test]
fn all_mistakes_are_told_at_once_and_show_no_values() {
    let wrong = json!({"event": "hunter2", "data": {"status": [], "title": [{"prefix": 2}, {"is": "hunter2"}]}});
    let said = defects(&wrong);
    assert_eq!(said.len(), 4, "{said:?}");
    assert!(!said.concat().contains("hunter2"), "{said:?}");
}

#[test]
fn the_order_of_names_makes_no_other_filter() {
    let filter = |sent: Value| check(&sent, "filter", &mut Defects::default());
    let one = filter(json!({"event": ["vendor.created"], "data": {"status": ["active"], "name": ["b", "a"]}}));
    let other = filter(json!({"data": {"name": ["b", "a"], "status": ["active"]}, "event": ["vendor.created"]}));
    assert_ne!(one, other);
    assert_eq!(one.canonical(), other.canonical());
    let third = filter(json!({"data": {"name": ["a", "b"], "status": ["active"]}, "event": ["vendor.created"]}));
    assert_ne!(one.canonical(), third.canonical());
    assert_eq!(one.value()["data"]["name"], json!(["b", "a"]));
    assert!(one.compile().is_ok() && format!("{one:?}") == "Filter(..)");
}

#[test]
fn what_a_newer_version_has_stored_is_not_understood() {
    let newer: Filter = serde_json::from_value(json!(r#"{"data":{"title":[{"regexp":"a+"}]}}"#)).unwrap();
    assert!(newer.compile().is_err());
}
