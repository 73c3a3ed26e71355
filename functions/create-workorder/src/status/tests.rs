use serde_json::{Value, json};

use super::*;
use crate::testing::{NOW, conflict, invalid, send};

/// `docs/contract.md#states-of-a-work-order`, as it stands there.
const CONTRACT: &str = "
    | new | C | C | C,S | - | C,S,D | - |
    | unscheduled | | U | U,S | U | U,S,D | U,X |
    | scheduled | U | | U,S | U | U,S,D | U,X |
    | in_progress | - | U | | U | U,D | U,X |
    | on_hold | U | U | U,S | | U,S,D | U,X |
    | completed | - | - | U (clears actualEnd) | - | | - |
    | cancelled | U | U | - | - | - | |";

/// An order on file with this status, that was not started before unless its status says so.
fn on_file(status: &str) -> Value {
    let mut order = json!({"id": "wo_xyz789", "version": 1, "workOrderNumber": "WO-1", "title": "Pour slab",
        "status": status, "scheduledStart": "2025-10-19T12:00:00Z"});
    if matches!(status, "in_progress" | "completed") {
        order["actualStart"] = json!("2025-10-19T12:00:00Z");
    }
    if status == "completed" {
        order["actualEnd"] = json!("2025-10-19T20:00:00Z");
    }
    if status == "cancelled" {
        order["cancellationReason"] = json!("Rain");
    }
    order
}

fn request(status: &str) -> Value {
    let mut body = json!({"workOrderNumber": "WO-1", "title": "Pour the slab", "status": status,
        "scheduledStart": "2025-10-19T12:00:00Z"});
    if status == "cancelled" {
        body["cancellationReason"] = json!("Wind");
    }
    body
}

fn event(code: &str) -> &'static str {
    match code {
        "C" => "workorder.created",
        "U" => "workorder.updated",
        "S" => "workorder.started",
        "D" => "workorder.completed",
        "X" => "workorder.cancelled",
        other => panic!("{other} is no code of the contract's"),
    }
}

#[test]
fn every_cell_of_the_contracts_matrix() {
    let mut cells = 0;
    for row in CONTRACT.trim().lines() {
        let mut columns = row.trim().trim_matches('|').split('|').map(str::trim);
        let from = columns.next().expect("a first column");
        for (to, cell) in Status::ALL.into_iter().zip(columns) {
            let stored = (from != "new").then(|| on_file(from));
            let outcome = send(stored.as_ref(), request(to.as_str()), &[]);
            let name = format!("{from} to {}", to.as_str());
            match (cell, from) {
                ("-", "new") => {
                    let expected = [("status".to_owned(), DefectCode::InvalidInitialStatus)];
                    assert_eq!(invalid(outcome), expected, "{name}");
                }
                ("-", _) => assert_eq!(conflict(outcome).code, ConflictCode::InvalidStateTransition, "{name}"),
                _ => {
                    let codes = if cell.is_empty() { "U" } else { cell.split(' ').next().expect("codes") };
                    let expected: Vec<_> = codes.split(',').map(event).collect();
                    let outcome = outcome.expect(&name);
                    assert_eq!(outcome.event_names(), expected, "{name}");
                    assert_eq!(outcome.record["status"], to.as_str(), "{name}");
                }
            }
            cells += 1;
        }
    }
    assert_eq!(cells, 7 * 6);
}

/// The page of work orders, whose table says the same in words.
const PAGE: &str = include_str!("../../../portal/docs/resources/workorder.md");

/// The events that the page's table has for a step, in their order; `None` where it has none. `from` is "new" for a new order.
fn on_the_page(from: &str, to: &str) -> Option<Vec<String>> {
    let words = |cell: &str| cell.split(", ").map(|word| word.trim_matches(['`', '*']).to_owned()).collect::<Vec<_>>();
    let rows = PAGE.split("| from | to | events |").nth(1).expect("a table of states").lines().skip(2);
    let mut found = rows.take_while(|row| row.starts_with('|')).filter_map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(|cell| words(cell.trim())).collect();
        let [starts, ends, events] = cells.try_into().expect("three cells");
        let ends = if ends == ["each other"] { starts.clone() } else { ends };
        let is_it = starts.iter().any(|one| one == from) && ends.iter().any(|one| one == to);
        (is_it && from != to).then_some(events)
    });
    let events = found.next();
    assert_eq!(found.next(), None, "{from} to {to} is on the page twice");
    events
}

