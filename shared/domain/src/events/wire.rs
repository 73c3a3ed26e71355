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
    /// Which one.
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
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use proptest::prelude::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    use serde_json::json;

    use super::*;
    use crate::events::catalog_entry;
    use crate::schema::{Field, Min, Shape, Type};

    fn read_again(body: &str) -> String {
        to_wire(&serde_json::from_str::<Value>(body).unwrap())
    }

    /// Values that the type allows, as wild as it allows them.
    fn values(kind: Type) -> BoxedStrategy<Value> {
        let text = |max: usize| {
            proptest::collection::vec(any::<char>(), 1..=max.min(40))
                .prop_map(|c| json!(c.into_iter().collect::<String>()))
        };
        match kind {
            Type::Line { max, shape: Shape::Free, .. } | Type::Text { max } => text(max).boxed(),
            Type::Bool => any::<bool>().prop_map(Value::from).boxed(),
            Type::Int { min, max } => (min..=max).prop_map(Value::from).boxed(),
            Type::Number { min: Min::AtLeast(min) | Min::Above(min), max, decimals } => {
                let scale = 10_i64.pow(u32::try_from(decimals).unwrap());
                #[expect(clippy::cast_precision_loss, reason = "within 13 digits")]
                (min * scale..=max * scale).prop_map(move |n| json!(n as f64 / scale as f64)).boxed()
            }
            Type::List { min, max, item } => {
                proptest::collection::vec(values(*item), min..=max.min(5)).prop_map(Value::from).boxed()
            }
            Type::Object(fields) => data(fields).prop_map(Value::Object).boxed(),
            Type::Scalars => {
                proptest::collection::vec(("[a-z][A-Za-z0-9_]{0,9}", prop_oneof![text(9), Just(Value::Null)]), 0..4)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect()))
                    .boxed()
            }
            _ => "[ -~]{1,40}".prop_map(Value::from).boxed(),
        }
    }

    fn data(fields: &'static [Field]) -> BoxedStrategy<Map<String, Value>> {
        let one = |field: &Field| {
            let value = values(field.kind);
            let value = if field.presence.nullable() { prop_oneof![value, Just(Value::Null)].boxed() } else { value };
            (Just(field.name.to_owned()), value)
        };
        let all: Vec<_> = fields.iter().map(one).collect();
        all.prop_map(|pairs| pairs.into_iter().collect()).boxed()
    }

    fn events() -> impl Strategy<Value = Event> {
        proptest::sample::select(EventName::ALL.to_vec()).prop_flat_map(|name| {
            data(name.event_type().fields).prop_map(move |data| Event {
                id: "evt_1".to_owned(),
                name,
                occurred_at: Timestamp::UNIX_EPOCH,
                data,
            })
        })
    }

    /// What node makes of each body; `None` where there is no node.
    fn stringified_by_node(bodies: &[String]) -> Option<Vec<String>> {
        let script = "require('fs').readFileSync(0, 'utf8').split('\\n').filter(Boolean)\
                      .forEach(line => console.log(JSON.stringify(JSON.parse(line))))";
        let mut node =
            Command::new("node").args(["-e", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
        let mut stdin = node.stdin.take().unwrap();
        let input = bodies.join("\n");
        let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
        let output = node.wait_with_output().unwrap();
        writer.join().unwrap();
        assert!(output.status.success());
        Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
    }

    #[test]
    fn examples_come_back_byte_for_byte() {
        for name in EventName::ALL {
            let example = catalog_entry(name)["example"].clone();
            let event = Event {
                id: "evt_1".to_owned(),
                name,
                occurred_at: example["timestamp"].as_str().unwrap().parse().unwrap(),
                data: example["data"].as_object().unwrap().clone(),
            };
            assert_eq!(event.body(), serde_json::to_string(&example).unwrap(), "{name}");
        }
    }

    #[test]
    fn numbers_are_written_as_javascript_writes_them() {
        for (number, text) in [
            (json!(50.0), "50"),
            (json!(-0.0), "0"),
            (json!(0.000_001), "0.000001"),
            (json!(1e-7), "1e-7"),
            (json!(1.5e300), "1.5e+300"),
            (json!(1e20), "100000000000000000000"),
            (json!(1e21), "1e+21"),
            (json!(u64::MAX), "18446744073709552000"),
            (json!(i64::MIN), "-9223372036854776000"),
            (json!(7.75), "7.75"),
        ] {
            assert_eq!(to_wire(&number), text);
        }
    }

    #[test]
    fn the_time_is_in_whole_seconds() {
        let event = Event {
            id: "evt_1".to_owned(),
            name: EventName::EmployeeDeleted,
            occurred_at: "2025-10-20T14:30:00.987Z".parse().unwrap(),
            data: Map::new(),
        };
        assert_eq!(event.body(), r#"{"event":"employee.deleted","timestamp":"2025-10-20T14:30:00Z","data":{}}"#);
    }

    proptest! {
        #[test]
        fn a_body_read_and_written_again_is_the_same(event in events()) {
            let body = event.body();
            prop_assert_eq!(read_again(&body), body);
        }

        #[test]
        fn any_number_read_and_written_again_is_the_same(float in any::<f64>(), whole in any::<i64>()) {
            for body in [to_wire(&json!(float)), to_wire(&json!(whole))] {
                prop_assert_eq!(read_again(&body), body);
            }
        }
    }

    #[test]
    fn node_gives_every_body_back_unchanged() {
        let mut runner = TestRunner::deterministic();
        let mut bodies: Vec<String> =
            (0..2000).map(|_| events().new_tree(&mut runner).unwrap().current().body()).collect();
        bodies.extend((0..2000).map(|_| to_wire(&json!([any::<f64>().new_tree(&mut runner).unwrap().current()]))));
        bodies.push(to_wire(&json!([u64::MAX, i64::MIN, i64::MAX, 1e21, 1e20, 123_456_789_012_345_680_u64])));
        let Some(returned) = stringified_by_node(&bodies) else {
            eprintln!("skipped: there is no node on this machine");
            return;
        };
        assert_eq!(returned.len(), bodies.len());
        for (sent, returned) in bodies.iter().zip(&returned) {
            assert_eq!(sent, returned);
        }
    }
}
