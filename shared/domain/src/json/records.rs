//! The body of a batch: an object whose members stay texts, so that each record is read as a body of its own.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::{BodyError, MAX_NAME_IN_PATH, malformed, text};

/// The members of a body, in their order, each with its JSON text.
pub type Members<'a> = Vec<(String, &'a RawValue)>;

/// Reads one JSON object no deeper than its members' names: what they hold is JSON by its form, and no more is known of it.
/// However deep it is nested, it takes no stack.
///
/// # Errors
/// [`BodyError`] for anything else, also for a name that is there twice.
pub fn members(body: &[u8]) -> Result<Members<'_>, BodyError> {
    let mut json = serde_json::Deserializer::from_str(text(body)?);
    let read = json.deserialize_map(Texts).and_then(|members| json.end().map(|()| members));
    let members = read.map_err(|error| match error.classify() {
        Category::Data => BodyError::NotAnObject,
        _ => malformed(&error.to_string()),
    })?;
    let mut names = HashSet::with_capacity(members.len());
    match members.iter().find(|(name, _)| !names.insert(name)) {
        Some((twice, _)) => Err(BodyError::DuplicateKey { field: twice.chars().take(MAX_NAME_IN_PATH).collect() }),
        None => Ok(members),
    }
}

struct Texts;

impl<'de> Visitor<'de> for Texts {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = entries.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Vec<(String, String)>, BodyError> {
        let members = members(body.as_bytes())?;
        Ok(members.into_iter().map(|(name, value)| (name, value.get().to_owned())).collect())
    }

    #[test]
    fn members_are_texts_as_they_were_sent() {
        let member = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
        let body = format!(" {{\"a\": 1.50, \"\\u0062\": {{\"x\": 1, \"x\": 2}}, \"c\": {deep}}} ");
        let expected = [member("a", "1.50"), member("b", "{\"x\": 1, \"x\": 2}"), member("c", &deep)];
        assert_eq!(read(&body).unwrap(), expected);
        assert_eq!(read("{}").unwrap(), []);
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for other in ["[]", "null", "1", "\"a\"", "[{\"a\": 1}]"] {
            assert_eq!(read(other), Err(BodyError::NotAnObject), "{other}");
        }
        for broken in ["", " ", "{", "{\"a\": 1", "{\"a\" 1}", "{\"a\": [1,]}", "{} {}", "{a: 1}", "\u{feff}{}", "nul"]
        {
            assert!(matches!(read(broken), Err(BodyError::Malformed { .. })), "{broken}: {:?}", read(broken));
        }
        assert!(matches!(members(b"{\"a\": \"\xff\"}"), Err(BodyError::Malformed { .. })));
        let twice = BodyError::DuplicateKey { field: "a".to_owned() };
        assert_eq!(read("{\"a\": 1, \"b\": 2, \"\\u0061\": 3}"), Err(twice));
    }
}
