//! Work orders in the calendars of who is on them: everyone assigned to an open order is booked.

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
    /// The calendar lies under the present number, which may not be the one that the order remembers.
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

/// Whether somebody leaves who was booked, so that their present number has to be read. `merged` is not settled yet:
/// its lines may have the id or the number alone.
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

/// What leaves the calendars with a deleted order.
pub(crate) fn clearance(stored: &Map<String, Value>) -> Vec<CalendarEdit> {
    entries(stored).iter().map(|entry| unbook(entry, &References::default())).collect()
}

fn unbook(entry: &Entry<'_>, references: &References) -> CalendarEdit {
    CalendarEdit::Unbook { of: entry.holder(references), order_id: entry.booking.id.clone() }
}

/// One entry for everyone on an open order; none for a closed one. Who is on several lines is booked from the first
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
mod tests {
    use domain::events::EventDraft;
    use domain::rejection::{ConflictCode, Rejection};
    use domain::resource::{Deletion, Resource};
    use serde_json::json;

    use super::*;
    use crate::WorkOrder;
    use crate::testing::{NOW, employee, object, send, vendor};

    const NOON: &str = "2025-10-27T12:00:00Z";
    const TWO: &str = "2025-10-27T14:00:00Z";
    const EIGHT: &str = "2025-10-27T20:00:00Z";

    fn stored(status: &str) -> Value {
        json!({"id": "wo_xyz789", "workOrderNumber": "WO-1", "title": "a", "status": status, "version": 1,
            "cancellationReason": "Rain", "scheduledStart": NOON, "scheduledEnd": EIGHT,
            "assignments": [{"employeeId": "emp_one", "employeeNumber": "E-one", "lead": false},
                {"vendorId": "ven_two", "vendorNumber": "V-two", "lead": false, "headcount": 1}]})
    }

    fn holder(kind: Kind, number: &str) -> Holder {
        Holder { kind, number: number.to_owned() }
    }

    fn booked(kind: Kind, number: &str, start: &str, end: &str) -> CalendarEdit {
        let at = |time: &str| Some(time.parse().expect("a time"));
        let booking = Booking { id: "wo_xyz789".to_owned(), number: "WO-1".to_owned(), start: at(start), end: at(end) };
        CalendarEdit::Book { of: holder(kind, number), booking }
    }

    fn unbooked(kind: Kind, number: &str) -> CalendarEdit {
        CalendarEdit::Unbook { of: holder(kind, number), order_id: "wo_xyz789".to_owned() }
    }

    fn sent(stored: &Value, body: Value) -> Vec<CalendarEdit> {
        let known = [employee("one", json!({})), vendor("two", json!({})), employee("three", json!({}))];
        send(Some(stored), body, &known).expect("allowed").calendar
    }

    fn everyone(start: &str, end: &str) -> [CalendarEdit; 2] {
        [booked(Kind::Employee, "E-one", start, end), booked(Kind::Vendor, "V-two", start, end)]
    }

    #[test]
    fn nothing_is_written_that_stays_as_it_is() {
        assert_eq!(sent(&stored("scheduled"), json!({"title": "b"})), []);
        assert_eq!(sent(&stored("scheduled"), json!({"status": "in_progress"})), []);
        let same = json!({"assignments": [{"employeeNumber": "E-one", "role": "foreman"}, {"vendorNumber": "V-two"}]});
        assert_eq!(sent(&stored("scheduled"), same), []);
    }

    #[test]
    fn who_comes_is_booked_and_who_leaves_is_not() {
        let body = json!({"assignments": [{"employeeNumber": "E-one"}, {"employeeNumber": "E-three", "start": TWO}]});
        let expected = [unbooked(Kind::Vendor, "V-two"), booked(Kind::Employee, "E-three", TWO, EIGHT)];
        assert_eq!(sent(&stored("scheduled"), body), expected);
    }

    #[test]
    fn an_order_that_moves_takes_its_bookings_along() {
        assert_eq!(sent(&stored("scheduled"), json!({"scheduledStart": TWO})), everyone(TWO, EIGHT));
        let renamed = sent(&stored("scheduled"), json!({"workOrderNumber": "WO-2"}));
        assert!(matches!(&renamed[..], [CalendarEdit::Book { booking, .. }, _] if booking.number == "WO-2"));
        let unscheduled = sent(&stored("scheduled"), json!({"scheduledStart": null, "scheduledEnd": null}));
        assert!(matches!(&unscheduled[..], [CalendarEdit::Book { booking, .. }, _] if booking.start.is_none()));
    }

    #[test]
    fn a_closed_order_is_in_no_calendar() {
        let all = [unbooked(Kind::Employee, "E-one"), unbooked(Kind::Vendor, "V-two")];
        assert_eq!(sent(&stored("scheduled"), json!({"status": "completed"})), all);
        assert_eq!(sent(&stored("scheduled"), json!({"status": "cancelled"})), all);
        assert_eq!(sent(&stored("completed"), json!({"title": "b", "scheduledStart": TWO})), []);
        assert_eq!(sent(&stored("completed"), json!({"status": "in_progress"})), everyone(NOON, EIGHT));
    }

    #[test]
    fn two_lines_of_one_person_are_one_booking() {
        let body = json!({"assignments": [{"employeeNumber": "E-three", "start": TWO, "end": "2025-10-27T15:00:00Z"},
            {"employeeNumber": "E-three", "start": "2025-10-27T16:00:00Z", "end": "2025-10-27T18:00:00Z"}]});
        let edits = sent(&stored("scheduled"), body);
        assert_eq!(edits[2..], [booked(Kind::Employee, "E-three", TWO, "2025-10-27T18:00:00Z")]);
    }

    fn delete(stored: Value) -> Result<(Vec<CalendarEdit>, Vec<EventDraft>), Rejection> {
        let stored = object(stored);
        let now = NOW.parse().expect("a time");
        let mut deletion = Deletion { now, stored: &stored, open_orders: &[], calendar: Vec::new() };
        let events = WorkOrder::delete(&mut deletion)?;
        Ok((deletion.calendar, events))
    }

    #[test]
    fn a_deleted_order_leaves_every_calendar() {
        for status in ["unscheduled", "scheduled", "on_hold"] {
            let (calendar, events) = delete(stored(status)).expect("allowed");
            assert_eq!(calendar, [unbooked(Kind::Employee, "E-one"), unbooked(Kind::Vendor, "V-two")], "{status}");
            assert_eq!(events[0].data["deletedAt"], NOW);
            assert_eq!(events[0].data["workOrderNumber"], "WO-1");
        }
        for status in ["completed", "cancelled"] {
            assert_eq!(delete(stored(status)).expect("allowed").0, [], "{status}");
        }
        let refused = delete(stored("in_progress"));
        assert!(matches!(refused, Err(Rejection::Conflict { code: ConflictCode::InvalidStateTransition, .. })));
    }
}
