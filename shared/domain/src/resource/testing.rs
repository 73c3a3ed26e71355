//! The harness of the rules' tests: a request taken through the pipeline's own steps, without its reading and writing.
//!
//! Behind the feature `testing`, which only dev-dependencies turn on.

#![expect(clippy::missing_panics_doc, reason = "a test that can't go on panics")]

use std::marker::PhantomData;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::said::NOTE;
use super::{Action, Booking, CalendarEdit, Deletion, FoundBy, Resource, Settled, Upsert, Warning, WarningCode};
use crate::account::Account;
use crate::defect::{DefectCode, Defects};
use crate::events::EventDraft;
use crate::models::{Kind, missing_on_create, parse_record};
use crate::references::{References, Referent};
use crate::rejection::{ConflictCode, Rejection};
use crate::rules::fields::Extent;

/// Paths of fields, each with what is wrong there.
pub type Found = Vec<(String, DefectCode)>;

/// Takes requests to the rules of `R`.
#[derive(Debug)]
pub struct Harness<R> {
    now: &'static str,
    id: &'static str,
    resource: PhantomData<R>,
}

/// What the rules made of one request.
#[derive(Debug)]
pub struct Outcome {
    /// What happened to the record.
    pub action: Action,
    /// The record after, without the note of what the sender said.
    pub record: Map<String, Value>,
    /// The record as it is stored: with the note. The next request finds this.
    pub stored: Map<String, Value>,
    /// The warnings, in order.
    pub warnings: Vec<Warning>,
    /// The edits of calendars, in order.
    pub calendar: Vec<CalendarEdit>,
    /// The events, in order.
    pub events: Vec<EventDraft>,
}

/// A 409.
#[derive(Debug)]
pub struct Conflict {
    /// Which conflict.
    pub code: ConflictCode,
    /// The sentence.
    pub detail: String,
    /// The fields concerned.
    pub errors: Found,
}

impl<R: Resource> Harness<R> {
    /// Requests come in at `now`; the record has this `id`, whether it is new or stored without one.
    #[must_use]
    pub const fn new(now: &'static str, id: &'static str) -> Self {
        Self { now, id, resource: PhantomData }
    }

    /// The time of every request.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now.parse().unwrap_or_else(|error| panic!("{}: {error}", self.now))
    }

    /// Sends `body` where `stored` is on file, found by its natural key.
    ///
    /// # Errors
    /// What the rules refuse.
    pub fn send(
        &self,
        stored: Option<&Map<String, Value>>,
        body: Value,
        known: &References,
    ) -> Result<Outcome, Rejection> {
        self.send_to(stored, &[], body, known)
    }

    /// The same, with `bookings` in the record's own calendar.
    ///
    /// # Errors
    /// What the rules refuse.
    pub fn send_to(
        &self,
        stored: Option<&Map<String, Value>>,
        bookings: &[Booking],
        body: Value,
        known: &References,
    ) -> Result<Outcome, Rejection> {
        let (account, body) = (account(), object(body));
        let field = |name: &str| stored.and_then(|stored| stored.get(name));
        let upsert = Upsert {
            now: self.now(),
            account: &account,
            id: field("id").and_then(Value::as_str).unwrap_or(self.id),
            stored,
            version: field("version").and_then(Value::as_u64).unwrap_or_default(),
            found_by: FoundBy::Number,
            body: &body,
            source_updated_at: None,
        };
        let merged = upsert.merge::<R>();
        let change = upsert.change::<R>(&merged.news, merged.record, known, bookings);
        let Settled { action, record: stored, warnings, calendar, events } = upsert.settle::<R>(change, false)?;
        let mut record = stored.clone();
        record.shift_remove(NOTE);
        Ok(Outcome { action, record, stored, warnings, calendar, events })
    }

    /// Deletes `stored`, which is on these open orders: the edits of calendars, and the events.
    ///
    /// # Errors
    /// What the rules refuse.
    pub fn delete(
        &self,
        stored: &Map<String, Value>,
        open_orders: &[Booking],
    ) -> Result<(Vec<CalendarEdit>, Vec<EventDraft>), Rejection> {
        let mut deletion = Deletion { now: self.now(), stored, open_orders, calendar: Vec::new() };
        let events = R::delete(&mut deletion)?;
        Ok((deletion.calendar, events))
    }

    /// What [`Resource::check`] finds.
    #[must_use]
    pub fn check(&self, record: &Value, extent: Extent) -> Found {
        let mut defects = Defects::default();
        R::check(&object(record.clone()), extent, &mut defects);
        found(&defects)
    }

    /// Everything that is wrong with a body that creates a record. As in the pipeline, the rules find nothing more in
    /// fields that have a defect already.
    #[must_use]
    pub fn defects_on_create(&self, body: Value) -> Found {
        let mut defects = Defects::default();
        let record = parse_record(R::MODEL, object(body), &mut defects);
        let mut of_new = missing_on_create(R::MODEL, &record);
        let mut of_rules = Defects::default();
        R::check(&record, Extent::Whole, &mut of_rules);
        of_new.append_for_clean_fields(of_rules);
        defects.append_for_clean_fields(of_new);
        found(&defects)
    }
}

