//! From JSON to a pattern. Each mistake is a sentence at its place.

use serde_json::{Map, Value};

use super::operators;
use super::pattern::{Clause, Matcher, Pattern, Test};
use crate::defect::{DefectCode, Defects};
use crate::schema::join;

/// The name of the field that lists alternatives.
pub(super) const OR: &str = "$or";

impl Pattern {
    /// Reads a pattern that stands in the field `path`. Use the result only when no defect was found.
    pub fn parse(sent: &Value, path: &str, defects: &mut Defects) -> Self {
        let Value::Object(sent) = sent else {
            let message = "must be an object with the fields that an event must have, each with a list of values";
            defects.push(path, DefectCode::InvalidType, message);
            return Self::default();
        };
        if sent.is_empty() {
            defects.push(path, DefectCode::TooFewItems, "must name at least one field");
        }
        Self(sent.iter().filter_map(|(name, value)| clause(name, value, &join(path, name), defects)).collect())
    }
}

fn clause(name: &str, value: &Value, path: &str, defects: &mut Defects) -> Option<Clause> {
    match value {
        _ if name == OR => alternatives(value, path, defects).map(Clause::Any),
        Value::Object(_) => Some(Clause::Field(name.to_owned(), Test::Object(Pattern::parse(value, path, defects)))),
        Value::Array(items) => Some(Clause::Field(name.to_owned(), Test::Values(values(items, path, defects)))),
        _ => {
            let message = "must be a list of values, such as [\"high\"], or an object with fields";
            defects.push(path, DefectCode::InvalidType, message);
            None
        }
    }
}

fn alternatives(value: &Value, path: &str, defects: &mut Defects) -> Option<Vec<Pattern>> {
    let Value::Array(items) = value else {
        defects.push(path, DefectCode::InvalidType, "must be a list of patterns, of which one has to match");
        return None;
    };
    if items.len() < 2 {
        defects.push(path, DefectCode::TooFewItems, "must have at least two patterns");
    }
    let read = |(i, item)| Pattern::parse(item, &format!("{path}[{i}]"), defects);
    Some(items.iter().enumerate().map(read).collect())
}

fn values(items: &[Value], path: &str, defects: &mut Defects) -> Vec<Matcher> {
    if items.is_empty() {
        let message = "must have at least one value; {\"exists\": false} matches what has none";
        defects.push(path, DefectCode::TooFewItems, message);
    }
    let read = |(i, item): (usize, &Value)| matcher(item, &format!("{path}[{i}]"), defects);
    items.iter().enumerate().filter_map(read).collect()
}

fn matcher(item: &Value, path: &str, defects: &mut Defects) -> Option<Matcher> {
    match item {
        Value::Object(sent) => operator(sent, path, defects),
        Value::Array(_) => {
            let message = "must be text, a number, true, false, null or an operator, not a list";
            defects.push(path, DefectCode::InvalidType, message);
            None
        }
        single => Some(Matcher::Is(single.clone())),
    }
}

fn operator(sent: &Map<String, Value>, path: &str, defects: &mut Defects) -> Option<Matcher> {
    let mut members = sent.iter();
    let (Some((name, value)), None) = (members.next(), members.next()) else {
        let message =
            "must have exactly one operator, such as {\"prefix\": \"WO-\"}; list several to accept any of them";
        defects.push(path, DefectCode::InvalidValue, message);
        return None;
    };
    operators::read(name, value, path, defects)
}
