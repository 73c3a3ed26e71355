//! Text: trimmed, NFC, counted in Unicode scalar values, without control characters.

use unicode_normalization::UnicodeNormalization;

use super::Shape;
use crate::defect::DefectCode;

/// Why a value is refused: the code, and the sentence for the sender.
pub(super) type Flaw = (DefectCode, String);

/// The one spelling under which a line is stored.
pub(super) fn normalise(raw: &str) -> String {
    let composed: String = raw.nfc().collect();
    composed.trim().to_owned()
}

/// One line as it is stored, of any length.
pub(super) fn plain_line(raw: &str) -> Result<String, Flaw> {
    let text = normalise(raw);
    if text.chars().any(char::is_control) {
        return Err((DefectCode::InvalidCharacters, "must be one line without control characters".to_owned()));
    }
    Ok(text)
}

/// Reads a line of `min` to `max` characters that looks like `shape`.
pub(super) fn line(raw: &str, min: usize, max: usize, shape: Shape) -> Result<String, Flaw> {
    let text = plain_line(raw)?;
    check_length(&text, min, max)?;
    if shape == Shape::PersonName && text.contains(':') {
        return Err((DefectCode::InvalidCharacters, "must not contain a colon".to_owned()));
    }
    if !shape.matches(&text) {
        return Err((DefectCode::InvalidFormat, shape.rule().to_owned()));
    }
    Ok(text)
}

/// Reads text of several lines; line ends become `\n`.
pub(super) fn text(raw: &str, max: usize) -> Result<String, Flaw> {
    let text = normalise(&raw.replace("\r\n", "\n").replace('\r', "\n"));
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        let message = "must not contain control characters other than line breaks and tabs".to_owned();
        return Err((DefectCode::InvalidCharacters, message));
    }
    check_length(&text, 1, max)?;
    Ok(text)
}

/// Counts characters, not bytes.
pub(super) fn check_length(text: &str, min: usize, max: usize) -> Result<(), Flaw> {
    let length = text.chars().count();
    if length == 0 && min > 0 {
        Err((DefectCode::TooShort, "must not be empty".to_owned()))
    } else if length < min {
        Err((DefectCode::TooShort, format!("must be at least {min} characters long")))
    } else if length > max {
        Err((DefectCode::TooLong, format!("must be at most {max} characters long")))
    } else {
        Ok(())
    }
}

impl Shape {
    /// The regular expression that JSON Schema gets; `None` where anything goes.
    pub(super) const fn pattern(self) -> Option<&'static str> {
        match self {
            Self::Free => None,
            Self::PersonName => Some("^[^:]*$"),
            Self::Key => Some("^[A-Za-z0-9][A-Za-z0-9 ._/#-]*$"),
            Self::Code => Some("^[A-Za-z0-9][A-Za-z0-9 ._/-]*$"),
            Self::Unit => Some(r"^[^\s].*$"),
            Self::SystemName => Some("^[A-Za-z0-9._-]+$"),
            Self::LanguageTag => Some("^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"),
            Self::TaxId => Some("^[A-Za-z0-9][A-Za-z0-9 ./-]{3,31}$"),
        }
    }

    /// Whether a trimmed line that is not empty matches [`Shape::pattern`].
    fn matches(self, text: &str) -> bool {
        let only = |punctuation: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || punctuation.contains(c));
        let starts_plain = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        match self {
            Self::Free | Self::PersonName | Self::Unit => true,
            Self::Key => starts_plain && only(" ._/#-"),
            Self::Code => starts_plain && only(" ._/-"),
            Self::SystemName => only("._-"),
            Self::LanguageTag => is_language_tag(text),
            Self::TaxId => starts_plain && only(" ./-"),
        }
    }

    const fn rule(self) -> &'static str {
        match self {
            Self::Free | Self::PersonName | Self::Unit => "must be text",
            Self::Key => "must begin with a letter or digit and contain only letters, digits, spaces and . _ / # -",
            Self::Code => "must begin with a letter or digit and contain only letters, digits, spaces and . _ / -",
            Self::SystemName => "must contain only letters, digits and . _ -",
            Self::LanguageTag => "must be a BCP 47 language tag such as es-MX",
            Self::TaxId => "must begin with a letter or digit and contain only letters, digits, spaces and . / -",
        }
    }
}

fn is_language_tag(tag: &str) -> bool {
    let mut parts = tag.split('-');
    parts.next().is_some_and(|p| (2..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphabetic()))
        && parts.all(|p| (2..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn characters_are_counted_not_bytes() {
        assert_eq!(line(&"é".repeat(5), 1, 5, Shape::Free), Ok("é".repeat(5)));
        assert_eq!(line("e\u{301}", 1, 1, Shape::Free), Ok("é".to_owned()));
        assert_eq!(line(&"👷".repeat(6), 1, 5, Shape::Free).map_err(|f| f.0), Err(DefectCode::TooLong));
    }

    #[test]
    fn control_characters_are_refused_and_line_breaks_kept_in_text() {
        for raw in ["a\tb", "a\nb", "a\0b", "a\u{7f}b", "a\u{85}b"] {
            assert_eq!(line(raw, 1, 9, Shape::Free).map_err(|f| f.0), Err(DefectCode::InvalidCharacters), "{raw:?}");
        }
        assert_eq!(text(" a\r\n\tb\n", 9), Ok("a\n\tb".to_owned()));
        assert_eq!(text("a\r\rb\n\r\nc\r", 9), Ok("a\n\nb\n\nc".to_owned()));
        assert_eq!(text("\r\n1\r\n2\r3", 5), Ok("1\n2\n3".to_owned()));
        assert_eq!(text("a\u{8}b", 9).map_err(|f| f.0), Err(DefectCode::InvalidCharacters));
    }

    #[test]
    fn shapes() {
        for (shape, good, bad) in [
            (Shape::Key, &["WO-12345", "2025-014", "A b._/#-", "0"][..], &["#1", "-1", "é", "a:b"][..]),
            (Shape::Code, &["03-3100.L"], &["03#1", ".1"]),
            (Shape::SystemName, &["dynamics365", "_x"], &["a b", "a/b"]),
            (Shape::LanguageTag, &["es-MX", "de", "zh-Hant-TW"], &["e", "es-", "es_MX", "engl"]),
            (Shape::TaxId, &["12-3456789", "DE 123/456"], &["-123", "12#45"]),
        ] {
            for text in good {
                assert_eq!(line(text, 1, 40, shape), Ok((*text).to_owned()), "{shape:?}");
            }
            for text in bad {
                assert_eq!(line(text, 1, 40, shape).map_err(|f| f.0), Err(DefectCode::InvalidFormat), "{text}");
            }
        }
        let colon = line("O:Brien", 1, 40, Shape::PersonName).map_err(|f| f.0);
        assert_eq!(colon, Err(DefectCode::InvalidCharacters));
    }

    proptest! {
        #[test]
        fn normalised_text_stays_as_it_is(raw in any::<String>()) {
            let once = normalise(&raw);
            prop_assert_eq!(normalise(&once), once);
        }

        #[test]
        fn a_line_that_was_read_is_read_the_same_again(raw in "\\PC{0,40}") {
            if let Ok(once) = line(&raw, 1, 30, Shape::Free) {
                prop_assert_eq!(line(&once, 1, 30, Shape::Free), Ok(once));
            }
            if let Ok(once) = text(&raw, 30) {
                prop_assert_eq!(text(&once, 30), Ok(once));
            }
        }
    }
}
