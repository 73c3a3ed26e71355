//! Bookings: everyone assigned to an open work order has it in their calendar.

use domain::models::Kind;
use domain::references::References;
use domain::resource::{Booking, CalendarEdit, Change, Holder};
use domain::rules::fields::{items, text};
use serde_json::{Map, Value};

use crate::lines::ASSIGNMENTS;
use crate::status::Status;
use crate::window::Window;

/// Who is booked, and for when.
#[derive(Debug)]
struct Entry<'a> {
    kind: Kind,
    id: &'a str,
    number: &'a str,
    booking: Booking,
}

impl Entry<'_> {
    /// The calendar is stored under the current number, which may differ from the one in the order.
    fn holder(&self, references: &References) -> Holder {
        let number = references.by_id(self.kind, self.id).map_or(self.number, |present| present.number.as_str());
        Holder { kind: self.kind, number: number.to_owned() }
    }

    fn is_for(&self, other: &Entry<'_>) -> bool {
        self.kind == other.kind && self.id == other.id
    }
}

/// What changes in the calendars: nothing for those whose booking stays as it is.
pub(crate) fn edits(change: &Change<'_>) -> Vec<CalendarEdit> {
    let before = change.stored.map(entries).unwrap_or_default();
    let after = entries(&change.record);
    let booked = after
        .iter()
        .filter(|entry| !before.iter().any(|old| old.is_for(entry) && old.booking == entry.booking))
        .map(|entry| CalendarEdit::Book { of: entry.holder(change.references), booking: entry.booking.clone() });
    let left = before.iter().filter(|entry| !after.iter().any(|new| new.is_for(entry)));
    left.map(|entry| unbook(entry, change.references)).chain(booked).collect()
}

/// Whether somebody who was booked is removed, so that their current number has to be read. `merged` is not settled yet:
/// its lines may have only the id or only the number.
pub(crate) fn lets_go(stored: &Map<String, Value>, merged: &Map<String, Value>) -> bool {
    let before = entries(stored);
    let closes = !Status::of(merged).is_some_and(Status::is_open);
    let is_named = |entry: &Entry<'_>| {
        let names = |line, field: &str, name: &str| text(line, field).is_some_and(|it| it.eq_ignore_ascii_case(name));
        let [id, number] = match entry.kind {
            Kind::Vendor => ["vendorId", "vendorNumber"],
            _ => ["employeeId", "employeeNumber"],
        };
        items(merged, ASSIGNMENTS).any(|(_, line)| names(line, id, entry.id) || names(line, number, entry.number))
    };
    before.iter().any(|entry| closes || !is_named(entry))
}

/// The edits that remove a deleted order from all calendars.
pub(crate) fn clearance(stored: &Map<String, Value>) -> Vec<CalendarEdit> {
    entries(stored).iter().map(|entry| unbook(entry, &References::default())).collect()
}

fn unbook(entry: &Entry<'_>, references: &References) -> CalendarEdit {
    CalendarEdit::Unbook { of: entry.holder(references), order_id: entry.booking.id.clone() }
}

/// One entry per person on an open order; none for a closed order. A person on several lines is booked from the first
/// start to the last end.
fn entries(record: &Map<String, Value>) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    if !Status::of(record).is_some_and(Status::is_open) {
        return entries;
    }
    let order = Window::of_order(record);
    for (_, line) in items(record, ASSIGNMENTS) {
        let Some((kind, id, number)) = holder(line) else { continue };
        let window = Window::of_line(line, order);
        let (start, end) = (window.map(|window| window.start), window.and_then(|window| window.end));
        if let Some(known) = entries.iter_mut().find(|entry| entry.kind == kind && entry.id == id) {
            known.booking.start = known.booking.start.into_iter().chain(start).min();
            known.booking.end = known.booking.end.into_iter().chain(end).max();
            continue;
        }
        let field = |name: &str| text(record, name).unwrap_or_default().to_owned();
        let booking = Booking { id: field("id"), number: field("workOrderNumber"), start, end };
        entries.push(Entry { kind, id, number, booking });
    }
    entries
}

fn holder(line: &Map<String, Value>) -> Option<(Kind, &str, &str)> {
    let of = |kind, id, number| Some((kind, text(line, id)?, text(line, number)?));
    of(Kind::Employee, "employeeId", "employeeNumber").or_else(|| of(Kind::Vendor, "vendorId", "vendorNumber"))
}

#[cfg(test)]
mod tests;
