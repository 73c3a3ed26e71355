use serde_json::json;

use super::*;
use crate::testing::{employee, invalid, object, send};

fn one(field: &str, code: DefectCode) -> Vec<(String, DefectCode)> {
    vec![(field.to_owned(), code)]
}

#[test]
fn everyone_is_listed_with_a_path() {
    let record =
        json!({"projectManagerNumber": "E-1", "superintendentId": "emp_two", "team": [{"employeeNumber": "E-3"}]});
    let fields: Vec<_> = references(&object(record)).iter().map(|sent| sent.field().to_owned()).collect();
    assert_eq!(fields, ["projectManagerNumber", "superintendentId", "team[0].employeeNumber"]);
}

#[test]
fn people_are_stored_under_both_names() {
    let sent = json!({"name": "a", "projectManagerNumber": "e-one", "superintendentId": "emp_two",
        "team": [{"employeeNumber": "E-one", "role": "safety"}]});
    let record = send(None, sent, &[employee("one", "active"), employee("two", "active")]).expect("allowed").record;
    assert_eq!((&record["projectManagerId"], &record["projectManagerNumber"]), (&json!("emp_one"), &json!("E-one")));
    assert_eq!(record["superintendentNumber"], "E-two");
    assert_eq!(record["team"][0]["employeeId"], "emp_one");
}

#[test]
fn a_new_manager_replaces_the_old_one() {
    let stored =
        json!({"name": "a", "status": "active", "projectManagerId": "emp_old", "projectManagerNumber": "E-old"});
    let sent = json!({"projectManagerId": "emp_one"});
    let record = send(Some(&stored), sent, &[employee("one", "active")]).expect("allowed").record;
    assert_eq!(record["projectManagerNumber"], "E-one");
    let record = send(Some(&stored), json!({"projectManagerNumber": null}), &[]).expect("allowed").record;
    assert!(!record.contains_key("projectManagerId") && !record.contains_key("projectManagerNumber"));
}

#[test]
fn unknown_people_are_reported_together() {
    let sent = json!({"name": "a", "projectManagerNumber": "E-none", "superintendentId": "emp_one",
        "superintendentNumber": "E-two", "team": [{"employeeId": "emp_none", "role": "safety"}]});
    let defects = invalid(send(None, sent, &[employee("one", "active"), employee("two", "active")]));
    let expected = [
        ("projectManagerNumber", DefectCode::UnknownReference),
        ("superintendentNumber", DefectCode::ReferenceMismatch),
        ("team[0].employeeId", DefectCode::UnknownReference),
    ];
    assert_eq!(defects, expected.map(|(field, code)| (field.to_owned(), code)));
}

#[test]
fn newly_named_employees_must_be_active() {
    let outcome = |sent: Value, status: &str| send(None, sent, &[employee("one", status)]);
    for (sent, field) in [
        (json!({"name": "a", "projectManagerNumber": "E-one"}), "projectManagerNumber"),
        (json!({"name": "a", "superintendentId": "emp_one"}), "superintendentId"),
        (json!({"name": "a", "team": [{"employeeNumber": "E-one", "role": "b"}]}), "team[0].employeeNumber"),
    ] {
        outcome(sent.clone(), "active").expect(field);
        for status in ["inactive", "terminated"] {
            assert_eq!(invalid(outcome(sent.clone(), status)), one(field, DefectCode::InactiveReference), "{status}");
        }
    }
}

#[test]
fn employees_named_before_stay_when_they_become_inactive() {
    let stored =
        json!({"name": "a", "status": "active", "projectManagerId": "emp_one", "projectManagerNumber": "E-one"});
    let sent = json!({"projectManagerNumber": "E-one", "team": [{"employeeNumber": "E-one", "role": "adviser"}]});
    for status in ["inactive", "terminated"] {
        let outcome = send(Some(&stored), sent.clone(), &[employee("one", status)]).expect("allowed");
        assert_eq!(outcome.event_names(), ["project.updated"]);
    }
}
