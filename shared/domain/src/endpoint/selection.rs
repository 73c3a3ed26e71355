//! Which events an endpoint asks for: by name, project, API key, changed fields and content.

use std::cell::OnceCell;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Endpoint, EndpointStatus};
use crate::filter::Filters;
use crate::outbox::{Outbox, StoredEvent};
use crate::words;

words! {
    /// What an event lacks that an endpoint does not get; the word is the field of the endpoint.
    pub enum Unmet {
        /// It has another name.
        Events = "events",
        /// It is of none of the projects.
        ProjectIds = "projectIds",
        /// One of these keys caused it.
        SkipKeys = "skipKeys",
        /// It is an update that touched none of the fields.
        Changed = "changed",
        /// Its content does not match.
        Filter = "filter",
    }
}

/// A key whose events an endpoint does not get.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SkippedKey {
    /// `key_` + ULID, as people named it.
    pub id: String,
    /// The first key of the line that rotations have made of it, which is what events know.
    pub line: String,
}

/// An event that endpoints may ask for. Its bytes are read when the first of them has to look into it.
#[derive(Debug)]
pub struct Candidate<'a> {
    event: &'a StoredEvent,
    /// The key that caused it, by its line.
    key: Option<&'a str>,
    content: OnceCell<Option<Value>>,
}

impl<'a> Candidate<'a> {
    /// An event of this outbox item.
    #[must_use]
    pub fn new(outbox: &'a Outbox, event: &'a StoredEvent) -> Self {
        Self::caused_by(outbox.key_line.as_deref(), event)
    }

    /// An event that the key of this line caused.
    #[must_use]
    pub fn caused_by(key: Option<&'a str>, event: &'a StoredEvent) -> Self {
        Self { event, key, content: OnceCell::new() }
    }

    /// The event as filters see it: as it is delivered, with its id. `None` when its bytes are damaged.
    fn content(&self) -> Option<&Value> {
        let read = || {
            let mut body: Value = serde_json::from_str(&self.event.body).ok()?;
            body.as_object_mut()?.insert("id".to_owned(), json!(self.event.id));
            Some(body)
        };
        self.content.get_or_init(read).as_ref()
    }

    /// Whether it touches one of these fields. What is no update passes.
    fn touches(&self, fields: &[String]) -> bool {
        let changed = || self.content()?.get("data")?.get("changedFields")?.as_array();
        if fields.is_empty() || !self.event.name.is_update() {
            return true;
        }
        changed().is_none_or(|changed| changed.iter().any(|name| fields.iter().any(|field| name == field)))
    }
}

impl Endpoint {
    /// Whether it receives this event.
    #[must_use]
    pub fn wants(&self, event: &Candidate<'_>, filters: &Filters) -> bool {
        self.status == EndpointStatus::Enabled && self.selects(event, filters)
    }

    /// Whether it asks for this event, enabled or not.
    #[must_use]
    pub fn selects(&self, event: &Candidate<'_>, filters: &Filters) -> bool {
        self.unmet(event, filters).is_none()
    }

    /// Why it does not ask for this event: the first of its conditions that is not met, those that cost nothing before the
    /// others. A filter that this version doesn't understand lets everything pass.
    #[must_use]
    pub fn unmet(&self, event: &Candidate<'_>, filters: &Filters) -> Option<Unmet> {
        let of_project = |id: &String| self.project_ids.contains(id);
        if !self.events.iter().any(|filter| filter.matches(event.event.name)) {
            Some(Unmet::Events)
        } else if !self.project_ids.is_empty() && !event.event.project_id.as_ref().is_some_and(of_project) {
            Some(Unmet::ProjectIds)
        } else if event.key.is_some_and(|key| self.skip_keys.iter().any(|skipped| skipped.line == key)) {
            Some(Unmet::SkipKeys)
        } else if !event.touches(&self.changed) {
            Some(Unmet::Changed)
        } else {
            let pattern = filters.of(self).ok().flatten()?;
            event.content().is_some_and(|content| !pattern.matches(content)).then_some(Unmet::Filter)
        }
    }
}

#[cfg(test)]
mod tests;
