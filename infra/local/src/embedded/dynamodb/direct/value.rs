//! Attribute values, as requests carry them and rows hold them.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dynoxide::types::{AttributeValue, number_size};
use serde::{Deserialize, Serialize};

/// Attributes by name: an item, a key, or the inside of a map.
pub(super) type Item = BTreeMap<String, Value>;

/// How deep lists and maps may be nested here. DynamoDB allows a little more.
const DEPTH: usize = 30;

/// One attribute value. Binary ones stay base64.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Value {
    S(String),
    N(String),
    B(String),
    #[serde(rename = "BOOL")]
    Bool(bool),
    #[serde(rename = "NULL")]
    Null(bool),
    #[serde(rename = "SS")]
    Strings(Vec<String>),
    #[serde(rename = "NS")]
    Numbers(Vec<String>),
    #[serde(rename = "BS")]
    Binaries(Vec<String>),
    L(Vec<Value>),
    M(Item),
}

impl Value {
    /// Whether a request may bring this value, because it is stored as it is written: a set would have to be put in
    /// order, and a number may be written in many ways.
    fn is_plain(&self) -> bool {
        match self {
            Self::S(_) | Self::Bool(_) | Self::Null(true) => true,
            Self::N(number) => whole(number).is_some(),
            Self::B(text) => STANDARD.decode(text).is_ok(),
            Self::L(list) => list.iter().all(Self::is_plain),
            Self::M(map) => is_plain(map),
            Self::Null(false) | Self::Strings(_) | Self::Numbers(_) | Self::Binaries(_) => false,
        }
    }

    /// Whether a request may bring this value for an expression.
    pub(super) fn is_fit(&self) -> bool {
        self.is_plain() && self.is_shallow(DEPTH)
    }

    fn is_shallow(&self, left: usize) -> bool {
        match self {
            Self::L(list) => left > 0 && list.iter().all(|value| value.is_shallow(left - 1)),
            Self::M(map) => left > 0 && map.values().all(|value| value.is_shallow(left - 1)),
            _ => true,
        }
    }

    /// The size in bytes by DynamoDB's rules, without the name.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::S(text) => text.len(),
            Self::N(number) => number_size(number),
            Self::B(text) => decoded_len(text),
            Self::Bool(_) | Self::Null(_) => 1,
            Self::Strings(set) => set.iter().map(String::len).sum(),
            Self::Numbers(set) => set.iter().map(|number| number_size(number)).sum(),
            Self::Binaries(set) => set.iter().map(|text| decoded_len(text)).sum(),
            Self::L(list) => 3 + list.iter().map(|value| 1 + value.size()).sum::<usize>(),
            Self::M(map) => 3 + map.iter().map(|(name, value)| name.len() + 1 + value.size()).sum::<usize>(),
        }
    }

    /// How `dynoxide` writes this value into the key columns of its tables; `None` for what can't be a key here.
    pub(super) fn key_text(&self) -> Option<String> {
        match self {
            Self::S(text) if !text.is_empty() => Some(format!("S:{text}")),
            Self::N(number) => AttributeValue::N(number.clone()).to_key_string(),
            _ => None,
        }
    }
}

/// Whether requests may bring these attributes.
pub(super) fn is_plain(item: &Item) -> bool {
    item.iter().all(|(name, value)| !name.is_empty() && value.is_plain()) && is_shallow(item)
}

/// Whether no attribute is nested too deep.
pub(super) fn is_shallow(item: &Item) -> bool {
    item.values().all(|value| value.is_shallow(DEPTH))
}

/// The size of an item in bytes by DynamoDB's rules.
pub(super) fn size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value.size()).sum()
}

/// A whole number in the only way in which DynamoDB writes it, of at most 18 digits; `None` for all others.
pub(super) fn whole(number: &str) -> Option<i64> {
    let digits = number.strip_prefix('-').unwrap_or(number);
    let is_canonical = if digits.starts_with('0') { number == "0" } else { (1..=18).contains(&digits.len()) };
    (is_canonical && digits.bytes().all(|digit| digit.is_ascii_digit())).then(|| number.parse().ok()).flatten()
}

fn decoded_len(base64: &str) -> usize {
    (base64.len() / 4 * 3).saturating_sub(base64.bytes().rev().take_while(|byte| *byte == b'=').count())
}
