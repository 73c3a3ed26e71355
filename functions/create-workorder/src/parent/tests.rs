use serde_json::json;

use super::*;
use crate::testing::{invalid, object, referent, send, send_to};

const PARENT: &str = "WO-2025/0871";

/// The order `wo_parent` with these fields, and this order in its list if it is listed.
fn order(fields: Value, listed: bool) -> Referent {
    let mut order = referent(Kind::WorkOrder, "wo_parent", PARENT, fields);
    order.fields.insert("title".to_owned(), json!("b"));
    order.bookings.extend(listed.then(|| entry("wo_xyz789", "WO-1")));
    order
}

fn entry(id: &str, number: &str) -> Booking {
    Booking { id: id.to_owned(), number: number.to_owned(), start: None, end: None }
}

fn of(number: &str) -> Holder {
    Holder { kind: Kind::WorkOrder, number: number.to_owned() }
}

fn refused(outcome: &[(String, DefectCode)], code: DefectCode) {
    assert_eq!(outcome, [(NUMBER.to_owned(), code)]);
}

fn under() -> Value {
    json!({"workOrderNumber": "WO-1", "title": "a", "status": "unscheduled", NUMBER: PARENT, ID: "wo_parent"})
}

#[test]
fn parents_are_one_level_deep() {
    let sent = json!({"title": "a", NUMBER: PARENT});
    let parent = order(json!({NUMBER: "WO-1"}), false);
    refused(&invalid(send(None, sent.clone(), &[parent])), DefectCode::ConflictingFields);
    let itself = referent(Kind::WorkOrder, "wo_xyz789", PARENT, json!({}));
    refused(&invalid(send(None, sent, &[itself])), DefectCode::SelfReference);
}

#[test]
fn an_order_with_children_can_not_be_given_a_parent() {
    let stored = json!({"workOrderNumber": "WO-1", "title": "a", "status": "unscheduled"});
    let listed = [entry("wo_child", "WO-7")];
    let outcome = |fields: Value| {
        let child = referent(Kind::WorkOrder, "wo_child", "WO-7", fields);
        send_to(Some(&stored), &listed, json!({NUMBER: PARENT}), &[order(json!({}), false), child])
    };
    for says_so in [json!({NUMBER: "wo-1"}), json!({NUMBER: "WO-old", ID: "wo_xyz789"})] {
        refused(&invalid(outcome(says_so)), DefectCode::ConflictingFields);
    }
    for left in [json!({"title": "b"}), json!({NUMBER: "WO-8", ID: "wo_other"})] {
        outcome(left).expect("it is under another one by now");
    }
    let gone = send_to(Some(&stored), &listed, json!({NUMBER: PARENT}), &[order(json!({}), false)]);
    gone.expect("it was deleted");
}

#[test]
fn the_parents_list_is_updated_with_the_order() {
    let booked = CalendarEdit::Book { of: of(PARENT), booking: entry("wo_xyz789", "WO-1") };
    let left = CalendarEdit::Unbook { of: of(PARENT), order_id: "wo_xyz789".to_owned() };
    let created = send(
        None,
        json!({"workOrderNumber": "WO-1", "title": "a", NUMBER: "wo-2025/0871"}),
        &[order(json!({}), false)],
    );
    let created = created.expect("allowed");
    assert_eq!((&created.record[NUMBER], &created.record[ID]), (&json!(PARENT), &json!("wo_parent")));
    assert_eq!(created.calendar, [booked]);

    let sent = |body: Value, known: &[Referent]| send(Some(&under()), body, known).expect("allowed");
    assert_eq!(sent(json!({"title": "b"}), &[]).calendar, []);
    let again = sent(json!({NUMBER: "wo-2025/0871"}), &[order(json!({}), true)]);
    assert_eq!((&again.record[NUMBER], again.calendar), (&json!(PARENT), vec![]));
    let freed = sent(json!({NUMBER: null}), &[order(json!({}), true)]);
    assert!(!freed.record.contains_key(NUMBER) && !freed.record.contains_key(ID), "{:?}", freed.record);
    assert_eq!(freed.calendar, std::slice::from_ref(&left));
    let other = referent(Kind::WorkOrder, "wo_other", "WO-8", json!({"title": "c"}));
    let moved = sent(json!({NUMBER: "WO-8"}), &[order(json!({}), true), other]);
    let booked_there = CalendarEdit::Book { of: of("WO-8"), booking: entry("wo_xyz789", "WO-1") };
    assert_eq!(moved.calendar, [left.clone(), booked_there]);
    let renumbered = sent(json!({"workOrderNumber": "WO-2"}), &[order(json!({}), true)]);
    assert_eq!(renumbered.calendar, [CalendarEdit::Book { of: of(PARENT), booking: entry("wo_xyz789", "WO-2") }]);
    let mut listed = object(under());
    listed.insert("id".to_owned(), json!("wo_xyz789"));
    assert_eq!(clearance(&listed), Some(left));
}

#[test]
fn an_order_missing_from_its_parents_list_is_added_with_its_next_change() {
    let mut stored = object(under());
    stored.shift_remove(ID);
    let outcome = send(Some(&Value::Object(stored)), json!({NUMBER: PARENT, "title": "b"}), &[order(json!({}), false)]);
    let outcome = outcome.expect("allowed");
    assert_eq!(outcome.record[ID], "wo_parent");
    assert_eq!(outcome.calendar, [CalendarEdit::Book { of: of(PARENT), booking: entry("wo_xyz789", "WO-1") }]);
}

#[test]
fn a_parent_that_was_renumbered_is_found_by_its_id() {
    let mut parent = order(json!({}), true);
    "WO-9".clone_into(&mut parent.number);
    let freed = send(Some(&under()), json!({NUMBER: null}), &[parent]).expect("allowed");
    assert_eq!(freed.calendar, [CalendarEdit::Unbook { of: of("WO-9"), order_id: "wo_xyz789".to_owned() }]);
}
