use domain::defect::DefectCode;
use domain::rejection::ConflictCode;
use domain::resource::{Booking, CalendarEdit, Leave, WarningCode};
use serde_json::json;

use crate::testing::{HARNESS, NOW, body, holder, maria, people, stored, update, week};
use domain::resource::testing::conflict;

#[test]
fn overlapping_time_off_is_refused_with_the_other_id() {
    let mut person = maria();
    person.leaves.push(week("to_0ther", "TO-5000", false));
    let busy = people(person);
    let refused =
        conflict(HARNESS.send(None, body(json!({"startDate": "2025-12-19", "endDate": "2025-12-23"})), &busy));
    assert_eq!(refused.code, ConflictCode::Overlap);
    assert!(refused.detail.contains("to_0ther"), "{}", refused.detail);
    assert_eq!(refused.errors, [("startDate".to_owned(), DefectCode::ConflictingFields)]);
    assert!(HARNESS.send(None, body(json!({"startDate": "2025-12-20", "endDate": "2025-12-23"})), &busy).is_ok());
    let moved = HARNESS.send(Some(&stored("requested").stored), json!({"startDate": "2025-12-16"}), &busy);
    assert_eq!(conflict(moved).code, ConflictCode::Overlap);
}

#[test]
fn parts_of_one_day_do_not_overlap() {
    let part = |start: &str, end: &str| Leave {
        start_date: "2025-12-15".to_owned(),
        end_date: "2025-12-15".to_owned(),
        start_time: Some(start.to_owned()),
        end_time: Some(end.to_owned()),
        ..week("to_0ther", "TO-5000", true)
    };
    for (other, clear) in [(part("08:00", "12:30"), true), (part("08:00", "12:31"), false)] {
        let mut person = maria();
        person.leaves.push(other);
        let afternoon = json!({"endDate": "2025-12-15", "startTime": "12:30", "endTime": "16:30", "hours": 4});
        assert_eq!(HARNESS.send(None, body(afternoon), &people(person)).is_ok(), clear);
    }
}

#[test]
fn a_request_does_not_overlap_itself_nor_fail_later_for_what_was_accepted() {
    let before = stored("requested");
    let mut person = maria();
    person.leaves.push(week("to_new1", "TO-5531", false));
    assert!(HARNESS.send(Some(&before.stored), json!({"startDate": "2025-12-16"}), &people(person.clone())).is_ok());
    person.leaves.push(week("to_0ther", "TO-5000", false));
    let crowded = people(person);
    for sent in [json!({"notes": "x"}), json!({"status": "approved"}), json!({"status": "cancelled"})] {
        assert!(HARNESS.send(Some(&before.stored), sent.clone(), &crowded).is_ok(), "{sent}");
    }
}

#[test]
fn the_calendar_follows_the_status() {
    let before = stored("requested");
    let approved = update(&before, json!({"status": "approved"})).unwrap();
    assert_eq!(approved.calendar, [CalendarEdit::Leave { of: holder(), leave: week("to_new1", "TO-5531", true) }]);
    for after in [
        update(&before, json!({"status": "denied"})),
        update(&before, json!({"status": "cancelled"})),
        update(&approved, json!({"status": "cancelled"})),
    ] {
        assert_eq!(after.unwrap().calendar, [CalendarEdit::Unleave { of: holder(), leave_id: "to_new1".to_owned() }]);
    }
}

#[test]
fn approval_warns_of_the_work_orders_that_it_hits() {
    let order = |number: &str, start: &str, end: &str| Booking {
        id: format!("wo_{number}"),
        number: number.to_owned(),
        start: Some(start.parse().unwrap()),
        end: Some(end.parse().unwrap()),
    };
    let mut person = maria();
    person.bookings = vec![
        // Midnight in Toronto is 05:00Z: this one ends as the leave begins.
        order("WO-1", "2025-12-14T12:00:00Z", "2025-12-15T05:00:00Z"),
        order("WO-2", "2025-12-14T12:00:00Z", "2025-12-15T05:00:01Z"),
        order("WO-3", "2025-12-20T04:59:59Z", "2025-12-22T00:00:00Z"),
        Booking { start: None, end: None, ..order("WO-4", NOW, NOW) },
    ];
    let busy = people(person);
    let requested = HARNESS.send(None, body(json!({})), &busy).unwrap();
    assert!(requested.warnings.is_empty(), "a request hits nothing yet");
    for approved in [
        HARNESS.send(Some(&requested.stored), json!({"status": "approved"}), &busy).unwrap(),
        HARNESS.send(None, body(json!({"status": "approved"})), &busy).unwrap(),
    ] {
        let [warning] = approved.warnings.as_slice() else { panic!("{:?}", approved.warnings) };
        assert_eq!((warning.code, warning.field.as_str()), (WarningCode::AssignmentConflict, "startDate"));
        assert!(warning.message.ends_with("WO-2, WO-3"), "{}", warning.message);
        let later = HARNESS.send(Some(&approved.stored), json!({"notes": "x"}), &busy).unwrap();
        assert!(later.warnings.is_empty());
    }
}
