//! From a record to the data of its events.

use serde_json::{Map, Value};

use super::EventName;
use crate::models::{CONTROL, Kind, Model, time_off};
use crate::schema::{Class, Field, Type};

/// Fields of an update that are about the change and not about the record, or change every time.
const NOT_PREVIOUS: [&str; 5] = ["id", "version", "updatedAt", "changedFields", "previous"];

/// An event before it has an id and a time.
#[derive(Debug, Clone, PartialEq)]
pub struct EventDraft {
    /// The event's name.
    pub name: EventName,
    /// Exactly the fields of its type, in their order.
    pub data: Map<String, Value>,
}

impl EventDraft {
    /// Each field of the event's type: from `extra` or else from `record` or else null (an empty list where null is no
    /// value). Nothing that the type doesn't list is included, not even in nested objects, and the type of time off is
    /// made public.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "`extra` is made for one event")]
    pub fn new(name: EventName, record: &Map<String, Value>, extra: Map<String, Value>) -> Self {
        let fields = name.event_type().fields;
        let mut data = listed(fields, |field| extra.get(field).or_else(|| record.get(field)));
        if name.group() == "timeoff"
            && let Some(Value::String(kind)) = data.get_mut("type")
        {
            *kind = public_time_off_type(kind).to_owned();
        }
        Self { name, data }
    }

    /// An event of an update: `new`, with `changedFields` and the old values of those changed fields that are scalars
    /// of the event's own data. `stored_extra` has old values of fields that the event derives from the record.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "`stored_extra` is made for one event, as `extra` is")]
    pub fn updated(
        name: EventName,
        stored: &Map<String, Value>,
        record: &Map<String, Value>,
        stored_extra: Map<String, Value>,
        mut extra: Map<String, Value>,
    ) -> Self {
        let changed = kind_of(name).map(|kind| changed_fields(kind.model(), stored, record)).unwrap_or_default();
        let is_shown = |field: &str| {
            let listed = name.event_type().fields.iter().find(|listed| listed.name == field);
            listed.is_some_and(|listed| listed.kind.is_scalar()) && !NOT_PREVIOUS.contains(&field)
        };
        let old = |field: &String| stored_extra.get(field).or_else(|| stored.get(field)).cloned().unwrap_or_default();
        let previous: Map<String, Value> =
            changed.iter().filter(|field| is_shown(field)).map(|field| (field.clone(), old(field))).collect();
        extra.insert("changedFields".to_owned(), changed.into());
        extra.insert("previous".to_owned(), Value::Object(previous));
        Self::new(name, record, extra)
    }
}

/// The resource that an event is about; `None` for reports.
fn kind_of(name: EventName) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.segment() == name.group())
}

/// The fields in order, each with its value, null or an empty list.
fn listed<'a>(fields: &[Field], value: impl Fn(&str) -> Option<&'a Value>) -> Map<String, Value> {
    let of = |field: &Field| match (value(field.name), &field.kind) {
        (Some(value), kind) if !value.is_null() => as_listed(kind, value),
        (_, Type::List { .. }) if !field.presence.nullable() => Value::Array(Vec::new()),
        _ => Value::Null,
    };
    fields.iter().map(|field| (field.name.to_owned(), of(field))).collect()
}

/// `value` without what its type doesn't list. Where an event lists names and the record has objects, their names.
fn as_listed(kind: &Type, value: &Value) -> Value {
    match (kind, value) {
        (Type::Object(fields), Value::Object(object)) => Value::Object(listed(fields, |name| object.get(name))),
        (Type::List { item, .. }, Value::Array(items)) => items.iter().map(|value| as_listed(item, value)).collect(),
        (scalar, Value::Object(object)) if scalar.is_scalar() => object.get("name").cloned().unwrap_or_default(),
        _ => value.clone(),
    }
}

/// Names of the top-level fields whose values differ, in the model's order: private ones too, secrets never, and
/// nothing that is not the sender's.
#[must_use]
pub fn changed_fields(model: &'static Model, stored: &Map<String, Value>, record: &Map<String, Value>) -> Vec<String> {
    tracked(model)
        .filter(|field| !same(stored.get(field.name), record.get(field.name)))
        .map(|field| field.name.to_owned())
        .collect()
}

/// The fields whose changes are told of.
fn tracked(model: &'static Model) -> impl Iterator<Item = &'static Field> {
    model.fields.iter().filter(|field| field.class != Class::Secret && !CONTROL.contains(&field.name))
}

/// The names that `changedFields` may have, over all resources with updates.
pub fn changeable_fields() -> impl Iterator<Item = &'static str> {
    let has_updates = |kind: &Kind| EventName::ALL.iter().any(|name| kind_of(*name) == Some(*kind) && name.is_update());
    let models = Kind::ALL.into_iter().filter(has_updates).map(Kind::model);
    models.flat_map(tracked).map(|field| field.name)
}

/// Absent is null, so is an empty list, and `50.0` is `50`.
fn same(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (something(a), something(b)) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(Some(a), Some(b)))
        }
        (Value::Object(a), Value::Object(b)) => a.keys().chain(b.keys()).all(|name| same(a.get(name), b.get(name))),
        (a, b) => a == b,
    }
}

fn something(value: Option<&Value>) -> &Value {
    value.filter(|value| value.as_array().is_none_or(|list| !list.is_empty())).unwrap_or(&Value::Null)
}

/// The type of a request for time off as events show it: what is about health, family or duty is `protected_leave`.
#[must_use]
pub fn public_time_off_type(kind: &str) -> &str {
    if time_off::PUBLIC_TYPE.contains(&kind) { kind } else { time_off::PROTECTED_LEAVE }
}

#[cfg(test)]
mod tests;
