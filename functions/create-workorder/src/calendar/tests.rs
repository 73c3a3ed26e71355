use domain::events::EventDraft;
use domain::rejection::{ConflictCode, Rejection};
use serde_json::json;

use super::*;
use crate::testing::{HARNESS, NOW, employee, object, send, vendor};

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
fn unchanged_bookings_are_not_written() {
    assert_eq!(sent(&stored("scheduled"), json!({"title": "b"})), []);
    assert_eq!(sent(&stored("scheduled"), json!({"status": "in_progress"})), []);
    let same = json!({"assignments": [{"employeeNumber": "E-one", "role": "foreman"}, {"vendorNumber": "V-two"}]});
    assert_eq!(sent(&stored("scheduled"), same), []);
}

#[test]
fn added_people_are_booked_and_removed_people_unbooked() {
    let body = json!({"assignments": [{"employeeNumber": "E-one"}, {"employeeNumber": "E-three", "start": TWO}]});
    let expected = [unbooked(Kind::Vendor, "V-two"), booked(Kind::Employee, "E-three", TWO, EIGHT)];
    assert_eq!(sent(&stored("scheduled"), body), expected);
}

#[test]
fn bookings_follow_the_schedule_and_number_of_their_order() {
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
    HARNESS.delete(&object(stored), &[])
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
