//! A person whose data is to be erased: where an employee is named, and what is left where it was.
//!
//! The field tables say what is looked at. E-mail addresses and phone numbers that are the person's go, and contacts with
//! one of them or with its name. In free text its full names and e-mail addresses are erased, and its phone numbers where
//! the field is contact data or private (class P1 or P2). Keys, ids, words of a list, dates and amounts are never changed.
//!
//! What leads to an employee in other records, `employeeId` and `employeeNumber`, is operational (class P0) and stays: once
//! the employee's record is gone, nothing says who that was.

mod erase;
mod names;
mod phone;

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use serde_json::{Map, Value};

use crate::events::EventName;
use crate::models::Kind;
use crate::rules::fields::text;
use crate::schema::Class;

use names::{full_names, own, same};
use phone::Phone;

/// What stands in a text in the place of a person's name, e-mail address or phone number.
pub const ERASED: &str = "[erased]";

/// Fields with phone numbers of the person.
const PHONES: [&str; 2] = ["phone", "mobilePhone"];

/// An employee, by all that leads to it.
#[derive(Clone, Default)]
pub struct Person {
    ids: BTreeSet<String>,
    number: Option<String>,
    /// First and last name, also of people who have one name only.
    called: Option<String>,
    names: Vec<String>,
    emails: Vec<String>,
    phones: Vec<Phone>,
}

impl Person {
    /// The employee with this record.
    #[must_use]
    pub fn of(record: &Map<String, Value>) -> Self {
        let get = |name: &str| own(record, name).map(str::to_owned);
        let called = own(record, "firstName").zip(own(record, "lastName"));
        Self {
            ids: get("id").into_iter().collect(),
            number: get("employeeNumber"),
            called: called.map(|(first, last)| format!("{first} {last}")),
            names: full_names(record),
            emails: get("email").into_iter().collect(),
            phones: PHONES.iter().filter_map(|name| Phone::parse(own(record, name)?)).collect(),
        }
    }

    /// An employee of whom no record is left. Its names are not known.
    #[must_use]
    pub fn with_id(id: &str) -> Self {
        Self { ids: BTreeSet::from([id.to_owned()]), ..Self::default() }
    }

    /// The employee's number, where it is known.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        self.number.as_deref()
    }

    /// Whether another employee's record is about the same person: it has the number, and the name, an e-mail address or a
    /// phone number.
    #[must_use]
    pub fn is_again_in(&self, record: &Map<String, Value>) -> bool {
        let other = Self::of(record);
        let both = |own: &Option<String>, theirs: &Option<String>| {
            own.as_ref().zip(theirs.as_ref()).is_some_and(|(own, theirs)| same(own, theirs))
        };
        both(&self.number, &other.number)
            && (both(&self.called, &other.called)
                || other.emails.iter().any(|theirs| self.has_email(theirs))
                || other.phones.iter().any(|theirs| self.has_phone(theirs)))
    }

    /// Adds what another record of the same person has.
    pub fn add(&mut self, record: &Map<String, Value>) {
        let Self { ids, names, emails, phones, .. } = Self::of(record);
        self.ids.extend(ids);
        self.names.extend(names);
        self.names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        self.emails.extend(emails);
        self.phones.extend(phones);
    }

    /// Leaves out what a colleague has too, who stays: a name, or the e-mail address and phone number that a crew shares.
    pub fn leave_out_shared(&mut self, colleague: &Map<String, Value>) {
        let other = Self::of(colleague);
        self.names.retain(|own| !other.is_called(own));
        self.emails.retain(|own| !other.has_email(own));
        self.phones.retain(|own| !other.has_phone(own));
    }

    /// Whether a record of this kind, or an event's data about one, is the employee itself or its time off. By id, since a
    /// number may have been somebody else's before.
    #[must_use]
    pub fn owns(&self, kind: Kind, record: &Map<String, Value>) -> bool {
        let id = match kind {
            Kind::Employee => "id",
            Kind::TimeOff => "employeeId",
            Kind::WorkOrder | Kind::Project | Kind::Vendor => return false,
        };
        text(record, id).is_some_and(|id| self.ids.contains(id))
    }

    /// Whether an event is about the employee or names it; `body` is what is sent.
    #[must_use]
    pub fn is_in_event(&self, name: EventName, body: &str) -> bool {
        let event = serde_json::from_str::<Value>(body).ok();
        let Some(Value::Object(data)) = event.and_then(|mut event| event.get_mut("data").map(Value::take)) else {
            return self.is_mentioned_in(body);
        };
        let kind = Kind::ALL.into_iter().find(|kind| kind.segment() == name.group());
        kind.is_some_and(|kind| self.owns(kind, &data))
            || self.erase_fields(name.event_type().fields, Class::Operational, &mut data.clone())
    }

    /// Whether a text has the employee's id, or names it.
    #[must_use]
    pub fn is_mentioned_in(&self, text: &str) -> bool {
        self.is_named_in(text) || self.ids.iter().any(|id| text.contains(id))
    }

    /// Whether a text has a full name, an e-mail address or a phone number of the employee. In JSON, strings are looked into,
    /// which may be JSON again.
    #[must_use]
    pub fn is_named_in(&self, text: &str) -> bool {
        match serde_json::from_str::<Value>(text) {
            Ok(parsed) if text.starts_with(['{', '[']) => self.is_in(&parsed),
            _ => self.find(Class::Private, text, 0).is_some(),
        }
    }

    /// Erases the employee from a record of somebody or something else. Returns whether anything has changed.
    pub fn erase_from(&self, kind: Kind, record: &mut Map<String, Value>) -> bool {
        self.erase_fields(kind.model().fields, Class::Operational, record)
    }

    fn is_in(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.is_named_in(text),
            Value::Array(items) => items.iter().any(|item| self.is_in(item)),
            Value::Object(members) => members.values().any(|member| self.is_in(member)),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    fn erase_in_text(&self, class: Class, text: &mut String) -> bool {
        let (mut from, mut changed) = (0, false);
        while let Some(place) = self.find(class, text, from) {
            from = place.start + ERASED.len();
            text.replace_range(place, ERASED);
            changed = true;
        }
        changed
    }

    /// The first place, and of those that begin there the longest, where a text of this class names the employee.
    fn find(&self, class: Class, text: &str, from: usize) -> Option<Range<usize>> {
        let words = self.names.iter().chain(&self.emails).filter_map(|word| names::find(text, word, from));
        let phones = self.phones.iter().filter(|_| class >= Class::Contact).filter_map(|phone| phone.find(text, from));
        words.chain(phones).min_by_key(|place| (place.start, std::cmp::Reverse(place.end)))
    }

    /// Whether a whole text is the employee's e-mail address or phone number.
    fn is_reached_at(&self, text: &str) -> bool {
        self.has_email(text) || Phone::parse(text).is_some_and(|phone| self.has_phone(&phone))
    }

    fn is_called(&self, name: &str) -> bool {
        self.names.iter().any(|own| same(own, name))
    }

    fn has_email(&self, email: &str) -> bool {
        self.emails.iter().any(|own| same(own, email))
    }

    fn has_phone(&self, phone: &Phone) -> bool {
        self.phones.iter().any(|own| own.is_same(phone))
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person(..)")
    }
}

#[cfg(test)]
mod tests;
