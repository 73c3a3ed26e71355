//! `employee.assigned`: `docs/contract.md#who-is-newly-assigned`.

use serde_json::{Map, json};

use crate::events::{EventDraft, EventName};
use crate::models::Kind;
use crate::references::Referent;

/// The assignment that an `employee.assigned` event describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assignment<'a> {
    /// Work order or project.
    pub kind: Kind,
    /// The id of the work order or project.
    pub id: &'a str,
    /// Its natural key.
    pub number: &'a str,
    /// Its title or name.
    pub title: &'a str,
    /// What the person does there.
    pub role: Option<&'a str>,
    /// Whether the person leads the crew.
    pub lead: bool,
    /// The start: an instant for a work order, a date for a project.
    pub start: Option<&'a str>,
    /// The end, in the same form as `start`.
    pub end: Option<&'a str>,
}

/// The `employee.assigned` event for one employee.
#[must_use]
pub fn draft(employee: &Referent, assignment: &Assignment<'_>) -> EventDraft {
    let Assignment { kind, id, number, title, role, lead, start, end } = assignment;
    let mut extra = Map::new();
    extra.insert("id".to_owned(), employee.id.as_str().into());
    extra.insert("employeeNumber".to_owned(), employee.number.as_str().into());
    extra.insert(
        "assignment".to_owned(),
        json!({
            "type": kind, "id": id, "number": number, "title": title, "role": role, "lead": lead, "start": start,
            "end": end,
        }),
    );
    EventDraft::new(EventName::EmployeeAssigned, &employee.fields, extra)
}
