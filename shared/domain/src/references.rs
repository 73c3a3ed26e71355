//! References between records, and the records that they were resolved to.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::defect::{DefectCode, Defects};
use crate::models::Kind;
use crate::resource::{Booking, Leave};
use crate::rules::fields::text;

/// One reference of a record, by id, by natural key or by both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Kind of the record that it refers to.
    pub kind: Kind,
    /// The id, when it was sent or is stored.
    pub id: Option<String>,
    /// The natural key, when it was sent or is stored.
    pub number: Option<String>,
    /// Path of the id's field in the body: `assignments[0].employeeId`.
    pub id_field: String,
    /// Path of the number's field in the body.
    pub number_field: String,
}

impl Reference {
    /// The reference that `record` makes with the fields `{stem}Id` and `{stem}Number`; `at` is the path of `record`
    /// with its dot (`assignments[0].`), empty for the body itself. `None` when neither is there.
    #[must_use]
    pub fn of(kind: Kind, record: &Map<String, Value>, at: &str, stem: &str) -> Option<Self> {
        let half = |half: &str| text(record, &format!("{stem}{half}")).map(str::to_owned);
        let (id, number) = (half("Id"), half("Number"));
        (id.is_some() || number.is_some()).then(|| Self {
            kind,
            id,
            number,
            id_field: format!("{at}{stem}Id"),
            number_field: format!("{at}{stem}Number"),
        })
    }

    /// Path of the field that was sent; the number's when both were.
    #[must_use]
    pub fn field(&self) -> &str {
        if self.number.is_some() { &self.number_field } else { &self.id_field }
    }
}

/// What a reference was resolved to.
#[derive(Debug, Clone, PartialEq)]
pub struct Referent {
    /// Its kind.
    pub kind: Kind,
    /// Its id.
    pub id: String,
    /// Its natural key, as stored.
    pub number: String,
    /// The record; empty when it was not read.
    pub fields: Map<String, Value>,
    /// Open work orders to which it is assigned (employees and vendors).
    pub bookings: Vec<Booking>,
    /// Time off, requested or approved (employees).
    pub leaves: Vec<Leave>,
}

impl Referent {
    /// A string field.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        text(&self.fields, field)
    }

    /// Bookings that overlap the half-open window, other than `except`.
    pub fn booked_between<'a>(
        &'a self,
        start: Timestamp,
        end: Timestamp,
        except: &'a str,
    ) -> impl Iterator<Item = &'a Booking> {
        self.bookings.iter().filter(move |booking| {
            booking.id != except && booking.start.is_some_and(|s| s < end) && booking.end.is_some_and(|e| e > start)
        })
    }
}

/// All referents of one request, found by id or by natural key.
#[derive(Debug, Clone, Default)]
pub struct References(Vec<Referent>);

impl References {
    /// Adds a referent; the same one twice is kept once.
    pub fn insert(&mut self, referent: Referent) {
        if !self.0.iter().any(|r| r.kind == referent.kind && r.id == referent.id) {
            self.0.push(referent);
        }
    }

    /// The referent with this id.
    #[must_use]
    pub fn by_id(&self, kind: Kind, id: &str) -> Option<&Referent> {
        self.0.iter().find(|r| r.kind == kind && r.id == id)
    }

    /// The referent with this natural key, compared without regard to case.
    #[must_use]
    pub fn by_number(&self, kind: Kind, number: &str) -> Option<&Referent> {
        self.0.iter().find(|r| r.kind == kind && r.number.eq_ignore_ascii_case(number))
    }

    /// The referent of `reference`. Adds `unknown_reference` or `reference_mismatch` and returns `None`
    /// when there is no such record or its id and number disagree.
    pub fn resolve(&self, reference: &Reference, defects: &mut Defects) -> Option<&Referent> {
        let by_number = reference.number.as_deref().map(|n| self.by_number(reference.kind, n));
        let by_id = reference.id.as_deref().map(|i| self.by_id(reference.kind, i));
        let (found, field) = match (by_number, by_id) {
            (Some(number), Some(id)) => match (number, id) {
                (Some(n), Some(i)) if n.id == i.id => return Some(n),
                (Some(_), Some(_)) => {
                    let message = format!("names another {} than {}", reference.kind.name(), reference.id_field);
                    defects.push(&reference.number_field, DefectCode::ReferenceMismatch, message);
                    return None;
                }
                (None, _) => (None, &reference.number_field),
                (_, None) => (None, &reference.id_field),
            },
            (Some(number), None) => (number, &reference.number_field),
            (None, Some(id)) => (id, &reference.id_field),
            (None, None) => return None,
        };
        if found.is_none() {
            let message = format!("no such {}: send it first", reference.kind.name());
            defects.push(field, DefectCode::UnknownReference, message);
        }
        found
    }
}
