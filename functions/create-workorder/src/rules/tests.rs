use serde_json::json;

use super::*;
use crate::testing::{Found, HARNESS};

fn found(record: impl Into<Value>, extent: Extent) -> Found {
    HARNESS.check(&record.into(), extent)
}

/// One defect, of a whole record.
#[track_caller]
fn one(record: Value, field: &str, code: DefectCode) {
    assert_eq!(found(record, Extent::Whole), [(field.to_owned(), code)]);
}

const START: &str = "2025-10-27T12:00:00Z";

#[test]
fn the_schedule_is_in_order_and_not_too_long() {
    let order = |end: &str| json!({"scheduledStart": START, "scheduledEnd": end});
    one(order("2025-10-26T20:30:00Z"), "scheduledEnd", DefectCode::DateOrder);
    one(order(START), "scheduledEnd", DefectCode::DateOrder);
    assert_eq!(found(order("2026-10-28T12:00:00Z"), Extent::Whole), []);
    one(order("2026-10-28T12:00:01Z"), "scheduledEnd", DefectCode::OutOfRange);
}

#[test]
fn an_end_needs_a_start_once_it_is_certain_to_be_missing() {
    one(json!({"scheduledEnd": START}), "scheduledStart", DefectCode::MissingDependency);
    one(json!({"status": "scheduled", "scheduledEnd": START}), "scheduledStart", DefectCode::MissingDependency);
    assert_eq!(found(json!({"scheduledEnd": START}), Extent::Part), []);
    let cleared = json!({"scheduledEnd": START, "scheduledStart": null});
    assert_eq!(found(cleared, Extent::Part), [("scheduledStart".to_owned(), DefectCode::MissingDependency)]);
}

#[test]
fn a_daily_shift_has_two_times() {
    one(json!({"dailyStartTime": "07:00"}), "dailyEndTime", DefectCode::MissingDependency);
    one(json!({"dailyEndTime": "03:30"}), "dailyStartTime", DefectCode::MissingDependency);
    assert_eq!(found(json!({"dailyStartTime": "17:00", "dailyEndTime": "03:30"}), Extent::Whole), [], "a night shift");
}

#[test]
fn actual_times_may_be_equal() {
    let actual = |end: &str| json!({"actualStart": START, "actualEnd": end});
    assert_eq!(found(actual(START), Extent::Whole), []);
    one(actual("2025-10-27T11:59:59Z"), "actualEnd", DefectCode::DateOrder);
}

#[test]
fn what_a_status_needs() {
    one(json!({"status": "scheduled"}), "scheduledStart", DefectCode::MissingDependency);
    one(json!({"status": "cancelled"}), "cancellationReason", DefectCode::Required);
    assert_eq!(found(json!({"status": "scheduled"}), Extent::Part), []);
    assert_eq!(found(json!({"status": "cancelled"}), Extent::Part), []);
    let cleared = json!({"status": "cancelled", "cancellationReason": null});
    assert_eq!(found(cleared, Extent::Part), [("cancellationReason".to_owned(), DefectCode::Required)]);
    assert_eq!(
        found(json!({"status": "scheduled", "version": 3}), Extent::Whole),
        [],
        "its start was taken: it is settled"
    );
}

#[test]
fn an_order_is_not_its_own_parent() {
    let record = json!({"workOrderNumber": "WO-1", "parentWorkOrderNumber": "wo-1"});
    assert_eq!(found(record.clone(), Extent::Part), [("parentWorkOrderNumber".to_owned(), DefectCode::SelfReference)]);
    one(record, "parentWorkOrderNumber", DefectCode::SelfReference);
}

#[test]
fn the_address_and_the_equipment_have_their_rules() {
    one(json!({"siteAddress": {"city": "Austin"}}), "siteAddress.line1", DefectCode::Required);
    let rented = json!({"equipment": [{"name": "Lift"}, {"startDate": "2025-10-28", "endDate": "2025-10-27"}]});
    one(rented, "equipment[1].endDate", DefectCode::DateOrder);
    assert_eq!(found(json!({"equipment": [{"startDate": "2025-10-28", "endDate": "2025-10-28"}]}), Extent::Whole), []);
}
