//! What the tests of this package need: records as JSON, and a change as the pipeline carries it through.

use domain::account::Account;
use domain::defect::{DefectCode, Defects};
use domain::events::EventDraft;
use domain::models::Model;
use domain::models::{missing_on_create, parse_record};
use domain::references::References;
use domain::rejection::Rejection;
use domain::resource::{CalendarEdit, Change, Resource, Warning};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::Vendor as R;

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
