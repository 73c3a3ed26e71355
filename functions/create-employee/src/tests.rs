use domain::defect::DefectCode;
use domain::events::EventName;
use domain::models::Kind;
use domain::references::{References, Referent};
use domain::rejection::{ConflictCode, Rejection};
use domain::resource::{Booking, Deletion, Resource};
use serde_json::{Map, Value, json};

use crate::Employee;
use crate::testing::{NOW, Settled, check, defects_on_create, found, invalid, object, settle};

/// A stored employee with every default, and `fields` over them.
fn stored(fields: Value) -> Map<String, Value> {
    let mut record = object(json!({
        "id": "emp_Mj1131", "employeeNumber": "E-1131", "firstName": "María José", "lastName": "Núñez Ávila",
        "role": "finisher", "status": "active", "employmentType": "full_time", "timeZone": "America/Chicago",
        "workDays": ["mon", "tue", "wed", "thu", "fri"], "hoursPerDay": 8, "timeOffApprovalRequired": true,
        "version": 1, "createdAt": "2025-10-19T22:04:11Z", "updatedAt": "2025-10-19T22:04:11Z",
    }));
    record.extend(object(fields));
    record
}

fn minimal() -> Value {
    json!({"employeeNumber": "E-1200", "firstName": "Suharto", "lastName": "Suharto", "role": "laborer"})
}

fn people(of: &[(&str, &str, &str)]) -> References {
    let mut references = References::default();
    for (id, number, status) in of {
        references.insert(Referent {
            kind: Kind::Employee,
            id: (*id).to_owned(),
            number: (*number).to_owned(),
            fields: object(json!({"status": status})),
            bookings: Vec::new(),
            leaves: Vec::new(),
        });
    }
    references
}

fn update(stored: &Map<String, Value>, sent: Value) -> Settled {
    settle(Some(stored), sent, &References::default()).unwrap()
}

/// The defects of a 409 `immutable_field`.
fn immutable(result: Result<Settled, Rejection>) -> Vec<(String, DefectCode)> {
    match result {
        Err(Rejection::Conflict { code: ConflictCode::ImmutableField, errors, .. }) => {
            found(&errors).into_iter().map(|(field, code)| (field.to_owned(), code)).collect()
        }
        other => panic!("not a 409 immutable_field: {other:?}"),
    }
}

#[test]
fn the_contracts_bodies_have_the_defects_that_it_names() {
    for (body, expected) in [
        (include_str!("../../../tests/fixtures/employee/valid/minimal.json"), None),
        (include_str!("../../../tests/fixtures/employee/valid/typical.json"), None),
        (
            include_str!("../../../tests/fixtures/employee/invalid/certification-expires-before-issue.json"),
            Some(("certifications[0].expiresOn", DefectCode::DateOrder)),
        ),
        (
            include_str!("../../../tests/fixtures/employee/invalid/email-without-domain.json"),
            Some(("email", DefectCode::InvalidFormat)),
        ),
        (
            include_str!("../../../tests/fixtures/employee/invalid/missing-last-name.json"),
            Some(("lastName", DefectCode::Required)),
        ),
        (
            include_str!("../../../tests/fixtures/employee/invalid/social-security-number-sent.json"),
            Some(("ssn", DefectCode::ForbiddenField)),
        ),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|(field, code)| (field.to_owned(), code)).collect();
        assert_eq!(defects_on_create(body), expected, "{body}");
    }
}

