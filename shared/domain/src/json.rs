//! Strict JSON for request bodies: what `JSON.parse` would let pass and no sender means is an error.

mod digits;
mod records;

use std::cell::RefCell;
use std::fmt;

use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Number, Value};

pub use self::records::{Members, members};

/// How deep objects and arrays of a record may be nested; the body itself is the first level.
const MAX_DEPTH: usize = 8;
/// The same of a body with a filter, whose operators nest in its alternatives.
const MAX_DEPTH_WITH_FILTER: usize = 16;
/// Longer names are cut in messages.
const MAX_NAME_IN_PATH: usize = 100;

/// Why a body is not a JSON object that can be read. No variant carries a value that was received.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Not JSON, or not UTF-8; `message` says what and where.
    #[error("{message}")]
    Malformed {
        /// A sentence for the sender.
        message: String,
    },
    /// One object has the same name twice.
    #[error("the name {field} is there twice in one object")]
    DuplicateKey {
        /// Path of the name that came again: `materials[0].unit`.
        field: String,
    },
    /// Objects and arrays nested too deep.
    #[error("objects and arrays may be nested at most {max} deep")]
    TooDeep {
        /// How deep they may be.
        max: usize,
    },
    /// JSON, but an array or a scalar.
    #[error("the body must be one JSON object")]
    NotAnObject,
}

/// Where JSON of ours can't be read. The parser's own message may quote what stands there, which must not be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{category:?} error at line {line}, column {column}")]
pub struct Malformed {
    category: Category,
    line: usize,
    column: usize,
}

impl From<&serde_json::Error> for Malformed {
    fn from(error: &serde_json::Error) -> Self {
        Self { category: error.classify(), line: error.line(), column: error.column() }
    }
}

/// `value` as JSON text, for types of this project: their maps have text as keys, and none of them refuses.
///
/// # Panics
/// Where that is not so. Nothing is better than an empty text in a queue or a table.
#[must_use]
#[expect(clippy::expect_used, reason = "an error of ours, which no caller could do anything about")]
pub fn write(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("a type that can be written as JSON")
}

/// Reads one JSON object. The work is bounded by its size, which the caller has checked, and the stack by the depth.
///
/// # Errors
/// [`BodyError`] for anything else.
pub fn parse_object(body: &[u8]) -> Result<Map<String, Value>, BodyError> {
    parse(body, MAX_DEPTH)
}

/// The same of a body that may have a filter: objects and arrays may be nested sixteen deep.
///
/// # Errors
/// [`BodyError`] for anything else.
pub fn parse_object_with_filter(body: &[u8]) -> Result<Map<String, Value>, BodyError> {
    parse(body, MAX_DEPTH_WITH_FILTER)
}

fn parse(body: &[u8], max_depth: usize) -> Result<Map<String, Value>, BodyError> {
    let text = text(body)?;
    let reading = Reading::default();
    let text = digits::kept(text);
    let mut json = serde_json::Deserializer::from_str(&text);
    let read = Node { reading: &reading, left: max_depth, max_depth }.deserialize(&mut json).and_then(|value| {
        json.end()?;
        Ok(value)
    });
    match read {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(BodyError::NotAnObject),
        Err(error) => Err(reading.refusal.into_inner().unwrap_or_else(|| malformed(&error.to_string()))),
    }
}

fn malformed(message: &str) -> BodyError {
    BodyError::Malformed { message: message.to_owned() }
}

/// The text of a body that has any.
fn text(body: &[u8]) -> Result<&str, BodyError> {
    let text = std::str::from_utf8(body).map_err(|_| malformed("the body is not UTF-8"))?;
    if text.starts_with('\u{feff}') {
        return Err(malformed("the body begins with a byte order mark; send UTF-8 without it"));
    }
    if text.trim().is_empty() {
        return Err(malformed("the body is empty; send one JSON object"));
    }
    Ok(text)
}

/// What is known beside the parser's own position.
#[derive(Debug, Default)]
struct Reading {
    /// The way from the body to the value that is being read.
    path: RefCell<Vec<Step>>,
    /// Why the reader gave up, where the parser can't say it.
    refusal: RefCell<Option<BodyError>>,
}

#[derive(Debug)]
enum Step {
    Name(String),
    Index(usize),
}

impl Reading {
    fn refuse<E: Error>(&self, refusal: BodyError) -> E {
        let error = E::custom(&refusal);
        *self.refusal.borrow_mut() = Some(refusal);
        error
    }

    /// Reads what is one step further.
    fn at<T>(&self, step: Step, read: impl FnOnce() -> T) -> T {
        self.path.borrow_mut().push(step);
        let value = read();
        self.path.borrow_mut().pop();
        value
    }

    fn path_to(&self, name: &str) -> String {
        let mut path = String::new();
        for step in self.path.borrow().iter() {
            match step {
                Step::Name(name) => push_name(&mut path, name),
                Step::Index(index) => path.extend(["[", &index.to_string(), "]"]),
            }
        }
        push_name(&mut path, name);
        path
    }
}

fn push_name(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.extend(name.chars().take(MAX_NAME_IN_PATH));
}

/// A value, in which so many levels may be nested.
#[derive(Clone, Copy)]
struct Node<'a> {
    reading: &'a Reading,
    left: usize,
    max_depth: usize,
}

impl Node<'_> {
    /// The node of what is nested in this one, which is an object or an array.
    fn inner<E: Error>(self) -> Result<Self, E> {
        match self.left.checked_sub(1) {
            Some(left) => Ok(Self { left, ..self }),
            None => Err(self.reading.refuse(BodyError::TooDeep { max: self.max_depth })),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut array = Vec::new();
        while let Some(item) = self.reading.at(Step::Index(array.len()), || items.next_element_seed(inner))? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut object = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            if object.contains_key(&name) {
                let field = self.reading.path_to(&name);
                return Err(self.reading.refuse(BodyError::DuplicateKey { field }));
            }
            let value = self.reading.at(Step::Name(name.clone()), || entries.next_value_seed(inner))?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests;
