//! Compiled patterns, and how they match.

use std::sync::LazyLock;

use serde_json::{Map, Value};

/// What an object has to satisfy: every one of these.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pattern(pub(super) Vec<Clause>);

/// One condition on an object.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Clause {
    /// On the value of a field.
    Field(String, Test),
    /// One of several patterns matches: `$or`.
    Any(Vec<Pattern>),
}

/// A condition on the value of a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    /// It is an object that matches, or a list with one.
    Object(Pattern),
    /// One of these accepts it, or one of its items.
    Values(Vec<Matcher>),
}

/// A condition on a single value: text, a number, true, false or null.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Matcher {
    /// It is this very one.
    Is(Value),
    /// It is a number in this range.
    Number { lower: Option<Bound>, upper: Option<Bound> },
    /// It is text of this kind.
    Text(Text),
    /// It is any value but what one of these accepts.
    Not(Vec<Matcher>),
    /// There is a value, or there is none.
    Exists(bool),
}

/// An end of a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bound {
    pub(super) at: f64,
    /// Whether the end itself is in the range.
    pub(super) included: bool,
}

/// What text has to be like. Where case does not matter, the text here is in lower case.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Text {
    EqualsIgnoringCase(String),
    Prefix(String),
    PrefixIgnoringCase(String),
    Suffix(String),
    SuffixIgnoringCase(String),
    /// Parts that come one after the other, with anything in between.
    Wildcard(Vec<String>),
}

impl Pattern {
    /// Whether `event`, an object, matches.
    #[must_use]
    pub fn matches(&self, event: &Value) -> bool {
        event.as_object().is_some_and(|event| self.accepts(event))
    }

    fn accepts(&self, object: &Map<String, Value>) -> bool {
        self.0.iter().all(|clause| match clause {
            Clause::Field(name, test) => test.accepts(object.get(name)),
            Clause::Any(patterns) => patterns.iter().any(|pattern| pattern.accepts(object)),
        })
    }
}

/// What stands in for an object that is not there: it lacks every field.
static NOTHING: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

impl Test {
    fn accepts(&self, value: Option<&Value>) -> bool {
        match self {
            Self::Object(pattern) => {
                let objects = objects_in(value);
                if objects.is_empty() { pattern.accepts(&NOTHING) } else { objects.iter().any(|o| pattern.accepts(o)) }
            }
            Self::Values(matchers) => {
                let values = values_in(value);
                matchers.iter().any(|matcher| match matcher {
                    Matcher::Exists(wanted) => *wanted != values.is_empty(),
                    matcher => values.iter().any(|value| matcher.accepts(value)),
                })
            }
        }
    }
}

impl Matcher {
    fn accepts(&self, value: &Value) -> bool {
        match self {
            Self::Is(Value::Number(wanted)) => value.as_f64().is_some_and(|number| wanted.as_f64() == Some(number)),
            Self::Is(wanted) => value == wanted,
            Self::Number { lower, upper } => value.as_f64().is_some_and(|number| {
                let above = |bound: &Bound| number > bound.at || bound.included && number >= bound.at;
                let below = |bound: &Bound| number < bound.at || bound.included && number <= bound.at;
                lower.as_ref().is_none_or(above) && upper.as_ref().is_none_or(below)
            }),
            Self::Text(text) => value.as_str().is_some_and(|value| text.accepts(value)),
            Self::Not(matchers) => !matchers.iter().any(|matcher| matcher.accepts(value)),
            Self::Exists(wanted) => *wanted,
        }
    }
}

impl Text {
    fn accepts(&self, value: &str) -> bool {
        match self {
            Self::EqualsIgnoringCase(wanted) => value.to_lowercase() == *wanted,
            Self::Prefix(start) => value.starts_with(start.as_str()),
            Self::PrefixIgnoringCase(start) => value.to_lowercase().starts_with(start.as_str()),
            Self::Suffix(end) => value.ends_with(end.as_str()),
            Self::SuffixIgnoringCase(end) => value.to_lowercase().ends_with(end.as_str()),
            Self::Wildcard(parts) => follows(parts, value),
        }
    }
}

/// Whether `value` has these parts one behind the other, the first at its beginning and the last at its end. The first
/// place of each is as good as any later one, so that nothing is tried twice.
fn follows(parts: &[String], value: &str) -> bool {
    let [first, middle @ .., last] = parts else { return parts.iter().all(|only| only == value) };
    let Some(rest) = value.strip_prefix(first.as_str()) else { return false };
    let Some(mut rest) = rest.strip_suffix(last.as_str()) else { return false };
    for part in middle {
        let Some((_, behind)) = rest.split_once(part.as_str()) else { return false };
        rest = behind;
    }
    true
}

/// The objects that a value is or lists, also in lists of lists.
fn objects_in(value: Option<&Value>) -> Vec<&Map<String, Value>> {
    match value {
        Some(Value::Object(object)) => vec![object],
        Some(Value::Array(items)) => items.iter().flat_map(|item| objects_in(Some(item))).collect(),
        _ => Vec::new(),
    }
}

/// The single values that a value is or lists: neither objects nor what is in them.
fn values_in(value: Option<&Value>) -> Vec<&Value> {
    match value {
        None | Some(Value::Object(_)) => Vec::new(),
        Some(Value::Array(items)) => items.iter().flat_map(|item| values_in(Some(item))).collect(),
        Some(single) => vec![single],
    }
}
