//! The parent of a work order. There is one level: a parent has no parent, and an order that has children can't be given
//! one.
//!
//! A parent's item lists its children where employees have their bookings. Both records are written or checked in one
//! transaction, so that two simultaneous requests can't create a second level. The list may name orders that are no longer
//! children, so they decide themselves. An order that was given
//! its parent before such lists existed, or while the list was full, is in no list until its parent is sent with another
//! change. A second level above such an order is accepted: it does no harm.

use domain::defect::{DefectCode, Defects};
use domain::models::Kind;
use domain::references::{Reference, References, Referent};
use domain::resource::{Booking, CalendarEdit, Change, Holder};
use domain::rules::fields::{Sent, given, text};
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

/// Whether the order leaves the parent that it had, whose current number then has to be read.
pub(crate) fn is_left(stored: &Map<String, Value>, merged: &Map<String, Value>) -> bool {
    given(stored, NUMBER) && !same_number(stored, merged)
}

fn same_number(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    text(one, NUMBER).zip(text(other, NUMBER)).is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
}

/// Stores the parent with its number as stored there, and enforces the single level. A parent that was there before stays,
/// even if it could not be set now.
pub(crate) fn settle(change: &mut Change<'_>, defects: &mut Defects) {
    let references = change.references;
    let Some(sent) = reference(change.body) else {
        if Sent::of(change.body, NUMBER).is_mentioned() {
            change.remove(ID);
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

/// Whether an order in this one's list still has this one as its parent, by id or by the number that it had.
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
        change.stored.is_some_and(|stored| text(stored, "workOrderNumber") != change.text("workOrderNumber"));
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

/// Whether a referent was read: a stored reference that was not is among the references with no fields.
fn was_read(order: &Referent) -> bool {
    !order.fields.is_empty()
}

#[cfg(test)]
mod tests;
