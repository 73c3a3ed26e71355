//! Bodies of records and events as attributes: JSON text, deflated where that makes the item smaller.
//!
//! An item is charged by the KB. A body is a string attribute, or a binary one with the raw deflate stream (RFC 1951) of
//! its text. Both forms are read for ever: items are not rewritten.

use std::cell::RefCell;
use std::io::Read as _;

use aws_sdk_dynamodb::types::AttributeValue;
use flate2::read::DeflateDecoder;
use flate2::{Compress, Compression, FlushCompress, Status};

use crate::item::s;

/// A shorter text is left as it is: beside it, an item has room in its first KB.
const WORTH_DEFLATING: usize = 700;
/// What is inflated at most. Within the 400 KB of an item something far longer could be announced.
const MAX_INFLATED: usize = 4 * 1024 * 1024;

thread_local! {
    /// Its tables are some 300 KB: made anew for each body, they would take five times as long. A body of 1.3 KB takes
    /// 31 µs; the fastest level takes 18, and makes it 3 % larger.
    static DEFLATER: RefCell<Compress> = RefCell::new(Compress::new(Compression::default(), false));
}

/// The attribute for a body.
pub(crate) fn attribute(text: &str) -> AttributeValue {
    match deflated(text) {
        Some(bytes) => AttributeValue::B(bytes.into()),
        None => s(text),
    }
}

/// The text of a body's attribute; `None` when it is none, or can't be inflated.
pub(crate) fn text(attribute: &AttributeValue) -> Option<String> {
    match attribute {
        AttributeValue::S(text) => Some(text.clone()),
        AttributeValue::B(bytes) => inflated(bytes.as_ref()),
        _ => None,
    }
}

/// `None` unless it is smaller than the text.
fn deflated(text: &str) -> Option<Vec<u8>> {
    if !(WORTH_DEFLATING..=MAX_INFLATED).contains(&text.len()) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() - 1);
    let status = DEFLATER.with_borrow_mut(|deflater| {
        deflater.reset();
        deflater.compress_vec(text.as_bytes(), &mut bytes, FlushCompress::Finish)
    });
    // It writes no more than there is room for, and then has not come to the end.
    (status.ok()? == Status::StreamEnd && bytes.len() < text.len()).then_some(bytes)
}

/// The text of a raw deflate stream; `None` when it is none, or longer than any body.
pub(crate) fn inflated(bytes: &[u8]) -> Option<String> {
    let mut text = Vec::new();
    let limit = u64::try_from(MAX_INFLATED).ok()? + 1;
    DeflateDecoder::new(bytes).take(limit).read_to_end(&mut text).ok()?;
    if text.len() > MAX_INFLATED {
        return None;
    }
    String::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::write::DeflateEncoder;

    use super::*;

    /// Text that deflates to about three quarters: hexadecimal digits without a pattern.
    fn digits(length: usize) -> String {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from_digit(state >> 28, 16).unwrap()
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn a_body_is_read_as_it_was_written() {
        for length in [0, 1, 699, 700, 5_000, 300_000] {
            let body = digits(length);
            let stored = attribute(&body);
            assert_eq!(text(&stored), Some(body), "{length}");
            match stored {
                AttributeValue::S(_) => assert!(length < WORTH_DEFLATING, "{length} stays as it is"),
                AttributeValue::B(bytes) => assert!(bytes.as_ref().len() < length * 3 / 4, "{length}"),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn no_more_is_inflated_than_a_body_can_have() {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&vec![b'x'; MAX_INFLATED + 1]).unwrap();
        let bomb = encoder.finish().unwrap();
        assert!(bomb.len() < 10_000);
        let damaged = attribute(&digits(1_000)).as_b().unwrap().as_ref()[..100].to_vec();
        // So none is written either that would be more.
        assert!(attribute(&"x".repeat(MAX_INFLATED + 1)).is_s());
        assert!(attribute(&"x".repeat(MAX_INFLATED)).is_b());
        for bytes in [bomb, damaged, vec![0xFF; 20], Vec::new()] {
            assert_eq!(text(&AttributeValue::B(bytes.into())), None);
        }
    }

    #[test]
    fn one_of_another_encoder_is_read_too() {
        let body = digits(900);
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(body.as_bytes()).unwrap();
        assert_eq!(inflated(&encoder.finish().unwrap()), Some(body));
    }
}
