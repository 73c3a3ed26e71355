use domain::references::Referent;

use super::*;
use crate::testing::{NOW, employee, send, vendor};

fn crew_of_three() -> [Referent; 4] {
    [employee("one", json!({})), employee("two", json!({})), employee("three", json!({})), vendor("four", json!({}))]
}

fn on_file() -> Value {
    json!({"id": "wo_xyz789", "workOrderNumber": "WO-12345", "title": "Install HVAC System", "version": 1,
        "status": "scheduled", "priority": "high", "timeZone": "America/Chicago", "currency": "USD",
        "scheduledStart": "2025-10-27T12:00:00Z", "scheduledEnd": "2025-10-29T20:30:00Z",
        "assignments": [{"employeeId": "emp_one", "employeeNumber": "E-one", "lead": false}]})
}

/// Who the events say was assigned.
fn assigned(stored: Option<&Value>, sent: Value) -> Vec<Value> {
    let events = send(stored, sent, &crew_of_three()).expect("allowed").events;
    let events = events.into_iter().filter(|event| event.name == EventName::EmployeeAssigned);
    events.map(|event| Value::Object(event.data)).collect()
}

#[test]
fn everyone_on_a_new_order_is_assigned_once_and_vendors_never() {
    let sent = json!({"workOrderNumber": "WO-12345", "title": "Install HVAC System",
        "scheduledStart": "2025-10-27T12:00:00Z", "scheduledEnd": "2025-10-29T20:30:00Z",
        "assignments": [{"employeeNumber": "E-one", "role": "foreman", "lead": true}, {"vendorNumber": "V-four"},
            {"employeeNumber": "E-two", "start": "2025-10-28T12:00:00Z"},
            {"employeeNumber": "E-one", "start": "2025-10-29T12:00:00Z"}]});
    let events = assigned(None, sent);
    let first = json!({"id": "emp_one", "employeeNumber": "E-one", "firstName": "Ana", "lastName": "Gil",
        "role": "foreman", "status": "active", "assignment": {"type": "work_order", "id": "wo_xyz789",
            "number": "WO-12345", "title": "Install HVAC System", "role": "foreman", "lead": true,
            "start": "2025-10-27T12:00:00Z", "end": "2025-10-29T20:30:00Z"}});
    assert_eq!(events.len(), 2);
    assert_eq!(events[0], first);
    assert_eq!(events[1]["id"], "emp_two");
    assert_eq!(events[1]["assignment"]["start"], "2025-10-28T12:00:00Z");
    assert_eq!(events[1]["assignment"]["role"], Value::Null);
}

#[test]
fn only_employees_who_are_new_on_the_order_are_assigned() {
    let ids = |sent: Value| {
        let events = assigned(Some(&on_file()), sent);
        events.iter().map(|event| event["id"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let with = |others: &[&str]| {
        let lines: Vec<_> = others.iter().map(|number| json!({"employeeNumber": number, "role": "new role"})).collect();
        json!({"assignments": lines})
    };
    assert_eq!(ids(with(&["E-one", "E-three", "E-two"])), ["emp_three", "emp_two"]);
    assert!(ids(with(&["E-one"])).is_empty(), "a new role is no new assignment");
    assert!(ids(with(&[])).is_empty());
    assert!(ids(json!({"title": "b"})).is_empty());
    assert_eq!(ids(with(&["E-two"])), ["emp_two"]);
}

#[test]
fn assigned_ids_are_listed_once_in_the_order_of_the_lines() {
    let sent = json!({"assignments": [{"employeeNumber": "E-two"}, {"vendorNumber": "V-four"},
        {"employeeNumber": "E-one"}, {"vendorNumber": "V-four"},
        {"employeeNumber": "E-two", "start": "2025-10-28T12:00:00Z"}]});
    let outcome = send(Some(&on_file()), sent, &crew_of_three()).expect("allowed");
    assert_eq!(outcome.event_names(), ["workorder.updated", "employee.assigned"]);
    let data = &outcome.events[0].data;
    assert_eq!(data["assignedEmployeeIds"], json!(["emp_two", "emp_one"]));
    assert_eq!(data["assignedVendorIds"], json!(["ven_four"]));
}

#[test]
fn an_update_says_what_changed() {
    let outcome = send(Some(&on_file()), json!({"title": "Install heat pump", "phase": "Rough-in"}), &[]);
    let data = &outcome.expect("allowed").events[0].data;
    let changed = data["changedFields"].as_array().expect("a list");
    assert!(changed.contains(&json!("title")) && changed.contains(&json!("phase")), "{changed:?}");
    assert!(!changed.contains(&json!("status")), "{changed:?}");
    assert_eq!(data["previous"]["title"], "Install HVAC System");
}

#[test]
fn a_cancellation_says_when_and_why() {
    let sent = json!({"status": "cancelled", "cancellationReason": "High wind"});
    let events = send(Some(&on_file()), sent, &[]).expect("allowed").events;
    assert_eq!(events[1].data["cancelledAt"], NOW);
    assert_eq!(events[1].data["cancellationReason"], "High wind");
}
