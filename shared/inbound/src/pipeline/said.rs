//! What the sender said of a field where the record says something else, because the system filled it in, completed it
//! or cleared it: a default, a recorded time, the time of a decision, an end that a reopening took away.
//!
//! A sender of whole rows says the same again with every row and means nothing by it. So what it said is noted with the
//! record, and a body that repeats it says nothing new. A body that says what the record has makes the value the sender's
//! own, so the note of the field goes. The note holds for one version: what stores a record without writing it (an older
//! release) makes it void.

use domain::resource::Resource;
use domain::schema::{Presence, Type};
use serde_json::{Map, Value, json};

/// Where the note lies in a stored record: `{"version": 3, "fields": {"actualStart": null}}`.
const NOTE: &str = "said";
/// What a body says beside the record.
const CONTROL: [&str; 4] = ["operation", "id", "ifVersion", "sourceUpdatedAt"];

/// The fields of the stored record of which the sender said something else, with what it said; `None` when that is not
/// known.
pub(super) fn noted(stored: &Map<String, Value>) -> Option<&Map<String, Value>> {
    let note = stored.get(NOTE)?;
    (note.get("version") == stored.get("version")).then(|| note.get("fields")?.as_object()).flatten()
}

/// The fields of `sent` that say something new about `stored` (empty for a new record): neither what is stored nor what
/// the sender said before where the record says something else.
pub(super) fn new_in<R: Resource>(sent: &Map<String, Value>, stored: &Map<String, Value>) -> Map<String, Value> {
    let repeats = |field: &str, value: &Value, moves: bool| {
        let known = stored.get(field);
        // What a step of the state machine took away is taken away for that state only.
        let is_noted = value.is_null() || known.is_some() || !moves;
        value == known.unwrap_or(&Value::Null) || (is_noted && said_before::<R>(stored, field) == Some(value))
    };
    let moves = sent.get("status").is_some_and(|status| !repeats("status", status, false));
    let is_new = |field: &str| sent.get(field).is_some_and(|value| !repeats(field, value, moves));
    let says = |field: &str, value: &Value| {
        is_new(field) || (!value.is_null() && other_half(field).is_some_and(|half| is_new(&half)))
    };
    sent.iter()
        .filter(|(field, value)| says(field, value))
        .map(|(field, value)| (field.clone(), value.clone()))
        .collect()
}

/// Notes in `record`, which gets this `version`, of which of its fields the sender said something else: in `body` now, or
/// about `stored` before.
pub(super) fn note<R: Resource>(
    record: &mut Map<String, Value>,
    version: u64,
    body: &Map<String, Value>,
    stored: &Map<String, Value>,
) {
    let own = R::MODEL.fields.iter().filter(|field| {
        field.presence != Presence::Key && !CONTROL.contains(&field.name) && !matches!(field.kind, Type::CustomFields)
    });
    let differing = own.filter_map(|field| {
        let before = || said_before::<R>(stored, field.name).or(stored.get(field.name)).unwrap_or(&Value::Null);
        let said = body.get(field.name).unwrap_or_else(before);
        // The defaults of lines are the same for ever: a list that is sent again completes to what is stored.
        let differs = said != record.get(field.name).unwrap_or(&Value::Null) && !said.is_array();
        differs.then(|| (field.name.to_owned(), said.clone()))
    });
    let fields: Map<String, Value> = differing.collect();
    record.insert(NOTE.to_owned(), json!({"version": version, "fields": fields}));
}

/// What the sender said of a field of `stored`, where that is not what is stored. Without a note it is taken to have
/// said nothing of the times that the system records.
fn said_before<'a, R: Resource>(stored: &'a Map<String, Value>, field: &str) -> Option<&'a Value> {
    match noted(stored) {
        Some(fields) => fields.get(field),
        None => (R::RECORDED.contains(&field) && stored.contains_key(field)).then_some(&Value::Null),
    }
}

/// A reference has two names, which are only understood together: `projectId` and `projectNumber`.
fn other_half(field: &str) -> Option<String> {
    let number = field.strip_suffix("Id").map(|stem| format!("{stem}Number"));
    number.or_else(|| field.strip_suffix("Number").map(|stem| format!("{stem}Id")))
}

#[cfg(test)]
mod tests {
    use domain::defect::Defects;
    use domain::events::EventDraft;
    use domain::models::{Model, WORK_ORDER};
    use domain::references::Reference;
    use domain::rejection::Rejection;
    use domain::resource::Change;

    use super::*;

    struct Order;

    impl Resource for Order {
        const FUNCTION: &'static str = "test";
        const MODEL: &'static Model = &WORK_ORDER;
        const RECORDED: &'static [&'static str] = &["actualStart"];

        fn check(_: &Map<String, Value>, _: bool, _: &mut Defects) {}

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
        let confirmed =
            json!({"priority": "normal", "workDays": ["TUE", "mon"], "actualStart": "2025-10-19T12:00:00Z"});
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
}
