//! From a body to the record that is stored: merge, the resource's rules, version and times, events.
//!
//! The pipeline reads between these steps and writes after them. The tests of the rules do neither, and take the same steps.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::calendar::{Booking, CalendarEdit};
use super::change::{Change, Warning};
use super::{Resource, said};
use crate::account::Account;
use crate::clock::rfc3339;
use crate::events::{EventDraft, changed_fields};
use crate::models::{keep_spelling, merge};
use crate::references::References;
use crate::rejection::Rejection;
use crate::rules::fields::text;
use crate::words;

words! {
    /// What a request does to a record, as its answer says.
    pub enum Action {
        /// The record is new.
        Created = "created",
        /// The record has a new version.
        Updated = "updated",
        /// A tombstone takes the place of the record.
        Deleted = "deleted",
        /// The record stays as it is.
        Unchanged = "unchanged",
    }
}

/// How a body names the record. Only a body with the id can change the spelling of its keys (`wo-1` to `WO-1`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundBy {
    /// The id.
    Id,
    /// The natural key.
    Number,
}

/// A body that creates or updates a record, and the record.
#[derive(Debug, Clone, Copy)]
pub struct Upsert<'a> {
    /// When the request is handled; whole seconds.
    pub now: Timestamp,
    /// The tenant, with its defaults.
    pub account: &'a Account,
    /// The id of the record, old or new.
    pub id: &'a str,
    /// The record before; `None` when it is new.
    pub stored: Option<&'a Map<String, Value>>,
    /// The version of the record before; 0 when it is new.
    pub version: u64,
    /// How the body names the record.
    pub found_by: FoundBy,
    /// The fields of the body, normalised, without the control fields; null clears.
    pub body: &'a Map<String, Value>,
    /// The control field `sourceUpdatedAt`.
    pub source_updated_at: Option<Timestamp>,
}

/// A body merged over a record, before any rule of the resource.
#[derive(Debug, Clone)]
pub struct Merged {
    /// The fields of the body that say something new.
    pub news: Map<String, Value>,
    /// The record with them.
    pub record: Map<String, Value>,
}

/// What is to be stored and answered.
#[derive(Debug)]
pub struct Settled {
    /// What happens to the record.
    pub action: Action,
    /// The record to store, with `version`, `createdAt` and `updatedAt`.
    pub record: Map<String, Value>,
    /// Facts that the sender should know.
    pub warnings: Vec<Warning>,
    /// What changes in the calendars of others.
    pub calendar: Vec<CalendarEdit>,
    /// The events, in the order in which they are raised.
    pub events: Vec<EventDraft>,
}

impl<'a> Upsert<'a> {
    /// What the body says that is new, and the record with it.
    #[must_use]
    pub fn merge<R: Resource>(&self) -> Merged {
        let nothing = Map::new();
        let stored = self.stored.unwrap_or(&nothing);
        let news = said::new_in::<R>(self.body, stored);
        let mut record = merge(R::MODEL, stored, &news);
        if self.found_by == FoundBy::Number {
            keep_spelling(R::MODEL, stored, &mut record);
        }
        Merged { news, record }
    }

    /// The change for the rules to settle, from what [`merge`](Self::merge) returned and what was read since.
    #[must_use]
    pub fn change<R: Resource>(
        &self,
        news: &'a Map<String, Value>,
        mut record: Map<String, Value>,
        references: &'a References,
        bookings: &'a [Booking],
    ) -> Change<'a> {
        record.insert("id".to_owned(), json!(self.id));
        self.note_source(&mut record);
        Change {
            model: R::MODEL,
            now: self.now,
            account: self.account,
            stored: self.stored,
            body: self.body,
            sent: news,
            said: self.stored.and_then(said::noted),
            record,
            references,
            bookings,
            warnings: Vec::new(),
            calendar: Vec::new(),
        }
    }

    /// Applies the rules. A tax id that changes (`secret_changes`) makes a new version but no event: no receiver may
    /// learn of it.
    ///
    /// # Errors
    /// What the rules refuse.
    pub fn settle<R: Resource>(&self, mut change: Change<'_>, secret_changes: bool) -> Result<Settled, Rejection> {
        R::settle(&mut change)?;
        let mut changed = true;
        if let Some(stored) = self.stored {
            if self.found_by == FoundBy::Number {
                // The rules gave references the spelling of their referents.
                keep_spelling(R::MODEL, stored, &mut change.record);
            }
            changed = !changed_fields(R::MODEL, stored, &change.record).is_empty();
            if !changed && !secret_changes {
                return Ok(self.unchanged::<R>(change, stored));
            }
        }
        self.stamp::<R>(&mut change.record);
        let events = if changed { R::raise(&change) } else { Vec::new() };
        let action = if self.stored.is_some() { Action::Updated } else { Action::Created };
        let Change { record, warnings, calendar, .. } = change;
        Ok(Settled { action, record, warnings, calendar, events })
    }

    /// The stored record, with two possible differences: a later `sourceUpdatedAt`, by which an older body that arrives
    /// afterwards is recognised, and a new note, since a default that the sender confirmed is now the sender's own. Where
    /// it is not known what the sender sent before, it stays unknown.
    fn unchanged<R: Resource>(&self, change: Change<'_>, stored: &Map<String, Value>) -> Settled {
        let mut record = stored.clone();
        self.note_source(&mut record);
        if change.said.is_some() {
            said::note::<R>(&mut record, self.version, self.body, stored);
        }
        let (calendar, events) = (Vec::new(), Vec::new());
        Settled { action: Action::Unchanged, record, warnings: change.warnings, calendar, events }
    }

    fn stamp<R: Resource>(&self, record: &mut Map<String, Value>) {
        let nothing = Map::new();
        let stored = self.stored.unwrap_or(&nothing);
        said::note::<R>(record, self.version + 1, self.body, stored);
        let now = rfc3339(self.now);
        let created_at = match self.stored {
            None => now.as_str(),
            Some(stored) => text(stored, "createdAt").unwrap_or_default(),
        };
        record.insert("version".to_owned(), json!(self.version + 1));
        record.insert("createdAt".to_owned(), json!(created_at));
        record.insert("updatedAt".to_owned(), json!(now));
    }

    fn note_source(&self, record: &mut Map<String, Value>) {
        if let Some(at) = self.source_updated_at {
            record.insert("sourceUpdatedAt".to_owned(), json!(at.to_string()));
        }
    }
}
