//! What can be said of a pattern because it is about our events: a misspelt name or value would never match, and nobody
//! would notice that nothing comes.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::parse::OR;
use crate::defect::{DefectCode, Defects};
use crate::events::EventName;
use crate::schema::{Field, MAX_SUGGESTIONS, Type, join, nearest};

/// What an event has as filters see it.
const ENVELOPE: [&str; 4] = ["id", "event", "timestamp", DATA];
const DATA: &str = "data";

/// Adds the defects of a pattern that is well formed.
pub(super) fn check(sent: &Value, path: &str, defects: &mut Defects) {
    for (name, value, at) in members(sent, path) {
        if name == OR {
            each(value, &at, |alternative, at| check(alternative, at, defects));
        } else if name == DATA {
            in_data(value, &at, &of_all_events().collect::<Vec<_>>(), defects);
        } else if !ENVELOPE.contains(&name) {
            let message = "is not a field of an event, which has id, event, timestamp and data";
            defects.push(at, DefectCode::UnknownField, message);
        } else if value.is_object() {
            defects.push(at, DefectCode::InvalidType, "is a single value in events: give a list of values");
        } else if name == "event" {
            each(value, &at, |item, at| {
                if item.as_str().is_some_and(|name| name.parse::<EventName>().is_err()) {
                    defects.push(at, DefectCode::InvalidValue, "must be an event of the catalog");
                }
            });
        }
    }
}

/// A pattern for an object that has these fields, some of them under one name.
fn in_data(sent: &Value, path: &str, fields: &[&'static Field], defects: &mut Defects) {
    if !sent.is_object() {
        let message = "is an object in events: name its fields, each with a list of values";
        defects.push(path, DefectCode::InvalidType, message);
        return;
    }
    for (name, value, at) in members(sent, path) {
        if name == OR {
            each(value, &at, |alternative, at| in_data(alternative, at, fields, defects));
            continue;
        }
        let kinds: Vec<&Type> = fields.iter().filter(|field| field.name == name).map(|field| &field.kind).collect();
        if kinds.is_empty() {
            let names: BTreeSet<&'static str> = fields.iter().map(|field| field.name).collect();
            let near = if defects.len() < MAX_SUGGESTIONS { nearest(names.into_iter(), name) } else { None };
            let hint = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
            defects.push(at, DefectCode::UnknownField, format!("is a field of no event{hint}"));
            continue;
        }
        let inner = nested(&kinds);
        match (inner.is_empty(), value.is_object()) {
            (false, _) => in_data(value, &at, &inner, defects),
            (true, true) => {
                defects.push(at, DefectCode::InvalidType, "is no object in events: give a list of values");
            }
            (true, false) => {
                let holds = Holds::of(&kinds);
                each(value, &at, |item, at| holds.check(item, at, defects));
            }
        }
    }
}

fn of_all_events() -> impl Iterator<Item = &'static Field> {
    EventName::ALL.into_iter().flat_map(|event| event.event_type().fields)
}

/// The fields that values of these types have; none for those without fields.
fn nested(kinds: &[&Type]) -> Vec<&'static Field> {
    // Old values are single ones, under the names of fields of events.
    if kinds.iter().any(|kind| matches!(kind, Type::Scalars)) {
        return of_all_events().filter(|field| field.kind.is_scalar()).collect();
    }
    let tables = kinds.iter().filter_map(|kind| if let Type::Object(fields) = kind { Some(*fields) } else { None });
    tables.flatten().collect()
}

/// What the values of a field can be, over all events that have it.
struct Holds {
    text: bool,
    numbers: bool,
    booleans: bool,
    /// The only words that its text can be.
    words: Option<Vec<&'static str>>,
}

impl Holds {
    fn of(kinds: &[&Type]) -> Self {
        let kinds: Vec<&Type> =
            kinds.iter().map(|kind| if let Type::List { item, .. } = kind { *item } else { *kind }).collect();
        let is_number = |kind: &Type| matches!(kind, Type::Int { .. } | Type::Number { .. } | Type::Coordinate { .. });
        let is_boolean = |kind: &Type| matches!(kind, Type::Bool);
        let words = |kind: &&Type| match kind {
            Type::Enum(words) => Some(words.to_vec()),
            kind => (is_number(kind) || is_boolean(kind)).then(Vec::new),
        };
        Self {
            text: kinds.iter().any(|kind| !is_number(kind) && !is_boolean(kind)),
            numbers: kinds.iter().any(|kind| is_number(kind)),
            booleans: kinds.iter().any(|kind| is_boolean(kind)),
            words: kinds.iter().map(words).collect::<Option<Vec<_>>>().map(|words| words.concat()),
        }
    }

    /// Adds a defect for a value or an operator that nothing in this field can satisfy.
    fn check(&self, item: &Value, at: &str, defects: &mut Defects) {
        let mut never = |what: &str| {
            defects.push(at, DefectCode::InvalidValue, format!("matches nothing: the field is never {what} in events"));
        };
        match item {
            Value::String(text) => match &self.words {
                _ if !self.text => never("text"),
                Some(words) if !words.contains(&text.as_str()) => {
                    let mut words = words.clone();
                    words.sort_unstable();
                    words.dedup();
                    defects.push(at, DefectCode::InvalidValue, format!("must be one of {}", words.join(", ")));
                }
                _ => {}
            },
            Value::Number(_) if !self.numbers => never("a number"),
            Value::Bool(_) if !self.booleans => never("true or false"),
            Value::Object(operator) => match operator.keys().next().map(String::as_str) {
                Some("numeric") if !self.numbers => never("a number"),
                Some("prefix" | "suffix" | "wildcard" | "equals-ignore-case") if !self.text => never("text"),
                _ => {}
            },
            _ => {}
        }
    }
}

/// The fields of a pattern with their values and places.
fn members<'a>(sent: &'a Value, path: &str) -> Vec<(&'a str, &'a Value, String)> {
    let object = sent.as_object().into_iter().flat_map(Map::iter);
    object.map(|(name, value)| (name.as_str(), value, join(path, name))).collect()
}

/// The items of a list with their places.
fn each(list: &Value, path: &str, mut visit: impl FnMut(&Value, &str)) {
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    for (i, item) in items.iter().enumerate() {
        visit(item, &format!("{path}[{i}]"));
    }
}
