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
            kind: "project",
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
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{employee, send};

    fn assigned(stored: Option<&Value>, sent: Value) -> Vec<Value> {
        let known = ["one", "two", "three"].map(|name| employee(name, "active"));
        let events = send(stored, sent, &known).expect("allowed").events;
        let events = events.into_iter().filter(|event| event.name == EventName::EmployeeAssigned);
        events.map(|event| Value::Object(event.data)).collect()
    }

    #[test]
    fn everyone_named_by_a_new_project_is_assigned_once() {
        let sent = json!({"projectNumber": "2025-014", "name": "Riverside", "projectManagerNumber": "E-one",
            "superintendentNumber": "E-two", "team": [
                {"employeeNumber": "E-two", "role": "general foreman", "startDate": "2025-06-02"},
                {"employeeNumber": "E-three", "role": "safety", "startDate": "2025-06-02", "endDate": "2025-07-01"},
                {"employeeNumber": "E-three", "role": "night safety"}]});
        let events = assigned(None, sent);
        let assignment = |role: &str, start: Value, end: Value| {
            json!({"type": "project", "id": "proj_abc123", "number": "2025-014", "title": "Riverside", "role": role,
                "lead": false, "start": start, "end": end})
        };
        let expected = [
            ("emp_two", assignment("general foreman", json!("2025-06-02"), Value::Null)),
            ("emp_three", assignment("safety", json!("2025-06-02"), json!("2025-07-01"))),
            ("emp_one", assignment("project manager", Value::Null, Value::Null)),
        ];
        assert_eq!(events.len(), expected.len());
        for (event, (id, assignment)) in events.iter().zip(expected) {
            assert_eq!((event["id"].as_str(), &event["assignment"]), (Some(id), &assignment));
        }
        assert_eq!(events[2]["firstName"], "Ana");
    }

    #[test]
    fn only_who_was_named_nowhere_before_is_assigned() {
        let stored = json!({"projectNumber": "2025-014", "name": "Riverside", "status": "active",
            "superintendentId": "emp_two", "superintendentNumber": "E-two",
            "team": [{"employeeId": "emp_one", "employeeNumber": "E-one", "role": "safety"}]});
        let ids = |sent: Value| {
            let events = assigned(Some(&stored), sent);
            events.iter().map(|event| event["id"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        assert!(ids(json!({"projectManagerNumber": "E-one"})).is_empty(), "from the team to a post");
        assert!(ids(json!({"team": [{"employeeNumber": "E-two", "role": "x"}]})).is_empty(), "from a post to the team");
        assert_eq!(ids(json!({"superintendentNumber": "E-three"})), ["emp_three"]);
        assert_eq!(ids(json!({"team": [{"employeeNumber": "E-three", "role": "x"}]})), ["emp_three"]);
        assert!(ids(json!({"name": "b"})).is_empty());
    }

    #[test]
    fn an_update_says_what_changed_and_a_completion_when() {
        let stored = json!({"projectNumber": "2025-014", "name": "Riverside", "status": "active", "version": 1,
            "timeZone": "America/Chicago", "currency": "USD"});
        let events = send(Some(&stored), json!({"status": "completed", "name": "River"}), &[]).expect("allowed").events;
        assert_eq!(events[0].data["previous"]["name"], "Riverside");
        assert_eq!(events[0].data["previous"]["status"], "active");
        assert_eq!(events[1].data["actualEndDate"], "2026-09-25");
    }
}
