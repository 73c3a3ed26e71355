use domain::defect::DefectCode;
use domain::resource::testing::{check_cases, check_fixtures};
use serde_json::json;

use crate::testing::HARNESS;

#[test]
fn the_contracts_bodies_have_the_defects_that_it_names() {
    assert_eq!(check_fixtures(&HARNESS, "employee"), 4);
}

#[test]
fn someone_terminated_has_a_date_not_before_hiring() {
    use DefectCode::{DateOrder, Required};
    check_cases(
        &HARNESS,
        &[
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
        ],
    );
}

#[test]
fn nobody_supervises_themselves() {
    use DefectCode::SelfReference;
    check_cases(
        &HARNESS,
        &[
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
        ],
    );
}

#[test]
fn skills_are_named_once_and_certifications_expire_after_issue() {
    use DefectCode::{DateOrder, DuplicateItem};
    check_cases(
        &HARNESS,
        &[
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
        ],
    );
}

#[test]
fn an_address_has_a_street_or_both_coordinates() {
    use DefectCode::{MissingDependency, Required};
    check_cases(
        &HARNESS,
        &[
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
        ],
    );
}
