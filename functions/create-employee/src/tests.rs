use domain::defect::DefectCode;
use domain::events::EventName;
use domain::references::References;
use domain::rejection::{ConflictCode, Rejection};
use domain::resource::Booking;
use domain::resource::testing::{Found, Outcome, conflict, invalid, object};
use domain::rules::fields::Extent;
use serde_json::{Value, json};

use crate::testing::{HARNESS, NOW, stored, update};

fn minimal() -> Value {
    json!({"employeeNumber": "E-1200", "firstName": "Suharto", "lastName": "Suharto", "role": "laborer"})
}

/// The defects of a 409 `immutable_field`.
fn immutable(result: Result<Outcome, Rejection>) -> Found {
    let refused = conflict(result);
    assert_eq!(refused.code, ConflictCode::ImmutableField);
    refused.errors
}

#[test]
fn a_new_employee_gets_the_defaults() {
    let new = HARNESS.send(None, minimal(), &References::default()).unwrap();
    let expected = json!({
        "employeeNumber": "E-1200", "firstName": "Suharto", "lastName": "Suharto", "role": "laborer",
        "id": "emp_new1", "status": "active", "employmentType": "full_time", "timeZone": "America/Chicago",
        "workDays": ["mon", "tue", "wed", "thu", "fri"], "hoursPerDay": 8, "timeOffApprovalRequired": true,
        "version": 1, "createdAt": NOW, "updatedAt": NOW,
    });
    assert_eq!(Value::Object(new.record.clone()), expected);
    assert_eq!(new.event_names(), ["employee.created"]);
    assert!(new.warnings.is_empty() && new.calendar.is_empty());
}

#[test]
fn values_that_are_sent_take_precedence_over_defaults() {
    let sent = json!({
        "employeeNumber": "E-1", "firstName": "A", "lastName": "B", "role": "c", "status": "inactive",
        "employmentType": "union_hall", "timeZone": "America/Toronto", "workDays": ["sat"], "hoursPerDay": 10,
        "timeOffApprovalRequired": false, "currency": "CAD", "hourlyCostRate": "51.1875",
        "address": {"line1": "1 rue X", "country": "CA"},
    });
    let new = HARNESS.send(None, sent.clone(), &References::default()).unwrap();
    for (field, value) in object(sent) {
        assert_eq!(new.record.get(&field), Some(&value), "{field}");
    }
}

#[test]
fn an_address_is_completed_with_the_accounts_country_and_a_replay_changes_nothing() {
    let sent = json!({"employeeNumber": "E-1131", "address": {"line1": "9400 Burleson Rd"}});
    let before = update(&stored(json!({})), sent.clone());
    assert_eq!(before.record["address"], json!({"line1": "9400 Burleson Rd", "country": "US"}));
    assert!(update(&before.record, sent).events.is_empty());
}

#[test]
fn a_cleared_field_falls_back_to_its_default() {
    let before = stored(json!({"hoursPerDay": 10, "crew": "Concrete A"}));
    let after = update(&before, json!({"hoursPerDay": null, "crew": null}));
    assert_eq!(after.record.get("hoursPerDay"), Some(&json!(8)));
    assert_eq!(after.record.get("crew"), None);
}

#[test]
fn every_status_leads_to_every_other_and_raises_updated() {
    let statuses = ["active", "inactive", "terminated"];
    for from in statuses {
        for to in statuses {
            let mut fields = json!({"status": from});
            if from == "terminated" {
                fields["terminationDate"] = json!("2025-10-01");
            }
            let mut sent = json!({"status": to});
            if to == "terminated" {
                sent["terminationDate"] = json!("2025-10-01");
            }
            let after = update(&stored(fields), sent);
            let expected: &[&str] = if from == to { &[] } else { &["employee.updated"] };
            assert_eq!(after.event_names(), expected, "{from} -> {to}");
            assert_eq!(after.record["status"], to);
            assert_eq!(after.record.contains_key("terminationDate"), to == "terminated", "{from} -> {to}");
        }
    }
}

#[test]
fn a_rehire_clears_the_termination_unless_the_body_announces_one() {
    let before = stored(json!({"status": "terminated", "hireDate": "2021-08-30", "terminationDate": "2025-10-01"}));
    let merged = json!({"status": "active", "hireDate": "2025-11-03", "terminationDate": "2025-10-01", "version": 2});
    assert_eq!(
        HARNESS.check(&merged, Extent::Whole),
        [],
        "the date that is about to be cleared is not held against the rehire"
    );

    let rehired = update(&before, json!({"status": "active", "hireDate": "2025-11-03"}));
    assert_eq!(rehired.record.get("terminationDate"), None);

    let season = json!({"status": "active", "hireDate": "2025-11-03", "terminationDate": "2026-03-31"});
    let seasonal = update(&before, season.clone());
    assert_eq!(seasonal.record["terminationDate"], "2026-03-31");
    assert!(update(&seasonal.record, season).events.is_empty(), "the replay is no change");
}

