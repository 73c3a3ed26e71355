//! Enums whose variants are words on the wire, written once.

#[doc(hidden)]
pub use serde;

/// Declares an enum of words from one list. Generated from it: the usual derives, `ALL` and `WORDS` in the order of the
/// list, `as_str`, `parse`, `Display`, and serde as the word.
///
/// ```
/// domain::words! {
///     /// How urgent it is.
///     pub enum Priority {
///         /// It can wait.
///         Low = "low",
///         /// It can't.
///         High = "high",
///     }
/// }
/// assert_eq!(Priority::parse("low"), Some(Priority::Low));
/// assert_eq!(Priority::WORDS.join(", "), "low, high");
/// ```
#[macro_export]
macro_rules! words {
    (
        $(#[$meta:meta])*
        $visibility:vis enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $word:expr),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $visibility enum $name {
            $($(#[$variant_meta])* $variant),+
        }

        #[allow(dead_code, reason = "not every enum of words needs all of it")]
        impl $name {
            /// Every variant, in the order of the list.
            $visibility const ALL: [Self; Self::WORDS.len()] = [$(Self::$variant),+];

            /// Every word, in the order of the list.
            $visibility const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word on the wire.
            #[must_use]
            $visibility const fn as_str(self) -> &'static str {
                Self::WORDS[self as usize]
            }

            /// The variant with this word.
            #[must_use]
            $visibility fn parse(word: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|variant| variant.as_str() == word)
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl $crate::words::serde::Serialize for $name {
            fn serialize<S: $crate::words::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::words::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::words::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <String as $crate::words::serde::Deserialize>::deserialize(deserializer)?;
                let unknown = || $crate::words::serde::de::Error::unknown_variant(&word, Self::WORDS);
                Self::parse(&word).ok_or_else(unknown)
            }
        }
    };
}

/// `a, b or c`, for messages.
#[must_use]
pub fn either(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    crate::words! {
        /// Two words.
        enum Word {
            /// The first.
            One = "one",
            /// The other.
            Other = "some.other",
        }
    }

    #[test]
    fn every_word_is_written_read_and_listed() {
        assert_eq!(Word::ALL, [Word::One, Word::Other]);
        for (variant, word) in Word::ALL.into_iter().zip(Word::WORDS) {
            assert_eq!((variant.as_str(), Word::parse(word)), (*word, Some(variant)));
            let json = serde_json::to_string(&variant).unwrap();
            assert_eq!(json, format!("\"{word}\""));
            assert_eq!(serde_json::from_str::<Word>(&json).unwrap(), variant);
        }
        assert_eq!(Word::parse("One"), None);
        let error = serde_json::from_str::<Word>("\"two\"").unwrap_err().to_string();
        assert!(error.starts_with("unknown variant `two`, expected `one` or `some.other`"), "{error}");
    }

    #[test]
    fn a_choice_reads_as_english() {
        assert_eq!(super::either(&["a"]), "a");
        assert_eq!(super::either(&["a", "b"]), "a or b");
        assert_eq!(super::either(&["a", "b", "c"]), "a, b or c");
    }
}
