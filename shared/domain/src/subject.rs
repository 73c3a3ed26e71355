//! Which record an event, a delivery or an alert is about.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::models::Kind;
use crate::rules::fields::text;

/// A record, as people know it. In answers `{type, id, number}`; stored as `<id> <number>`, since the type follows from the id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Shown", try_from = "Shown")]
pub struct Subject {
    /// Which resource.
    pub kind: Kind,
    /// The record's id.
    pub id: String,
    /// Its natural key, as it was sent at the time.
    pub number: String,
}

/// A subject as answers show it.
#[derive(Serialize, Deserialize)]
struct Shown {
    r#type: Cow<'static, str>,
    id: String,
    number: String,
}

/// What is no stored subject.
#[derive(Debug, thiserror::Error)]
#[error("a subject is the id of a record and its number")]
pub struct NoSubject;

impl Subject {
    /// What the data of an event is about; `None` when that is no record.
    #[must_use]
    pub fn of(data: &Map<String, Value>) -> Option<Self> {
        let id = text(data, "id")?;
        // An id that somebody published may be anything; it is stored before a space.
        let kind = Kind::of_id(id).filter(|_| !id.contains(' '))?;
        let number = text(data, kind.model().key)?;
        Some(Self { kind, id: id.to_owned(), number: number.to_owned() })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id, self.number)
    }
}

impl FromStr for Subject {
    type Err = NoSubject;

    fn from_str(stored: &str) -> Result<Self, NoSubject> {
        let (id, number) = stored.split_once(' ').ok_or(NoSubject)?;
        let kind = Kind::of_id(id).ok_or(NoSubject)?;
        Ok(Self { kind, id: id.to_owned(), number: number.to_owned() })
    }
}

impl From<Subject> for Shown {
    fn from(Subject { kind, id, number }: Subject) -> Self {
        Self { r#type: Cow::Borrowed(kind.segment()), id, number }
    }
}

impl TryFrom<Shown> for Subject {
    type Error = NoSubject;

    fn try_from(Shown { id, number, .. }: Shown) -> Result<Self, NoSubject> {
        let kind = Kind::of_id(&id).ok_or(NoSubject)?;
        Ok(Self { kind, id, number })
    }
}

/// Reads what is stored. One that can't be read is none: it is there for people, and nothing depends on it.
///
/// # Errors
/// When it is no text.
pub(crate) fn stored<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Subject>, D::Error> {
    let stored = Option::<String>::deserialize(deserializer)?;
    Ok(stored.and_then(|stored| stored.parse().ok()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(data: &Value) -> Option<Subject> {
        Subject::of(data.as_object().unwrap())
    }

    #[test]
    fn an_event_is_about_the_record_whose_id_and_number_its_data_has() {
        let subject = of(&json!({"id": "wo_1", "workOrderNumber": "WO 12", "title": "New"})).unwrap();
        assert_eq!(json!(subject), json!({"type": "workorder", "id": "wo_1", "number": "WO 12"}));
        for other in [
            json!({}),
            json!({"id": 1}),
            json!({"id": "x_1", "workOrderNumber": "1"}),
            json!({"id": "ven_1"}),
            json!({"id": "wo_1 2", "workOrderNumber": "1"}),
        ] {
            assert_eq!(of(&other), None, "{other}");
        }
    }

    #[test]
    fn it_reads_back_as_it_was_stored() {
        let subject = of(&json!({"id": "wo_1", "workOrderNumber": "WO 12 b"})).unwrap();
        assert_eq!(subject.to_string().parse::<Subject>().unwrap(), subject);
        assert_eq!(serde_json::from_value::<Subject>(json!(subject)).unwrap(), subject);
        for wrong in ["", "wo_1", "x_1 12"] {
            assert!(wrong.parse::<Subject>().is_err(), "{wrong}");
        }
    }
}
