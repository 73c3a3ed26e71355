//! The order that a work order is a part of. There is one level: a parent has no parent, and an order that has others under
//! it gets none.
//!
//! A parent's item lists the orders under it where people have their bookings, and both ends are held in one transaction,
//! so that two requests at once can't make a second level. The list may name orders that are under it no longer (an edit
//! of a parent that was renumbered at that moment is left out): their cards decide. An order that was given its parent
//! before there were such lists, or while the list was full, is in none until its parent is sent with another change; a
//! second level above such an order is accepted, since nothing goes wrong with it.

use domain::defect::{DefectCode, Defects};
use domain::models::Kind;
use domain::references::{Reference, References, Referent};
use domain::resource::{Booking, CalendarEdit, Change, Holder};
use domain::rules::fields::{given, text};
use serde_json::{Map, Value};

/// The parent's number, as it was when it was named.
const NUMBER: &str = "parentWorkOrderNumber";
/// The parent's id, stored beside its number, which can change. It is neither sent nor shown.
const ID: &str = "parentWorkOrderId";

/// The reference to the parent.
pub(crate) fn reference(record: &Map<String, Value>) -> Option<Reference> {
    Reference::of(Kind::WorkOrder, record, "", "parentWorkOrder")
}

/// Whether `merged` has a parent that `stored` has not.
pub(crate) fn is_given(stored: Option<&Map<String, Value>>, merged: &Map<String, Value>) -> bool {
    given(merged, NUMBER) && !stored.is_some_and(|stored| same_number(stored, merged))
}

/// Whether the order leaves the parent that it had, whose present number has to be read then.
pub(crate) fn is_left(stored: &Map<String, Value>, merged: &Map<String, Value>) -> bool {
    given(stored, NUMBER) && !same_number(stored, merged)
}

fn same_number(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    text(one, NUMBER).zip(text(other, NUMBER)).is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
}

/// Stores the parent as it has its number, and holds the rule of one level. A parent that was named before stays, whatever
/// has become of it.
pub(crate) fn settle(change: &mut Change<'_>, defects: &mut Defects) {
    let references = change.references;
    let Some(sent) = reference(change.body) else {
        if change.body.contains_key(NUMBER) {
            change.record.shift_remove(ID);
        }
        return;
    };
    if let Some(stored) = change.stored.filter(|stored| same_number(stored, change.body)) {
        change.set(NUMBER, text(stored, NUMBER).unwrap_or_default());
        let known = sent.number.as_deref().and_then(|number| references.by_number(Kind::WorkOrder, number));
        if let Some(parent) = known.filter(|parent| was_read(parent) && parent.text(NUMBER).is_none()) {
            change.set(ID, parent.id.as_str());
        }
        return;
    }
    let Some(parent) = references.resolve(&sent, defects) else { return };
    if change.text("id") == Some(parent.id.as_str()) {
        defects.push(sent.field(), DefectCode::SelfReference, "must be another work order");
    } else if parent.text(NUMBER).is_some() {
        let message = "names a work order that has a parent itself: there is one level only";
        defects.push(sent.field(), DefectCode::ConflictingFields, message);
    } else if let Some(child) = change.bookings.iter().find(|order| is_child(change, order)) {
        let message =
            format!("can't be given while {} has this order as its parent: there is one level only", child.number);
        defects.push(sent.field(), DefectCode::ConflictingFields, message);
    }
    change.set(NUMBER, parent.number.as_str());
    change.set(ID, parent.id.as_str());
}

/// Whether an order that is listed under this one still says so itself, by our id or by the number that we had.
fn is_child(change: &Change<'_>, listed: &Booking) -> bool {
    let number = change.stored_text("workOrderNumber").or(change.text("workOrderNumber")).unwrap_or_default();
    change.references.by_id(Kind::WorkOrder, &listed.id).is_some_and(|order| {
        let by_id = order.text(ID).is_some() && order.text(ID) == change.text("id");
        by_id || order.text(NUMBER).is_some_and(|parent| parent.eq_ignore_ascii_case(number))
    })
}

/// What changes in the lists of the parent before and the parent now.
pub(crate) fn edits(change: &Change<'_>) -> Vec<CalendarEdit> {
    let before = change.stored.and_then(reference).map(|parent| holder(&parent, change.references));
    let Some(parent) = reference(&change.record) else {
        return before.into_iter().map(|of| leave(of, &change.record)).collect();
    };
    let of = holder(&parent, change.references);
    let left = before.filter(|before| !before.number.eq_ignore_ascii_case(&of.number));
    let renumbered =
        change.stored.is_some_and(|stored| stored.get("workOrderNumber") != change.record.get("workOrderNumber"));
    let referent = parent.id.as_deref().and_then(|id| change.references.by_id(Kind::WorkOrder, id));
    let unlisted = referent.is_some_and(|parent| {
        was_read(parent) && !parent.bookings.iter().any(|order| Some(order.id.as_str()) == change.text("id"))
    });
    let mut edits: Vec<_> = left.into_iter().map(|of| leave(of, &change.record)).collect();
    if unlisted || renumbered {
        let field = |name: &str| change.text(name).unwrap_or_default().to_owned();
        let booking = Booking { id: field("id"), number: field("workOrderNumber"), start: None, end: None };
        edits.push(CalendarEdit::Book { of, booking });
    }
    edits
}

/// What leaves the parent's list with a deleted order.
pub(crate) fn clearance(stored: &Map<String, Value>) -> Option<CalendarEdit> {
    Some(leave(holder(&reference(stored)?, &References::default()), stored))
}

fn leave(of: Holder, order: &Map<String, Value>) -> CalendarEdit {
    CalendarEdit::Unbook { of, order_id: text(order, "id").unwrap_or_default().to_owned() }
}

/// The list lies under the parent's present number, which may not be the one that the order remembers.
fn holder(parent: &Reference, references: &References) -> Holder {
    let present = parent.id.as_deref().and_then(|id| references.by_id(Kind::WorkOrder, id));
    let number = present.map(|order| order.number.clone()).or_else(|| parent.number.clone());
    Holder { kind: Kind::WorkOrder, number: number.unwrap_or_default() }
}

/// A reference that is merely remembered stands among the references without any fields.
fn was_read(order: &Referent) -> bool {
    !order.fields.is_empty()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{invalid, object, referent, send, send_to};

    const PARENT: &str = "WO-2025/0871";

    /// The order `wo_parent` with these fields, and this order in its list if it is listed.
    fn order(fields: Value, listed: bool) -> Referent {
        let mut order = referent(Kind::WorkOrder, "wo_parent", PARENT, object(fields));
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
        let itself = referent(Kind::WorkOrder, "wo_xyz789", PARENT, Map::new());
        refused(&invalid(send(None, sent, &[itself])), DefectCode::SelfReference);
    }

    #[test]
    fn an_order_with_orders_under_it_gets_no_parent() {
        let stored = json!({"workOrderNumber": "WO-1", "title": "a", "status": "unscheduled"});
        let listed = [entry("wo_child", "WO-7")];
        let outcome = |fields: Value| {
            let child = referent(Kind::WorkOrder, "wo_child", "WO-7", object(fields));
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
    fn the_parents_list_follows_the_order() {
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
        let other = referent(Kind::WorkOrder, "wo_other", "WO-8", object(json!({"title": "c"})));
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
    fn an_order_that_is_in_no_list_yet_is_listed_with_its_next_change() {
        let mut stored = object(under());
        stored.shift_remove(ID);
        let outcome =
            send(Some(&Value::Object(stored)), json!({NUMBER: PARENT, "title": "b"}), &[order(json!({}), false)]);
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
}
