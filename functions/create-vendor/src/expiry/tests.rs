use domain::resource::WarningCode;
use serde_json::{Value, json};

use crate::testing::{NOW, certificate, stored, update};

#[test]
fn expired_documents_are_accepted_with_a_warning() {
    // Now it is 2025-11-02 in the account's time zone.
    let sent = json!({
        "insurance": [certificate("2025-11-01"), certificate("2025-11-02"), certificate("2026-01-01")],
        "licenses": [{"number": "1", "jurisdiction": "US-TX"}, {"number": "2", "jurisdiction": "US-CA", "expiresOn": "2024-01-31"}],
    });
    let after = update(&stored(json!({})), sent);
    let warned: Vec<_> = after.warnings.iter().map(|w| (w.code, w.field.as_str())).collect();
    assert_eq!(
        warned,
        [
            (WarningCode::InsuranceExpired, "insurance[0].expiresOn"),
            (WarningCode::LicenseExpired, "licenses[1].expiresOn"),
        ]
    );
    let later = update(&after.record, json!({"preferred": true}));
    assert!(later.warnings.is_empty(), "only what was sent is warned of");
}

#[test]
fn events_carry_the_earliest_dates_and_nothing_private() {
    let papers = json!({
        "insurance": [certificate("2026-04-01"), certificate("2026-01-01")],
        "licenses": [{"number": "1", "jurisdiction": "US-CA", "expiresOn": "2027-01-31"}],
        "trades": ["structural steel", "rigging"], "email": "auftrag@mueller-stahlbau.example",
        "phone": "+49 711 5550199", "w9OnFile": true,
    });
    let after = update(&stored(papers), json!({"status": "blocked", "notes": "Late twice."}));
    let expected = json!({
        "id": "ven_Mu3ller9", "vendorNumber": "V-2207", "name": "Müller Stahlbau GmbH & Co. KG",
        "vendorType": "subcontractor", "status": "blocked", "trades": ["structural steel", "rigging"],
        "email": "auftrag@mueller-stahlbau.example", "phone": "+49 711 5550199",
        "insuranceExpiresOn": "2026-01-01", "licenseExpiresOn": "2027-01-31", "w9OnFile": true,
        "version": 2, "updatedAt": NOW, "changedFields": ["status", "notes"], "previous": {"status": "active"},
    });
    assert_eq!(Value::Object(after.events[0].data.clone()), expected);
}

#[test]
fn expiry_dates_are_null_in_events_when_no_document_has_one() {
    let after = update(&stored(json!({"licenses": [{"number": "1", "jurisdiction": "US-CA"}]})), json!({"name": "M"}));
    let data = &after.events[0].data;
    assert_eq!((&data["insuranceExpiresOn"], &data["licenseExpiresOn"]), (&Value::Null, &Value::Null));
}
