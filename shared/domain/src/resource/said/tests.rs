use crate::defect::Defects;
use crate::events::EventDraft;
use crate::models::{Model, WORK_ORDER};
use crate::references::Reference;
use crate::rejection::Rejection;
use crate::resource::Change;
use crate::rules::fields::Extent;

use super::*;

struct Order;

impl Resource for Order {
    const FUNCTION: &'static str = "test";
    const MODEL: &'static Model = &WORK_ORDER;
    const RECORDED: &'static [&'static str] = &["actualStart"];

    fn check(_: &Map<String, Value>, _: Extent, _: &mut Defects) {}

    fn references(_: &Map<String, Value>) -> Vec<Reference> {
        Vec::new()
    }

    fn settle(_: &mut Change<'_>) -> Result<(), Rejection> {
        Ok(())
    }

    fn raise(_: &Change<'_>) -> Vec<EventDraft> {
        Vec::new()
    }
}

fn map(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { panic!("not an object: {value}") };
    map
}

fn new(sent: Value, stored: &Map<String, Value>) -> Value {
    Value::Object(new_in::<Order>(&map(sent), stored))
}

/// What is stored, with what the sender had said of it.
fn stored(record: Value, said: Value) -> Map<String, Value> {
    let mut record = map(record);
    record.insert("version".to_owned(), json!(1));
    note::<Order>(&mut record, 1, &map(said), &Map::new());
    record
}

#[test]
fn what_is_stored_or_was_said_before_is_not_new() {
    let address = json!({"line1": "1 Main St"});
    let complete = json!({"line1": "1 Main St", "country": "US"});
    let record = json!({"title": "a", "priority": "normal", "siteAddress": complete, "phase": "b"});
    let stored = stored(record, json!({"title": "a", "siteAddress": address, "phase": "b"}));
    let row = json!({"title": "a", "priority": null, "siteAddress": address, "phase": "b", "trade": null});
    assert_eq!(new(row, &stored), json!({}));
    let change = json!({"priority": "urgent", "siteAddress": {"line1": "2 Main St"}, "phase": null});
    assert_eq!(new(change.clone(), &stored), change);
}

#[test]
fn the_halves_of_a_reference_are_read_together() {
    let stored = stored(json!({"projectId": "proj_1", "projectNumber": "P-1"}), json!({"projectNumber": "P-1"}));
    assert_eq!(new(json!({"projectNumber": "P-1", "projectId": null}), &stored), json!({}));
    let other = json!({"projectNumber": "P-1", "projectId": "proj_2"});
    assert_eq!(new(other.clone(), &stored), other);
    let moved = json!({"projectNumber": "P-2", "projectId": null});
    assert_eq!(new(moved, &stored), json!({"projectNumber": "P-2"}));
}

#[test]
fn what_a_step_took_away_is_new_with_the_next_step() {
    let end = "2025-10-19T12:00:00Z";
    let stored = stored(json!({"status": "in_progress"}), json!({"status": "in_progress", "actualEnd": end}));
    assert_eq!(new(json!({"status": "in_progress", "actualEnd": end}), &stored), json!({}));
    let done = json!({"status": "completed", "actualEnd": end});
    assert_eq!(new(done.clone(), &stored), done);
}

#[test]
fn a_note_of_another_version_is_void_but_recorded_times_stay() {
    let mut stored = stored(json!({"priority": "low", "actualStart": "2025-10-19T12:00:00Z"}), json!({}));
    assert_eq!(new(json!({"priority": null, "actualStart": null}), &stored), json!({}));
    stored.insert("version".to_owned(), json!(2));
    assert!(noted(&stored).is_none());
    assert_eq!(new(json!({"priority": null, "actualStart": null}), &stored), json!({"priority": null}));
}

#[test]
fn a_note_is_carried_on_until_the_sender_says_something_else() {
    let before = stored(json!({"priority": "normal", "currency": "USD"}), json!({}));
    let mut after = map(json!({"priority": "high", "currency": "USD", "version": 2}));
    note::<Order>(&mut after, 2, &map(json!({"priority": "high"})), &before);
    assert_eq!(after["said"], json!({"version": 2, "fields": {"currency": null}}));
}

#[test]
fn what_the_sender_confirms_is_its_own() {
    let record = json!({"priority": "normal", "workDays": ["mon", "tue"], "actualStart": "2025-10-19T12:00:00Z"});
    let confirmed = json!({"priority": "normal", "workDays": ["TUE", "mon"], "actualStart": "2025-10-19T12:00:00Z"});
    for void in [false, true] {
        let mut before = stored(record.clone(), json!({}));
        assert_eq!(new(json!({"actualStart": null, "priority": null}), &before), json!({}));
        if void {
            before.insert("version".to_owned(), json!(2));
        }
        let mut after = map(with_version(record.clone(), 3));
        note::<Order>(&mut after, 3, &map(confirmed.clone()), &before);
        assert_eq!(after["said"], json!({"version": 3, "fields": {}}));
        let cleared = json!({"actualStart": null, "priority": null});
        assert_eq!(new(cleared.clone(), &after), cleared);
    }
}

fn with_version(mut record: Value, version: u64) -> Value {
    record["version"] = json!(version);
    record
}
