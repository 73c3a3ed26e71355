use proptest::prelude::*;
use serde_json::json;

use super::*;

fn error(body: impl AsRef<[u8]>) -> BodyError {
    parse_object(body.as_ref()).unwrap_err()
}

#[test]
fn an_object_is_read_in_its_order() {
    let body = parse_object(br#" {"b": [1, -2, 2.5, 1e2], "a": {"x": null, "y": true, "z": "\u00e9\ud83d\udc77"}} "#);
    let read = json!({"b": [1, -2, 2.5, 100.0], "a": {"x": null, "y": true, "z": "é👷"}});
    assert_eq!(Value::Object(body.unwrap()).to_string(), read.to_string());
}

#[test]
fn what_is_not_json_is_malformed() {
    let bodies: [&[u8]; 17] = [
        b"",
        b" \n",
        b"{",
        b"{}x",
        b"{}{}",
        b"{\"a\":1,}",
        b"{\"a\":01}",
        b"{\"a\":NaN}",
        b"{\"a\":Infinity}",
        b"{\"a\":\"\\ud800\"}",
        b"{\"a\":\"\\udc00\\ud800\"}",
        b"{\"a\":\"\0\"}",
        b"{}\0",
        b"{\"a\":\"\xff\"}",
        b"\xef\xbb\xbf{}",
        b"{'a':1}",
        b"{\"a\":tru}",
    ];
    for body in bodies {
        assert!(matches!(error(body), BodyError::Malformed { .. }), "{:?}", String::from_utf8_lossy(body));
    }
}

#[test]
fn numbers_of_any_size_are_json() {
    let read = parse_object(br#"{"tiny":1e-400,"huge":-1e400,"more":0.50000000000000000000001}"#).unwrap();
    let number = |name: &str| read[name].as_f64().unwrap();
    assert!(number("tiny") > 0.0 && number("huge") < -1e300 && number("more") > 0.5);
}

#[test]
fn anything_but_an_object_is_refused() {
    for body in ["[]", "null", "1", "\"a\"", "true"] {
        assert_eq!(error(body), BodyError::NotAnObject);
    }
}

#[test]
fn a_name_that_comes_twice_is_found_at_any_depth() {
    let duplicate = |field: &str| BodyError::DuplicateKey { field: field.to_owned() };
    assert_eq!(error(r#"{"a":1,"a":2}"#), duplicate("a"));
    assert_eq!(error(r#"{"a":1,"\u0061":1}"#), duplicate("a"));
    assert_eq!(error(r#"{"m":[{"u":1},{"u":1,"x":{"y":0},"u":2}]}"#), duplicate("m[1].u"));
    assert!(parse_object(br#"{"a":{"b":1},"b":{"b":1}}"#).is_ok());
    assert_eq!(error(format!(r#"{{"{0}":1,"{0}":1}}"#, "é".repeat(500))), duplicate(&"é".repeat(100)));
}

#[test]
fn bodies_nest_at_most_eight_levels_deep() {
    let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
    assert!(parse_object(nested(8).as_bytes()).is_ok());
    assert_eq!(error(nested(9)), BodyError::TooDeep { max: 8 });
    assert_eq!(error(nested(100_000)), BodyError::TooDeep { max: 8 });
    assert_eq!(error("{\"a\":".repeat(100_000)), BodyError::TooDeep { max: 8 });
    assert_eq!(error("[".repeat(100_000)), BodyError::TooDeep { max: 8 });
    assert!(parse_object_with_filter(nested(16).as_bytes()).is_ok());
    assert_eq!(parse_object_with_filter(nested(17).as_bytes()), Err(BodyError::TooDeep { max: 16 }));
}

#[test]
fn messages_show_no_values() {
    for body in ["{\"a\":\"hunter2", "{\"a\":hunter2}", "hunter2", "{\"a\":\"hunter2\" 1}"] {
        assert!(!error(body).to_string().contains("hunter2"), "{body}");
    }
}

proptest! {
    #[test]
    fn no_bytes_upset_it(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse_object(&body);
    }

    #[test]
    fn what_it_reads_is_what_serde_json_reads(body in "\\{(\"[ab]\":(1|\"x\"|\\[1,2\\]|\\{\"a\":0\\}),){0,3}\"c\":-1.5\\}") {
        if let Ok(read) = parse_object(body.as_bytes()) {
            prop_assert_eq!(Value::Object(read), serde_json::from_str::<Value>(&body).unwrap());
        }
    }
}