#[test]
fn termination_before_hire_is_refused_for_those_who_are_not_terminated_too() {
    let before = stored(json!({"hireDate": "2025-06-01"}));
    let result = HARNESS.send(Some(&before), json!({"terminationDate": "2025-05-31"}), &References::default());
    assert_eq!(invalid(result), [("terminationDate".to_owned(), DefectCode::DateOrder)]);
}

#[test]
fn rates_take_the_accounts_currency() {
    let rated = update(&stored(json!({})), json!({"hourlyBillRate": "86.5000"}));
    assert_eq!(rated.record["currency"], "USD");
    let unrated = update(&stored(json!({})), json!({"crew": "A"}));
    assert_eq!(unrated.record.get("currency"), None);
}

#[test]
fn the_currency_changes_only_with_its_amounts() {
    let rated = stored(json!({"currency": "USD", "hourlyCostRate": "51.1875", "hourlyBillRate": "86.5000"}));
    let none = References::default();
    let missing = |fields: &[&str]| -> Vec<_> {
        fields.iter().map(|field| ((*field).to_owned(), DefectCode::MissingDependency)).collect()
    };
    let refused = HARNESS.send(Some(&rated), json!({"currency": "CAD"}), &none);
    assert_eq!(immutable(refused), missing(&["hourlyCostRate", "hourlyBillRate"]));
    let half = HARNESS.send(Some(&rated), json!({"currency": "CAD", "hourlyCostRate": "70.0000"}), &none);
    assert_eq!(immutable(half), missing(&["hourlyBillRate"]));

    let resent = json!({"currency": "CAD", "hourlyCostRate": "70.0000", "hourlyBillRate": null});
    assert_eq!(update(&rated, resent).record["currency"], "CAD");
    assert!(HARNESS.send(Some(&rated), json!({"currency": "USD", "crew": "A"}), &none).is_ok());
    assert_eq!(update(&rated, json!({"currency": null})).record["currency"], "USD", "cleared is the default");
    assert!(HARNESS.send(Some(&stored(json!({"currency": "USD"}))), json!({"currency": "CAD"}), &none).is_ok());
}

#[test]
fn events_carry_names_of_skills_and_nothing_private() {
    let skills = json!([{"name": "Flatwork finishing", "level": "master"}, {"name": "Ride-on trowel"}]);
    let before = stored(json!({"skills": skills, "trade": "concrete", "email": "mj.nunez@bluebonnet-mech.example"}));
    let after = update(&before, json!({"role": "lead finisher", "hoursPerDay": 10, "unionLocal": "OPCMIA Local 783"}));
    let expected = json!({
        "id": "emp_Mj1131", "employeeNumber": "E-1131", "firstName": "María José", "lastName": "Núñez Ávila",
        "role": "lead finisher", "status": "active", "trade": "concrete",
        "email": "mj.nunez@bluebonnet-mech.example", "skills": ["Flatwork finishing", "Ride-on trowel"],
        "version": 2, "updatedAt": NOW,
        "changedFields": ["role", "unionLocal", "hoursPerDay"], "previous": {"role": "finisher"},
    });
    assert_eq!(Value::Object(after.events[0].data.clone()), expected);
}

#[test]
fn a_body_that_changes_nothing_raises_nothing() {
    let before = stored(json!({}));
    assert!(update(&before, json!({"employeeNumber": "E-1131", "role": "finisher"})).events.is_empty());
}

#[test]
fn a_deletion_carries_no_name() {
    let record = stored(json!({}));
    let (_, events) = HARNESS.delete(&record, &[]).unwrap();
    assert_eq!(events[0].name, EventName::EmployeeDeleted);
    let expected = json!({"id": "emp_Mj1131", "employeeNumber": "E-1131", "deletedAt": NOW});
    assert_eq!((events.len(), Value::Object(events[0].data.clone())), (1, expected));
}

#[test]
fn nobody_is_deleted_while_on_an_open_work_order() {
    let record = stored(json!({}));
    let order =
        |number: &str| Booking { id: format!("wo_{number}"), number: number.to_owned(), start: None, end: None };
    let orders = [order("WO-1"), order("WO-2")];
    let refused = conflict(HARNESS.delete(&record, &orders));
    assert_eq!(refused.code, ConflictCode::StillReferenced);
    assert!(refused.detail.contains("WO-1, WO-2"), "{}", refused.detail);
}
