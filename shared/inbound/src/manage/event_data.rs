//! The data of an event in a body: of a publication, and of a test send that does not carry the example.

use domain::defect::{DefectCode, Defects};
use domain::events::EventName;
use domain::schema::parse_fields;
use serde_json::{Map, Value};

/// The name of the member, and of its defects.
pub const FIELD: &str = "data";

/// The limit for data, in bytes: the body of a delivery has at most 32 KiB in any format, of which the envelope needs some.
const MAX_BYTES: usize = 32 * 1024 - 400;

/// Whether `data` says that there is none, as null and blank text do for any field.
#[must_use]
pub fn is_nothing(data: &Value) -> bool {
    data.is_null() || data.as_str().is_some_and(|text| text.trim().is_empty())
}

/// Reads `data` by the fields of the event `name`. Use the result only when no defect was found.
pub fn read(name: EventName, data: &Value, defects: &mut Defects) -> Map<String, Value> {
    if data.to_string().len() > MAX_BYTES {
        defects.push(FIELD, DefectCode::TooLarge, "must have at most 32 KiB");
        return Map::new();
    }
    parse_fields(name.event_type().fields, data, FIELD, defects)
}
