//! The events of work orders.

use domain::events::{EventDraft, EventName};
use domain::models::Kind;
use domain::resource::Change;
use domain::rules::assigned;
use domain::rules::assigned::Assignment;
use domain::rules::fields::{given, items, text};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::lines::{ASSIGNMENTS, leads};
use crate::links::assigned_ids;
use crate::status::{Status, Step};

/// `created` or `updated`, then the events of the change of status, then one `employee.assigned` per employee who is new
/// on the order.
pub(crate) fn of_change(change: &Change<'_>) -> Vec<EventDraft> {
    let (record, crew) = (&change.record, crew(&change.record));
    let mut events = vec![match change.stored {
        None => EventDraft::new(EventName::WorkorderCreated, record, crew.clone()),
        Some(stored) => {
            EventDraft::updated(EventName::WorkorderUpdated, stored, record, self::crew(stored), crew.clone())
        }
    }];
    if let Some(status) = Status::of(record) {
        let step = Step::between(change.stored.and_then(Status::of), status);
        let never_started = !change.stored.is_some_and(|stored| given(stored, "actualStart"));
        if step.starts() && never_started {
            events.push(EventDraft::new(EventName::WorkorderStarted, record, crew.clone()));
        }
        if step.completes() {
            events.push(EventDraft::new(EventName::WorkorderCompleted, record, crew.clone()));
        }
        if step == Step::Cancels {
            let mut extra = crew;
            extra.insert("cancelledAt".to_owned(), change.now.to_string().into());
            events.push(EventDraft::new(EventName::WorkorderCancelled, record, extra));
        }
    }
    events.extend(newly_assigned(change));
    events
}

/// `workorder.deleted`.
pub(crate) fn of_deletion(stored: &Map<String, Value>, now: Timestamp) -> EventDraft {
    let extra = [("deletedAt".to_owned(), now.to_string().into())].into_iter().collect();
    EventDraft::new(EventName::WorkorderDeleted, stored, extra)
}

/// The fields of events that the record does not have itself.
fn crew(record: &Map<String, Value>) -> Map<String, Value> {
    let mut crew = Map::new();
    crew.insert("assignedEmployeeIds".to_owned(), json!(assigned_ids(record, "employee")));
    crew.insert("assignedVendorIds".to_owned(), json!(assigned_ids(record, "vendor")));
    crew
}

/// One event per employee who was on no line before, with the role and times of the first of their lines.
fn newly_assigned(change: &Change<'_>) -> Vec<EventDraft> {
    let before = change.stored.map(|stored| assigned_ids(stored, "employee")).unwrap_or_default();
    let new = assigned_ids(&change.record, "employee").into_iter().filter(|id| !before.contains(id));
    new.filter_map(|id| {
        let employee = change.references.by_id(Kind::Employee, id)?;
        let (_, line) = items(&change.record, ASSIGNMENTS).find(|(_, line)| text(line, "employeeId") == Some(id))?;
        let assignment = Assignment {
            kind: Kind::WorkOrder,
            id: change.text("id")?,
            number: change.text("workOrderNumber")?,
            title: change.text("title")?,
            role: text(line, "role"),
            lead: leads(line),
            start: text(line, "start").or(change.text("scheduledStart")),
            end: text(line, "end").or(change.text("scheduledEnd")),
        };
        Some(assigned::draft(employee, &assignment))
    })
    .collect()
}

#[cfg(test)]
mod tests;
