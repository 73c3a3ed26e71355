use domain::defect::DefectCode;
use domain::events::EventName;
use domain::references::References;
use domain::rejection::{ConflictCode, Rejection};
use domain::resource::{Booking, Deletion, Resource, WarningCode};
use serde_json::{Map, Value, json};

use crate::Vendor;
use crate::testing::{NOW, Settled, check, defects_on_create, found, object, settle};

/// A stored vendor with every default, and `fields` over them.
fn stored(fields: Value) -> Map<String, Value> {
    let mut record = object(json!({
        "id": "ven_Mu3ller9", "vendorNumber": "V-2207", "name": "Müller Stahlbau GmbH & Co. KG",
        "vendorType": "subcontractor", "status": "active", "is1099": false, "w9OnFile": false, "prequalified": false,
        "preferred": false, "version": 1, "createdAt": "2025-09-30T12:00:02Z", "updatedAt": "2025-09-30T12:00:02Z",
    }));
    record.extend(object(fields));
    record
}

fn change(before: Option<&Map<String, Value>>, sent: Value) -> Result<Settled, Rejection> {
    settle(before, sent, &References::default())
}

fn update(before: &Map<String, Value>, sent: Value) -> Settled {
    change(Some(before), sent).unwrap()
}

fn certificate(expires_on: &str) -> Value {
    json!({"type": "auto", "carrier": "Travelers", "expiresOn": expires_on})
}

