//! Tables of fields, from the tables that bodies are read by.

use std::fmt::Write as _;

use domain::models::Kind;
use domain::schema::{Class, Field, Min, Presence, Shape, Type};

use super::html::{code, escape, heading, table};
use super::markdown;
use crate::openapi;

/// The fields of a resource and of what is nested in them, with an example.
pub(super) fn tables(kind: Kind) -> String {
    let model = kind.model();
    let example = format!("{:#}", openapi::example(kind));
    let path = format!("POST /api/webhook/{}", kind.segment());
    let (example_title, fields_title) = (heading(2, "example", "Example"), heading(2, "fields", "Fields"));
    let mut text = format!("{example_title}{}{fields_title}", code(&path, &example));
    text.push_str(&of_body(kind.name(), model.fields));
    for (name, fields) in nested(model.fields) {
        let title = heading(3, name, &format!("<code>{name}</code>"));
        let _ = write!(text, "{title}{}", of_body(name, fields));
    }
    text
}

/// What the data of an event holds.
pub(super) fn of_event(label: &str, fields: &[Field]) -> String {
    let nullable =
        |field: &Field| if field.presence.nullable() { vec!["always present", "may be null"] } else { vec![] };
    rows(label, fields, nullable)
}

fn of_body(label: &str, fields: &[Field]) -> String {
    rows(label, fields, |field| [presence(field.presence), privacy(field.class)].into_iter().flatten().collect())
}

fn rows(label: &str, fields: &[Field], tags: impl Fn(&Field) -> Vec<&'static str>) -> String {
    let rows: String = fields.iter().map(|field| row(field, &tags(field))).collect();
    table(label, &["Field", "Type", "Meaning"], &rows)
}

/// Objects among the fields, each with the name of the field that holds it.
pub(super) fn nested(fields: &'static [Field]) -> Vec<(&'static str, &'static [Field])> {
    fields
        .iter()
        .filter_map(|field| match field.kind {
            Type::Object(inner) => Some((field.name, inner)),
            Type::List { item: Type::Object(inner), .. } => Some((field.name, *inner)),
            _ => None,
        })
        .collect()
}

fn row(field: &Field, tags: &[&str]) -> String {
    let quiet = |tag: &str| if matches!(tag, "always present" | "may be null") { " quiet" } else { "" };
    let mut marks = String::new();
    for tag in tags {
        let _ = write!(marks, " <span class=\"tag{}\">{tag}</span>", quiet(tag));
    }
    let meaning = markdown::render(field.doc);
    format!("<tr><td><code>{}</code>{marks}</td><td>{}</td><td>{meaning}</td></tr>", field.name, kind(&field.kind))
}

const fn presence(presence: Presence) -> Option<&'static str> {
    match presence {
        Presence::Key => Some("key"),
        Presence::OnCreate => Some("to create"),
        Presence::Required => Some("required"),
        Presence::Optional => None,
    }
}

const fn privacy(class: Class) -> Option<&'static str> {
    match class {
        Class::Operational | Class::Contact => None,
        Class::Private => Some("never in events"),
        Class::Secret => Some("write-only"),
    }
}

fn kind(kind: &Type) -> String {
    match kind {
        Type::Line { max, shape, .. } => format!("{}, up to {max}", shape_name(*shape)),
        Type::Text { max } => format!("text, up to {max}"),
        Type::Id(prefix) => format!("id, <code>{prefix}…</code>"),
        Type::Enum(words) => words.iter().map(|word| format!("<code>{word}</code>")).collect::<Vec<_>>().join(" "),
        Type::Bool => "true or false".to_owned(),
        Type::Int { min, max } => format!("whole number, {min} to {max}"),
        Type::Number { min: Min::AtLeast(min), max, decimals } => {
            format!("number, {min} to {max}, {decimals} decimals")
        }
        Type::Number { min: Min::Above(min), max, decimals } => {
            format!("number above {min}, up to {max}, {decimals} decimals")
        }
        Type::Coordinate { max } => format!("number, -{max} to {max}, rounded to 7 decimals"),
        Type::Money { decimals } => format!("amount as a string, {decimals} decimals"),
        Type::Date => "date".to_owned(),
        Type::HistoricDate => "date, from 1900 on".to_owned(),
        Type::DateTime | Type::Instant => "date and time with an offset or <code>Z</code>".to_owned(),
        Type::Time => "time, <code>HH:MM</code>".to_owned(),
        Type::TimeZone => "IANA time zone".to_owned(),
        Type::Currency => "ISO 4217 currency in force".to_owned(),
        Type::Country => "ISO 3166-1 country".to_owned(),
        Type::Email => "e-mail address".to_owned(),
        Type::Phone => "phone number".to_owned(),
        Type::Url => "http or https address".to_owned(),
        Type::List { max, item: Type::Object(_), .. } => format!("list of up to {max} objects, below"),
        Type::List { max, item, .. } => format!("set of up to {max}: {}", self::kind(item)),
        Type::Object(_) => "object, below".to_owned(),
        Type::CustomFields => "object of up to 50 fields of your own".to_owned(),
        Type::Scalars => "object".to_owned(),
    }
}

fn shape_name(shape: Shape) -> String {
    let name = match shape {
        Shape::Free => "string",
        Shape::Key => "key",
        Shape::Code => "code",
        Shape::PersonName => "name without a colon",
        Shape::Unit => "unit",
        Shape::SystemName => "system name",
        Shape::LanguageTag => "language tag",
        Shape::TaxId => "tax number",
    };
    escape(name)
}
