use domain::defect::DefectCode;
use domain::resource::testing::{check_cases, check_fixtures};
use serde_json::json;

use crate::testing::HARNESS;

#[test]
fn the_contracts_bodies_have_the_defects_that_it_names() {
    assert_eq!(check_fixtures(&HARNESS, "vendor"), 4);
}

#[test]
fn a_tax_id_has_a_type_and_its_form() {
    use DefectCode::{InvalidFormat, MissingDependency};
    check_cases(
        &HARNESS,
        &[
            (json!({}), &[], &[]),
            (json!({"taxId": "12-3456789"}), &[], &[("taxIdType", MissingDependency)]),
            (
                json!({"taxId": "12-3456789", "taxIdType": null}),
                &[("taxIdType", MissingDependency)],
                &[("taxIdType", MissingDependency)],
            ),
            (json!({"taxId": null, "taxIdType": null}), &[], &[]),
            (json!({"taxIdType": "ein"}), &[], &[]),
            (
                json!({"taxId": "123-45-6789", "taxIdType": "ein"}),
                &[("taxId", InvalidFormat)],
                &[("taxId", InvalidFormat)],
            ),
        ],
    );
}

#[test]
fn a_w9_that_was_received_is_on_file() {
    use DefectCode::MissingDependency;
    check_cases(
        &HARNESS,
        &[
            (json!({"w9ReceivedOn": "2025-02-03"}), &[], &[("w9OnFile", MissingDependency)]),
            (
                json!({"w9ReceivedOn": "2025-02-03", "w9OnFile": false}),
                &[("w9OnFile", MissingDependency)],
                &[("w9OnFile", MissingDependency)],
            ),
            (
                json!({"w9ReceivedOn": "2025-02-03", "w9OnFile": null}),
                &[("w9OnFile", MissingDependency)],
                &[("w9OnFile", MissingDependency)],
            ),
            (json!({"w9ReceivedOn": "2025-02-03", "w9OnFile": true}), &[], &[]),
            (json!({"w9ReceivedOn": null, "w9OnFile": false}), &[], &[]),
        ],
    );
}

#[test]
fn insurance_ends_after_it_begins() {
    use DefectCode::DateOrder;
    check_cases(
        &HARNESS,
        &[(
            json!({"insurance": [
                {"effectiveOn": "2025-04-01", "expiresOn": "2025-04-01"},
                {"expiresOn": "2020-04-01"},
                {"effectiveOn": "2025-04-01", "expiresOn": "2025-03-31"},
            ]}),
            &[("insurance[2].expiresOn", DateOrder)],
            &[("insurance[2].expiresOn", DateOrder)],
        )],
    );
}

#[test]
fn both_addresses_have_a_street_or_both_coordinates() {
    use DefectCode::{MissingDependency, Required};
    check_cases(
        &HARNESS,
        &[
            (json!({"address": {"city": "Austin"}}), &[("address.line1", Required)], &[("address.line1", Required)]),
            (
                json!({"remitAddress": {"line1": "PO Box 1", "latitude": 30.1}}),
                &[("remitAddress.longitude", MissingDependency)],
                &[("remitAddress.longitude", MissingDependency)],
            ),
            (json!({"address": {"latitude": 30.1, "longitude": -97.7}}), &[], &[]),
        ],
    );
}
