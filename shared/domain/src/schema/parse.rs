//! Reads bodies by their table: normalises what is right and reports everything that is wrong.

use serde_json::{Map, Value};

use super::forbidden;
use super::strings::{self, Flaw};
use super::{Field, Presence, Type, custom_fields, formats, lists, numbers};
use crate::defect::{DefectCode, Defects};

/// An answer shows at most this many defects, so suggestions are computed for no more.
pub const MAX_SUGGESTIONS: usize = 50;
/// Names of our own are shorter.
const MAX_SUGGESTED_FOR: usize = 60;
/// Longer names of unknown fields are cut in paths.
const MAX_NAME_IN_PATH: usize = 100;

/// What happens to a null of an optional field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nulls {
    /// It clears the field when the record is merged.
    Keep,
    /// It means the same as absence.
    Drop,
}

/// Reads the body of a record by its table: nulls clear fields. `owner` is what such bodies are called in messages.
pub(crate) fn parse_body(
    fields: &[Field],
    body: &Map<String, Value>,
    owner: &str,
    defects: &mut Defects,
) -> Map<String, Value> {
    let declared = fields.iter().map(|field| field.name).find(|name| forbidden::is_forbidden(name));
    forbidden::report(body, "", declared, defects);
    object(fields, body, "", owner, Nulls::Keep, defects)
}

/// Reads an object by a table: an event's data, or a body that is no record. Nulls are dropped; where a value is bad,
/// there is [`bad_value`].
pub fn parse_fields(fields: &[Field], value: &Value, path: &str, defects: &mut Defects) -> Map<String, Value> {
    if let Value::Object(sent) = value {
        forbidden::report(sent, path, None, defects);
        object(fields, sent, path, owner(path), Nulls::Drop, defects)
    } else {
        let at = if path.is_empty() { "$" } else { path };
        defects.push(at, DefectCode::InvalidType, "must be an object");
        Map::new()
    }
}

/// Replaces an invalid value: to the rules between fields it is given, but they can't read it. No valid value looks like
/// this.
#[must_use]
pub fn bad_value() -> Value {
    Value::Array(vec![Value::Null])
}

/// The path of `name` inside `path`.
#[must_use]
pub fn join(path: &str, name: &str) -> String {
    let shown = match name.char_indices().nth(MAX_NAME_IN_PATH) {
        Some((end, _)) => format!("{}...", &name[..end]),
        None => name.to_owned(),
    };
    if path.is_empty() { shown } else { format!("{path}.{shown}") }
}

/// The value, or its flaw among the defects.
pub(super) fn keep(result: Result<Value, Flaw>, path: &str, defects: &mut Defects) -> Option<Value> {
    result.map_err(|(code, message)| defects.push(path, code, message)).ok()
}

/// `invalid_type`, and nothing.
pub(super) fn expected(what: &str, path: &str, defects: &mut Defects) -> Option<Value> {
    defects.push(path, DefectCode::InvalidType, format!("must be {what}"));
    None
}

/// What an object is called in messages: the last name of its path.
fn owner(path: &str) -> &str {
    let name = path.rsplit('.').next().unwrap_or(path);
    name.split('[').next().unwrap_or(name)
}

