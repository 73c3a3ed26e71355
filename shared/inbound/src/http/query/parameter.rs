//! One parameter of a query, and what its value may be.

use domain::defect::DefectCode;
use domain::events::EventName;
use domain::ids::is_id;
use jiff::Timestamp;
use store::events::Position;

use super::read_cursor;

/// A parameter of the query. Each may be sent once.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name in the query, case-sensitive.
    pub name: &'static str,
    /// Which values are valid.
    pub value: ValueType,
    /// Whether a call without it is refused.
    pub required: bool,
    /// Its description in `/openapi.json`.
    pub doc: &'static str,
}

/// Which values are valid. An empty one never is.
#[derive(Debug, Clone, Copy)]
pub enum ValueType {
    /// A whole number within bounds.
    Number {
        /// The smallest valid number.
        min: u8,
        /// The largest valid number.
        max: u8,
        /// The value when the parameter is absent.
        default: u8,
    },
    /// `true` or `false`, which is the value when the parameter is absent.
    Flag,
    /// One word of a list.
    Word {
        /// The list.
        all: fn() -> Vec<&'static str>,
        /// The value when the parameter is absent.
        default: Option<&'static str>,
    },
    /// The name of an event type.
    Event,
    /// An id that begins with this.
    Id(&'static str),
    /// Any text of this many characters at most.
    Text {
        /// The most characters.
        max: usize,
    },
    /// An RFC 3339 timestamp.
    Time,
    /// The cursor of a page: it holds an id with this prefix.
    Cursor(&'static str),
    /// A cursor that holds a position in the feed of events.
    Position,
}

impl ValueType {
    /// What is wrong with `text`, if it can't be read.
    pub(super) fn defect(self, text: &str) -> Option<(DefectCode, String)> {
        let must_be = |right: bool, what: String| (!right).then_some((DefectCode::InvalidValue, what));
        match self {
            Self::Number { min, max, .. } => {
                let right = text.parse().is_ok_and(|number: u8| (min..=max).contains(&number));
                let message = || (DefectCode::OutOfRange, format!("must be a whole number from {min} to {max}"));
                (!right).then(message)
            }
            Self::Flag => must_be(matches!(text, "true" | "false"), "must be true or false".to_owned()),
            Self::Word { all, .. } => must_be(all().contains(&text), format!("must be {}", one_of(&all()))),
            Self::Event => must_be(
                text.parse::<EventName>().is_ok(),
                "must be an event of the catalog, such as workorder.created".to_owned(),
            ),
            Self::Id(prefix) => must_be(is_id(text, prefix), format!("must be an id that begins with {prefix}")),
            Self::Time => {
                must_be(text.parse::<Timestamp>().is_ok(), "must be a time such as 2025-10-20T14:30:00Z".to_owned())
            }
            Self::Text { max } => match text.chars().count() {
                0 => Some((DefectCode::InvalidValue, "must not be empty".to_owned())),
                length if length > max => Some((DefectCode::TooLong, format!("must have at most {max} characters"))),
                _ => None,
            },
            Self::Cursor(prefix) => must_be(
                read_cursor(text).is_some_and(|id| is_id(&id, prefix)),
                "must be the nextCursor of an earlier answer".to_owned(),
            ),
            Self::Position => must_be(
                read_cursor(text).is_some_and(|text| text.parse::<Position>().is_ok()),
                "must be the nextCursor or resumeAfter of an earlier answer".to_owned(),
            ),
        }
    }
}

/// `a, b or c`.
fn one_of(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
