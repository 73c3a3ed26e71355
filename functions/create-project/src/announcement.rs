//! The events of projects.

use domain::events::{EventDraft, EventName};
use domain::models::Kind;
use domain::resource::Change;
use domain::rules::assigned;
use domain::rules::assigned::Assignment;
use serde_json::Map;

use crate::people::members;
use crate::status::{Status, Step};

/// `created` or `updated`, `completed` when it is done, then one `employee.assigned` per person who is newly named.
pub(crate) fn of_change(change: &Change<'_>) -> Vec<EventDraft> {
    let record = &change.record;
    let mut events = vec![match change.stored {
        None => EventDraft::new(EventName::ProjectCreated, record, Map::new()),
        Some(stored) => EventDraft::updated(EventName::ProjectUpdated, stored, record, Map::new(), Map::new()),
    }];
    let before = change.stored.and_then(Status::of);
    if Status::of(record).is_some_and(|status| Step::between(before, status) == Step::Completes) {
        events.push(EventDraft::new(EventName::ProjectCompleted, record, Map::new()));
    }
    events.extend(newly_named(change));
    events
}

/// One event per person whom the stored project named nowhere.
fn newly_named(change: &Change<'_>) -> Vec<EventDraft> {
    let before = change.stored.map(members).unwrap_or_default();
    let new = members(&change.record).into_iter().filter(|member| !before.iter().any(|old| old.id == member.id));
    new.filter_map(|member| {
        let employee = change.references.by_id(Kind::Employee, member.id)?;
        let assignment = Assignment {
            kind: Kind::Project,
            id: change.text("id")?,
            number: change.text("projectNumber")?,
            title: change.text("name")?,
            role: member.role,
            lead: false,
            start: member.start,
            end: member.end,
        };
        Some(assigned::draft(employee, &assignment))
    })
    .collect()
}

#[cfg(test)]
mod tests;
