use domain::references::Referent;
use serde_json::json;

use super::*;
use crate::testing::{employee, invalid, object, project, referent, send, vendor};

fn order(parent: Option<&str>) -> Referent {
    let fields = parent.map_or_else(|| json!({}), |number| json!({"parentWorkOrderNumber": number}));
    referent(Kind::WorkOrder, "wo_parent", "WO-2025/0871", fields)
}

fn one(field: &str, code: DefectCode) -> Vec<(String, DefectCode)> {
    vec![(field.to_owned(), code)]
}

#[test]
fn every_reference_is_listed_with_its_path() {
    let record = object(json!({"projectNumber": "2025-014", "parentWorkOrderNumber": "WO-1",
        "assignments": [{"employeeNumber": "E-1"}, {"vendorId": "ven_one"}],
        "materials": [{"name": "rebar"}, {"vendorNumber": "V-1"}], "equipment": [{"vendorNumber": "V-2"}]}));
    let fields: Vec<_> = all(&record).iter().map(|reference| reference.field().to_owned()).collect();
    let expected = [
        "projectNumber",
        "parentWorkOrderNumber",
        "assignments[0].employeeNumber",
        "assignments[1].vendorId",
        "materials[1].vendorNumber",
        "equipment[0].vendorNumber",
    ];
    assert_eq!(fields, expected);
}

#[test]
fn references_are_stored_under_both_names() {
    let known = [project(json!({})), employee("one", json!({})), vendor("two", json!({})), order(None)];
    let sent = json!({"title": "a", "projectNumber": "2025-014", "parentWorkOrderNumber": "wo-2025/0871",
        "assignments": [{"employeeNumber": "e-one"}, {"vendorId": "ven_two"}],
        "materials": [{"vendorNumber": "V-two"}], "equipment": [{"vendorNumber": "V-two"}]});
    let record = send(None, sent, &known).expect("allowed").record;
    assert_eq!(record["projectId"], "proj_abc123");
    assert_eq!(record["parentWorkOrderNumber"], "WO-2025/0871");
    assert_eq!(record["assignments"][0]["employeeId"], "emp_one");
    assert_eq!(record["assignments"][0]["employeeNumber"], "E-one");
    assert_eq!(record["assignments"][1]["vendorNumber"], "V-two");
    assert_eq!(record["materials"][0]["vendorId"], "ven_two");
    assert_eq!(record["equipment"][0]["vendorId"], "ven_two");
}

#[test]
fn half_a_reference_replaces_both_halves() {
    let stored = json!({"title": "a", "status": "unscheduled", "projectId": "proj_old", "projectNumber": "2024-001"});
    let moved = send(Some(&stored), json!({"projectNumber": "2025-014"}), &[project(json!({}))]).expect("allowed");
    assert_eq!(
        (&moved.record["projectId"], &moved.record["projectNumber"]),
        (&json!("proj_abc123"), &json!("2025-014"))
    );
    let freed = send(Some(&stored), json!({"projectId": null}), &[]).expect("allowed").record;
    assert!(!freed.contains_key("projectId") && !freed.contains_key("projectNumber"));
    let same = send(Some(&stored), json!({"title": "b"}), &[]).expect("what is not mentioned needs not be read");
    assert_eq!(same.record["projectId"], "proj_old");
}

#[test]
fn unknown_and_disagreeing_references_are_reported_together() {
    let sent = json!({"title": "a", "projectId": "proj_none", "parentWorkOrderNumber": "WO-9",
        "assignments": [{"employeeNumber": "E-one", "employeeId": "emp_two"}, {"employeeNumber": "E-none"}],
        "materials": [{"vendorNumber": "V-none"}]});
    let known = [employee("one", json!({})), employee("two", json!({}))];
    let expected = [
        ("projectId", DefectCode::UnknownReference),
        ("parentWorkOrderNumber", DefectCode::UnknownReference),
        ("assignments[0].employeeNumber", DefectCode::ReferenceMismatch),
        ("assignments[1].employeeNumber", DefectCode::UnknownReference),
        ("materials[0].vendorNumber", DefectCode::UnknownReference),
    ];
    assert_eq!(invalid(send(None, sent, &known)), expected.map(|(field, code)| (field.to_owned(), code)));
}

#[test]
fn inactive_employees_and_blocked_vendors_can_not_be_newly_assigned() {
    let hired = |status: &str| {
        let sent = json!({"title": "a", "assignments": [{"employeeNumber": "E-one"}]});
        send(None, sent, &[employee("one", json!({"status": status}))])
    };
    hired("active").expect("allowed");
    for status in ["inactive", "terminated"] {
        let refused = one("assignments[0].employeeNumber", DefectCode::InactiveReference);
        assert_eq!(invalid(hired(status)), refused, "{status}");
    }

    let contracted = |status: &str| {
        let sent = json!({"title": "a", "assignments": [{"vendorId": "ven_one"}]});
        send(None, sent, &[vendor("one", json!({"status": status}))])
    };
    for status in ["pending", "active"] {
        contracted(status).expect(status);
    }
    for status in ["inactive", "blocked"] {
        let refused = one("assignments[0].vendorId", DefectCode::InactiveReference);
        assert_eq!(invalid(contracted(status)), refused, "{status}");
    }
}

#[test]
fn existing_references_stay_when_the_referent_becomes_inactive() {
    let stored = json!({"title": "a", "status": "unscheduled",
        "assignments": [{"employeeId": "emp_one", "employeeNumber": "E-one"}]});
    let again = json!({"assignments": [{"employeeNumber": "E-one", "role": "lead hand"}]});
    for status in ["inactive", "terminated"] {
        let gone = employee("one", json!({"status": status}));
        let outcome = send(Some(&stored), again.clone(), &[gone]).expect("allowed");
        assert_eq!(outcome.event_names(), ["workorder.updated"]);
    }

    let closed = project(json!({"status": "completed"}));
    let on_it = json!({"title": "b", "projectNumber": "2025-014"});
    send(Some(&stored), on_it.clone(), std::slice::from_ref(&closed)).expect("only new orders are refused");
    assert_eq!(invalid(send(None, on_it, &[closed])), one("projectNumber", DefectCode::InactiveReference));
}

#[test]
fn one_person_under_two_names_is_one_person() {
    let sent = json!({"title": "a", "assignments": [{"employeeNumber": "E-one"}, {"employeeId": "emp_one"}]});
    let defects = invalid(send(None, sent, &[employee("one", json!({}))]));
    assert_eq!(defects, one("assignments[1].employeeNumber", DefectCode::DuplicateItem));
}
