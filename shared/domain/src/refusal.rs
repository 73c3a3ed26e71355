//! Calls that were refused, as they are kept for a week: what was wrong with them, and never what was sent.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::defect::Defect;
use crate::defect::DefectCode::{ForbiddenField, InvalidKey, SensitiveValue, UnknownField, UnknownParameter};
use crate::models::Kind;

/// How long a refused call is kept.
pub const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Of a call with more defects, these are kept: the first ones, sorted by field.
pub const MAX_DEFECTS: usize = 20;
/// Fields of which users choose the names of members.
const OF_USERS: [&str; 4] = ["customFields", "filter", "headers", "previous"];

/// A call with a valid key that was answered 4xx.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// `req_` + ULID: the `requestId` of the answer.
    pub id: String,
    /// When the call came, in whole seconds.
    pub created_at: Timestamp,
    /// The HTTP method.
    pub method: String,
    /// The path without a query.
    pub path: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// `code` of the answer.
    pub code: String,
    /// The first [`MAX_DEFECTS`] defects.
    pub errors: Vec<RefusedField>,
    /// How many defects there were.
    pub error_count: usize,
    /// The record that the call was about, as far as its body says.
    pub subject: Option<NamedRecord>,
    /// `key_` + ULID of the key that it came with.
    pub key_id: String,
    /// The key's name at the time.
    pub key_name: String,
    /// Whether refused calls behind this one, of the same minute, may not have been kept.
    pub truncated: bool,
}

/// A defect without its message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedField {
    /// Path in the body, or a parameter of the query; none where the sender has chosen the name.
    pub field: Option<String>,
    /// A [`DefectCode`](crate::defect::DefectCode). As text, so that one that a later version takes back can be read.
    pub code: String,
}

/// A record by its resource and natural key: whether there is one is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedRecord {
    /// [`Kind::segment`].
    pub r#type: String,
    /// Its natural key as it was sent, valid by the table of its fields.
    pub number: String,
}

impl NamedRecord {
    /// The record of this resource with this natural key.
    #[must_use]
    pub fn new(kind: Kind, number: &str) -> Self {
        Self { r#type: kind.segment().to_owned(), number: number.to_owned() }
    }

    /// Whether it is the record of this resource with this natural key, in whatever case.
    #[must_use]
    pub fn is(&self, kind: Kind, number: &str) -> bool {
        self.r#type == kind.segment() && folded(&self.number) == folded(number)
    }
}

impl RefusedField {
    /// What is kept of a defect.
    #[must_use]
    pub fn of(defect: &Defect) -> Self {
        Self { field: own_name(defect).map(str::to_owned), code: defect.code.as_str().to_owned() }
    }
}

/// The field of a defect as far as the name is one of ours: a sender can put anything into a name that is unknown, and into
/// those of custom fields and headers.
#[must_use]
pub fn own_name(defect: &Defect) -> Option<&str> {
    if matches!(defect.code, UnknownField | UnknownParameter | ForbiddenField | InvalidKey | SensitiveValue) {
        return None;
    }
    let mut end = 0;
    for segment in defect.field.split('.') {
        end += segment.len();
        if OF_USERS.contains(&segment) {
            return Some(&defect.field[..end]);
        }
        end += 1;
    }
    Some(&defect.field)
}

/// A natural key in the form in which it is compared.
#[must_use]
pub fn folded(number: &str) -> String {
    number.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::defect::DefectCode;

    fn kept(field: &str, code: DefectCode) -> Option<String> {
        RefusedField::of(&Defect { field: field.to_owned(), code, message: "of Jane Doe".to_owned() }).field
    }

    #[test]
    fn only_names_of_ours_are_kept() {
        for (field, own) in [
            ("title", "title"),
            ("materials[0].quantity", "materials[0].quantity"),
            ("customFields", "customFields"),
            ("customFields.janeDoe", "customFields"),
            ("filter.Jane Doe 555-123-4567", "filter"),
            ("filter.$or[1].data.janeDoe", "filter"),
            ("customFields.janeDoe[3]", "customFields"),
            ("data.customFields.janeDoe", "data.customFields"),
            ("data.previous.janeDoe", "data.previous"),
            ("headers.X-Jane", "headers"),
            ("$", "$"),
        ] {
            assert_eq!(kept(field, DefectCode::TooLong).as_deref(), Some(own), "{field}");
        }
        for code in [UnknownField, UnknownParameter, ForbiddenField, InvalidKey, SensitiveValue] {
            assert_eq!(kept("janeDoe", code), None, "{code}");
        }
    }

    #[test]
    fn a_record_is_known_by_its_number_in_whatever_case() {
        let named = NamedRecord::new(Kind::WorkOrder, "WO-12a");
        assert!(named.is(Kind::WorkOrder, "wo-12A"));
        assert!(!named.is(Kind::Project, "WO-12a") && !named.is(Kind::WorkOrder, "WO-12"));
    }
}
