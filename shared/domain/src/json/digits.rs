//! Numbers with more digits than a binary float holds: `1e-400` is not 0, and `90.00000000000000000001` is not 90.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::Write as _;

use serde::de::IgnoredAny;

/// A decimal of so many significant digits is the shortest writing of its float.
const SAFE_DIGITS: usize = 15;

/// `text` with each such number replaced by a float that every limit judges like it: on the same side of any bound, and
/// with too many decimals too. Everything else stays byte for byte, and what is not JSON remains that.
pub(super) fn kept(text: &str) -> Cow<'_, str> {
    let mut result = String::new();
    let mut copied = 0;
    for (start, token) in numbers(text) {
        if let Some(float) = stand_in(token) {
            result.push_str(&text[copied..start]);
            let _ = write!(result, "{float:e}");
            copied = start + token.len();
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    result.push_str(&text[copied..]);
    Cow::Owned(result)
}

/// What looks like a number outside of strings, with where it begins.
fn numbers(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(byte) = bytes.get(at) {
            let rest = &bytes[at..];
            let length = match byte {
                b'"' => string_length(rest),
                b'-' | b'0'..=b'9' => {
                    let is_part = |b: &u8| b.is_ascii_digit() || b"+-.eE".contains(b);
                    let length = rest.iter().take_while(|b| is_part(b)).count();
                    let start = at;
                    at += length;
                    return Some((start, &text[start..at]));
                }
                _ => 1,
            };
            at += length;
        }
        None
    })
}

/// Bytes of the string that `rest` begins with, quotes included.
fn string_length(rest: &[u8]) -> usize {
    let mut length = 1;
    while let Some(byte) = rest.get(length) {
        match byte {
            b'"' => return length + 1,
            b'\\' => length += 2,
            _ => length += 1,
        }
    }
    rest.len()
}

/// The float to be read in the place of a number, or `None` when the parser's own will do.
fn stand_in(token: &str) -> Option<f64> {
    let has_exponent = token.contains(['e', 'E']);
    if token.len() <= SAFE_DIGITS && !has_exponent || serde_json::from_str::<IgnoredAny>(token).is_err() {
        return None;
    }
    let float: f64 = token.parse().ok()?;
    let size = float.abs();
    let stand_in = if size.is_infinite() {
        f64::MAX
    } else if !has_exponent && !token.contains('.') {
        return None;
    } else {
        let (sent, held) = (Decimal::of(token), Decimal::of(&format!("{size:e}")));
        if held.digits.len() > SAFE_DIGITS {
            return None;
        }
        match sent.cmp(&held) {
            Ordering::Equal => return None,
            Ordering::Greater => size.next_up(),
            Ordering::Less => size.next_down().max(0_f64.next_up()),
        }
    };
    Some(stand_in.copysign(float))
}

/// The size of a number: `0.digits` times ten to the `power`. Zero has no digits and the least power.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Decimal {
    power: i64,
    /// Neither the first nor the last is 0, so they compare as text.
    digits: String,
}

impl Decimal {
    fn of(token: &str) -> Self {
        let token = token.trim_start_matches('-');
        let (mantissa, exponent) = token.split_once(['e', 'E']).unwrap_or((token, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [whole, fraction].concat();
        let digits = all.trim_start_matches('0');
        if digits.is_empty() {
            return Self { power: i64::MIN, digits: String::new() };
        }
        let leading_zeros = all.len() - digits.len();
        // An exponent that fits no integer is beyond any other.
        let beyond = if exponent.starts_with('-') { i64::MIN } else { i64::MAX };
        let places = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let power = exponent.parse().unwrap_or(beyond).saturating_add(places(whole.len()) - places(leading_zeros));
        Self { power, digits: digits.trim_end_matches('0').to_owned() }
    }
}

#[cfg(test)]
mod tests;
