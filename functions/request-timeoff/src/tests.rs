use serde_json::{Map, Value, json};
use shared::defect::DefectCode;
use shared::inbound::references::{Reference, References, Referent};
use shared::inbound::resource::{Booking, CalendarEdit, Holder, Leave, Resource, WarningCode};
use shared::models::Kind;
use shared::problem::{ConflictCode, Rejection};

use crate::TimeOff;
use crate::testing::{NOW, Settled, check, defects_on_create, found, invalid, object, settle};

/// The employee who takes time off in these tests.
fn maria() -> Referent {
    Referent {
        kind: Kind::Employee,
        id: "emp_Mj1131".to_owned(),
        number: "E-1131".to_owned(),
        fields: object(json!({"status": "active", "timeZone": "America/Toronto", "timeOffApprovalRequired": true})),
        bookings: Vec::new(),
        leaves: Vec::new(),
    }
}

/// `person` and the approver.
fn people(person: Referent) -> References {
    let mut references = References::default();
    references.insert(person);
    let (id, number) = ("emp_7Hq2LwN9".to_owned(), "E-1042".to_owned());
    references.insert(Referent { id, number, ..maria() });
    references
}

fn with_fields(fields: Value) -> References {
    let mut person = maria();
    person.fields.extend(object(fields));
    people(person)
}

/// A week of vacation, requested.
fn body(fields: Value) -> Value {
    let mut sent = json!({
        "requestNumber": "TO-5531", "employeeNumber": "E-1131", "type": "vacation",
        "startDate": "2025-12-15", "endDate": "2025-12-19", "hours": 50,
    });
    sent.as_object_mut().unwrap().extend(object(fields));
    sent
}

fn create(fields: Value) -> Settled {
    settle(None, body(fields), &people(maria())).unwrap()
}

fn update(before: &Settled, sent: Value) -> Result<Settled, Rejection> {
    settle(Some(&before.record), sent, &people(maria()))
}

/// A stored request that came to `status` on its own way.
fn stored(status: &str) -> Settled {
    let requested = create(json!({}));
    match status {
        "requested" => requested,
        _ => update(&requested, json!({"status": status})).unwrap(),
    }
}

fn conflict(result: Result<Settled, Rejection>) -> (ConflictCode, String) {
    match result {
        Err(Rejection::Conflict { code, detail, .. }) => (code, detail),
        other => panic!("not a 409: {other:?}"),
    }
}

/// Whether nothing but the bookkeeping differs.
fn unchanged(before: &Settled, after: &Settled) -> bool {
    let content = |settled: &Settled| {
        let mut record = settled.record.clone();
        record.retain(|field, _| !matches!(field.as_str(), "version" | "updatedAt"));
        record
    };
    content(before) == content(after) && after.events.is_empty() && after.calendar.is_empty()
}

#[test]
fn the_contracts_bodies_have_the_defects_that_it_names() {
    for (body, expected) in [
        (include_str!("../../../tests/fixtures/timeoff/valid/minimal.json"), None),
        (include_str!("../../../tests/fixtures/timeoff/valid/typical.json"), None),
        (
            include_str!("../../../tests/fixtures/timeoff/invalid/date-sent-as-date-time.json"),
            Some(("startDate", DefectCode::InvalidFormat)),
        ),
        (
            include_str!("../../../tests/fixtures/timeoff/invalid/hours-exceed-span.json"),
            Some(("hours", DefectCode::HoursExceedSpan)),
        ),
        (
            include_str!("../../../tests/fixtures/timeoff/invalid/missing-request-number.json"),
            Some(("requestNumber", DefectCode::Required)),
        ),
        (
            include_str!("../../../tests/fixtures/timeoff/invalid/start-time-without-end-time.json"),
            Some(("endTime", DefectCode::MissingDependency)),
        ),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|(field, code)| (field.to_owned(), code)).collect();
        assert_eq!(defects_on_create(body), expected, "{body}");
    }
}

