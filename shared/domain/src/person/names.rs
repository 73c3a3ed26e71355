//! Names and e-mail addresses: how a name is written in full, and where a text has it.

use std::ops::Range;

use serde_json::{Map, Value};

use crate::rules::fields::text;

/// A name as people write it: fields of the record, and what stands between them.
const FULL_NAMES: [&[&str]; 7] = [
    &["firstName", " ", "lastName"],
    &["firstName", " ", "middleName", " ", "lastName"],
    &["preferredName", " ", "lastName"],
    &["lastName", ", ", "firstName"],
    &["lastName", ", ", "firstName", " ", "middleName"],
    &["lastName", " ", "firstName"],
    &["preferredName"],
];

/// The names of an employee as they are written in full, the longest first, so that nothing is left of one that holds
/// another. A single word is no full name: too many texts have it that are about something else.
pub(super) fn full_names(record: &Map<String, Value>) -> Vec<String> {
    let part =
        |part: &&'static str| if part.trim_matches([',', ' ']).is_empty() { Some(*part) } else { own(record, part) };
    let name = |parts: &&[&'static str]| parts.iter().map(part).collect::<Option<String>>();
    let mut names: Vec<String> = FULL_NAMES.iter().filter_map(name).collect();
    // People who have one name only repeat it.
    names.extend(own(record, "firstName").filter(|first| own(record, "lastName") == Some(*first)).map(str::to_owned));
    names.retain(|name| name.split_whitespace().count() > 1);
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names
}

/// A field of a record that is not blank.
pub(super) fn own<'a>(record: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    text(record, name).map(str::trim).filter(|value| !value.is_empty())
}

/// Whether both are written with the same letters, in whatever case.
pub(super) fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim(), other.trim());
    spelled(other, one) == Some(other.len())
}

/// Where a text has `word`, a name or an address, from a position on, in whatever case, and not as a part of a longer one.
pub(super) fn find(text: &str, word: &str, from: usize) -> Option<Range<usize>> {
    text.char_indices().skip_while(|(start, _)| *start < from).find_map(|(start, _)| {
        let end = start + spelled(&text[start..], word)?;
        (!goes_on(word, text[..start].chars().rev()) && !goes_on(word, text[end..].chars())).then_some(start..end)
    })
}

/// Whether what lies next to `word`, read away from it, makes it a part of a longer one.
fn goes_on(word: &str, mut next: impl Iterator<Item = char>) -> bool {
    let joins = |c: char| c.is_alphanumeric() || (word.contains('@') && "._+-".contains(c));
    // A full stop may end a sentence.
    next.find(|c| !joins(*c) || c.is_alphanumeric()).is_some_and(char::is_alphanumeric)
}

/// How many bytes of a text's beginning spell `word`, in whatever case, and with any white space for a space.
fn spelled(text: &str, word: &str) -> Option<usize> {
    let mut rest = text;
    for expected in word.chars() {
        let next = rest.chars().next()?;
        if expected == ' ' && next.is_whitespace() {
            rest = rest.trim_start();
        } else if next == expected || next.to_lowercase().eq(expected.to_lowercase()) {
            rest = &rest[next.len_utf8()..];
        } else {
            return None;
        }
    }
    Some(text.len() - rest.len())
}
