use serde_json::{Value, json};

use super::*;
use crate::testing::{conflict, invalid, send};

/// The contract's table, with changes that leave the status as it is: columns planning, active, `on_hold`, completed,
/// cancelled.
const CONTRACT: &str = "
    | new | C | C | C | - | - |
    | planning | U | U | U | U,D | U |
    | active | U | U | U | U,D | U |
    | on_hold | U | U | U | U,D | U |
    | completed | - | U | - | U | - |
    | cancelled | U | U | - | - | U |";

fn on_file(status: &str) -> Value {
    json!({"id": "proj_abc123", "projectNumber": "2025-014", "name": "Riverside", "status": status,
        "timeZone": "America/Chicago", "currency": "USD", "version": 1})
}

#[test]
fn every_cell_of_the_contracts_matrix() {
    let mut cells = 0;
    for row in CONTRACT.trim().lines() {
        let mut columns = row.trim().trim_matches('|').split('|').map(str::trim);
        let from = columns.next().expect("a first column");
        for (to, cell) in Status::ALL.into_iter().zip(columns) {
            let stored = (from != "new").then(|| on_file(from));
            let sent = json!({"projectNumber": "2025-014", "name": "Riverside Medical", "status": to.as_str()});
            let outcome = send(stored.as_ref(), sent, &[]);
            let name = format!("{from} to {}", to.as_str());
            let expected = match (cell, from) {
                ("-", "new") => {
                    let expected = [("status".to_owned(), DefectCode::InvalidInitialStatus)];
                    assert_eq!(invalid(outcome), expected, "{name}");
                    cells += 1;
                    continue;
                }
                ("-", _) => {
                    assert_eq!(conflict(outcome).code, ConflictCode::InvalidStateTransition, "{name}");
                    cells += 1;
                    continue;
                }
                ("C", _) => vec!["project.created"],
                ("U", _) => vec!["project.updated"],
                ("U,D", _) => vec!["project.updated", "project.completed"],
                (other, _) => panic!("{other} is no code of the contract's"),
            };
            let outcome = outcome.expect(&name);
            assert_eq!(outcome.event_names(), expected, "{name}");
            assert_eq!(outcome.record["status"], to.as_str(), "{name}");
            cells += 1;
        }
    }
    assert_eq!(cells, 6 * 5);
}

#[test]
fn a_completed_project_ends_today_in_its_own_zone() {
    let end = |stored: Value, sent: Value| {
        let outcome = send(Some(&stored), sent, &[]).expect("allowed");
        outcome.record["actualEndDate"].as_str().expect("a date").to_owned()
    };
    assert_eq!(end(on_file("active"), json!({"status": "completed"})), "2026-09-25");
    assert_eq!(end(on_file("active"), json!({"status": "completed", "timeZone": "UTC"})), "2026-09-26");
    let sent = json!({"status": "completed", "actualEndDate": "2026-09-01"});
    assert_eq!(end(on_file("active"), sent), "2026-09-01");
    let mut late = on_file("active");
    late["actualStartDate"] = json!("2026-10-01");
    assert_eq!(end(late, json!({"status": "completed"})), "2026-10-01", "never before the start");
}

#[test]
fn a_reopened_project_has_no_end() {
    let mut stored = on_file("completed");
    stored["actualEndDate"] = json!("2026-09-01");
    let reopened = send(Some(&stored), json!({"status": "active"}), &[]).expect("allowed").record;
    assert!(!reopened.contains_key("actualEndDate"));
    let sent = json!({"status": "active", "actualEndDate": "2026-12-01"});
    assert_eq!(send(Some(&stored), sent, &[]).expect("allowed").record["actualEndDate"], "2026-12-01");
    let renamed = send(Some(&stored), json!({"name": "b"}), &[]).expect("allowed").record;
    assert_eq!(renamed["actualEndDate"], "2026-09-01");
}
