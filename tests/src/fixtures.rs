//! The example bodies and events of the contract.

use std::fs;

use serde_json::Value;

/// Reads the fixture at `path` below `tests/fixtures`, without `.json`: `workorder/valid/minimal`.
#[must_use]
pub fn fixture(path: &str) -> Value {
    let file = format!("{}/fixtures/{path}.json", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    serde_json::from_str(&text).unwrap()
}
