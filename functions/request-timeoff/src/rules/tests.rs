use domain::defect::DefectCode;
use serde_json::{Value, json};

use crate::testing::{check, defects_on_create, object};

#[test]
fn the_contracts_bodies_have_the_defects_that_it_names() {
    for (body, expected) in [
        (include_str!("../../../../tests/fixtures/timeoff/valid/minimal.json"), None),
        (include_str!("../../../../tests/fixtures/timeoff/valid/typical.json"), None),
        (
            include_str!("../../../../tests/fixtures/timeoff/invalid/date-sent-as-date-time.json"),
            Some(("startDate", DefectCode::InvalidFormat)),
        ),
        (
            include_str!("../../../../tests/fixtures/timeoff/invalid/hours-exceed-span.json"),
            Some(("hours", DefectCode::HoursExceedSpan)),
        ),
        (
            include_str!("../../../../tests/fixtures/timeoff/invalid/missing-request-number.json"),
            Some(("requestNumber", DefectCode::Required)),
        ),
        (
            include_str!("../../../../tests/fixtures/timeoff/invalid/start-time-without-end-time.json"),
            Some(("endTime", DefectCode::MissingDependency)),
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
    use DefectCode::{ConflictingFields, DateOrder, HoursExceedSpan, MissingDependency, OutOfRange, Required};
    let day = |fields: Value| {
        let mut all = json!({"employeeNumber": "E-1", "startDate": "2025-12-24", "endDate": "2025-12-24"});
        all.as_object_mut().unwrap().extend(object(fields));
        all
    };
    let cases: &[Case<'_>] = &[
        (json!({}), &[], &[("employeeNumber", Required)]),
        (json!({"employeeNumber": null}), &[], &[("employeeNumber", Required)]),
        (
            json!({"employeeNumber": null, "employeeId": null}),
            &[("employeeNumber", Required)],
            &[("employeeNumber", Required)],
        ),
        (json!({"employeeId": "emp_a1b"}), &[], &[]),
        (day(json!({})), &[], &[]),
        (day(json!({"endDate": "2025-12-23"})), &[("endDate", DateOrder)], &[("endDate", DateOrder)]),
        (day(json!({"startDate": "2025-01-01", "endDate": "2026-01-01"})), &[], &[]),
        (
            day(json!({"startDate": "2025-01-01", "endDate": "2026-01-02"})),
            &[("endDate", OutOfRange)],
            &[("endDate", OutOfRange)],
        ),
        (day(json!({"hours": 24})), &[], &[]),
        (day(json!({"hours": 24.01})), &[("hours", HoursExceedSpan)], &[("hours", HoursExceedSpan)]),
        (day(json!({"endDate": "2025-12-25", "hours": 48})), &[], &[]),
        (day(json!({"startTime": "08:00"})), &[], &[("endTime", MissingDependency)]),
        (
            day(json!({"startTime": "08:00", "endTime": null})),
            &[("endTime", MissingDependency)],
            &[("endTime", MissingDependency)],
        ),
        (day(json!({"endTime": "08:00"})), &[], &[("startTime", MissingDependency)]),
        (day(json!({"startTime": null, "endTime": null})), &[], &[]),
        (day(json!({"startTime": "08:00", "endTime": "08:01"})), &[], &[]),
        (day(json!({"startTime": "08:00", "endTime": "08:00"})), &[("endTime", DateOrder)], &[("endTime", DateOrder)]),
        (
            day(json!({"endDate": "2025-12-25", "startTime": "08:00", "endTime": "12:00"})),
            &[("startTime", ConflictingFields)],
            &[("startTime", ConflictingFields)],
        ),
        (
            json!({"employeeId": "emp_a1b", "status": "requested", "decision": {}}),
            &[],
            &[("decision", ConflictingFields)],
        ),
        (
            json!({"employeeId": "emp_a1b", "status": "cancelled", "decision": {}}),
            &[],
            &[("decision", ConflictingFields)],
        ),
        (json!({"employeeId": "emp_a1b", "status": "cancelled", "decision": {}, "version": 2}), &[], &[]),
        (json!({"employeeId": "emp_a1b", "status": "denied", "decision": {}}), &[], &[]),
        (json!({"employeeId": "emp_a1b", "decision": {}}), &[], &[("decision", ConflictingFields)]),
    ];
    for (fields, part, whole) in cases {
        let owned = |defects: &[(&str, DefectCode)]| -> Vec<_> {
            defects.iter().map(|(field, code)| ((*field).to_owned(), *code)).collect()
        };
        assert_eq!(check(fields, false), owned(part), "part: {fields}");
        assert_eq!(check(fields, true), owned(whole), "whole: {fields}");
    }
}