pub(crate) fn is_blank(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn object(
    fields: &[Field],
    sent: &Map<String, Value>,
    path: &str,
    owner: &str,
    nulls: Nulls,
    defects: &mut Defects,
) -> Map<String, Value> {
    let mut read = Map::new();
    for field in fields {
        let at = || join(path, field.name);
        match sent.get(field.name) {
            None if field.presence == Presence::Required => defects.push(at(), DefectCode::Required, "is required"),
            None => {}
            Some(value) => match field_value(field, value, &at(), defects) {
                Some(Value::Null) if nulls == Nulls::Drop => {}
                Some(value) => _ = read.insert(field.name.to_owned(), value),
                None => _ = read.insert(field.name.to_owned(), bad_value()),
            },
        }
    }
    for name in sent.keys().filter(|name| !fields.iter().any(|field| field.name == **name)) {
        if !forbidden::is_forbidden(name) {
            report_unknown(fields, name, path, owner, defects);
        }
    }
    read
}

fn report_unknown(fields: &[Field], name: &str, path: &str, owner: &str, defects: &mut Defects) {
    let known = fields.iter().map(|field| field.name);
    let suggestion = if defects.len() < MAX_SUGGESTIONS { nearest(known, name) } else { None };
    let owner = if owner.is_empty() { "this body" } else { owner };
    let message = match suggestion {
        Some(nearest) => format!("is not a field of {owner}; did you mean {nearest}?"),
        None if fields.iter().any(|field| matches!(field.kind, Type::CustomFields)) => {
            format!("is not a field of {owner}; put fields of your own in customFields")
        }
        None if fields.is_empty() => format!("is not a field of {owner}, which has none"),
        None => {
            let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
            format!("is not a field of {owner}, whose fields are {}", names.join(", "))
        }
    };
    defects.push(join(path, name), DefectCode::UnknownField, message);
}

/// The name that differs in at most a quarter of its letters, if there is one.
pub fn nearest(known: impl Iterator<Item = &'static str>, name: &str) -> Option<&'static str> {
    if name.len() > MAX_SUGGESTED_FOR {
        return None;
    }
    let bare = |name: &str| name.replace(['_', '-', ' '], "").to_lowercase();
    let sent = bare(name);
    let candidates = known.map(|known| (strsim::damerau_levenshtein(&sent, &bare(known)), known));
    candidates.filter(|(distance, name)| *distance <= (name.len() / 4).max(1)).min_by_key(|(d, _)| *d).map(|(_, n)| n)
}

/// Null stands for "nothing": sent as null, as an empty string whatever the type (tables and forms know no other
/// nothing), or as a list without items where one may be absent.
fn field_value(field: &Field, value: &Value, path: &str, defects: &mut Defects) -> Option<Value> {
    let nullable = field.presence.nullable();
    if !value.is_null() && !is_blank(value) {
        let read = type_value(&field.kind, value, path, defects)?;
        let is_empty_list = read.as_array().is_some_and(Vec::is_empty);
        return Some(if nullable && is_empty_list { Value::Null } else { read });
    }
    if nullable {
        return Some(Value::Null);
    }
    let message = match field.presence {
        Presence::Key | Presence::OnCreate => "is required and can't be cleared",
        Presence::Optional | Presence::Required => "is required",
    };
    defects.push(path, DefectCode::Required, message);
    None
}

pub(super) fn type_value(kind: &Type, value: &Value, path: &str, defects: &mut Defects) -> Option<Value> {
    match kind {
        Type::Bool if value.is_boolean() => Some(value.clone()),
        Type::Bool => expected("true or false", path, defects),
        Type::Int { min, max } => keep(numbers::int(value, *min, *max), path, defects),
        Type::Number { min, max, decimals } => keep(numbers::number(value, *min, *max, *decimals), path, defects),
        Type::Coordinate { max } => keep(numbers::coordinate(value, *max), path, defects),
        Type::Money { decimals } => keep(numbers::amount(value, *decimals), path, defects),
        Type::List { min, max, item } => lists::read(*min, *max, item, value, path, defects),
        Type::Object(fields) => match value {
            Value::Object(sent) => Some(Value::Object(object(fields, sent, path, owner(path), Nulls::Drop, defects))),
            _ => expected("an object", path, defects),
        },
        Type::CustomFields => custom_fields::read(value, path, defects),
        Type::Scalars => custom_fields::read_scalars(value, path, defects),
        textual => match value {
            Value::String(raw) => keep(textual_value(textual, raw).map(Value::String), path, defects),
            _ => expected("a string", path, defects),
        },
    }
}

fn textual_value(kind: &Type, raw: &str) -> Result<String, Flaw> {
    let text = match kind {
        Type::Line { min, max, shape } => return strings::line(raw, *min, *max, *shape),
        Type::Text { max } => return strings::text(raw, *max),
        _ => strings::plain_line(raw)?,
    };
    let reader = match kind {
        Type::Id(prefix) => return id(prefix, &text),
        Type::Enum(words) => return word(words, &text),
        Type::Date => formats::date,
        Type::HistoricDate => formats::historic_date,
        Type::DateTime => formats::date_time,
        Type::Instant => formats::instant,
        Type::Time => formats::time,
        Type::TimeZone => formats::time_zone,
        Type::Currency => formats::currency,
        Type::Country => formats::country,
        Type::Email => formats::email,
        Type::Phone => formats::phone,
        Type::Url => formats::url,
        _ => return Err((DefectCode::InvalidType, "must not be a string".to_owned())),
    };
    reader(&text)
}

fn id(prefix: &str, text: &str) -> Result<String, Flaw> {
    let valid = text
        .strip_prefix(prefix)
        .is_some_and(|rest| (3..=40).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_alphanumeric()));
    if valid {
        return Ok(text.to_owned());
    }
    Err((DefectCode::InvalidFormat, format!("must be {prefix} followed by 3 to 40 letters and digits")))
}

fn word(words: &[&str], text: &str) -> Result<String, Flaw> {
    if words.contains(&text) {
        return Ok(text.to_owned());
    }
    Err((DefectCode::InvalidValue, format!("must be one of {}", words.join(", "))))
}
