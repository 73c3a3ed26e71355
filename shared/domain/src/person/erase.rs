//! Erasing a person from a record or an event, field by field as its table says.

use serde_json::{Map, Value};

use super::{ERASED, Person};
use crate::resource::NOTE;
use crate::schema::{Class, Field, Shape, Type};

/// What becomes of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It has nothing of the person.
    Stays,
    /// It stays without what it had of the person.
    Changed,
    /// Nothing is left of it.
    Goes,
}

impl Person {
    /// Erases the person in an object by the table of its fields; `class` is that of the object. Returns whether anything
    /// has changed.
    pub(super) fn erase_fields(&self, fields: &[Field], class: Class, object: &mut Map<String, Value>) -> bool {
        retain(object, |name, value| match fields.iter().find(|field| field.name == name) {
            // Of the record, or of one in another system: `externalRef` has any text.
            Some(Field { name: "id", .. }) => Fate::Stays,
            // Old values, under the names of the fields beside them.
            Some(Field { kind: Type::Scalars, .. }) => match value.as_object_mut() {
                Some(previous) => changed_if(self.erase_fields(fields, class, previous)),
                None => Fate::Stays,
            },
            Some(field) => self.erase_value(&field.kind, class.max(field.class), value),
            // What a sender said of the fields beside it.
            None if name == NOTE => match value.get_mut("fields").and_then(Value::as_object_mut) {
                Some(said) => changed_if(self.erase_fields(fields, class, said)),
                None => Fate::Stays,
            },
            // A field of an earlier version.
            None => self.erase_loose(class, value),
        })
    }

    fn erase_value(&self, kind: &Type, class: Class, value: &mut Value) -> Fate {
        match (kind, value) {
            (Type::Email | Type::Phone, Value::String(text)) if self.is_reached_at(text) => Fate::Goes,
            (Type::Line { shape: Shape::Free, .. } | Type::Text { .. }, Value::String(text)) => {
                changed_if(self.erase_in_text(class, text))
            }
            (Type::List { item, .. }, Value::Array(items)) => {
                retain_items(items, |value| self.erase_value(item, class, value))
            }
            (Type::Object(fields), Value::Object(members)) => {
                if self.is_contact(fields, members) {
                    return Fate::Goes;
                }
                changed_if(self.erase_fields(fields, class, members))
            }
            (Type::CustomFields, value) => self.erase_loose(class, value),
            // Keys, ids, words of a list, dates, amounts.
            _ => Fate::Stays,
        }
    }

    /// Erases in a value that no table describes: in all its texts.
    fn erase_loose(&self, class: Class, value: &mut Value) -> Fate {
        match value {
            Value::String(text) => changed_if(self.erase_in_text(class, text)),
            Value::Array(items) => retain_items(items, |value| self.erase_loose(class, value)),
            Value::Object(members) => changed_if(retain(members, |_, value| self.erase_loose(class, value))),
            Value::Null | Value::Bool(_) | Value::Number(_) => Fate::Stays,
        }
    }

    /// Whether an object is a contact that is the person: it has a name beside an e-mail address or a phone number, and one of
    /// them is the person's.
    fn is_contact(&self, fields: &[Field], members: &Map<String, Value>) -> bool {
        let reaches = |field: &&Field| matches!(field.kind, Type::Email | Type::Phone);
        if !fields.iter().any(|field| field.name == "name") || !fields.iter().any(|field| reaches(&field)) {
            return false;
        }
        let value = |field: &Field| members.get(field.name).and_then(Value::as_str);
        let is_reached = fields.iter().filter(reaches).filter_map(value).any(|text| self.is_reached_at(text));
        is_reached || members.get("name").and_then(Value::as_str).is_some_and(|name| self.is_called(name))
    }
}

/// Keeps the members that do not go. Returns whether anything has changed.
fn retain(members: &mut Map<String, Value>, mut fate: impl FnMut(&str, &mut Value) -> Fate) -> bool {
    let mut changed = false;
    members.retain(|name, value| {
        let fate = fate(name, value);
        changed |= fate != Fate::Stays;
        fate != Fate::Goes
    });
    changed
}

/// The same for a list, where a text goes of which nothing is left.
fn retain_items(items: &mut Vec<Value>, mut fate: impl FnMut(&mut Value) -> Fate) -> Fate {
    let mut changed = false;
    items.retain_mut(|value| {
        let fate = fate(value);
        changed |= fate != Fate::Stays;
        fate == Fate::Stays || (fate == Fate::Changed && value.as_str() != Some(ERASED))
    });
    changed_if(changed)
}

fn changed_if(changed: bool) -> Fate {
    if changed { Fate::Changed } else { Fate::Stays }
}
