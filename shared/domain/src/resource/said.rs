//! What the sender sent for a field where the record has something else, because the system filled it in, completed it or
//! cleared it: a default, a recorded time, the time of a decision, an end that was cleared when work was reopened.
//!
//! A sender that sends whole rows repeats itself with every row, and does not mean a change. So what it sent is noted with
//! the record, and a body that repeats it says nothing new. A body that sends what the record has makes the value the
//! sender's own, and the note of that field is removed. A note is valid for one version only: a release that stores the
//! record without a note (an older one) makes it void.

use serde_json::{Map, Value, json};

use super::Resource;
use crate::models::CONTROL;
use crate::schema::{Presence, Type};

/// The field of a stored record that holds the note: `{"version": 3, "fields": {"actualStart": null}}`.
pub const NOTE: &str = "said";

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
        // What a change of status cleared stays cleared for that status only.
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
        // The defaults of lines never change, so a list that is sent again completes to what is stored.
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

/// The other field of a reference: `projectId` and `projectNumber` only make sense together.
fn other_half(field: &str) -> Option<String> {
    let number = field.strip_suffix("Id").map(|stem| format!("{stem}Number"));
    number.or_else(|| field.strip_suffix("Number").map(|stem| format!("{stem}Id")))
}

#[cfg(test)]
mod tests;
