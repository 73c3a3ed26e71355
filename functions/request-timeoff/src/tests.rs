use domain::defect::DefectCode;
use domain::references::Reference;
use domain::rejection::ConflictCode;
use domain::resource::{CalendarEdit, Resource};
use serde_json::{Map, Value, json};

use crate::TimeOff;
use crate::testing::{HARNESS, NOW, body, create, holder, maria, people, stored, unchanged, update, week, with_fields};
use domain::resource::testing::{conflict, invalid, object};

#[test]
fn a_new_request_gets_the_defaults_and_a_place_in_the_calendar() {
    let new = create(json!({}));
    let expected = json!({
        "requestNumber": "TO-5531", "employeeNumber": "E-1131", "employeeId": "emp_Mj1131", "type": "vacation",
        "startDate": "2025-12-15", "endDate": "2025-12-19", "hours": 50, "id": "to_new1", "status": "requested",
        "paid": true, "includeWeekends": false, "timeZone": "America/Toronto", "revision": 1,
        "version": 1, "createdAt": NOW, "updatedAt": NOW,
    });
    assert_eq!(Value::Object(new.record.clone()), expected);
    assert_eq!(new.event_names(), ["timeoff.requested"]);
    assert_eq!(new.calendar, [CalendarEdit::Leave { of: holder(), leave: week("to_new1", "TO-5531", false) }]);
    assert!(new.warnings.is_empty());
}

#[test]
fn the_zone_is_the_accounts_when_the_employee_has_none() {
    let mut person = maria();
    person.fields.shift_remove("timeZone");
    let new = HARNESS.send(None, body(json!({})), &people(person)).unwrap();
    assert_eq!(new.record["timeZone"], "America/Chicago");
}

#[test]
fn paid_follows_the_type_until_somebody_states_it() {
    assert_eq!(create(json!({"type": "unpaid"})).record["paid"], false);
    assert_eq!(create(json!({"type": "unpaid", "paid": true})).record["paid"], true);
    let turned = update(&create(json!({})), json!({"type": "unpaid"})).unwrap();
    assert_eq!(turned.record["paid"], false);
    let kept = update(&create(json!({"paid": false})), json!({"type": "personal"})).unwrap();
    assert_eq!(kept.record["paid"], false);
}

#[test]
fn a_new_request_is_requested_or_approved() {
    assert_eq!(create(json!({"status": "requested"})).event_names(), ["timeoff.requested"]);
    let approved = create(json!({"status": "approved"}));
    assert_eq!(approved.event_names(), ["timeoff.requested", "timeoff.approved"]);
    assert_eq!(approved.record["decision"], json!({"at": NOW}));
    for status in ["denied", "cancelled"] {
        let result = HARNESS.send(None, body(json!({"status": status})), &people(maria()));
        assert_eq!(invalid(result), [("status".to_owned(), DefectCode::InvalidInitialStatus)]);
    }
}

#[test]
fn every_transition_of_a_stored_request() {
    let all = ["requested", "approved", "denied", "cancelled"];
    for from in all {
        for to in all {
            let before = stored(from);
            let result = update(&before, json!({"status": to}));
            let event = match (from, to) {
                _ if from == to => {
                    assert!(unchanged(&before, &result.unwrap()), "{from} -> {to}");
                    continue;
                }
                ("requested", "approved") => "timeoff.approved",
                ("requested", "denied") => "timeoff.denied",
                ("requested" | "approved", "cancelled") => "timeoff.cancelled",
                _ => {
                    assert_eq!(conflict(result).code, ConflictCode::InvalidStateTransition, "{from} -> {to}");
                    continue;
                }
            };
            let after = result.unwrap();
            assert_eq!((after.event_names(), &after.record["status"]), (vec![event], &json!(to)), "{from} -> {to}");
            assert_eq!(after.record["revision"], 1);
        }
    }
}

#[test]
fn the_refusal_says_what_to_do() {
    let moved = conflict(update(&stored("approved"), json!({"endDate": "2025-12-18", "hours": 40})));
    assert_eq!(moved.detail, "Approved time off can't be moved: cancel it and submit a new request.");
    let revived = conflict(update(&stored("denied"), json!({"status": "approved"})));
    assert_eq!(revived.detail, "The request is denied, and that is final.");
    let withdrawn = conflict(update(&stored("approved"), json!({"status": "denied"})));
    assert_eq!(withdrawn.detail, "A request can't go from approved to denied.");
}

