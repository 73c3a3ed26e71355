//! Records, references and requests for tests: what the pipeline does around the rules, without its reading and writing.

use domain::account::Account;
use domain::defect::{DefectCode, Defects};
use domain::events::EventDraft;
use domain::models::{Kind, merge};
use domain::references::{References, Referent};
use domain::rejection::{ConflictCode, Rejection};
use domain::resource::{Booking, CalendarEdit, Change, Resource, Warning, WarningCode};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::WorkOrder;

/// When the requests of these tests are handled.
pub(crate) const NOW: &str = "2025-10-20T14:30:00Z";

pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is not an object"),
    }
}

/// What the rules made of one request.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) record: Map<String, Value>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) calendar: Vec<CalendarEdit>,
    pub(crate) events: Vec<EventDraft>,
}

impl Outcome {
    pub(crate) fn event_names(&self) -> Vec<&'static str> {
        self.events.iter().map(|event| event.name.as_str()).collect()
    }

    pub(crate) fn warned(&self) -> Vec<(WarningCode, &str)> {
        self.warnings.iter().map(|warning| (warning.code, warning.field.as_str())).collect()
    }
}

/// Sends `sent` where `stored` is on file.
pub(crate) fn send(stored: Option<&Value>, sent: Value, referents: &[Referent]) -> Result<Outcome, Rejection> {
    send_to(stored, &[], sent, referents)
}

/// The same, with `bookings` in the order's own calendar.
pub(crate) fn send_to(
    stored: Option<&Value>,
    bookings: &[Booking],
    sent: Value,
    referents: &[Referent],
) -> Result<Outcome, Rejection> {
    let account = Account {
        id: "acc_1".to_owned(),
        name: "Test".to_owned(),
        time_zone: "America/Chicago".to_owned(),
        currency: "USD".to_owned(),
        country: "US".to_owned(),
    };
    let mut references = References::default();
    for referent in referents {
        references.insert(referent.clone());
    }
    let (stored, sent) = (stored.cloned().map(object), object(sent));
    let mut record = merge(WorkOrder::MODEL, stored.as_ref().unwrap_or(&Map::new()), &sent);
    record.insert("id".to_owned(), json!("wo_xyz789"));
    let mut change = Change {
        now: NOW.parse::<Timestamp>().expect("a time"),
        account: &account,
        stored: stored.as_ref(),
        body: &sent,
        sent: &sent,
        said: None,
        record,
        references: &references,
        bookings,
        warnings: Vec::new(),
        calendar: Vec::new(),
    };
    WorkOrder::settle(&mut change)?;
    change.set("version", 2);
    change.set("updatedAt", NOW);
    let events = WorkOrder::raise(&change);
    Ok(Outcome { record: change.record, warnings: change.warnings, calendar: change.calendar, events })
}

/// The defects of a refused body.
pub(crate) fn invalid(outcome: Result<Outcome, Rejection>) -> Vec<(String, DefectCode)> {
    match outcome {
        Err(Rejection::Invalid(defects)) => pairs(&defects),
        other => panic!("{other:?} is not a defect of the body"),
    }
}

/// The conflict with what is stored, and the fields that it names.
pub(crate) fn conflict(outcome: Result<Outcome, Rejection>) -> (ConflictCode, Vec<String>) {
    match outcome {
        Err(Rejection::Conflict { code, errors, .. }) => (code, errors.iter().map(|d| d.field.clone()).collect()),
        other => panic!("{other:?} is not a conflict"),
    }
}

pub(crate) fn pairs(defects: &Defects) -> Vec<(String, DefectCode)> {
    defects.iter().map(|defect| (defect.field.clone(), defect.code)).collect()
}

pub(crate) fn employee(name: &str, fields: Value) -> Referent {
    let mut all = object(json!({"firstName": "Ana", "lastName": "Gil", "role": "foreman", "status": "active"}));
    all.extend(object(fields));
    referent(Kind::Employee, &format!("emp_{name}"), &format!("E-{name}"), all)
}

pub(crate) fn vendor(name: &str, fields: Value) -> Referent {
    let mut all = object(json!({"name": "Müller Steel", "status": "active"}));
    all.extend(object(fields));
    referent(Kind::Vendor, &format!("ven_{name}"), &format!("V-{name}"), all)
}

pub(crate) fn project(fields: Value) -> Referent {
    let mut all = object(json!({"name": "Riverside", "status": "active"}));
    all.extend(object(fields));
    referent(Kind::Project, "proj_abc123", "2025-014", all)
}

pub(crate) fn referent(kind: Kind, id: &str, number: &str, fields: Map<String, Value>) -> Referent {
    Referent { kind, id: id.to_owned(), number: number.to_owned(), fields, bookings: Vec::new(), leaves: Vec::new() }
}
