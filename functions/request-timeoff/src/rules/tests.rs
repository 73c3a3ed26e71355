use domain::defect::DefectCode;
use serde_json::{Value, json};

use crate::testing::HARNESS;
use domain::resource::testing::{check_cases, check_fixtures, object};

#[test]
fn the_contracts_bodies_have_the_defects_that_it_names() {
    assert_eq!(check_fixtures(&HARNESS, "timeoff"), 4);
}

/// A request for 24 December, with these fields.
fn day(fields: Value) -> Value {
    let mut all = json!({"employeeNumber": "E-1", "startDate": "2025-12-24", "endDate": "2025-12-24"});
    all.as_object_mut().unwrap().extend(object(fields));
    all
}

#[test]
fn a_request_names_its_employee() {
    use DefectCode::Required;
    check_cases(
        &HARNESS,
        &[
            (json!({}), &[], &[("employeeNumber", Required)]),
            (json!({"employeeNumber": null}), &[], &[("employeeNumber", Required)]),
            (
                json!({"employeeNumber": null, "employeeId": null}),
                &[("employeeNumber", Required)],
                &[("employeeNumber", Required)],
            ),
            (json!({"employeeId": "emp_a1b"}), &[], &[]),
        ],
    );
}

#[test]
fn days_are_in_order_and_hours_fit_into_them() {
    use DefectCode::{DateOrder, HoursExceedSpan, OutOfRange};
    check_cases(
        &HARNESS,
        &[
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
        ],
    );
}

#[test]
fn times_come_in_pairs_on_a_single_day() {
    use DefectCode::{ConflictingFields, DateOrder, MissingDependency};
    check_cases(
        &HARNESS,
        &[
            (day(json!({"startTime": "08:00"})), &[], &[("endTime", MissingDependency)]),
            (
                day(json!({"startTime": "08:00", "endTime": null})),
                &[("endTime", MissingDependency)],
                &[("endTime", MissingDependency)],
            ),
            (day(json!({"endTime": "08:00"})), &[], &[("startTime", MissingDependency)]),
            (day(json!({"startTime": null, "endTime": null})), &[], &[]),
            (day(json!({"startTime": "08:00", "endTime": "08:01"})), &[], &[]),
            (
                day(json!({"startTime": "08:00", "endTime": "08:00"})),
                &[("endTime", DateOrder)],
                &[("endTime", DateOrder)],
            ),
            (
                day(json!({"endDate": "2025-12-25", "startTime": "08:00", "endTime": "12:00"})),
                &[("startTime", ConflictingFields)],
                &[("startTime", ConflictingFields)],
            ),
        ],
    );
}

#[test]
fn a_decision_on_a_new_request_needs_a_decided_status() {
    use DefectCode::ConflictingFields;
    check_cases(
        &HARNESS,
        &[
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
        ],
    );
}
