//! What is special to the tests of work orders: whom and what an order points at.

use domain::models::Kind;
use domain::references::Referent;
use domain::rejection::Rejection;
use domain::resource::Booking;
pub(crate) use domain::resource::testing::{Found, Outcome, conflict, invalid, object, referent};
use domain::resource::testing::{Harness, references};
use serde_json::{Value, json};

use crate::WorkOrder;

/// When the requests of these tests are handled.
pub(crate) const NOW: &str = "2025-10-20T14:30:00Z";
pub(crate) const HARNESS: Harness<WorkOrder> = Harness::new(NOW, "wo_xyz789");

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
    let stored = stored.cloned().map(object);
    HARNESS.send_to(stored.as_ref(), bookings, sent, &references(referents))
}

pub(crate) fn employee(name: &str, fields: Value) -> Referent {
    let base = json!({"firstName": "Ana", "lastName": "Gil", "role": "foreman", "status": "active"});
    referent(Kind::Employee, &format!("emp_{name}"), &format!("E-{name}"), with(base, fields))
}

pub(crate) fn vendor(name: &str, fields: Value) -> Referent {
    let base = json!({"name": "Müller Steel", "status": "active"});
    referent(Kind::Vendor, &format!("ven_{name}"), &format!("V-{name}"), with(base, fields))
}

pub(crate) fn project(fields: Value) -> Referent {
    let base = json!({"name": "Riverside", "status": "active"});
    referent(Kind::Project, "proj_abc123", "2025-014", with(base, fields))
}

fn with(base: Value, fields: Value) -> Value {
    let mut all = object(base);
    all.extend(object(fields));
    Value::Object(all)
}
