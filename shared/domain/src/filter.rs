//! Content filters of endpoints, in the pattern language of Amazon `EventBridge`: `docs/contract.md#filters`, and
//! `docs/adr/0025-content-filters-are-eventbridge-patterns.md`.
//!
//! A pattern looks like the events that it matches, with a list of wanted values for each field. [`Pattern`] is one,
//! compiled; [`check`] adds what can be said of it because it is about our events: names that no event has, values that
//! a field never holds.

mod compiled;
mod fields;
mod operators;
mod parse;
mod pattern;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::defect::{DefectCode, Defects};
use crate::json;

pub use self::compiled::Filters;
pub use self::pattern::Pattern;

/// The most bytes of a filter as compact JSON, as for a pattern of `EventBridge`.
pub const MAX_BYTES: usize = 4_096;

/// A filter as it is stored: the pattern in JSON, without line breaks.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Filter(String);

impl Filter {
    /// The filter as it was sent.
    #[must_use]
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }

    /// A text that is the same for filters that differ in the order of names only.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut value = self.value();
        sort_names(&mut value);
        value.to_string()
    }

    /// Compiles it.
    ///
    /// # Errors
    /// The defects of one that this version doesn't understand.
    pub fn compile(&self) -> Result<Pattern, Defects> {
        let mut defects = Defects::default();
        let pattern = Pattern::parse(&self.value(), "filter", &mut defects);
        if defects.is_empty() { Ok(pattern) } else { Err(defects) }
    }
}

/// Its values may be contact data.
impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Filter(..)")
    }
}

/// Reads a filter that was sent in the field `path`, and says all that is wrong with it. Use the result only when no defect
/// was found.
pub fn check(sent: &Value, path: &str, defects: &mut Defects) -> Filter {
    let filter = Filter(json::write(sent));
    if filter.0.len() > MAX_BYTES {
        defects.push(path, DefectCode::TooLarge, format!("must have at most {MAX_BYTES} bytes"));
        return filter;
    }
    let known = defects.len();
    Pattern::parse(sent, path, defects);
    // What is no pattern can't be read as one.
    if defects.len() == known {
        fields::check(sent, path, defects);
    }
    filter
}

fn sort_names(value: &mut Value) {
    match value {
        Value::Object(object) => {
            let mut members: Vec<_> = std::mem::take(object).into_iter().collect();
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            for (_, member) in &mut members {
                sort_names(member);
            }
            *object = members.into_iter().collect::<Map<_, _>>();
        }
        Value::Array(items) => items.iter_mut().for_each(sort_names),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
