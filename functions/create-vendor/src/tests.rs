use domain::events::EventName;
use domain::rejection::ConflictCode;
use domain::resource::Booking;
use domain::resource::testing::conflict;
use serde_json::{Value, json};

use crate::testing::{HARNESS, NOW, certificate, change, stored, update};

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
fn the_currency_changes_only_with_its_amounts() {
    let mut insured = certificate("2026-01-01");
    insured["aggregateLimit"] = json!("2000000.00");
    let amounts = stored(json!({"currency": "USD", "hourlyBillRate": "142.7500", "insurance": [insured]}));
    let refused = |sent: Value| {
        let refused = conflict(change(Some(&amounts), sent));
        assert_eq!(refused.code, ConflictCode::ImmutableField);
        refused.fields()
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
fn a_change_that_the_record_does_not_show_raises_nothing() {
    // The tax id alone changed: the pipeline has taken it out of the record.
    assert!(update(&stored(json!({})), json!({"vendorNumber": "V-2207"})).events.is_empty());
}

#[test]
fn a_deletion_carries_the_name() {
    let record = stored(json!({}));
    let (_, events) = HARNESS.delete(&record, &[]).unwrap();
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
    let refused = conflict(HARNESS.delete(&record, &orders));
    assert_eq!(refused.code, ConflictCode::StillReferenced);
    assert!(refused.detail.contains("WO-1"), "{}", refused.detail);
}
