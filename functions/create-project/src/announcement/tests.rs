use serde_json::{Value, json};

use super::*;
use crate::testing::{employee, send};

fn assigned(stored: Option<&Value>, sent: Value) -> Vec<Value> {
    let known = ["one", "two", "three"].map(|name| employee(name, "active"));
    let events = send(stored, sent, &known).expect("allowed").events;
    let events = events.into_iter().filter(|event| event.name == EventName::EmployeeAssigned);
    events.map(|event| Value::Object(event.data)).collect()
}

#[test]
fn everyone_named_by_a_new_project_is_assigned_once() {
    let sent = json!({"projectNumber": "2025-014", "name": "Riverside", "projectManagerNumber": "E-one",
        "superintendentNumber": "E-two", "team": [
            {"employeeNumber": "E-two", "role": "general foreman", "startDate": "2025-06-02"},
            {"employeeNumber": "E-three", "role": "safety", "startDate": "2025-06-02", "endDate": "2025-07-01"},
            {"employeeNumber": "E-three", "role": "night safety"}]});
    let events = assigned(None, sent);
    let assignment = |role: &str, start: Value, end: Value| {
        json!({"type": "project", "id": "proj_abc123", "number": "2025-014", "title": "Riverside", "role": role,
            "lead": false, "start": start, "end": end})
    };
    let expected = [
        ("emp_two", assignment("general foreman", json!("2025-06-02"), Value::Null)),
        ("emp_three", assignment("safety", json!("2025-06-02"), json!("2025-07-01"))),
        ("emp_one", assignment("project manager", Value::Null, Value::Null)),
    ];
    assert_eq!(events.len(), expected.len());
    for (event, (id, assignment)) in events.iter().zip(expected) {
        assert_eq!((event["id"].as_str(), &event["assignment"]), (Some(id), &assignment));
    }
    assert_eq!(events[2]["firstName"], "Ana");
}

#[test]
fn only_employees_whom_the_project_did_not_name_before_are_assigned() {
    let stored = json!({"projectNumber": "2025-014", "name": "Riverside", "status": "active",
        "superintendentId": "emp_two", "superintendentNumber": "E-two",
        "team": [{"employeeId": "emp_one", "employeeNumber": "E-one", "role": "safety"}]});
    let ids = |sent: Value| {
        let events = assigned(Some(&stored), sent);
        events.iter().map(|event| event["id"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert!(ids(json!({"projectManagerNumber": "E-one"})).is_empty(), "from the team to a post");
    assert!(ids(json!({"team": [{"employeeNumber": "E-two", "role": "x"}]})).is_empty(), "from a post to the team");
    assert_eq!(ids(json!({"superintendentNumber": "E-three"})), ["emp_three"]);
    assert_eq!(ids(json!({"team": [{"employeeNumber": "E-three", "role": "x"}]})), ["emp_three"]);
    assert!(ids(json!({"name": "b"})).is_empty());
}

#[test]
fn an_update_says_what_changed_and_a_completion_when() {
    let stored = json!({"projectNumber": "2025-014", "name": "Riverside", "status": "active", "version": 1,
        "timeZone": "America/Chicago", "currency": "USD"});
    let events = send(Some(&stored), json!({"status": "completed", "name": "River"}), &[]).expect("allowed").events;
    assert_eq!(events[0].data["previous"]["name"], "Riverside");
    assert_eq!(events[0].data["previous"]["status"], "active");
    assert_eq!(events[1].data["actualEndDate"], "2026-09-25");
}
