//! The bytes that are signed and sent: exactly what `JSON.stringify(JSON.parse(bytes))` gives
//! back, because the receivers of the public page verify that.

use std::io;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter};
use serde_json::{Map, Serializer, Value};

use super::{EventDraft, EventName};

/// Whole numbers beyond this are not exact in JavaScript, 2^53 - 1.
const MAX_SAFE_INTEGER: u64 = 9_007_199_254_740_991;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// `evt_` + ULID.
    pub id: String,
    /// The event's name.
    pub name: EventName,
    /// When it happened; sent in whole seconds.
    pub occurred_at: Timestamp,
    /// What the event says, in the order of the wire.
    pub data: Map<String, Value>,
}

#[derive(Serialize)]
struct Envelope<'a> {
    event: EventName,
    timestamp: String,
    data: &'a Map<String, Value>,
}

impl Event {
    /// The event that `draft` becomes.
    #[must_use]
    pub fn new(id: String, draft: EventDraft, occurred_at: Timestamp) -> Self {
        Self { id, name: draft.name, occurred_at, data: draft.data }
    }

    /// The body: compact, in order, numbers written as JavaScript writes them. The id is not in it.
    #[must_use]
    pub fn body(&self) -> String {
        let seconds = Timestamp::from_second(self.occurred_at.as_second()).unwrap_or(self.occurred_at);
        to_wire(&Envelope { event: self.name, timestamp: seconds.to_string(), data: &self.data })
    }
}

/// The body of an event that somebody read from an answer, the same bytes that were sent of it.
#[must_use]
pub fn body_as_sent(event: &str, timestamp: &Value, data: &Value) -> String {
    #[derive(Serialize)]
    struct Read<'a> {
        event: &'a str,
        timestamp: &'a Value,
        data: &'a Value,
    }
    to_wire(&Read { event, timestamp, data })
}

/// JSON as JavaScript would write it.
pub(super) fn to_wire(value: &impl Serialize) -> String {
    let mut bytes = Vec::with_capacity(1024);
    // Neither a JSON value nor a vector of bytes can refuse to be written.
    let written = value.serialize(&mut Serializer::with_formatter(&mut bytes, JavaScript));
    debug_assert!(written.is_ok(), "JSON values can be written");
    String::from_utf8(bytes).unwrap_or_default()
}

/// `serde_json`'s compact form with the numbers of ECMAScript (`Number::toString`).
struct JavaScript;

impl Formatter for JavaScript {
    fn write_i64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: i64) -> io::Result<()> {
        if value.unsigned_abs() <= MAX_SAFE_INTEGER {
            return CompactFormatter.write_i64(writer, value);
        }
        #[expect(clippy::cast_precision_loss, reason = "JavaScript has no other number")]
        self.write_f64(writer, value as f64)
    }

    fn write_u64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: u64) -> io::Result<()> {
        if value <= MAX_SAFE_INTEGER {
            return CompactFormatter.write_u64(writer, value);
        }
        #[expect(clippy::cast_precision_loss, reason = "JavaScript has no other number")]
        self.write_f64(writer, value as f64)
    }

    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        let size = value.abs();
        if value == 0.0 {
            writer.write_all(b"0")
        } else if (1e-6..1e21).contains(&size) {
            write!(writer, "{value}")
        } else {
            // Rust leaves out the plus that ECMAScript writes.
            let text = format!("{value:e}");
            let text = if text.contains("e-") { text } else { text.replace('e', "e+") };
            writer.write_all(text.as_bytes())
        }
    }
}

#[cfg(test)]
mod tests;
