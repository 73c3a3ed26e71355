//! What is special to the tests of time off: the employee, the approver, and a request on its way.

use domain::models::Kind;
use domain::references::{References, Referent};
use domain::rejection::Rejection;
use domain::resource::testing::{Harness, Outcome, object, references, referent};
use domain::resource::{Holder, Leave};
use serde_json::{Value, json};

use crate::TimeOff;

/// When the requests of these tests are handled.
pub(crate) const NOW: &str = "2025-11-02T16:20:45Z";
pub(crate) const HARNESS: Harness<TimeOff> = Harness::new(NOW, "to_new1");

/// The employee who takes time off in these tests.
pub(crate) fn maria() -> Referent {
    let fields = json!({"status": "active", "timeZone": "America/Toronto", "timeOffApprovalRequired": true});
    referent(Kind::Employee, "emp_Mj1131", "E-1131", fields)
}

/// `person` and the approver.
pub(crate) fn people(person: Referent) -> References {
    let approver = Referent { id: "emp_7Hq2LwN9".to_owned(), number: "E-1042".to_owned(), ..maria() };
    references(&[person, approver])
}

/// Her with these fields, and the approver.
pub(crate) fn with_fields(fields: Value) -> References {
    let mut person = maria();
    person.fields.extend(object(fields));
    people(person)
}

/// A week of vacation, requested.
pub(crate) fn body(fields: Value) -> Value {
    let mut sent = json!({
        "requestNumber": "TO-5531", "employeeNumber": "E-1131", "type": "vacation",
        "startDate": "2025-12-15", "endDate": "2025-12-19", "hours": 50,
    });
    sent.as_object_mut().unwrap().extend(object(fields));
    sent
}

/// A new request of hers.
pub(crate) fn create(fields: Value) -> Outcome {
    HARNESS.send(None, body(fields), &people(maria())).unwrap()
}

/// `sent` merged over a stored request.
pub(crate) fn update(before: &Outcome, sent: Value) -> Result<Outcome, Rejection> {
    HARNESS.send(Some(&before.stored), sent, &people(maria()))
}

/// A stored request that came to `status` on its own way.
pub(crate) fn stored(status: &str) -> Outcome {
    let requested = create(json!({}));
    match status {
        "requested" => requested,
        _ => update(&requested, json!({"status": status})).unwrap(),
    }
}

/// Whether nothing but the bookkeeping differs.
pub(crate) fn unchanged(before: &Outcome, after: &Outcome) -> bool {
    let content = |settled: &Outcome| {
        let mut record = settled.record.clone();
        record.retain(|field, _| !matches!(field.as_str(), "version" | "updatedAt"));
        record
    };
    content(before) == content(after) && after.events.is_empty() && after.calendar.is_empty()
}

/// Whose calendar it is.
pub(crate) fn holder() -> Holder {
    Holder { kind: Kind::Employee, number: "E-1131".to_owned() }
}

/// The week of `body` in the calendar.
pub(crate) fn week(id: &str, number: &str, approved: bool) -> Leave {
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
