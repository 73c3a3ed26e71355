//! JSON text of our own types.

use serde::Serialize;

/// `value` as JSON text. For types of this workspace only, whose serialisation can't fail: their maps have strings as keys,
/// and none of them implements `Serialize` by hand in a way that refuses a value.
#[expect(
    clippy::expect_used,
    reason = "serialising these types can't fail, and an empty text must never be stored or sent"
)]
pub(crate) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("types of this workspace serialise to JSON")
}
