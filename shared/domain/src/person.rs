//! A person whose data is to be erased: where an employee is named, and what is left where it was.
//!
//! What leads to an employee in other records, `employeeId` and `employeeNumber`, is operational (class P0) and stays: once
//! the employee's record is gone, nothing says who that was. Names and contact data are looked for in every string.

use std::fmt;
use std::ops::Range;

use serde_json::{Map, Value};

use crate::ids;
use crate::models::Kind;
use crate::rules::fields::text;

/// What stands in a text in the place of a person's name, e-mail address or phone number.
pub const ERASED: &str = "[erased]";

/// A name as people write it: fields of the record, and what stands between them.
const FULL_NAMES: [&[&str]; 6] = [
    &["firstName", " ", "lastName"],
    &["firstName", " ", "middleName", " ", "lastName"],
    &["preferredName", " ", "lastName"],
    &["lastName", ", ", "firstName"],
    &["lastName", ", ", "firstName", " ", "middleName"],
    &["lastName", " ", "firstName"],
];
/// Fields with addresses and numbers at which the person is reached.
const CONTACTS: [&str; 3] = ["email", "phone", "mobilePhone"];
/// What an object has beside a `name` when it is about somebody whom one can call.
const MARKS_OF_A_CONTACT: [&str; 4] = ["email", "phone", "title", "relationship"];
/// Fewer digits are nobody's own phone number.
const SHORTEST_PHONE: usize = 7;

/// An employee, by all that leads to it.
#[derive(Clone, Default)]
pub struct Person {
    id: Option<String>,
    number: Option<String>,
    names: Vec<String>,
    contacts: Vec<String>,
}

