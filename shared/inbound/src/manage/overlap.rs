//! `overlapHours`: how long a key or secret stays valid after a rotation has replaced it.

use domain::defect::Defects;
use jiff::SignedDuration;
use serde_json::{Map, Value};

use super::bodies::ROTATION;
use super::body::{self, Form};
use crate::problem::Problem;

const DEFAULT_HOURS: i64 = 24;

/// The overlap in the body of a rotation: a day by default.
///
/// # Errors
/// 400 for a negative number, more than a week, or other fields.
pub fn read(body: Map<String, Value>) -> Result<SignedDuration, Problem> {
    let mut defects = Defects::default();
    let read = body::read(&ROTATION, body, Form::Change, &mut defects);
    if !defects.is_empty() {
        return Err(Problem::invalid(defects));
    }
    Ok(of(&read))
}

/// The overlap in the fields of a rotation that were read already: a day by default.
#[must_use]
pub fn of(read: &Map<String, Value>) -> SignedDuration {
    SignedDuration::from_hours(read.get("overlapHours").and_then(Value::as_i64).unwrap_or(DEFAULT_HOURS))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hours(body: &Value) -> Option<i64> {
        read(body.as_object().unwrap().clone()).ok().map(|overlap| overlap.as_hours())
    }

    #[test]
    fn an_overlap_is_a_day_unless_asked_otherwise_and_a_week_at_most() {
        assert_eq!(hours(&json!({})), Some(24));
        assert_eq!(hours(&json!({"overlapHours": null})), Some(24));
        assert_eq!(hours(&json!({"overlapHours": 0})), Some(0));
        assert_eq!(hours(&json!({"overlapHours": 168})), Some(168));
        for wrong in [
            json!({"overlapHours": 169}),
            json!({"overlapHours": -1}),
            json!({"overlapHours": 1.5}),
            json!({"overlap": 1}),
        ] {
            assert_eq!(hours(&wrong), None, "{wrong}");
        }
    }
}
