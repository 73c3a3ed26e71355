//! What is special to the tests of projects: whom a project names.

use domain::models::Kind;
use domain::references::Referent;
use domain::rejection::Rejection;
pub(crate) use domain::resource::testing::{Found, Outcome, conflict, invalid, object};
use domain::resource::testing::{Harness, references, referent};
use serde_json::{Value, json};

use crate::Project;

/// When the requests of these tests are handled: 26 September in UTC, still the 25th in Chicago.
pub(crate) const NOW: &str = "2026-09-26T03:14:09Z";
pub(crate) const HARNESS: Harness<Project> = Harness::new(NOW, "proj_abc123");

/// Sends `sent` where `stored` is on file.
pub(crate) fn send(stored: Option<&Value>, sent: Value, referents: &[Referent]) -> Result<Outcome, Rejection> {
    let stored = stored.cloned().map(object);
    HARNESS.send(stored.as_ref(), sent, &references(referents))
}

pub(crate) fn employee(name: &str, status: &str) -> Referent {
    let fields = json!({"firstName": "Ana", "lastName": "Gil", "role": "foreman", "status": status});
    referent(Kind::Employee, &format!("emp_{name}"), &format!("E-{name}"), fields)
}
