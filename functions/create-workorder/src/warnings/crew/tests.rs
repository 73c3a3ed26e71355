use domain::resource::Booking;
use serde_json::json;

use super::*;
use crate::testing::{employee, send, vendor};

const FIELD: &str = "assignments[0].employeeNumber";

/// The warnings of an order with one person, 27 October 07:00 to 15:00 in Chicago.
fn warned(person: &Referent) -> Vec<(WarningCode, String, String)> {
    let sent = json!({"title": "a", "scheduledStart": "2025-10-27T12:00:00Z", "scheduledEnd": "2025-10-27T20:00:00Z",
        "assignments": [{"employeeNumber": person.number}]});
    let outcome = send(None, sent, std::slice::from_ref(person)).expect("allowed");
    outcome.warnings.into_iter().map(|warning| (warning.code, warning.field, warning.message)).collect()
}

fn off(days: (&str, &str), times: Option<(&str, &str)>, zone: &str, approved: bool) -> Referent {
    let mut person = employee("one", json!({}));
    person.leaves.push(Leave {
        id: "to_1".to_owned(),
        number: "TO-5531".to_owned(),
        start_date: days.0.to_owned(),
        end_date: days.1.to_owned(),
        start_time: times.map(|(from, _)| from.to_owned()),
        end_time: times.map(|(_, to)| to.to_owned()),
        time_zone: zone.to_owned(),
        approved,
    });
    person
}

#[test]
fn approved_time_off_inside_the_window() {
    let chicago = "America/Chicago";
    let clashes = |person: Referent| match &warned(&person)[..] {
        [] => false,
        [(WarningCode::TimeOffConflict, field, message)] => {
            assert_eq!(field, FIELD);
            message.contains("TO-5531")
        }
        other => panic!("{other:?}"),
    };
    assert!(clashes(off(("2025-10-27", "2025-10-27"), None, chicago, true)));
    assert!(clashes(off(("2025-10-20", "2025-10-31"), None, chicago, true)));
    assert!(!clashes(off(("2025-10-27", "2025-10-27"), None, chicago, false)), "it is not approved");
    assert!(!clashes(off(("2025-10-28", "2025-10-30"), None, chicago, true)), "it begins the day after");
    assert!(!clashes(off(("2025-10-25", "2025-10-26"), None, chicago, true)), "it ends the day before");
    assert!(clashes(off(("2025-10-27", "2025-10-27"), Some(("12:30", "16:30")), chicago, true)));
    assert!(!clashes(off(("2025-10-27", "2025-10-27"), Some(("15:00", "16:30")), chicago, true)), "after work");
    assert!(!clashes(off(("2025-10-27", "2025-10-27"), Some(("05:00", "07:00")), chicago, true)), "before work");
    // 28 October begins at 15:00 UTC of the 27th in Tokyo, while the work is going on.
    assert!(clashes(off(("2025-10-28", "2025-10-28"), None, "Asia/Tokyo", true)));
    assert!(!clashes(off(("2025-10-28", "2025-10-28"), None, "America/Los_Angeles", true)));
}

fn booked(id: &str, start: &str, end: &str) -> Referent {
    let at = |time: &str| Some(format!("2025-10-27T{time}Z").parse().expect("a time"));
    let mut person = employee("one", json!({}));
    person.bookings.push(Booking { id: id.to_owned(), number: "WO-7".to_owned(), start: at(start), end: at(end) });
    person
}

#[test]
fn one_person_on_two_orders_at_one_time() {
    let [(code, field, message)] = &warned(&booked("wo_other", "19:00:00", "23:00:00"))[..] else {
        panic!("there is one warning")
    };
    assert_eq!((code, field.as_str()), (&WarningCode::DoubleBooked, FIELD));
    assert!(message.contains("WO-7"), "{message}");
    assert_eq!(warned(&booked("wo_other", "20:00:00", "23:00:00")), [], "one after the other");
    assert_eq!(warned(&booked("wo_xyz789", "12:00:00", "20:00:00")), [], "it is the order itself");
}

#[test]
fn an_order_without_an_end_occupies_its_start() {
    let sent =
        json!({"title": "a", "scheduledStart": "2025-10-27T12:00:00Z", "assignments": [{"employeeNumber": "E-one"}]});
    let outcome = send(None, sent, &[booked("wo_other", "11:00:00", "12:30:00")]).expect("allowed");
    assert_eq!(outcome.warned(), [(WarningCode::DoubleBooked, FIELD)]);
}

#[test]
fn a_closed_order_gives_no_warnings_about_people() {
    let sent = json!({"title": "a", "status": "completed", "scheduledStart": "2025-10-27T12:00:00Z",
        "scheduledEnd": "2025-10-27T20:00:00Z", "assignments": [{"employeeNumber": "E-one"}]});
    let outcome = send(None, sent, &[booked("wo_other", "12:00:00", "20:00:00")]).expect("allowed");
    assert_eq!(outcome.warned(), []);
}

#[test]
fn a_moved_order_warns_of_people_who_were_on_it_before() {
    let stored = json!({"id": "wo_xyz789", "title": "a", "status": "scheduled", "scheduledStart": "2025-10-26T12:00:00Z",
        "scheduledEnd": "2025-10-26T20:00:00Z", "assignments": [{"employeeId": "emp_one", "employeeNumber": "E-one"}]});
    let moved = json!({"scheduledStart": "2025-10-27T12:00:00Z", "scheduledEnd": "2025-10-27T20:00:00Z"});
    let outcome = send(Some(&stored), moved, &[booked("wo_other", "12:00:00", "20:00:00")]).expect("allowed");
    assert_eq!(outcome.warned(), [(WarningCode::DoubleBooked, FIELD)]);
}

#[test]
fn no_skill_gap_is_reported_while_an_employee_was_not_read() {
    let stored = json!({"id": "wo_xyz789", "title": "a", "status": "unscheduled", "requiredSkills": ["welding"],
        "assignments": [{"employeeId": "emp_one", "employeeNumber": "E-one"}]});
    let mut unread = employee("one", json!({}));
    let outcome = send(Some(&stored), json!({"title": "b"}), std::slice::from_ref(&unread)).expect("allowed");
    assert_eq!(outcome.warned(), [(WarningCode::SkillGap, "requiredSkills[0]")]);
    unread.fields.clear();
    let outcome = send(Some(&stored), json!({"title": "b"}), &[unread]).expect("allowed");
    assert_eq!(outcome.warned(), []);
}

#[test]
fn a_required_skill_that_nobody_assigned_has_is_a_gap() {
    let gaps = |lines: Value| {
        let known = [
            employee("one", json!({"skills": [{"name": "Welding"}], "certifications": [{"name": "OSHA 30"}]})),
            employee("two", json!({})),
            vendor("three", json!({})),
        ];
        let sent = json!({"title": "a", "requiredSkills": ["welding", "osha 30", "Crane"], "assignments": lines});
        let outcome = send(None, sent, &known).expect("allowed");
        outcome.warnings.into_iter().map(|warning| (warning.code, warning.field)).collect::<Vec<_>>()
    };
    let gap = |index: usize| (WarningCode::SkillGap, format!("requiredSkills[{index}]"));
    assert_eq!(gaps(json!([{"employeeNumber": "E-one"}, {"employeeNumber": "E-two"}])), [gap(2)]);
    assert_eq!(gaps(json!([{"employeeNumber": "E-two"}])), [gap(0), gap(1), gap(2)]);
    assert_eq!(gaps(json!([])), [], "nobody is assigned yet");
    assert_eq!(gaps(json!([{"vendorNumber": "V-three"}])), [], "a company's people are not known");
}
