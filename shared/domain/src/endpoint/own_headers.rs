//! The subscriber's own headers. Their values are often secrets (`Authorization`, an API key), so they are stored sealed,
//! as signing secrets are.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// How many characters at the end of a value may be shown.
const SHOWN: usize = 4;
/// A value that is shorter than this is masked completely: its end would reveal too much.
const LONG_ENOUGH: usize = 12;

/// Headers that go out with every delivery to an endpoint, by name.
pub type OwnHeaders = BTreeMap<String, HeaderValue>;

/// The value of such a header: visible ASCII, checked when it was stored, not printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HeaderValue(String);

impl HeaderValue {
    /// The value `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The value itself, for its owner and the endpoint.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `…` and the last four characters of a long one, so that people can tell values apart. The ellipsis is no
    /// character of a header, so that a masked value can't be sent back by mistake.
    #[must_use]
    pub fn masked(&self) -> String {
        let shown = if self.0.len() >= LONG_ENOUGH { self.0.get(self.0.len() - SHOWN..) } else { None };
        format!("…{}", shown.unwrap_or_default())
    }
}

/// An endpoint's own headers as they are stored. The endpoint's document contains only headers that are not sealed, so that
/// an older release can read it; sealed ones are a separate attribute, which that release leaves alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "OwnHeaders", into = "OwnHeaders")]
pub enum StoredHeaders {
    /// The endpoint has no headers of its own.
    #[default]
    None,
    /// As they were stored before they were sealed, until the endpoint's next change.
    Plain(OwnHeaders),
    /// Sealed.
    Sealed(SealedHeaders),
}

/// Headers that are sealed for their endpoint, all in one envelope: one call of KMS opens them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedHeaders {
    /// The envelope.
    pub sealed: String,
    /// What may be shown of each, by name.
    pub masked: BTreeMap<String, String>,
}

impl StoredHeaders {
    /// What may be shown, by name.
    #[must_use]
    pub fn masked(&self) -> BTreeMap<String, String> {
        match self {
            Self::None => BTreeMap::new(),
            Self::Plain(headers) => headers.iter().map(|(name, value)| (name.clone(), value.masked())).collect(),
            Self::Sealed(sealed) => sealed.masked.clone(),
        }
    }
}

/// The sealing context of an endpoint's own headers: they can only be opened for this endpoint of this account.
#[must_use]
pub fn headers_context(account: &str, endpoint_id: &str) -> String {
    format!("{account}#{endpoint_id}#headers")
}

/// Reads opened headers.
#[must_use]
pub fn read_opened(opened: &[u8]) -> Option<OwnHeaders> {
    serde_json::from_slice(opened).ok()
}

impl From<OwnHeaders> for StoredHeaders {
    fn from(plain: OwnHeaders) -> Self {
        if plain.is_empty() { Self::None } else { Self::Plain(plain) }
    }
}

impl From<StoredHeaders> for OwnHeaders {
    fn from(stored: StoredHeaders) -> Self {
        match stored {
            StoredHeaders::Plain(headers) => headers,
            StoredHeaders::None | StoredHeaders::Sealed(_) => Self::new(),
        }
    }
}

impl fmt::Debug for HeaderValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeaderValue(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_not_printed_and_shows_its_end_only_when_it_is_long() {
        let value = HeaderValue::new("Bearer 0123456789");
        assert_eq!(format!("{value:?} {}", value.masked()), "HeaderValue(..) …6789");
        assert_eq!(HeaderValue::new("hunter2").masked(), "…");
    }
}
