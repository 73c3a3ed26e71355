use domain::defect::{DefectCode, Defects};
use domain::resource::Resource;
use domain::resource::testing::{found, object};
use domain::rules::fields::Extent;
use serde_json::json;

use crate::Vendor;
use crate::testing::HARNESS;

#[test]
fn tax_ids_have_the_form_of_their_kind() {
    for (kind, tax_id, good) in [
        ("ein", "12-3456789", true),
        ("ein", "123456789", true),
        ("ein", "1-23456789", false),
        ("ein", "12-345678", false),
        ("ein", "12-345678A", false),
        ("ein", "12 3456789", false),
        ("ein", "1234567890", false),
        ("ssn", "123-45-6789", true),
        ("ssn", "123456789", true),
        ("ssn", "12-3456789", false),
        ("ssn", "123-456789", false),
        ("itin", "912-70-1234", true),
        ("itin", "912-70-12345", false),
        ("itin", "١٢٣٤٥٦٧٨٩", false),
        ("vat", "DE811569869", true),
        ("other", "CH-100.200", true),
    ] {
        let expected: Vec<_> = (!good).then(|| ("taxId".to_owned(), DefectCode::InvalidFormat)).into_iter().collect();
        assert_eq!(
            HARNESS.check(&json!({"taxId": tax_id, "taxIdType": kind}), Extent::Whole),
            expected,
            "{kind} {tax_id}"
        );
    }
}

#[test]
fn no_message_repeats_the_tax_id() {
    let mut defects = Defects::default();
    Vendor::check(&object(json!({"taxId": "987-65-432", "taxIdType": "ssn"})), Extent::Whole, &mut defects);
    assert_eq!(found(&defects), [("taxId".to_owned(), DefectCode::InvalidFormat)]);
    assert!(defects.iter().all(|defect| !defect.message.contains("987")));
}
