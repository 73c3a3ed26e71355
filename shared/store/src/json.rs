//! JSON text of our own types.

use serde::Serialize;

/// `value` as JSON text. For types of this workspace only, whose serialisation can't fail: the keys of their maps are
/// strings, and none of them has a `Serialize` that refuses a value.
#[expect(
    clippy::expect_used,
    reason = "serialising these types can't fail, and an empty text must never be stored or sent"
)]
pub(crate) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("types of this workspace serialise to JSON")
}