#[test]
fn the_contracts_bodies_have_the_defects_that_it_names() {
    for (body, expected) in [
        (include_str!("../../../tests/fixtures/vendor/valid/minimal.json"), None),
        (include_str!("../../../tests/fixtures/vendor/valid/typical.json"), None),
        (
            include_str!("../../../tests/fixtures/vendor/invalid/bank-account-sent.json"),
            Some(("bankAccountNumber", DefectCode::ForbiddenField)),
        ),
        (
            include_str!("../../../tests/fixtures/vendor/invalid/insurance-limit-negative.json"),
            Some(("insurance[0].limit", DefectCode::OutOfRange)),
        ),
        (
            include_str!("../../../tests/fixtures/vendor/invalid/license-without-jurisdiction.json"),
            Some(("licenses[0].jurisdiction", DefectCode::Required)),
        ),
        (
            include_str!("../../../tests/fixtures/vendor/invalid/name-201-characters.json"),
            Some(("name", DefectCode::TooLong)),
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
    use DefectCode::{DateOrder, InvalidFormat, MissingDependency, Required};
    let cases: &[Case<'_>] = &[
        (json!({}), &[], &[]),
        (json!({"taxId": "12-3456789"}), &[], &[("taxIdType", MissingDependency)]),
        (
            json!({"taxId": "12-3456789", "taxIdType": null}),
            &[("taxIdType", MissingDependency)],
            &[("taxIdType", MissingDependency)],
        ),
        (json!({"taxId": null, "taxIdType": null}), &[], &[]),
        (json!({"taxIdType": "ein"}), &[], &[]),
        (json!({"taxId": "123-45-6789", "taxIdType": "ein"}), &[("taxId", InvalidFormat)], &[("taxId", InvalidFormat)]),
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
        (
            json!({"insurance": [
                {"effectiveOn": "2025-04-01", "expiresOn": "2025-04-01"},
                {"expiresOn": "2020-04-01"},
                {"effectiveOn": "2025-04-01", "expiresOn": "2025-03-31"},
            ]}),
            &[("insurance[2].expiresOn", DateOrder)],
            &[("insurance[2].expiresOn", DateOrder)],
        ),
        (json!({"address": {"city": "Austin"}}), &[("address.line1", Required)], &[("address.line1", Required)]),
        (
            json!({"remitAddress": {"line1": "PO Box 1", "latitude": 30.1}}),
            &[("remitAddress.longitude", MissingDependency)],
            &[("remitAddress.longitude", MissingDependency)],
        ),
        (json!({"address": {"latitude": 30.1, "longitude": -97.7}}), &[], &[]),
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
        assert_eq!(check(&json!({"taxId": tax_id, "taxIdType": kind}), true), expected, "{kind} {tax_id}");
    }
}

#[test]
fn no_message_repeats_the_tax_id() {
    let mut defects = domain::defect::Defects::default();
    Vendor::check(&object(json!({"taxId": "987-65-432", "taxIdType": "ssn"})), true, &mut defects);
    assert_eq!(found(&defects), [("taxId", DefectCode::InvalidFormat)]);
    assert!(defects.iter().all(|defect| !defect.message.contains("987")));
}

#[test]
fn a_new_vendor_gets_the_defaults() {
    let sent = json!({"vendorNumber": "V-5001", "name": "Hill Country Sand & Gravel", "vendorType": "supplier"});
    let new = change(None, sent).unwrap();
    let expected = json!({
        "vendorNumber": "V-5001", "name": "Hill Country Sand & Gravel", "vendorType": "supplier", "id": "ven_new1",
        "status": "active", "is1099": false, "w9OnFile": false, "prequalified": false, "preferred": false,
        "version": 1, "createdAt": NOW, "updatedAt": NOW,
    });
    assert_eq!(Value::Object(new.record.clone()), expected);
    assert_eq!(new.event_names(), ["vendor.created"]);
    assert!(new.warnings.is_empty() && new.calendar.is_empty());
}

#[test]
fn both_addresses_are_completed_with_the_accounts_country() {
    let sent = json!({"address": {"line1": "A"}, "remitAddress": {"line1": "B", "country": "DE"}});
    let after = update(&stored(json!({})), sent);
    assert_eq!(
        (&after.record["address"]["country"], &after.record["remitAddress"]["country"]),
        (&json!("US"), &json!("DE"))
    );
}

#[test]
fn every_status_leads_to_every_other_and_raises_updated() {
    let statuses = ["pending", "active", "inactive", "blocked"];
    for from in statuses {
        for to in statuses {
            let after = update(&stored(json!({"status": from})), json!({"status": to}));
            let expected: &[&str] = if from == to { &[] } else { &["vendor.updated"] };
            assert_eq!(
                (after.event_names().as_slice(), &after.record["status"]),
                (expected, &json!(to)),
                "{from} -> {to}"
            );
        }
    }
}

#[test]
fn papers_that_are_sent_expired_are_accepted_with_a_warning() {
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
fn the_currency_changes_only_with_its_amounts() {
    let mut insured = certificate("2026-01-01");
    insured["aggregateLimit"] = json!("2000000.00");
    let amounts = stored(json!({"currency": "USD", "hourlyBillRate": "142.7500", "insurance": [insured]}));
    let refused = |sent: Value| match change(Some(&amounts), sent) {
        Err(Rejection::Conflict { code: ConflictCode::ImmutableField, errors, .. }) => {
            errors.iter().map(|defect| defect.field.clone()).collect::<Vec<_>>()
        }
        other => panic!("not a 409 immutable_field: {other:?}"),
    };
    assert_eq!(refused(json!({"currency": "EUR"})), ["hourlyBillRate", "insurance"]);
    assert_eq!(refused(json!({"currency": "EUR", "hourlyBillRate": "130.0000"})), ["insurance"]);
    let resent = json!({"currency": "EUR", "hourlyBillRate": null, "insurance": [certificate("2026-01-01")]});
    assert_eq!(update(&amounts, resent).record["currency"], "EUR");

    let no_limits = stored(json!({"currency": "USD", "insurance": [certificate("2026-01-01")]}));
    assert_eq!(update(&no_limits, json!({"currency": "EUR"})).record["currency"], "EUR");
    assert_eq!(update(&stored(json!({})), json!({"hourlyBillRate": "1.0000"})).record["currency"], "USD");
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
fn dates_of_expiry_that_nobody_stated_are_null() {
    let after = update(&stored(json!({"licenses": [{"number": "1", "jurisdiction": "US-CA"}]})), json!({"name": "M"}));
    let data = &after.events[0].data;
    assert_eq!((&data["insuranceExpiresOn"], &data["licenseExpiresOn"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_change_that_the_record_does_not_show_raises_nothing() {
    // The tax id alone changed: the pipeline has taken it out of the record.
    assert!(update(&stored(json!({})), json!({"vendorNumber": "V-2207"})).events.is_empty());
}

#[test]
fn a_deletion_carries_the_name() {
    let record = stored(json!({}));
    let now = NOW.parse().unwrap();
    let mut deletion = Deletion { now, stored: &record, open_orders: &[], calendar: Vec::new() };
    let events = Vendor::delete(&mut deletion).unwrap();
    assert_eq!((events.len(), events[0].name), (1, EventName::VendorDeleted));
    let expected = json!({
        "id": "ven_Mu3ller9", "vendorNumber": "V-2207", "name": "Müller Stahlbau GmbH & Co. KG", "deletedAt": NOW,
    });
    assert_eq!(Value::Object(events[0].data.clone()), expected);
}

#[test]
fn nobody_is_deleted_while_on_an_open_work_order() {
    let record = stored(json!({}));
    let orders = [Booking { id: "wo_1ab".to_owned(), number: "WO-1".to_owned(), start: None, end: None }];
    let now = NOW.parse().unwrap();
    let mut deletion = Deletion { now, stored: &record, open_orders: &orders, calendar: Vec::new() };
    match Vendor::delete(&mut deletion) {
        Err(Rejection::Conflict { code: ConflictCode::StillReferenced, detail, .. }) => {
            assert!(detail.contains("WO-1"), "{detail}");
        }
        other => panic!("not refused: {other:?}"),
    }
}
