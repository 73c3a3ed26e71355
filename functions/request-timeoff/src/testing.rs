//! What the tests of this package need: records as JSON, and a change as the pipeline carries it through.

use domain::account::Account;
use domain::defect::{DefectCode, Defects};
use domain::events::EventDraft;
use domain::models::{Kind, Model};
use domain::models::{missing_on_create, parse_record};
use domain::references::{References, Referent};
use domain::rejection::{ConflictCode, Rejection};
use domain::resource::{CalendarEdit, Change, Holder, Leave, Resource, Warning};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::TimeOff as R;

/// When every test takes place.
pub(crate) const NOW: &str = "2025-11-02T16:20:45Z";

/// What a change came to.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) record: Map<String, Value>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) calendar: Vec<CalendarEdit>,
    pub(crate) events: Vec<EventDraft>,
}

impl Settled {
    /// Names of the events, in order.
    pub(crate) fn event_names(&self) -> Vec<&'static str> {
        self.events.iter().map(|event| event.name.as_str()).collect()
    }
}

/// The tenant of every test.
pub(crate) fn account() -> Account {
    Account {
        id: "acc_1".to_owned(),
        name: "Bluebonnet Mechanical".to_owned(),
        time_zone: "America/Chicago".to_owned(),
        currency: "USD".to_owned(),
        country: "US".to_owned(),
    }
}

/// The object that `value` is.
pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("not an object: {other}"),
    }
}

/// Settles and announces `sent`, merged over `stored` as the pipeline does it.
pub(crate) fn settle(
    stored: Option<&Map<String, Value>>,
    sent: Value,
    references: &References,
) -> Result<Settled, Rejection> {
    let (account, sent) = (account(), object(sent));
    let mut record = stored.cloned().unwrap_or_default();
    for (field, value) in &sent {
        if value.is_null() {
            record.shift_remove(field);
        } else {
            record.insert(field.clone(), value.clone());
        }
    }
    record.entry("id").or_insert_with(|| format!("{}new1", R::MODEL.prefix).into());
    let now = NOW.parse::<Timestamp>().unwrap();
    let mut change = Change {
        now,
        account: &account,
        stored,
        body: &sent,
        sent: &sent,
        said: None,
        record,
        references,
        bookings: &[],
        warnings: Vec::new(),
        calendar: Vec::new(),
    };
    R::settle(&mut change)?;
    let version = stored.and_then(|s| s.get("version")).and_then(Value::as_u64).unwrap_or(0) + 1;
    change.set("version", version);
    change.set_default("createdAt", NOW);
    change.set("updatedAt", NOW);
    let events = R::raise(&change);
    Ok(Settled { record: change.record, warnings: change.warnings, calendar: change.calendar, events })
}

/// Field and code of each defect.
pub(crate) fn found(defects: &Defects) -> Vec<(&str, DefectCode)> {
    defects.iter().map(|defect| (defect.field.as_str(), defect.code)).collect()
}

/// The defects of a 400.
pub(crate) fn invalid(result: Result<Settled, Rejection>) -> Vec<(String, DefectCode)> {
    match result {
        Err(Rejection::Invalid(defects)) => found(&defects).into_iter().map(|(f, c)| (f.to_owned(), c)).collect(),
        other => panic!("not a 400: {other:?}"),
    }
}

/// What `check` finds in `record`.
pub(crate) fn check(record: &Value, whole: bool) -> Vec<(String, DefectCode)> {
    let mut defects = Defects::default();
    R::check(&object(record.clone()), whole, &mut defects);
    found(&defects).into_iter().map(|(f, c)| (f.to_owned(), c)).collect()
}

/// Every defect that a body has which creates a record.
pub(crate) fn defects_on_create(body: &str) -> Vec<(String, DefectCode)> {
    let model: &Model = R::MODEL;
    let mut defects = Defects::default();
    let record = parse_record(model, object(serde_json::from_str(body).unwrap()), &mut defects);
    if defects.is_empty() {
        defects.append(missing_on_create(model, &record));
        R::check(&record, true, &mut defects);
    }
    found(&defects).into_iter().map(|(f, c)| (f.to_owned(), c)).collect()
}

/// The employee who takes time off in these tests.
pub(crate) fn maria() -> Referent {
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
pub(crate) fn people(person: Referent) -> References {
    let mut references = References::default();
    references.insert(person);
    let (id, number) = ("emp_7Hq2LwN9".to_owned(), "E-1042".to_owned());
    references.insert(Referent { id, number, ..maria() });
    references
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
pub(crate) fn create(fields: Value) -> Settled {
    settle(None, body(fields), &people(maria())).unwrap()
}

/// `sent` merged over a stored request.
pub(crate) fn update(before: &Settled, sent: Value) -> Result<Settled, Rejection> {
    settle(Some(&before.record), sent, &people(maria()))
}

/// A stored request that came to `status` on its own way.
pub(crate) fn stored(status: &str) -> Settled {
    let requested = create(json!({}));
    match status {
        "requested" => requested,
        _ => update(&requested, json!({"status": status})).unwrap(),
    }
}

/// Code and sentence of a 409.
pub(crate) fn conflict(result: Result<Settled, Rejection>) -> (ConflictCode, String) {
    match result {
        Err(Rejection::Conflict { code, detail, .. }) => (code, detail),
        other => panic!("not a 409: {other:?}"),
    }
}

/// Whether nothing but the bookkeeping differs.
pub(crate) fn unchanged(before: &Settled, after: &Settled) -> bool {
    let content = |settled: &Settled| {
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
