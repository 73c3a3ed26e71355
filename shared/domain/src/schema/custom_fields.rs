//! The sender's own fields and the old values in an event: objects whose names are not in any table.

use serde_json::{Map, Value};

use super::forbidden::{is_forbidden, is_sensitive};
use super::parse::{expected, join, keep};
use super::strings::{Flaw, line, text};
use super::{Min, Shape, numbers};
use crate::defect::{DefectCode, Defects};

const MAX_KEYS: usize = 50;
const MAX_STRING: usize = 1000;
const MAX_ITEMS: usize = 20;
const MAX_NUMBER: f64 = 999_999_999_999.0;
/// No number that is meant needs more; DynamoDB's precision ends at 38 digits.
const MAX_DECIMALS: usize = 25;
/// 16 KiB, counted over the compact JSON.
const MAX_BYTES: usize = 16 * 1024;
/// What JSON Schema says of the names. Names that look like numbers would be reordered by JavaScript.
pub(super) const KEY_PATTERN: &str = "^[a-z][A-Za-z0-9_]{0,49}$";

fn is_key(name: &str) -> bool {
    name.len() <= 50
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Reads custom fields. Null stays: it removes the key when the record is merged.
pub(super) fn read(value: &Value, path: &str, defects: &mut Defects) -> Option<Value> {
    let Value::Object(sent) = value else {
        return expected("an object", path, defects);
    };
    let fields = named(sent, path, defects, custom_value);
    check_limits(&fields, path, defects);
    Some(Value::Object(fields))
}

/// The limits of the whole, which a merge with what is stored can break as well.
pub(crate) fn check_limits(fields: &Map<String, Value>, path: &str, defects: &mut Defects) {
    if fields.len() > MAX_KEYS {
        defects.push(path, DefectCode::TooManyItems, format!("must have at most {MAX_KEYS} fields"));
    } else if serde_json::to_vec(fields).is_ok_and(|bytes| bytes.len() > MAX_BYTES) {
        defects.push(path, DefectCode::TooLarge, format!("must be at most {MAX_BYTES} bytes of JSON"));
    }
}

/// Reads old values: scalars under names that can be fields.
pub(super) fn read_scalars(value: &Value, path: &str, defects: &mut Defects) -> Option<Value> {
    let Value::Object(sent) = value else {
        return expected("an object", path, defects);
    };
    Some(Value::Object(named(sent, path, defects, scalar)))
}

/// The values that `read` accepts, under the names that are allowed. Forbidden names have been reported already.
fn named(
    sent: &Map<String, Value>,
    path: &str,
    defects: &mut Defects,
    read: fn(&Value, &str, &mut Defects) -> Option<Value>,
) -> Map<String, Value> {
    let mut kept = Map::new();
    for (name, value) in sent.iter().filter(|(name, _)| !is_forbidden(name)) {
        let at = join(path, name);
        if !is_key(name) {
            let message = "must begin with a small letter and have at most 50 letters, digits and _";
            defects.push(at, DefectCode::InvalidKey, message);
        } else if let Some(value) = read(value, &at, defects) {
            kept.insert(name.clone(), value);
        }
    }
    kept
}

fn custom_value(value: &Value, path: &str, defects: &mut Defects) -> Option<Value> {
    match value {
        Value::Null | Value::Bool(_) => Some(value.clone()),
        Value::Number(_) => keep(custom_number(value), path, defects),
        Value::String(raw) if raw.trim().is_empty() => Some(Value::Null),
        Value::String(raw) => keep(custom_string(raw), path, defects),
        Value::Array(items) if items.is_empty() => Some(Value::Null),
        Value::Array(items) if items.len() > MAX_ITEMS => {
            defects.push(path, DefectCode::TooManyItems, format!("must have at most {MAX_ITEMS} items"));
            None
        }
        Value::Array(items) => {
            let read = items.iter().enumerate().filter_map(|(i, item)| {
                let at = format!("{path}[{i}]");
                match item {
                    Value::String(raw) => keep(custom_string(raw), &at, defects),
                    _ => expected("a string", &at, defects),
                }
            });
            Some(Value::Array(read.collect()))
        }
        Value::Object(_) => expected("a string, a number, true, false, null or a list of strings", path, defects),
    }
}

fn custom_string(raw: &str) -> Result<Value, Flaw> {
    let text = line(raw, 0, MAX_STRING, Shape::Free)?;
    if is_sensitive(&text) {
        let message = "must not look like a social security number: data of this kind is not accepted";
        return Err((DefectCode::SensitiveValue, message.to_owned()));
    }
    Ok(Value::String(text))
}

fn custom_number(value: &Value) -> Result<Value, Flaw> {
    let float = value.as_f64().unwrap_or(f64::INFINITY);
    if float.abs() > MAX_NUMBER {
        let message = "must be from -999999999999 to 999999999999".to_owned();
        return Err((DefectCode::OutOfRange, message));
    }
    let decimals = float.to_string().split_once('.').map_or(0, |(_, fraction)| fraction.len());
    if decimals > MAX_DECIMALS {
        return Err((DefectCode::TooManyDecimals, format!("must have at most {MAX_DECIMALS} decimals")));
    }
    Ok(Value::Number(numbers::plain(float)))
}

fn scalar(value: &Value, path: &str, defects: &mut Defects) -> Option<Value> {
    match value {
        Value::Null | Value::Bool(_) => Some(value.clone()),
        Value::Number(_) => {
            let limit = 9_999_999_999_999;
            keep(numbers::number(value, Min::AtLeast(-limit), limit, 6), path, defects)
        }
        Value::String(raw) if raw.trim().is_empty() => Some(Value::Null),
        Value::String(raw) => keep(text(raw, MAX_STRING).map(Value::String), path, defects),
        Value::Array(_) | Value::Object(_) => expected("a string, a number, true, false or null", path, defects),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn defects_of(value: &Value) -> Vec<(String, DefectCode)> {
        let mut defects = Defects::default();
        read(value, "customFields", &mut defects);
        defects.iter().map(|d| (d.field.clone(), d.code)).collect()
    }

    #[test]
    fn every_kind_of_value_is_kept() {
        let sent = json!({"s": " x ", "n": 5.0, "f": 0.1, "b": true, "gone": null, "empty": "", "none": [],
            "l": ["b", "a", "b"]});
        let kept = json!({"s": "x", "n": 5, "f": 0.1, "b": true, "gone": null, "empty": null, "none": null,
            "l": ["b", "a", "b"]});
        let mut defects = Defects::default();
        assert_eq!(read(&sent, "customFields", &mut defects), Some(kept));
        assert!(defects.is_empty());
    }

    #[test]
    fn each_defect_is_found() {
        let at = |name: &str, code| vec![(format!("customFields{name}"), code)];
        let long = "x".repeat(1001);
        for (sent, found) in [
            (json!({"12": 1}), at(".12", DefectCode::InvalidKey)),
            (json!({"Foo": 1}), at(".Foo", DefectCode::InvalidKey)),
            (json!({"a": long}), at(".a", DefectCode::TooLong)),
            (json!({"a": 1e12}), at(".a", DefectCode::OutOfRange)),
            (json!({"a": 1e-300}), at(".a", DefectCode::TooManyDecimals)),
            (json!({"a": {}}), at(".a", DefectCode::InvalidType)),
            (json!({"a": [1]}), at(".a[0]", DefectCode::InvalidType)),
            (json!({"a": "123-45-6789"}), at(".a", DefectCode::SensitiveValue)),
            (json!({"a": ["ok", " 123-45-6789 "]}), at(".a[1]", DefectCode::SensitiveValue)),
            (json!({"a": vec!["x"; 21]}), at(".a", DefectCode::TooManyItems)),
            (json!(["a"]), at("", DefectCode::InvalidType)),
        ] {
            assert_eq!(defects_of(&sent), found, "{sent}");
        }
    }

    #[test]
    fn the_whole_is_limited() {
        let fields = |count: usize, text: &str| {
            Value::Object((0..count).map(|i| (format!("f{i}"), Value::from(text))).collect())
        };
        assert_eq!(defects_of(&fields(50, "x")), []);
        assert_eq!(defects_of(&fields(51, "x")), [("customFields".to_owned(), DefectCode::TooManyItems)]);
        assert_eq!(defects_of(&fields(17, &"x".repeat(1000))), [("customFields".to_owned(), DefectCode::TooLarge)]);
    }
}
