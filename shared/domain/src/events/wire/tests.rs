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
        proptest::collection::vec(any::<char>(), 1..=max.min(40)).prop_map(|c| json!(c.into_iter().collect::<String>()))
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
    let mut bodies: Vec<String> = (0..2000).map(|_| events().new_tree(&mut runner).unwrap().current().body()).collect();
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

#[test]
fn an_event_that_was_read_from_an_answer_has_the_bytes_that_were_sent() {
    for name in crate::events::EventName::ALL {
        let example = catalog_entry(name)["example"].clone();
        let sent = to_wire(&example);
        let read: Value = serde_json::from_str(&sent).unwrap();
        assert_eq!(body_as_sent(name.as_str(), &read["timestamp"], &read["data"]), sent);
    }
    let data = json!({ "n": [1e21, 1e-7, 0.1, 9_007_199_254_740_993_u64, -0.0] });
    let body = body_as_sent("vendor.created", &json!("2025-10-20T14:30:00Z"), &data);
    assert!(body.ends_with(r#""data":{"n":[1e+21,1e-7,0.1,9007199254740992,0]}}"#), "{body}");
}
