//! Constructors for tables of fields: one line per field.

use super::{Class, Field, Min, Presence, Shape, Type};

/// How many characters a natural key has at most.
pub const LONGEST_NUMBER: usize = 50;

/// The natural key of a record.
#[must_use]
pub const fn natural_key(name: &'static str, doc: &'static str) -> Field {
    Field { name, kind: key(LONGEST_NUMBER), presence: Presence::Key, class: Class::Operational, doc }
}

/// A field that a new record needs.
#[must_use]
pub const fn on_create(name: &'static str, kind: Type, class: Class, doc: &'static str) -> Field {
    Field { name, kind, presence: Presence::OnCreate, class, doc }
}

/// A field that may be absent or null.
#[must_use]
pub const fn optional(name: &'static str, kind: Type, class: Class, doc: &'static str) -> Field {
    Field { name, kind, presence: Presence::Optional, class, doc }
}

/// A field that a nested object needs.
#[must_use]
pub const fn required(name: &'static str, kind: Type, class: Class, doc: &'static str) -> Field {
    Field { name, kind, presence: Presence::Required, class, doc }
}

/// A field of an event that always has a value. That it is listed means that subscribers may see it.
#[must_use]
pub const fn always(name: &'static str, kind: Type, doc: &'static str) -> Field {
    required(name, kind, Class::Operational, doc)
}

/// A field of an event that is null when there is nothing to say.
#[must_use]
pub const fn nullable(name: &'static str, kind: Type, doc: &'static str) -> Field {
    optional(name, kind, Class::Operational, doc)
}

/// One line of 1 to `max` characters.
#[must_use]
pub const fn string(max: usize) -> Type {
    shaped(max, Shape::Free)
}

/// One line of 1 to `max` characters of a certain shape.
#[must_use]
pub const fn shaped(max: usize, shape: Shape) -> Type {
    Type::Line { min: 1, max, shape }
}

/// A natural key of this or another record.
#[must_use]
pub const fn key(max: usize) -> Type {
    shaped(max, Shape::Key)
}

/// A cost code or the like.
#[must_use]
pub const fn code(max: usize) -> Type {
    shaped(max, Shape::Code)
}

/// Several lines of up to `max` characters.
#[must_use]
pub const fn text(max: usize) -> Type {
    Type::Text { max }
}

/// A whole number from `min` to `max`.
#[must_use]
pub const fn int(min: i64, max: i64) -> Type {
    Type::Int { min, max }
}

/// A number from `min` to `max`.
#[must_use]
pub const fn number(min: i64, max: i64, decimals: usize) -> Type {
    Type::Number { min: Min::AtLeast(min), max, decimals }
}

/// A number greater than zero, up to `max`.
#[must_use]
pub const fn positive(max: i64, decimals: usize) -> Type {
    Type::Number { min: Min::Above(0), max, decimals }
}

/// An amount of money.
#[must_use]
pub const fn money(decimals: usize) -> Type {
    Type::Money { decimals }
}

/// A list of up to `max` items.
#[must_use]
pub const fn list(max: usize, item: &'static Type) -> Type {
    Type::List { min: 0, max, item }
}
