//! The names that fields have, so that a rule about a field that does not exist fails the first time it is tried.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::{Kind, Model};
use crate::events::EventName;
use crate::schema::{Field, Type};

/// Fields of a stored record that no body has: the pipeline's stamps, and what the rules store beside what was sent.
const STORED: [&str; 5] = ["version", "createdAt", "updatedAt", "revision", "parentWorkOrderId"];

/// The members of `POST /api/events`.
const ENVELOPE: [&str; 4] = ["event", "data", "occurredAt", "idempotencyKey"];

/// Whether a record, an object in one, or an event has a field of this name.
#[must_use]
pub fn is_field(name: &str) -> bool {
    static NAMES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
        let mut names: HashSet<&'static str> = STORED.into_iter().chain(ENVELOPE).collect();
        for kind in Kind::ALL {
            add(kind.model().fields, &mut names);
        }
        for event in EventName::ALL {
            add(event.event_type().fields, &mut names);
        }
        names
    });
    NAMES.contains(name)
}

impl Model {
    /// Whether a stored record has a top-level field of this name.
    #[must_use]
    pub fn has_field(&self, name: &str) -> bool {
        STORED.contains(&name) || self.fields.iter().any(|field| field.name == name)
    }
}

fn add(fields: &'static [Field], names: &mut HashSet<&'static str>) {
    for field in fields {
        names.insert(field.name);
        add_within(&field.kind, names);
    }
}

fn add_within(kind: &'static Type, names: &mut HashSet<&'static str>) {
    match kind {
        Type::Object(fields) => add(fields, names),
        Type::List { item, .. } => add_within(item, names),
        _ => {}
    }
}
