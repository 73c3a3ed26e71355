//! The operators that may stand in the place of a value.

use std::mem;

use serde_json::Value;

use super::pattern::{Bound, Matcher, Text};
use crate::defect::{DefectCode, Defects};
use crate::schema::{join, nearest};

const NAMES: [&str; 7] = ["prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but", "numeric", "exists"];
const IGNORE_CASE: &str = "equals-ignore-case";

/// Reads the operator `name` of the object at `path`.
pub(super) fn read(name: &str, value: &Value, path: &str, defects: &mut Defects) -> Option<Matcher> {
    let at = join(path, name);
    match name {
        "prefix" | "suffix" => Some(Matcher::Text(affix(name, value, &at, defects)?)),
        IGNORE_CASE | "wildcard" => Some(Matcher::Text(text(name, string(value, &at, defects)?, &at, defects)?)),
        "numeric" => numeric(value, &at, defects),
        "anything-but" => anything_but(value, &at, defects).map(Matcher::Not),
        "exists" => {
            let exists = value.as_bool();
            if exists.is_none() {
                defects.push(at, DefectCode::InvalidType, "must be true or false");
            }
            exists.map(Matcher::Exists)
        }
        unknown => {
            let message = match nearest(NAMES.into_iter(), unknown) {
                Some(near) => format!("is no operator; did you mean {near}?"),
                None => format!("is no operator; there are {}", NAMES.join(", ")),
            };
            defects.push(at, DefectCode::UnknownField, message);
            None
        }
    }
}

fn string<'a>(value: &'a Value, at: &str, defects: &mut Defects) -> Option<&'a str> {
    let text = value.as_str();
    if text.is_none() {
        defects.push(at, DefectCode::InvalidType, "must be a string");
    }
    text
}

/// The only member of an object, if it has this name.
fn only<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.as_object().filter(|object| object.len() == 1)?.get(name)
}

/// `{"prefix": "a"}` or `{"prefix": {"equals-ignore-case": "a"}}`, and the same with `suffix`.
fn affix(name: &str, value: &Value, at: &str, defects: &mut Defects) -> Option<Text> {
    let inner = only(value, IGNORE_CASE);
    if value.is_object() && inner.is_none() {
        let message = format!("must be a string, or {{\"{IGNORE_CASE}\": \"...\"}} where case does not matter");
        defects.push(at, DefectCode::InvalidValue, message);
        return None;
    }
    let Some(inner) = inner else { return text(name, string(value, at, defects)?, at, defects) };
    let low = string(inner, &join(at, IGNORE_CASE), defects)?.to_lowercase();
    Some(if name == "prefix" { Text::PrefixIgnoringCase(low) } else { Text::SuffixIgnoringCase(low) })
}

fn text(name: &str, value: &str, at: &str, defects: &mut Defects) -> Option<Text> {
    match name {
        "prefix" => Some(Text::Prefix(value.to_owned())),
        "suffix" => Some(Text::Suffix(value.to_owned())),
        "wildcard" => wildcard(value, at, defects),
        _ => Some(Text::EqualsIgnoringCase(value.to_lowercase())),
    }
}

/// Text with `*` for anything; `\*` and `\\` stand for the characters themselves.
fn wildcard(value: &str, at: &str, defects: &mut Defects) -> Option<Text> {
    let mut fail = |message: &str| {
        defects.push(at, DefectCode::InvalidFormat, message);
        None
    };
    let (mut parts, mut part, mut characters) = (Vec::new(), String::new(), value.chars());
    while let Some(character) = characters.next() {
        match character {
            '*' if part.is_empty() && !parts.is_empty() => return fail("must not have two * in a row"),
            '*' => parts.push(mem::take(&mut part)),
            '\\' => match characters.next() {
                Some(escaped @ ('*' | '\\')) => part.push(escaped),
                _ => return fail("must have * or another \\ behind each \\"),
            },
            other => part.push(other),
        }
    }
    parts.push(part);
    Some(Text::Wildcard(parts))
}

/// One comparison, `[">", 5]`, or the two ends of a range, `[">=", 0, "<", 5]`.
fn numeric(value: &Value, at: &str, defects: &mut Defects) -> Option<Matcher> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let pair = |i: usize| Some((items.get(i)?.as_str()?, items.get(i + 1)?.as_f64()?));
    let bound = |(operator, at): (&str, f64)| Bound { at, included: operator.ends_with('=') };
    let range = match (items.len(), pair(0), pair(2)) {
        (2, Some(("=", number)), None) => {
            let same = Some(Bound { at: number, included: true });
            Some((same, same))
        }
        (2, Some(lower @ (">" | ">=", _)), None) => Some((Some(bound(lower)), None)),
        (2, Some(upper @ ("<" | "<=", _)), None) => Some((None, Some(bound(upper)))),
        (4, Some(lower @ (">" | ">=", _)), Some(upper @ ("<" | "<=", _))) => {
            if lower.1 >= upper.1 {
                defects.push(at, DefectCode::InvalidValue, "must have a lower end that is less than the upper one");
                return None;
            }
            Some((Some(bound(lower)), Some(bound(upper))))
        }
        _ => None,
    };
    if range.is_none() {
        let message = "must be a comparison, such as [\">\", 5], or a range, such as [\">=\", 0, \"<\", 5]";
        defects.push(at, DefectCode::InvalidValue, message);
    }
    range.map(|(lower, upper)| Matcher::Number { lower, upper })
}

/// A value, a list of values of one type, or one of the operators for text with a text or a list of texts.
fn anything_but(value: &Value, at: &str, defects: &mut Defects) -> Option<Vec<Matcher>> {
    if value.is_object() {
        return anything_but_text(value, at, defects);
    }
    let items = items_of(value);
    let (texts, numbers) = (items.iter().all(|item| item.is_string()), items.iter().all(|item| item.is_number()));
    if items.is_empty() || !(texts || numbers) {
        let message = "must be a string, a number, a list of strings, a list of numbers, or an operator for text";
        defects.push(at, DefectCode::InvalidValue, message);
        return None;
    }
    Some(items.into_iter().cloned().map(Matcher::Is).collect())
}

fn anything_but_text(value: &Value, at: &str, defects: &mut Defects) -> Option<Vec<Matcher>> {
    const TEXT: [&str; 4] = ["prefix", "suffix", IGNORE_CASE, "wildcard"];
    let Some((name, inner)) = TEXT.into_iter().find_map(|name| Some((name, only(value, name)?))) else {
        let message = format!("must have exactly one of the operators {}", TEXT.join(", "));
        defects.push(at, DefectCode::InvalidValue, message);
        return None;
    };
    let at = join(at, name);
    let items = items_of(inner);
    if items.is_empty() || items.iter().any(|item| item.as_str().is_none_or(str::is_empty)) {
        defects.push(at, DefectCode::InvalidValue, "must be a string that is not empty, or a list of such strings");
        return None;
    }
    items.into_iter().filter_map(Value::as_str).map(|item| text(name, item, &at, defects).map(Matcher::Text)).collect()
}

/// The items of a list; a single value is a list of itself.
fn items_of(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |items| items.iter().collect())
}