impl Person {
    /// The employee with this record.
    #[must_use]
    pub fn of(record: &Map<String, Value>) -> Self {
        let get = |name: &str| text(record, name).map(str::trim).filter(|value| !value.is_empty());
        let part = |part: &'static str| if part.trim_matches([',', ' ']).is_empty() { Some(part) } else { get(part) };
        let name = |parts: &&[&'static str]| parts.iter().map(|one| part(one)).collect::<Option<String>>();
        let mut names: Vec<String> = FULL_NAMES.iter().filter_map(name).collect();
        // People who have one name only: it is both.
        names.extend(get("firstName").filter(|first| get("lastName") == Some(*first)).map(str::to_owned));
        // The longest first, so that nothing is left of one that holds another.
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        Self {
            id: get("id").map(str::to_owned),
            number: get("employeeNumber").map(str::to_owned),
            names,
            contacts: CONTACTS.iter().filter_map(|name| get(name)).map(str::to_owned).collect(),
        }
    }

    /// An employee of whom no record is left, by id or by number. Its names are not known.
    #[must_use]
    pub fn without_record(id_or_number: &str) -> Self {
        let given = Some(id_or_number.to_owned());
        if ids::is_id(id_or_number, Kind::Employee.model().prefix) {
            return Self { id: given, ..Self::default() };
        }
        Self { number: given, ..Self::default() }
    }

    /// Leaves the e-mail addresses and phone numbers out that another employee has too, as a crew may share one: they are not
    /// the person's own.
    pub fn leave_out_shared(&mut self, other: &Map<String, Value>) {
        let theirs: Vec<&str> = CONTACTS.iter().filter_map(|name| text(other, name)).collect();
        let shared =
            Self { contacts: theirs.into_iter().map(|one| one.trim().to_owned()).collect(), ..Self::default() };
        self.contacts.retain(|own| !shared.is_contact(own));
    }

    /// The employee's id, where it is known.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Whether a record of this kind, or an event's data about one, is the employee itself or its time off.
    #[must_use]
    pub fn owns(&self, kind: Kind, record: &Map<String, Value>) -> bool {
        let id = match kind {
            Kind::Employee => "id",
            Kind::TimeOff => "employeeId",
            Kind::WorkOrder | Kind::Project | Kind::Vendor => return false,
        };
        if let (Some(own), Some(theirs)) = (&self.id, text(record, id)) {
            return own == theirs;
        }
        let numbers = self.number.as_deref().zip(text(record, "employeeNumber"));
        numbers.is_some_and(|(own, theirs)| own.to_lowercase() == theirs.to_lowercase())
    }

    /// Whether an event of this group (`employee`, `timeoff`, ...) is about the employee or names it; `body` is what is sent.
    #[must_use]
    pub fn is_in_event(&self, group: &str, body: &str) -> bool {
        let Ok(Value::Object(event)) = serde_json::from_str(body) else { return self.is_mentioned_in(body) };
        let kind = Kind::ALL.into_iter().find(|kind| kind.segment() == group);
        let data = event.get("data").and_then(Value::as_object);
        kind.zip(data).is_some_and(|(kind, data)| self.owns(kind, data))
            || event.values().any(|value| self.is_in(value))
    }

    /// Whether a text has the employee's id, or names it.
    #[must_use]
    pub fn is_mentioned_in(&self, text: &str) -> bool {
        self.is_named_in(text) || self.id.as_deref().is_some_and(|id| text.contains(id))
    }

    /// Whether a text has a name, an e-mail address or a phone number of the employee, as the record spells it in whatever
    /// case. In JSON, strings are looked into, which may be JSON again.
    #[must_use]
    pub fn is_named_in(&self, text: &str) -> bool {
        match serde_json::from_str::<Value>(text) {
            Ok(parsed) if text.starts_with(['{', '[']) => self.is_in(&parsed),
            _ => self.words().any(|word| find(text, word, 0).is_some()),
        }
    }

    /// Erases the employee from a record of somebody or something else. A contact that is the employee goes as a whole, and
    /// so does a field that is its e-mail address or phone number; within a text [`ERASED`] takes the place of these and of
    /// names. Id and natural key of the record stay. Returns whether anything has changed.
    pub fn erase_from(&self, kind: Kind, record: &mut Map<String, Value>) -> bool {
        let stays = |name: &str| name == "id" || name == kind.model().key;
        let before = record.len();
        record.retain(|name, value| stays(name) || !self.is_all_of(value));
        let is_shorter = record.len() < before;
        let others = record.iter_mut().filter(|(name, _)| !stays(name.as_str()));
        others.fold(is_shorter, |changed, (_, value)| self.erase_in(value) || changed)
    }

    fn erase_in(&self, value: &mut Value) -> bool {
        match value {
            Value::String(text) => self.erase_in_text(text),
            Value::Array(items) => {
                let before = items.len();
                items.retain(|item| !self.is_all_of(item));
                let is_shorter = items.len() < before;
                items.iter_mut().fold(is_shorter, |changed, item| self.erase_in(item) || changed)
            }
            Value::Object(members) => {
                let before = members.len();
                members.retain(|_, member| !self.is_all_of(member));
                let is_shorter = members.len() < before;
                members.values_mut().fold(is_shorter, |changed, member| self.erase_in(member) || changed)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    fn erase_in_text(&self, text: &mut String) -> bool {
        let mut changed = false;
        for word in self.words() {
            let mut from = 0;
            while let Some(place) = find(text, word, from) {
                from = place.start + ERASED.len();
                text.replace_range(place, ERASED);
                changed = true;
            }
        }
        changed
    }

    /// Whether nothing of a value would be left: it is the employee's e-mail address or phone number, or a contact that has
    /// one of these or its name.
    fn is_all_of(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.is_contact(text),
            Value::Object(members) if members.contains_key("name") => {
                let is_contact = MARKS_OF_A_CONTACT.iter().any(|mark| members.contains_key(*mark));
                let is_own =
                    |text: &str| self.is_contact(text) || self.names.iter().any(|name| same(name, text.trim()));
                is_contact && members.values().filter_map(Value::as_str).any(is_own)
            }
            _ => false,
        }
    }

    /// Whether a whole text is the employee's e-mail address, or its phone number in whatever spelling.
    fn is_contact(&self, text: &str) -> bool {
        self.contacts
            .iter()
            .any(|own| same(own, text.trim()) || digits(own).is_some_and(|own| digits(text) == Some(own)))
    }

    fn is_in(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.is_contact(text) || self.is_named_in(text),
            Value::Array(items) => items.iter().any(|item| self.is_in(item)),
            Value::Object(members) => members.values().any(|member| self.is_in(member)),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    fn words(&self) -> impl Iterator<Item = &String> {
        self.contacts.iter().chain(&self.names)
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person(..)")
    }
}

fn same(one: &str, other: &str) -> bool {
    spelled(other, one) == Some(other.len())
}

/// The digits of a phone number; `None` when it is none.
fn digits(text: &str) -> Option<String> {
    let is_phone = text.chars().all(|c| c.is_ascii_digit() || " +-./()".contains(c));
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    (is_phone && digits.len() >= SHORTEST_PHONE).then_some(digits)
}

/// Where a text has `word` from a position on, in whatever case, and not as a part of a longer one.
fn find(text: &str, word: &str, from: usize) -> Option<Range<usize>> {
    // Another address may end with this one.
    let joins = |c: char| c.is_alphanumeric() || (word.contains('@') && "._+-".contains(c));
    text.char_indices().skip_while(|(start, _)| *start < from).find_map(|(start, _)| {
        let end = start + spelled(&text[start..], word)?;
        let is_part = text[..start].chars().next_back().is_some_and(joins)
            || text[end..].chars().next().is_some_and(char::is_alphanumeric);
        (!is_part).then_some(start..end)
    })
}

/// How many bytes of a text's beginning spell `word`, in whatever case.
fn spelled(text: &str, word: &str) -> Option<usize> {
    let mut found = text.chars();
    let mut length = 0;
    for expected in word.chars() {
        let next = found.next()?;
        if next != expected && !next.to_lowercase().eq(expected.to_lowercase()) {
            return None;
        }
        length += next.len_utf8();
    }
    Some(length)
}

#[cfg(test)]
mod tests;