#[test]
fn the_page_says_what_the_contract_does() {
    for row in CONTRACT.trim().lines() {
        let mut columns = row.trim().trim_matches('|').split('|').map(str::trim);
        let from = columns.next().expect("a first column");
        for (to, cell) in Status::ALL.into_iter().zip(columns) {
            let codes = cell.split(' ').next().filter(|codes| !matches!(*codes, "" | "-"));
            let expected: Option<Vec<String>> =
                codes.map(|codes| codes.split(',').map(|code| event(code).to_owned()).collect());
            assert_eq!(on_the_page(from, to.as_str()), expected, "{from} to {}", to.as_str());
        }
    }
}

#[test]
fn an_order_is_started_only_once() {
    for (from, to, expected) in [
        ("on_hold", "in_progress", vec!["workorder.updated"]),
        ("on_hold", "completed", vec!["workorder.updated", "workorder.completed"]),
        ("scheduled", "in_progress", vec!["workorder.updated"]),
    ] {
        let mut stored = on_file(from);
        stored["actualStart"] = json!("2025-10-18T12:00:00Z");
        let outcome = send(Some(&stored), json!({"status": to}), &[]).expect("allowed");
        assert_eq!(outcome.event_names(), expected, "{from} to {to}");
        assert_eq!(outcome.record["actualStart"], "2025-10-18T12:00:00Z");
    }
}

#[test]
fn actual_times_are_now_unless_they_are_sent() {
    let done = send(Some(&on_file("scheduled")), json!({"status": "completed"}), &[]).expect("allowed");
    assert_eq!((&done.record["actualStart"], &done.record["actualEnd"]), (&json!(NOW), &json!(NOW)));

    let ended = json!({"status": "completed", "actualEnd": "2025-10-19T20:00:00Z"});
    let done = send(Some(&on_file("scheduled")), ended, &[]).expect("allowed");
    assert_eq!(done.record["actualStart"], "2025-10-19T20:00:00Z", "a start is never after the end that was sent");

    let started = json!({"status": "completed", "actualStart": "2025-10-20T18:00:00Z"});
    let done = send(Some(&on_file("scheduled")), started, &[]).expect("allowed");
    assert_eq!(done.record["actualEnd"], "2025-10-20T18:00:00Z", "an end is never before the start that was sent");
    assert_eq!(done.event_names(), ["workorder.updated", "workorder.started", "workorder.completed"]);

    let reopened = send(Some(&on_file("completed")), json!({"status": "in_progress"}), &[]).expect("allowed");
    assert!(!reopened.record.contains_key("actualEnd"));
    assert_eq!(reopened.record["actualStart"], "2025-10-19T12:00:00Z");
}

#[test]
fn an_order_that_is_taken_up_again_loses_its_cancellation_reason() {
    let again = send(Some(&on_file("cancelled")), json!({"status": "scheduled"}), &[]).expect("allowed");
    assert!(!again.record.contains_key("cancellationReason"));
    let edited = send(Some(&on_file("cancelled")), json!({"title": "Pour"}), &[]).expect("allowed");
    assert_eq!(edited.record["cancellationReason"], "Rain");
}

#[test]
fn the_status_that_is_not_sent_follows_the_start() {
    let start = json!("2025-10-27T12:00:00Z");
    let status = |stored: Option<&Value>, sent: Value| {
        let outcome = send(stored, sent, &[]).expect("allowed");
        outcome.record["status"].as_str().expect("a status").to_owned()
    };
    assert_eq!(status(None, json!({"title": "a"})), "unscheduled");
    assert_eq!(status(None, json!({"title": "a", "scheduledStart": start})), "scheduled");
    assert_eq!(status(None, json!({"title": "a", "scheduledStart": start, "status": "unscheduled"})), "unscheduled");

    assert_eq!(status(Some(&on_file("scheduled")), json!({"scheduledStart": null})), "unscheduled");
    assert_eq!(status(Some(&on_file("on_hold")), json!({"scheduledStart": null})), "on_hold");
    let planned = json!({"status": "unscheduled", "title": "a"});
    assert_eq!(status(Some(&planned), json!({"scheduledStart": start})), "scheduled");
    assert_eq!(status(Some(&planned), json!({"scheduledStart": start, "status": "unscheduled"})), "unscheduled");
    assert_eq!(status(Some(&on_file("unscheduled")), json!({"scheduledStart": start})), "unscheduled");
    assert_eq!(status(Some(&on_file("scheduled")), json!({"status": null, "scheduledStart": null})), "unscheduled");
}

#[test]
fn a_scheduled_order_needs_a_start() {
    let missing = [("scheduledStart".to_owned(), DefectCode::MissingDependency)];
    let planned = json!({"status": "unscheduled", "title": "a"});
    assert_eq!(invalid(send(Some(&planned), json!({"status": "scheduled"}), &[])), missing);
    let both = json!({"status": "scheduled", "scheduledStart": null});
    assert_eq!(invalid(send(Some(&on_file("scheduled")), both, &[])), missing);
}