#[test]
fn new_terms_restart_an_open_request_and_are_refused_later() {
    for terms in [
        json!({"startDate": "2025-12-16"}),
        json!({"endDate": "2025-12-20"}),
        json!({"startDate": "2025-12-19", "startTime": "08:00", "endTime": "12:00", "hours": 4}),
        json!({"hours": 40}),
        json!({"hours": null}),
        json!({"type": "personal"}),
    ] {
        let resubmitted = update(&stored("requested"), terms.clone()).unwrap();
        assert_eq!(resubmitted.event_names(), ["timeoff.requested"], "{terms}");
        assert_eq!(resubmitted.record["revision"], 2, "{terms}");
        assert_eq!(update(&resubmitted, json!({"hours": 1})).unwrap().record["revision"], 3);
        for decided in ["approved", "denied", "cancelled"] {
            let refused = conflict(update(&stored(decided), terms.clone()));
            assert_eq!(refused.code, ConflictCode::InvalidStateTransition, "{decided}: {terms}");
        }
    }
}

#[test]
fn changes_of_notes_raise_no_event_in_any_status() {
    for status in ["requested", "approved", "denied", "cancelled"] {
        let before = stored(status);
        let edit = json!({"notes": "Viaje a Monterrey", "tags": ["hr"], "customFields": {"region": "south"}});
        let after = update(&before, edit).unwrap();
        assert!(after.events.is_empty() && after.calendar.is_empty(), "{status}");
        assert_eq!(after.record["notes"], "Viaje a Monterrey");
        assert_eq!(after.record["revision"], before.record["revision"]);
    }
}

#[test]
fn replays_change_nothing() {
    for sent in [
        json!({}),
        json!({"status": "approved"}),
        json!({"status": "approved", "decision": {"byEmployeeNumber": "E-1042"}}),
        json!({"status": "approved", "decision": {"byEmployeeId": "emp_7Hq2LwN9", "at": "2025-10-01T00:00:00Z"}}),
    ] {
        let mut first = create(sent.clone());
        for record in [&mut first.record, &mut first.stored] {
            if let Some(at) = record.get_mut("decision").and_then(|decision| decision.get_mut("at")) {
                *at = json!("2025-10-01T00:00:00Z"); // decided at another time than the replay
            }
        }
        let replay = update(&first, body(sent.clone())).unwrap();
        assert!(unchanged(&first, &replay), "{sent}");
    }
}

#[test]
fn where_no_approval_is_needed_requests_are_approved_on_receipt() {
    let free = with_fields(json!({"timeOffApprovalRequired": false}));
    for status in [json!({}), json!({"status": "requested"})] {
        let new = HARNESS.send(None, body(status.clone()), &free).unwrap();
        assert_eq!(new.event_names(), ["timeoff.requested", "timeoff.approved"]);
        assert_eq!((&new.record["status"], &new.record["decision"]), (&json!("approved"), &json!({"at": NOW})));
        let replay = HARNESS.send(Some(&new.stored), body(status), &free).unwrap();
        assert!(unchanged(&new, &replay));
    }
    // Whoever says more than `requested` is taken at their word.
    assert_eq!(invalid(HARNESS.send(None, body(json!({"status": "denied"})), &free))[0].0, "status");
    // A request that was open before waits for its decision.
    let open = HARNESS.send(Some(&stored("requested").stored), json!({"hours": 40}), &free).unwrap();
    assert_eq!(open.record["status"], "requested");
}

#[test]
fn the_references_are_the_employee_and_the_approver() {
    let fields = json!({"employeeId": "emp_Mj1131", "decision": {"byEmployeeNumber": "E-1042"}});
    let references = TimeOff::references(&object(fields));
    let named: Vec<_> = references.iter().map(Reference::field).collect();
    assert_eq!(named, ["employeeId", "decision.byEmployeeNumber"]);
    assert!(TimeOff::needs_stored_references(&Map::new(), &Map::new()));
}
