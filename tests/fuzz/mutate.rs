//! Changes to inputs: of bytes, and of JSON as JSON.

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// Pieces that parsers stumble over.
const WORDS: &[&str] = &[
    "",
    " ",
    "\t",
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\0",
    "\u{7f}",
    "\u{e9}",
    "\u{20ac}",
    "\u{1f469}\u{200d}\u{1f680}",
    "\u{202e}",
    "\u{fffd}",
    "%",
    "%zz",
    "%00",
    "%2e%2e",
    "%ff",
    "..",
    "/../",
    "//",
    "\\",
    "?",
    "#",
    "&",
    "=",
    "&&",
    "*",
    "@",
    ":",
    "::",
    "[",
    "]",
    "[::1]",
    ":99999",
    "a:b",
    "u:p@h",
    "a b",
    "https,http",
    "http://",
    "file",
    "javascript",
    "0",
    "-1",
    "00",
    "1e999",
    "-0.0",
    "99999999999999999999",
    "0x7f",
    "127.1",
    "169.254.169.254",
    "[::ffff:7f00:1]",
    "localhost",
    "xn--",
    "null",
    "true",
    "{}",
    "[]",
    "{",
    "}",
    "[[[[[[[[",
    "\"",
    "\\u0000",
    "\\ud800",
    "__proto__",
    "constructor",
    "2025-02-30",
    "0000-00-00",
    "9999-12-31T23:59:59Z",
    "2025-10-20T14:30:60Z",
    "+99:99",
    "evt_",
    "dlv_",
    "ep_",
    "wsk_",
    "whsec_",
    "limit",
    "before",
    "after",
    "chunked",
    "gzip",
    "Transfer-Encoding: chunked\r\n",
    "Content-Length: 0\r\n",
    "Content-Length: 99\r\n",
    "Host: a b\r\n",
    "Host: \r\n",
    "X-Forwarded-Proto: https,http\r\n",
    "X-Forwarded-Proto:\r\n",
    "X-Forwarded-Host: [\r\n",
    "Expect: 100-continue\r\n",
    "Upgrade: h2c\r\nConnection: Upgrade\r\n",
    "Connection: close\r\n",
    "Content-Encoding: gzip\r\n",
    "Idempotency-Key: \u{e9}\r\n",
    "Range: bytes=0-\r\n",
    "If-None-Match: *\r\n",
    "Cookie: ;;=\r\n",
    "TE: trailers\r\n",
    "HTTP/1.0",
    "HTTP/2.0",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "GET",
    "HEAD",
    "OPTIONS *",
    "CONNECT a:1",
    "TRACE",
    "PATCH",
];

/// One to four changes of bytes; `other` lends a piece.
pub(crate) fn bytes(random: &mut Rng, input: &mut Vec<u8>, other: &[u8]) {
    for _ in 0..random.usize(1..=4) {
        let at = random.usize(0..=input.len());
        let end = (at + random.usize(0..=16)).min(input.len());
        match random.u8(0..10) {
            0 if at < input.len() => input[at] ^= 1 << random.u8(0..8),
            1 if at < input.len() => input[at] = random.u8(..),
            2 => drop(input.drain(at..end)),
            3 => {
                let piece = input[at..end].to_vec();
                input.splice(at..at, piece);
            }
            4 => {
                let (byte, times) = (input.get(at).copied().unwrap_or(b'a'), random.usize(1..400));
                input.splice(at..at, std::iter::repeat_n(byte, times));
            }
            5 if random.u8(0..4) == 0 => input.truncate(at),
            6 if !other.is_empty() => {
                let from = random.usize(0..other.len());
                let piece = other[from..(from + 24).min(other.len())].to_vec();
                input.splice(at..end, piece);
            }
            7 => drop(input.splice(at..end, word(random).bytes())),
            _ => drop(input.splice(at..at, word(random).bytes())),
        }
    }
}

/// One to three changes of a JSON value; `other` lends a piece.
pub(crate) fn json(random: &mut Rng, value: &mut Value, other: &Value) {
    for _ in 0..random.usize(1..=3) {
        let mut places = vec![String::new()];
        collect(value, "", &mut places);
        let place = &places[random.usize(0..places.len())];
        let Some(found) = value.pointer_mut(place) else { continue };
        change(random, found, other);
    }
}

fn change(random: &mut Rng, value: &mut Value, other: &Value) {
    match (random.u8(0..8), &mut *value) {
        (0, _) => *value = odd(random),
        (1, _) => *value = piece(random, other),
        (2, Value::Object(fields)) => remove(random, fields),
        (3, Value::Object(fields)) => drop(fields.insert(word(random).to_owned(), odd(random))),
        (4, Value::Object(fields)) if !fields.is_empty() => {
            let name = fields.keys().nth(random.usize(0..fields.len())).cloned().unwrap_or_default();
            let value = fields.remove(&name).unwrap_or_default();
            let mut renamed = name.into_bytes();
            bytes(random, &mut renamed, b"Id");
            fields.insert(String::from_utf8_lossy(&renamed).into_owned(), value);
        }
        (2 | 3, Value::Array(items)) if !items.is_empty() => {
            let item = items[random.usize(0..items.len())].clone();
            items.extend(std::iter::repeat_n(item, random.usize(1..120)));
        }
        (4, Value::Array(items)) => items.clear(),
        (_, Value::String(text)) => {
            let mut changed = std::mem::take(text).into_bytes();
            bytes(random, &mut changed, other.as_str().unwrap_or("Z").as_bytes());
            *text = String::from_utf8_lossy(&changed).into_owned();
        }
        (5, Value::Number(_)) => *value = json!(random.i64(..)),
        (6, Value::Number(_)) => *value = json!(f64::from_bits(random.u64(..))),
        (7, _) => *value = json!([value.take()]),
        _ => *value = odd(random),
    }
}

fn remove(random: &mut Rng, fields: &mut Map<String, Value>) {
    if let Some(name) = fields.keys().nth(random.usize(0..=fields.len())).cloned() {
        fields.remove(&name);
    }
}

/// Any part of `value`.
fn piece(random: &mut Rng, value: &Value) -> Value {
    let mut places = vec![String::new()];
    collect(value, "", &mut places);
    value.pointer(&places[random.usize(0..places.len())]).cloned().unwrap_or_default()
}

fn odd(random: &mut Rng) -> Value {
    match random.u8(0..12) {
        0 => Value::Null,
        1 => json!(random.bool()),
        2 => json!(random.i64(..)),
        3 => json!(f64::from_bits(random.u64(..))),
        4 => json!(random.i32(-2..400)),
        5 => json!([]),
        6 => json!({}),
        7 => json!(word(random).repeat(random.usize(1..300))),
        8 => (0..random.usize(1..150)).fold(json!(1), |inner, _| json!([inner])),
        9 => json!(format!("{}-{:02}-{:02}", random.u16(1890..2110), random.u8(0..14), random.u8(0..33))),
        _ => json!(word(random)),
    }
}

fn word(random: &mut Rng) -> &'static str {
    WORDS[random.usize(0..WORDS.len())]
}

/// Every place in `value`, as JSON pointers.
fn collect(value: &Value, at: &str, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            places.push(format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")));
            collect(value, &places[places.len() - 1].clone(), places);
        }),
        Value::Array(items) => items.iter().take(20).enumerate().for_each(|(i, value)| {
            places.push(format!("{at}/{i}"));
            collect(value, &places[places.len() - 1].clone(), places);
        }),
        _ => {}
    }
}