/// Fields; the defects of them as a part of a record, and as a whole one.
type Case<'a> = (Value, &'a [(&'a str, DefectCode)], &'a [(&'a str, DefectCode)]);

#[test]
fn check_finds_each_defect_and_nothing_else() {
    use DefectCode::{ConflictingFields, DateOrder, HoursExceedSpan, MissingDependency, OutOfRange, Required};
    let day = |fields: Value| {
        let mut all = json!({"employeeNumber": "E-1", "startDate": "2025-12-24", "endDate": "2025-12-24"});
        all.as_object_mut().unwrap().extend(object(fields));
        all
    };
    let cases: &[Case<'_>] = &[
        (json!({}), &[], &[("employeeNumber", Required)]),
        (json!({"employeeNumber": null}), &[], &[("employeeNumber", Required)]),
        (
            json!({"employeeNumber": null, "employeeId": null}),
            &[("employeeNumber", Required)],
            &[("employeeNumber", Required)],
        ),
        (json!({"employeeId": "emp_a1b"}), &[], &[]),
        (day(json!({})), &[], &[]),
        (day(json!({"endDate": "2025-12-23"})), &[("endDate", DateOrder)], &[("endDate", DateOrder)]),
        (day(json!({"startDate": "2025-01-01", "endDate": "2026-01-01"})), &[], &[]),
        (
            day(json!({"startDate": "2025-01-01", "endDate": "2026-01-02"})),
            &[("endDate", OutOfRange)],
            &[("endDate", OutOfRange)],
        ),
        (day(json!({"hours": 24})), &[], &[]),
        (day(json!({"hours": 24.01})), &[("hours", HoursExceedSpan)], &[("hours", HoursExceedSpan)]),
        (day(json!({"endDate": "2025-12-25", "hours": 48})), &[], &[]),
        (day(json!({"startTime": "08:00"})), &[], &[("endTime", MissingDependency)]),
        (
            day(json!({"startTime": "08:00", "endTime": null})),
            &[("endTime", MissingDependency)],
            &[("endTime", MissingDependency)],
        ),
        (day(json!({"endTime": "08:00"})), &[], &[("startTime", MissingDependency)]),
        (day(json!({"startTime": null, "endTime": null})), &[], &[]),
        (day(json!({"startTime": "08:00", "endTime": "08:01"})), &[], &[]),
        (day(json!({"startTime": "08:00", "endTime": "08:00"})), &[("endTime", DateOrder)], &[("endTime", DateOrder)]),
        (
            day(json!({"endDate": "2025-12-25", "startTime": "08:00", "endTime": "12:00"})),
            &[("startTime", ConflictingFields)],
            &[("startTime", ConflictingFields)],
        ),
        (
            json!({"employeeId": "emp_a1b", "status": "requested", "decision": {}}),
            &[("decision", ConflictingFields)],
            &[],
        ),
        (
            json!({"employeeId": "emp_a1b", "status": "cancelled", "decision": {}}),
            &[("decision", ConflictingFields)],
            &[],
        ),
        (json!({"employeeId": "emp_a1b", "status": "denied", "decision": {}}), &[], &[]),
        (json!({"employeeId": "emp_a1b", "decision": {}}), &[], &[]),
    ];
    for (fields, part, whole) in cases {
        let owned = |defects: &[(&str, DefectCode)]| -> Vec<_> {
            defects.iter().map(|(field, code)| ((*field).to_owned(), *code)).collect()
        };
        assert_eq!(check(fields, false), owned(part), "part: {fields}");
        assert_eq!(check(fields, true), owned(whole), "whole: {fields}");
    }
}

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

fn holder() -> Holder {
    Holder { kind: Kind::Employee, number: "E-1131".to_owned() }
}

/// The week of `body` in the calendar.
fn week(id: &str, number: &str, approved: bool) -> Leave {
    Leave {
        id: id.to_owned(),
        number: number.to_owned(),
        start_date: "2025-12-15".to_owned(),
        end_date: "2025-12-19".to_owned(),
        start_time: None,
        end_time: None,
        time_zone: "America/Toronto".to_owned(),
        approved,
    }
}

#[test]
fn the_zone_is_the_accounts_when_the_employee_has_none() {
    let mut person = maria();
    person.fields.shift_remove("timeZone");
    let new = settle(None, body(json!({})), &people(person)).unwrap();
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
fn first_states() {
    assert_eq!(create(json!({"status": "requested"})).event_names(), ["timeoff.requested"]);
    let approved = create(json!({"status": "approved"}));
    assert_eq!(approved.event_names(), ["timeoff.requested", "timeoff.approved"]);
    assert_eq!(approved.record["decision"], json!({"at": NOW}));
    for status in ["denied", "cancelled"] {
        let result = settle(None, body(json!({"status": status})), &people(maria()));
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
                    assert_eq!(conflict(result).0, ConflictCode::InvalidStateTransition, "{from} -> {to}");
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
    assert_eq!(moved.1, "Approved time off can't be moved: cancel it and submit a new request.");
    let revived = conflict(update(&stored("denied"), json!({"status": "approved"})));
    assert_eq!(revived.1, "The request is denied, and that is final.");
    let withdrawn = conflict(update(&stored("approved"), json!({"status": "denied"})));
    assert_eq!(withdrawn.1, "A request can't go from approved to denied.");
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
            assert_eq!(refused.0, ConflictCode::InvalidStateTransition, "{decided}: {terms}");
        }
    }
}

#[test]
fn annotations_raise_nothing_in_any_state() {
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
        let first = create(sent.clone());
        let mut stored = first.record.clone();
        if let Some(at) = stored.get_mut("decision").and_then(|decision| decision.get_mut("at")) {
            *at = json!("2025-10-01T00:00:00Z"); // decided at another time than the replay
        }
        let replay = settle(Some(&stored), body(sent.clone()), &people(maria())).unwrap();
        assert!(unchanged(&Settled { record: stored, ..first }, &replay), "{sent}");
    }
}

#[test]
fn a_decision_names_the_approver_and_the_time() {
    let sent = json!({"status": "denied", "decision": {"byEmployeeNumber": "e-1042", "note": "Inventory week"}});
    let denied = update(&stored("requested"), sent).unwrap();
    let expected = json!({
        "byEmployeeNumber": "E-1042", "byEmployeeId": "emp_7Hq2LwN9", "note": "Inventory week", "at": NOW,
    });
    assert_eq!(denied.record["decision"], expected);
    assert_eq!(denied.events[0].data["decidedById"], "emp_7Hq2LwN9");
    assert_eq!(denied.events[0].data["decidedAt"], NOW);
    assert_eq!(denied.events[0].data.get("note"), None);
}

#[test]
fn a_decision_goes_with_a_decided_status() {
    let decision = json!({"byEmployeeNumber": "E-1042"});
    let expected = [("decision".to_owned(), DefectCode::ConflictingFields)];
    let new = settle(None, body(json!({"decision": decision})), &people(maria()));
    assert_eq!(invalid(new), expected);
    assert_eq!(invalid(update(&stored("requested"), json!({"decision": decision}))), expected);
    let cancel = json!({"status": "cancelled", "decision": decision});
    assert_eq!(invalid(update(&stored("approved"), cancel)), expected);
}

#[test]
fn the_decision_stays_when_approved_time_off_is_cancelled() {
    let cancelled = update(&stored("approved"), json!({"status": "cancelled"})).unwrap();
    assert_eq!(cancelled.record["decision"], json!({"at": NOW}));
}

#[test]
fn the_approver_must_exist() {
    let sent = json!({"status": "approved", "decision": {"byEmployeeNumber": "E-9999"}});
    let expected = [("decision.byEmployeeNumber".to_owned(), DefectCode::UnknownReference)];
    assert_eq!(invalid(update(&stored("requested"), sent)), expected);
}

#[test]
fn where_no_approval_is_needed_requests_are_approved_on_receipt() {
    let free = with_fields(json!({"timeOffApprovalRequired": false}));
    for status in [json!({}), json!({"status": "requested"})] {
        let new = settle(None, body(status.clone()), &free).unwrap();
        assert_eq!(new.event_names(), ["timeoff.requested", "timeoff.approved"]);
        assert_eq!((&new.record["status"], &new.record["decision"]), (&json!("approved"), &json!({"at": NOW})));
        let replay = settle(Some(&new.record), body(status), &free).unwrap();
        assert!(unchanged(&new, &replay));
    }
    // Whoever says more than `requested` is taken at their word.
    assert_eq!(invalid(settle(None, body(json!({"status": "denied"})), &free))[0].0, "status");
    // A request that was open before waits for its decision.
    let open = settle(Some(&stored("requested").record), json!({"hours": 40}), &free).unwrap();
    assert_eq!(open.record["status"], "requested");
}

#[test]
fn the_employee_must_exist_and_be_employed() {
    let gone = with_fields(json!({"status": "terminated"}));
    let result = settle(None, body(json!({})), &gone);
    assert_eq!(invalid(result), [("employeeNumber".to_owned(), DefectCode::InactiveReference)]);
    let unknown = settle(None, body(json!({"employeeNumber": "E-9999"})), &people(maria()));
    assert_eq!(invalid(unknown), [("employeeNumber".to_owned(), DefectCode::UnknownReference)]);
    let torn = settle(None, body(json!({"employeeId": "emp_7Hq2LwN9"})), &people(maria()));
    assert_eq!(invalid(torn), [("employeeNumber".to_owned(), DefectCode::ReferenceMismatch)]);
    // Existing links stay: the absence of someone who has left since can still be cancelled.
    assert!(settle(Some(&stored("approved").record), json!({"status": "cancelled"}), &gone).is_ok());
}

#[test]
fn a_request_stays_with_its_employee() {
    let before = stored("requested");
    for sent in [json!({"employeeNumber": "E-1042"}), json!({"employeeId": "emp_7Hq2LwN9"})] {
        assert_eq!(conflict(update(&before, sent)).0, ConflictCode::ImmutableField);
    }
    for sent in [
        json!({"employeeNumber": "e-1131"}),
        json!({"employeeId": "emp_Mj1131"}),
        json!({"employeeId": null}),
        json!({"employeeNumber": null}),
    ] {
        assert!(unchanged(&before, &update(&before, sent.clone()).unwrap()), "{sent}");
    }
}

#[test]
fn time_off_of_someone_deleted_can_still_be_cancelled() {
    let cancelled = settle(Some(&stored("approved").record), json!({"status": "cancelled"}), &References::default());
    let expected = CalendarEdit::Unleave { of: holder(), leave_id: "to_new1".to_owned() };
    assert_eq!(cancelled.unwrap().calendar, [expected]);
}

#[test]
fn overlapping_time_off_is_refused_with_the_other_id() {
    let mut person = maria();
    person.leaves.push(week("to_0ther", "TO-5000", false));
    let busy = people(person);
    match settle(None, body(json!({"startDate": "2025-12-19", "endDate": "2025-12-23"})), &busy) {
        Err(Rejection::Conflict { code: ConflictCode::Overlap, detail, errors }) => {
            assert!(detail.contains("to_0ther"), "{detail}");
            assert_eq!(found(&errors), [("startDate", DefectCode::ConflictingFields)]);
        }
        other => panic!("not a 409 overlap: {other:?}"),
    }
    assert!(settle(None, body(json!({"startDate": "2025-12-20", "endDate": "2025-12-23"})), &busy).is_ok());
    let moved = settle(Some(&stored("requested").record), json!({"startDate": "2025-12-16"}), &busy);
    assert_eq!(conflict(moved).0, ConflictCode::Overlap);
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
        assert_eq!(settle(None, body(afternoon), &people(person)).is_ok(), clear);
    }
}

#[test]
fn a_request_does_not_overlap_itself_nor_fail_later_for_what_was_accepted() {
    let before = stored("requested");
    let mut person = maria();
    person.leaves.push(week("to_new1", "TO-5531", false));
    assert!(settle(Some(&before.record), json!({"startDate": "2025-12-16"}), &people(person.clone())).is_ok());
    person.leaves.push(week("to_0ther", "TO-5000", false));
    let crowded = people(person);
    for sent in [json!({"notes": "x"}), json!({"status": "approved"}), json!({"status": "cancelled"})] {
        assert!(settle(Some(&before.record), sent.clone(), &crowded).is_ok(), "{sent}");
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
    let requested = settle(None, body(json!({})), &busy).unwrap();
    assert!(requested.warnings.is_empty(), "a request hits nothing yet");
    for approved in [
        settle(Some(&requested.record), json!({"status": "approved"}), &busy).unwrap(),
        settle(None, body(json!({"status": "approved"})), &busy).unwrap(),
    ] {
        let [warning] = approved.warnings.as_slice() else { panic!("{:?}", approved.warnings) };
        assert_eq!((warning.code, warning.field.as_str()), (WarningCode::AssignmentConflict, "startDate"));
        assert!(warning.message.ends_with("WO-2, WO-3"), "{}", warning.message);
        let later = settle(Some(&approved.record), json!({"notes": "x"}), &busy).unwrap();
        assert!(later.warnings.is_empty());
    }
}

#[test]
fn events_have_the_public_form_of_the_type_and_no_notes() {
    let cancelled = update(
        &create(json!({
            "type": "medical", "startDate": "2025-12-15", "endDate": "2025-12-15", "startTime": "12:30",
            "endTime": "16:30", "hours": 4, "notes": "Rendez-vous médical",
        })),
        json!({"status": "cancelled", "cancellationReason": "Moved"}),
    );
    let expected = json!({
        "id": "to_new1", "requestNumber": "TO-5531", "employeeId": "emp_Mj1131", "employeeNumber": "E-1131",
        "type": "protected_leave", "status": "cancelled", "startDate": "2025-12-15", "endDate": "2025-12-15",
        "startTime": "12:30", "endTime": "16:30", "hours": 4, "paid": true, "timeZone": "America/Toronto",
        "revision": 1, "version": 2, "updatedAt": NOW, "cancelledAt": NOW,
    });
    assert_eq!(Value::Object(cancelled.unwrap().events[0].data.clone()), expected);
}

#[test]
fn what_nobody_stated_is_null_in_events() {
    let approved = stored("approved");
    let data: &Map<String, Value> = &approved.events[0].data;
    assert_eq!((&data["startTime"], &data["decidedById"]), (&Value::Null, &Value::Null));
}

#[test]
fn the_references_are_the_employee_and_the_approver() {
    let fields = json!({"employeeId": "emp_Mj1131", "decision": {"byEmployeeNumber": "E-1042"}});
    let references = TimeOff::references(&object(fields));
    let named: Vec<_> = references.iter().map(Reference::field).collect();
    assert_eq!(named, ["employeeId", "decision.byEmployeeNumber"]);
    assert!(TimeOff::needs_stored_references(&Map::new(), &Map::new()));
}
