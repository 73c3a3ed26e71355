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

/// `created` or `updated`, then what the change of status brings, then one `employee.assigned` per person who is new
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

/// One event per person who was on no line before; the first of their lines says what they do.
fn newly_assigned(change: &Change<'_>) -> Vec<EventDraft> {
    let before = change.stored.map(|stored| assigned_ids(stored, "employee")).unwrap_or_default();
    let new = assigned_ids(&change.record, "employee").into_iter().filter(|id| !before.contains(id));
    new.filter_map(|id| {
        let employee = change.references.by_id(Kind::Employee, id)?;
        let (_, line) = items(&change.record, ASSIGNMENTS).find(|(_, line)| text(line, "employeeId") == Some(id))?;
        let assignment = Assignment {
            kind: "work_order",
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
mod tests {
    use domain::references::Referent;

    use super::*;
    use crate::testing::{NOW, employee, send, vendor};

    fn crew_of_three() -> [Referent; 4] {
        [
            employee("one", json!({})),
            employee("two", json!({})),
            employee("three", json!({})),
            vendor("four", json!({})),
        ]
    }

    fn on_file() -> Value {
        json!({"id": "wo_xyz789", "workOrderNumber": "WO-12345", "title": "Install HVAC System", "version": 1,
            "status": "scheduled", "priority": "high", "timeZone": "America/Chicago", "currency": "USD",
            "scheduledStart": "2025-10-27T12:00:00Z", "scheduledEnd": "2025-10-29T20:30:00Z",
            "assignments": [{"employeeId": "emp_one", "employeeNumber": "E-one", "lead": false}]})
    }

    /// Who the events say was assigned.
    fn assigned(stored: Option<&Value>, sent: Value) -> Vec<Value> {
        let events = send(stored, sent, &crew_of_three()).expect("allowed").events;
        let events = events.into_iter().filter(|event| event.name == EventName::EmployeeAssigned);
        events.map(|event| Value::Object(event.data)).collect()
    }

    #[test]
    fn everyone_on_a_new_order_is_assigned_once_and_vendors_never() {
        let sent = json!({"workOrderNumber": "WO-12345", "title": "Install HVAC System",
            "scheduledStart": "2025-10-27T12:00:00Z", "scheduledEnd": "2025-10-29T20:30:00Z",
            "assignments": [{"employeeNumber": "E-one", "role": "foreman", "lead": true}, {"vendorNumber": "V-four"},
                {"employeeNumber": "E-two", "start": "2025-10-28T12:00:00Z"},
                {"employeeNumber": "E-one", "start": "2025-10-29T12:00:00Z"}]});
        let events = assigned(None, sent);
        let first = json!({"id": "emp_one", "employeeNumber": "E-one", "firstName": "Ana", "lastName": "Gil",
            "role": "foreman", "status": "active", "assignment": {"type": "work_order", "id": "wo_xyz789",
                "number": "WO-12345", "title": "Install HVAC System", "role": "foreman", "lead": true,
                "start": "2025-10-27T12:00:00Z", "end": "2025-10-29T20:30:00Z"}});
        assert_eq!(events.len(), 2);
        assert_eq!(events[0], first);
        assert_eq!(events[1]["id"], "emp_two");
        assert_eq!(events[1]["assignment"]["start"], "2025-10-28T12:00:00Z");
        assert_eq!(events[1]["assignment"]["role"], Value::Null);
    }

    #[test]
    fn only_who_was_not_there_before_is_assigned() {
        let ids = |sent: Value| {
            let events = assigned(Some(&on_file()), sent);
            events.iter().map(|event| event["id"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        let with = |others: &[&str]| {
            let lines: Vec<_> =
                others.iter().map(|number| json!({"employeeNumber": number, "role": "new role"})).collect();
            json!({"assignments": lines})
        };
        assert_eq!(ids(with(&["E-one", "E-three", "E-two"])), ["emp_three", "emp_two"]);
        assert!(ids(with(&["E-one"])).is_empty(), "a new role is no new assignment");
        assert!(ids(with(&[])).is_empty());
        assert!(ids(json!({"title": "b"})).is_empty());
        assert_eq!(ids(with(&["E-two"])), ["emp_two"]);
    }

    #[test]
    fn who_is_assigned_is_listed_distinctly_in_order() {
        let sent = json!({"assignments": [{"employeeNumber": "E-two"}, {"vendorNumber": "V-four"},
            {"employeeNumber": "E-one"}, {"vendorNumber": "V-four"},
            {"employeeNumber": "E-two", "start": "2025-10-28T12:00:00Z"}]});
        let outcome = send(Some(&on_file()), sent, &crew_of_three()).expect("allowed");
        assert_eq!(outcome.event_names(), ["workorder.updated", "employee.assigned"]);
        let data = &outcome.events[0].data;
        assert_eq!(data["assignedEmployeeIds"], json!(["emp_two", "emp_one"]));
        assert_eq!(data["assignedVendorIds"], json!(["ven_four"]));
    }

    #[test]
    fn an_update_says_what_changed() {
        let outcome = send(Some(&on_file()), json!({"title": "Install heat pump", "phase": "Rough-in"}), &[]);
        let data = &outcome.expect("allowed").events[0].data;
        let changed = data["changedFields"].as_array().expect("a list");
        assert!(changed.contains(&json!("title")) && changed.contains(&json!("phase")), "{changed:?}");
        assert!(!changed.contains(&json!("status")), "{changed:?}");
        assert_eq!(data["previous"]["title"], "Install HVAC System");
    }

    #[test]
    fn a_cancellation_says_when_and_why() {
        let sent = json!({"status": "cancelled", "cancellationReason": "High wind"});
        let events = send(Some(&on_file()), sent, &[]).expect("allowed").events;
        assert_eq!(events[1].data["cancelledAt"], NOW);
        assert_eq!(events[1].data["cancellationReason"], "High wind");
    }
}