/// Fields; the defects of them as a part of a record, and as a whole one.
type Case<'a> = (Value, &'a [(&'a str, DefectCode)], &'a [(&'a str, DefectCode)]);

#[test]
fn check_finds_each_defect_and_nothing_else() {
    use DefectCode::{DateOrder, DuplicateItem, MissingDependency, Required, SelfReference};
    let cases: &[Case<'_>] = &[
        (json!({}), &[], &[]),
        (json!({"status": "terminated"}), &[], &[("terminationDate", Required)]),
        (
            json!({"status": "terminated", "terminationDate": null}),
            &[("terminationDate", Required)],
            &[("terminationDate", Required)],
        ),
        (json!({"status": "inactive"}), &[], &[]),
        (json!({"status": "terminated", "hireDate": "2025-01-02", "terminationDate": "2025-01-02"}), &[], &[]),
        (
            json!({"status": "terminated", "hireDate": "2025-01-02", "terminationDate": "2025-01-01"}),
            &[("terminationDate", DateOrder)],
            &[("terminationDate", DateOrder)],
        ),
        (
            json!({"supervisorNumber": "e-1", "employeeNumber": "E-1"}),
            &[("supervisorNumber", SelfReference)],
            &[("supervisorNumber", SelfReference)],
        ),
        (
            json!({"supervisorId": "emp_a1b", "id": "emp_a1b"}),
            &[("supervisorId", SelfReference)],
            &[("supervisorId", SelfReference)],
        ),
        // The supervisor's number as stored; it has another since, and this employee took the old one.
        (
            json!({"supervisorId": "emp_a1b", "supervisorNumber": "E-1", "id": "emp_c2d", "employeeNumber": "E-1"}),
            &[],
            &[],
        ),
        (json!({"supervisorNumber": "E-2", "employeeNumber": "E-1"}), &[], &[]),
        (
            json!({"skills": [{"name": "Rigging"}, {"name": "Élagage"}, {"name": "éLAGAGE"}, {"name": "RIGGING"}]}),
            &[("skills[2].name", DuplicateItem), ("skills[3].name", DuplicateItem)],
            &[("skills[2].name", DuplicateItem), ("skills[3].name", DuplicateItem)],
        ),
        (
            json!({"certifications": [
                {"name": "a", "issuedOn": "2025-01-01", "expiresOn": "2025-01-01"},
                {"name": "b", "expiresOn": "2020-01-01"},
                {"name": "c", "issuedOn": "2025-01-01", "expiresOn": "2024-12-31"},
            ]}),
            &[("certifications[2].expiresOn", DateOrder)],
            &[("certifications[2].expiresOn", DateOrder)],
        ),
        (json!({"address": null}), &[], &[]),
        (json!({"address": {"line1": "9400 Burleson Rd"}}), &[], &[]),
        (json!({"address": {"latitude": 30.1, "longitude": -97.7}}), &[], &[]),
        (json!({"address": {"city": "Austin"}}), &[("address.line1", Required)], &[("address.line1", Required)]),
        (
            json!({"address": {"line1": "9400 Burleson Rd", "longitude": -97.7}}),
            &[("address.latitude", MissingDependency)],
            &[("address.latitude", MissingDependency)],
        ),
        (
            json!({"address": {"latitude": 30.1}}),
            &[("address.longitude", MissingDependency), ("address.line1", Required)],
            &[("address.longitude", MissingDependency), ("address.line1", Required)],
        ),
    ];
    for (fields, part, whole) in cases {
        let owned = |defects: &[(&str, DefectCode)]| -> Vec<_> {
            defects.iter().map(|(field, code)| ((*field).to_owned(), *code)).collect()
        };
        assert_eq!(check(fields, false), owned(part), "part: {fields}");
        assert_eq!(check(fields, true), owned(whole), "whole: {fields}");
    }
}

#[test]
fn a_new_employee_gets_the_defaults() {
    let new = settle(None, minimal(), &References::default()).unwrap();
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
fn what_is_sent_goes_before_the_defaults() {
    let sent = json!({
        "employeeNumber": "E-1", "firstName": "A", "lastName": "B", "role": "c", "status": "inactive",
        "employmentType": "union_hall", "timeZone": "America/Toronto", "workDays": ["sat"], "hoursPerDay": 10,
        "timeOffApprovalRequired": false, "currency": "CAD", "hourlyCostRate": "51.1875",
        "address": {"line1": "1 rue X", "country": "CA"},
    });
    let new = settle(None, sent.clone(), &References::default()).unwrap();
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
    assert_eq!(check(&merged, true), [], "the date that is about to be cleared is not held against the rehire");

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
    let result = settle(Some(&before), json!({"terminationDate": "2025-05-31"}), &References::default());
    assert_eq!(invalid(result), [("terminationDate".to_owned(), DefectCode::DateOrder)]);
}

#[test]
fn a_supervisor_is_stored_under_both_names() {
    let people = people(&[("emp_7Hq2LwN9", "E-1042", "active"), ("emp_8Jr3", "E-1043", "inactive")]);
    let by_number = settle(Some(&stored(json!({}))), json!({"supervisorNumber": "e-1042"}), &people).unwrap();
    assert_eq!(by_number.record["supervisorId"], "emp_7Hq2LwN9");
    assert_eq!(by_number.record["supervisorNumber"], "E-1042");

    // Half a reference replaces the whole one that was stored.
    let replaced = settle(Some(&by_number.record), json!({"supervisorId": "emp_8Jr3"}), &people).unwrap();
    assert_eq!(replaced.record["supervisorNumber"], "E-1043");

    let cleared = settle(Some(&replaced.record), json!({"supervisorNumber": null}), &people).unwrap();
    assert_eq!((cleared.record.get("supervisorId"), cleared.record.get("supervisorNumber")), (None, None));
}

#[test]
fn a_body_that_does_not_name_the_supervisor_leaves_it_alone() {
    let before = stored(json!({"supervisorId": "emp_7Hq2LwN9", "supervisorNumber": "E-1042"}));
    let after = update(&before, json!({"role": "lead finisher"}));
    assert_eq!(after.record["supervisorId"], "emp_7Hq2LwN9");
}

#[test]
fn a_supervisor_must_exist_be_employed_and_be_somebody_else() {
    let people = people(&[
        ("emp_7Hq2LwN9", "E-1042", "active"),
        ("emp_Gone1", "E-0001", "terminated"),
        ("emp_Mj1131", "E-1131", "active"),
    ]);
    for (sent, field, code) in [
        (json!({"supervisorNumber": "E-9999"}), "supervisorNumber", DefectCode::UnknownReference),
        (json!({"supervisorId": "emp_None1"}), "supervisorId", DefectCode::UnknownReference),
        (
            json!({"supervisorId": "emp_7Hq2LwN9", "supervisorNumber": "E-0001"}),
            "supervisorNumber",
            DefectCode::ReferenceMismatch,
        ),
        (json!({"supervisorNumber": "E-0001"}), "supervisorNumber", DefectCode::InactiveReference),
        (json!({"supervisorId": "emp_Mj1131"}), "supervisorId", DefectCode::SelfReference),
        (json!({"supervisorNumber": "E-1131"}), "supervisorNumber", DefectCode::SelfReference),
    ] {
        let result = settle(Some(&stored(json!({}))), sent.clone(), &people);
        assert_eq!(invalid(result), [(field.to_owned(), code)], "{sent}");
    }
    // Existing links stay.
    let linked = stored(json!({"supervisorId": "emp_Gone1", "supervisorNumber": "E-0001"}));
    assert!(settle(Some(&linked), json!({"supervisorNumber": "E-0001", "role": "x"}), &people).is_ok());
}

#[test]
fn the_only_reference_is_the_supervisor() {
    let references = Employee::references(&object(json!({"supervisorNumber": "E-1042", "employeeNumber": "E-1"})));
    assert_eq!(references.len(), 1);
    assert_eq!((references[0].kind, references[0].field()), (Kind::Employee, "supervisorNumber"));
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
    let refused = settle(Some(&rated), json!({"currency": "CAD"}), &none);
    assert_eq!(immutable(refused), missing(&["hourlyCostRate", "hourlyBillRate"]));
    let half = settle(Some(&rated), json!({"currency": "CAD", "hourlyCostRate": "70.0000"}), &none);
    assert_eq!(immutable(half), missing(&["hourlyBillRate"]));

    let resent = json!({"currency": "CAD", "hourlyCostRate": "70.0000", "hourlyBillRate": null});
    assert_eq!(update(&rated, resent).record["currency"], "CAD");
    assert!(settle(Some(&rated), json!({"currency": "USD", "crew": "A"}), &none).is_ok());
    assert_eq!(update(&rated, json!({"currency": null})).record["currency"], "USD", "cleared is the default");
    assert!(settle(Some(&stored(json!({"currency": "USD"}))), json!({"currency": "CAD"}), &none).is_ok());
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
    let now = NOW.parse().unwrap();
    let mut deletion = Deletion { now, stored: &record, open_orders: &[], calendar: Vec::new() };
    let events = Employee::delete(&mut deletion).unwrap();
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
    let now = NOW.parse().unwrap();
    let mut deletion = Deletion { now, stored: &record, open_orders: &orders, calendar: Vec::new() };
    match Employee::delete(&mut deletion) {
        Err(Rejection::Conflict { code: ConflictCode::StillReferenced, detail, .. }) => {
            assert!(detail.contains("WO-1, WO-2"), "{detail}");
        }
        other => panic!("not refused: {other:?}"),
    }
}
