//! The language in which fields are declared. Parsing, limits, data classes and JSON Schema all come from one table of
//! [`Field`]s, so they can't drift apart.
//!
//! [`declare`] has the words that tables are written with; `parse` reads bodies by them, `json_schema` describes them.

mod custom_fields;
pub mod declare;
mod forbidden;
mod formats;
mod json_schema;
mod lists;
mod numbers;
mod parse;
mod strings;

pub(crate) use custom_fields::check_limits;
#[cfg(test)]
pub(crate) use json_schema::without_texts;
pub use json_schema::{DIALECT, data_object, published, sent_object};
pub(crate) use lists::same_set;
pub use numbers::money;
pub use parse::{MAX_SUGGESTIONS, join, nearest};
pub use parse::{bad_value, parse_fields};
pub(crate) use parse::{is_blank, parse_body};

/// One field of a record, of a nested object or of an event's data.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name on the wire.
    pub name: &'static str,
    /// What it may hold.
    pub kind: Type,
    /// When it must be there.
    pub presence: Presence,
    /// Who may see it; what is nested in a field is at least as private as the field.
    pub class: Class,
    /// Meaning, rule, example; empty when the name says it all.
    pub doc: &'static str,
}

/// When a field must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// The natural key: finds the record, never null.
    Key,
    /// Required to create a record, never null.
    OnCreate,
    /// May be absent or null.
    Optional,
    /// Required inside its nested object; in an event, never null.
    Required,
}

impl Presence {
    /// Whether null is a value of the field.
    #[must_use]
    pub const fn nullable(self) -> bool {
        matches!(self, Self::Optional)
    }
}

/// Data classes, from harmless to secret: `docs/contract.md#data-classes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Operational: stored, in events, may be logged.
    Operational,
    /// Business contact: in events where listed, never logged.
    Contact,
    /// Private or commercial: never in events, never logged.
    Private,
    /// Secret: encrypted apart, absent from records, events and logs.
    Secret,
}

impl Class {
    /// Its code in the contract.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Operational => "P0",
            Self::Contact => "P1",
            Self::Private => "P2",
            Self::Secret => "P3",
        }
    }
}

/// What a field may hold (`docs/contract.md#values`). Lengths are counted in Unicode scalar values.
#[derive(Debug, Clone, Copy)]
pub enum Type {
    /// One line of text.
    Line {
        /// Fewest characters.
        min: usize,
        /// Most characters.
        max: usize,
        /// What it must look like.
        shape: Shape,
    },
    /// Text of several lines.
    Text {
        /// Most characters.
        max: usize,
    },
    /// An id of ours; the prefix with its underscore.
    Id(&'static str),
    /// One of a few words.
    Enum(&'static [&'static str]),
    /// true or false.
    Bool,
    /// A whole number.
    Int {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// A JSON number of few decimals.
    Number {
        /// Lower bound.
        min: Min,
        /// Largest.
        max: i64,
        /// Most decimals.
        decimals: usize,
    },
    /// Degrees from `-max` to `max`, rounded to seven decimals (a centimetre).
    Coordinate {
        /// Largest.
        max: i64,
    },
    /// An amount of money: a decimal string, never negative.
    Money {
        /// Most decimals.
        decimals: usize,
    },
    /// A calendar day, `YYYY-MM-DD`, from 2000 on.
    Date,
    /// A calendar day of a person or a paper, which may be from 1900 on: a hiring, a day of issue.
    HistoricDate,
    /// An instant, RFC 3339 with offset; normalised to UTC and whole seconds.
    DateTime,
    /// The same, normalised to UTC and kept to the nanosecond.
    Instant,
    /// A time of day, `HH:MM`.
    Time,
    /// An IANA time zone.
    TimeZone,
    /// ISO 4217.
    Currency,
    /// ISO 3166-1 alpha-2.
    Country,
    /// An e-mail address.
    Email,
    /// A telephone number, as people write it.
    Phone,
    /// An `http` or `https` address.
    Url,
    /// A list. One of scalars is a set, compared without case; items are counted after repeats are dropped.
    List {
        /// Fewest items.
        min: usize,
        /// Most items.
        max: usize,
        /// What each item may hold.
        item: &'static Type,
    },
    /// A nested object.
    Object(&'static [Field]),
    /// The sender's own fields.
    CustomFields,
    /// Old values in an event: an object of scalars under any field names.
    Scalars,
}

impl Type {
    /// Whether it is neither a list nor an object.
    #[must_use]
    pub const fn is_scalar(&self) -> bool {
        !matches!(self, Self::List { .. } | Self::Object(_) | Self::CustomFields | Self::Scalars)
    }
}

/// A lower bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Min {
    /// This or more.
    AtLeast(i64),
    /// More than this.
    Above(i64),
}

/// What a line of text must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Like anything.
    Free,
    /// A natural key.
    Key,
    /// A natural key without `#`.
    Code,
    /// A person's name: no `:`, which `QuickBooks` refuses.
    PersonName,
    /// A unit of measure.
    Unit,
    /// The name of another system.
    SystemName,
    /// A BCP 47 language tag.
    LanguageTag,
    /// A tax number in any country's writing.
    TaxId,
}

/// Whether a record can have this natural key.
#[must_use]
pub fn is_natural_key(text: &str) -> bool {
    strings::line(text, 1, declare::LONGEST_NUMBER, Shape::Key).is_ok()
}

/// How many fields there are in `parts`.
#[must_use]
pub const fn total(parts: &[&[Field]]) -> usize {
    let (mut sum, mut part) = (0, 0);
    while part < parts.len() {
        sum += parts[part].len();
        part += 1;
    }
    sum
}

/// All fields of `parts` in order; `N` is their [`total`]. Tables use it through `fields!`.
#[must_use]
pub const fn concat<const N: usize>(parts: &[&[Field]]) -> [Field; N] {
    let mut all = [declare::optional("", Type::Bool, Class::Operational, ""); N];
    let (mut next, mut part) = (0, 0);
    while part < parts.len() {
        let mut i = 0;
        while i < parts[part].len() {
            all[next] = parts[part][i];
            next += 1;
            i += 1;
        }
        part += 1;
    }
    all
}

/// One table made of several, at compile time.
macro_rules! fields {
    ($($part:expr),+ $(,)?) => {{
        const PARTS: &[&[$crate::schema::Field]] = &[$($part),+];
        const ALL: [$crate::schema::Field; $crate::schema::total(PARTS)] = $crate::schema::concat(PARTS);
        &ALL
    }};
}
pub(crate) use fields;