impl Outcome {
    /// Names of the events, in order.
    #[must_use]
    pub fn event_names(&self) -> Vec<&'static str> {
        self.events.iter().map(|event| event.name.as_str()).collect()
    }

    /// Code and field of each warning, in order.
    #[must_use]
    pub fn warned(&self) -> Vec<(WarningCode, &str)> {
        self.warnings.iter().map(|warning| (warning.code, warning.field.as_str())).collect()
    }
}

/// The tenant of every test, in Chicago.
#[must_use]
pub fn account() -> Account {
    Account {
        id: "acc_1".to_owned(),
        name: "Bluebonnet Mechanical".to_owned(),
        time_zone: "America/Chicago".to_owned(),
        currency: "USD".to_owned(),
        country: "US".to_owned(),
    }
}

/// The object that `value` is.
#[must_use]
pub fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("not an object: {other}"),
    }
}

/// A record that others point at, with an empty calendar.
#[must_use]
pub fn referent(kind: Kind, id: &str, number: &str, fields: Value) -> Referent {
    let (id, number, fields) = (id.to_owned(), number.to_owned(), object(fields));
    Referent { kind, id, number, fields, bookings: Vec::new(), leaves: Vec::new() }
}

/// `referents`, as they were read.
#[must_use]
pub fn references(referents: &[Referent]) -> References {
    let mut references = References::default();
    for referent in referents {
        references.insert(referent.clone());
    }
    references
}

/// Field and code of each defect.
#[must_use]
pub fn found(defects: &Defects) -> Found {
    defects.iter().map(|defect| (defect.field.clone(), defect.code)).collect()
}

/// The defects of a 400.
#[must_use]
pub fn invalid(outcome: Result<Outcome, Rejection>) -> Found {
    match outcome {
        Err(Rejection::Invalid(defects)) => found(&defects),
        other => panic!("not a 400: {other:?}"),
    }
}

/// The 409 that `result` is.
#[must_use]
pub fn conflict<T: std::fmt::Debug>(result: Result<T, Rejection>) -> Conflict {
    match result {
        Err(Rejection::Conflict { code, detail, errors }) => Conflict { code, detail, errors: found(&errors) },
        other => panic!("not a 409: {other:?}"),
    }
}

impl Conflict {
    /// The fields concerned.
    #[must_use]
    pub fn fields(self) -> Vec<String> {
        self.errors.into_iter().map(|(field, _)| field).collect()
    }
}

/// Reads a body of the contract's fixtures, by its path in `tests/fixtures`.
#[must_use]
pub fn fixture(path: &str) -> Value {
    let path = format!("{}/../../tests/fixtures/{path}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Holds the contract's bodies of one resource, in `tests/fixtures/{folder}`, against `harness`: valid ones have no
/// defect, invalid ones exactly the one that `expected.json` names. Returns how many are invalid.
#[must_use]
pub fn check_fixtures<R: Resource>(harness: &Harness<R>, folder: &str) -> usize {
    for name in ["minimal", "typical"] {
        assert_eq!(harness.defects_on_create(fixture(&format!("{folder}/valid/{name}.json"))), [], "{name}");
    }
    let expected = object(fixture("expected.json"));
    let invalid = expected.iter().filter(|(path, _)| path.split('/').next() == Some(folder));
    invalid.map(|(path, expected)| check_fixture(harness, path, expected)).count()
}

fn check_fixture<R: Resource>(harness: &Harness<R>, path: &str, expected: &Value) {
    let found = harness.defects_on_create(fixture(path));
    let [(field, code)] = &found[..] else { panic!("{path}: {found:?}") };
    let found = (field.as_str(), serde_json::to_value(code).unwrap_or_default());
    assert_eq!(found, (expected["field"].as_str().unwrap_or_default(), expected["code"].clone()), "{path}");
}

/// Fields; what [`Resource::check`] finds in them as a part of a record, and as a whole one.
pub type Case<'a> = (Value, &'a [(&'a str, DefectCode)], &'a [(&'a str, DefectCode)]);

/// Holds each case against `harness`.
pub fn check_cases<R: Resource>(harness: &Harness<R>, cases: &[Case<'_>]) {
    let owned = |found: &[(&str, DefectCode)]| -> Found {
        found.iter().map(|(field, code)| ((*field).to_owned(), *code)).collect()
    };
    for (fields, part, whole) in cases {
        assert_eq!(harness.check(fields, Extent::Part), owned(part), "part: {fields}");
        assert_eq!(harness.check(fields, Extent::Whole), owned(whole), "whole: {fields}");
    }
}
