//! Reading and writing the attributes of items.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;

/// An item, or a part of one such as its key or the values of an expression: attributes by name.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The attribute with the trail of a record, in its own item and in those of its events.
pub(crate) const TRAIL: &str = "trail";

/// A string attribute.
pub(crate) fn s(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
pub(crate) fn n(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A binary attribute.
pub(crate) fn b(value: Vec<u8>) -> AttributeValue {
    AttributeValue::B(value.into())
}

/// A value as JSON text: what only our code reads takes fewer bytes as one string than as a tree of attributes.
pub(crate) fn json(value: &impl Serialize) -> AttributeValue {
    AttributeValue::S(domain::json::write(value))
}

/// The key of an item in a table with partition key `pk` and sort key `sk`.
pub(crate) fn key(pk: impl Into<String>, sk: impl Into<String>) -> Item {
    HashMap::from([("pk".to_owned(), s(pk)), ("sk".to_owned(), s(sk))])
}

/// Reads an item attribute by attribute; errors name the table and the attribute. A method `opt_...` returns `None`
/// when the attribute is missing or has another type.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) table: &'static str,
    pub(crate) item: &'a Item,
}

impl<'a> Reader<'a> {
    pub(crate) fn opt_text(self, name: &str) -> Option<&'a str> {
        self.item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
    }

    pub(crate) fn text(self, name: &str) -> Result<&'a str, StoreError> {
        self.opt_text(name).ok_or_else(|| self.unreadable(name))
    }

    pub(crate) fn string(self, name: &str) -> Result<String, StoreError> {
        self.text(name).map(str::to_owned)
    }

    pub(crate) fn opt_number<T: std::str::FromStr>(self, name: &str) -> Option<T> {
        self.item.get(name).and_then(|value| value.as_n().ok()).and_then(|text| text.parse().ok())
    }

    pub(crate) fn number<T: std::str::FromStr>(self, name: &str) -> Result<T, StoreError> {
        self.opt_number(name).ok_or_else(|| self.unreadable(name))
    }

    pub(crate) fn flag(self, name: &str) -> bool {
        self.item.get(name).and_then(|value| value.as_bool().ok()).copied().unwrap_or(false)
    }

    /// How many numbers a number set holds; 0 when the attribute is missing.
    pub(crate) fn count_of_set(self, name: &str) -> usize {
        self.item.get(name).and_then(|value| value.as_ns().ok()).map_or(0, Vec::len)
    }

    pub(crate) fn opt_time(self, name: &str) -> Option<Timestamp> {
        self.opt_text(name).and_then(|text| text.parse().ok())
    }

    pub(crate) fn time(self, name: &str) -> Result<Timestamp, StoreError> {
        self.opt_time(name).ok_or_else(|| self.unreadable(name))
    }

    pub(crate) fn json<T: DeserializeOwned>(self, name: &str) -> Result<T, StoreError> {
        serde_json::from_str(self.text(name)?)
            .map_err(|error| StoreError::malformed(self.table, self.key(), name, &error))
    }

    /// JSON that may be deflated.
    pub(crate) fn body<T: DeserializeOwned>(self, name: &str) -> Result<T, StoreError> {
        let text = self.item.get(name).and_then(crate::body::text).ok_or_else(|| self.unreadable(name))?;
        serde_json::from_str(&text).map_err(|error| StoreError::malformed(self.table, self.key(), name, &error))
    }

    pub(crate) fn unreadable(self, what: &str) -> StoreError {
        StoreError::unreadable(self.table, self.key(), what)
    }

    /// The item's key for the log. Of an idempotency key only account and path: the rest is the sender's own words.
    fn key(self) -> String {
        let key = ["pk", "sk"].into_iter().filter_map(|name| self.opt_text(name)).collect::<Vec<_>>().join(" ");
        if self.table == crate::idempotency::TABLE {
            return key.split('#').take(2).collect::<Vec<_>>().join("#");
        }
        key
    }
}
