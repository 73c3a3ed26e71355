//! The subscriber's own headers. Their values are secrets as often as not: `Authorization`, an API key.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// How many characters at the end of a value may be shown.
const SHOWN: usize = 4;
/// A value that is shorter than this shows nothing: its end would be too much of it.
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

impl fmt::Debug for HeaderValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeaderValue(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sender::check_own_header;

    #[test]
    fn a_value_is_not_printed_and_shows_its_end_only_when_it_is_long() {
        let value = HeaderValue::new("Bearer 0123456789");
        assert_eq!(format!("{value:?} {}", value.masked()), "HeaderValue(..) …6789");
        assert_eq!(HeaderValue::new("hunter2").masked(), "…");
        assert!(check_own_header("Authorization", &value.masked()).is_err());
    }
}
