//! Numbers and money. Decimals are judged on the shortest decimal writing of the number, which is what
//! the sender wrote.

use rust_decimal::Decimal;
use serde_json::{Number, Value};

use super::Min;
use super::strings::Flaw;
use crate::defect::DefectCode;

/// Quantities and hours are exact in a binary float up to this many digits.
const MAX_DIGITS: usize = 13;
/// Integer digits of an amount of money.
const MAX_MONEY_DIGITS: usize = 12;
/// Decimals of a degree that are kept: a centimetre.
pub(super) const COORDINATE_DECIMALS: i32 = 7;
/// Whole numbers beyond this are not exact in JavaScript.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// Reads a number.
pub(super) fn number(value: &Value, min: Min, max: i64, decimals: usize) -> Result<Value, Flaw> {
    let Some(float) = value.as_f64() else {
        return Err((DefectCode::InvalidType, "must be a number".to_owned()));
    };
    let shortest = float.abs().to_string();
    let (whole, fraction) = shortest.split_once('.').unwrap_or((&shortest, ""));
    if whole.len() > MAX_DIGITS {
        return Err((DefectCode::TooLarge, format!("must have at most {MAX_DIGITS} digits")));
    }
    check_range(float, min, max)?;
    if fraction.len() > decimals {
        return Err((DefectCode::TooManyDecimals, decimals_rule(decimals)));
    }
    if whole.len() + fraction.len() > MAX_DIGITS {
        return Err((DefectCode::TooLarge, format!("must have at most {MAX_DIGITS} digits")));
    }
    Ok(Value::Number(plain(float)))
}

/// Reads a whole number; `5.0` is one.
pub(super) fn int(value: &Value, min: i64, max: i64) -> Result<Value, Flaw> {
    match value.as_f64() {
        Some(float) if float.fract() == 0.0 => {
            check_range(float, Min::AtLeast(min), max)?;
            Ok(Value::Number(plain(float)))
        }
        _ => Err((DefectCode::InvalidType, "must be a whole number".to_owned())),
    }
}

/// Reads degrees. Receivers of satellites write more decimals than mean anything, so those are rounded.
pub(super) fn coordinate(value: &Value, max: i64) -> Result<Value, Flaw> {
    let Some(float) = value.as_f64() else {
        return Err((DefectCode::InvalidType, "must be a number".to_owned()));
    };
    check_range(float, Min::AtLeast(-max), max)?;
    let scale = 10_f64.powi(COORDINATE_DECIMALS);
    Ok(Value::Number(plain((float * scale).round() / scale)))
}

/// `5` for `5.0` and `0` for `-0.0`, as events are written; anything else as it is.
pub(super) fn plain(float: f64) -> Number {
    if float.fract() == 0.0 && float.abs() <= MAX_SAFE_INTEGER {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
        let whole = float as i64;
        return Number::from(whole);
    }
    Number::from_f64(float).unwrap_or_else(|| Number::from(0))
}

#[expect(clippy::cast_precision_loss, reason = "the tables' bounds are far below 2^53")]
fn check_range(float: f64, min: Min, max: i64) -> Result<(), Flaw> {
    let message = match min {
        Min::Above(min) if float <= min as f64 => format!("must be greater than {min}"),
        Min::AtLeast(min) if float < min as f64 => format!("must be at least {min}"),
        _ if float > max as f64 => format!("must be at most {max}"),
        _ => return Ok(()),
    };
    Err((DefectCode::OutOfRange, message))
}

fn decimals_rule(decimals: usize) -> String {
    match decimals {
        0 => "must be a whole number".to_owned(),
        1 => "must have at most 1 decimal".to_owned(),
        n => format!("must have at most {n} decimals"),
    }
}

/// Reads an amount of money as it was written; it is never turned into a float. Zeros beyond the decimals are dropped.
pub(super) fn amount(value: &Value, decimals: usize) -> Result<Value, Flaw> {
    let form = || (DefectCode::InvalidFormat, "must be a plain decimal such as 1250.00".to_owned());
    let Value::String(raw) = value else {
        let message = "must be a string that holds a decimal, such as \"1250.00\"".to_owned();
        return Err((DefectCode::InvalidType, message));
    };
    let text = raw.trim();
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return Err(form()),
        None => (digits, ""),
    };
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || (whole.len() > 1 && whole.starts_with('0')) {
        return Err(form());
    }
    if negative {
        return Err((DefectCode::OutOfRange, "must not be negative".to_owned()));
    }
    if whole.len() > MAX_MONEY_DIGITS {
        let message = format!("must have at most {MAX_MONEY_DIGITS} digits before the decimal point");
        return Err((DefectCode::TooLarge, message));
    }
    let (_, beyond) = fraction.split_at(fraction.len().min(decimals));
    if beyond.bytes().any(|b| b != b'0') {
        return Err((DefectCode::TooManyDecimals, decimals_rule(decimals)));
    }
    Ok(Value::from(&text[..text.len() - beyond.len()]))
}

/// The amount in a field that was read, for the rules that compare amounts. `None` when it is absent.
#[must_use]
pub fn money(value: &Value) -> Option<Decimal> {
    value.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn code(result: Result<Value, Flaw>) -> Result<Value, DefectCode> {
        result.map_err(|flaw| flaw.0)
    }

    #[test]
    fn whole_numbers_are_integers() {
        for (sent, kept) in [(json!(5.0), "5"), (json!(-0.0), "0"), (json!(5e2), "500"), (json!(812.5), "812.5")] {
            let read = number(&sent, Min::AtLeast(-1000), 1000, 2).map(|v| v.to_string());
            assert_eq!(read, Ok(kept.to_owned()));
        }
    }

    #[test]
    fn decimals_are_those_that_were_written() {
        let hours = |v: Value| code(number(&v, Min::Above(0), 9999, 2));
        assert_eq!(hours(json!(1.1)), Ok(json!(1.1)));
        assert_eq!(hours(json!(0.29)), Ok(json!(0.29)));
        assert_eq!(hours(json!(1.005)), Err(DefectCode::TooManyDecimals));
        assert_eq!(hours(json!(1e-9)), Err(DefectCode::TooManyDecimals));
        assert_eq!(hours(json!(0)), Err(DefectCode::OutOfRange));
        assert_eq!(hours(json!(-0.0)), Err(DefectCode::OutOfRange));
        assert_eq!(hours(json!(10_000)), Err(DefectCode::OutOfRange));
        assert_eq!(hours(json!(1e13)), Err(DefectCode::TooLarge));
        assert_eq!(hours(json!(1e300)), Err(DefectCode::TooLarge));
        assert_eq!(hours(json!("5")), Err(DefectCode::InvalidType));
        assert_eq!(code(int(&json!(5.5), 1, 9)), Err(DefectCode::InvalidType));
        assert_eq!(code(int(&json!(5.0), 1, 9)), Ok(json!(5)));
        assert_eq!(code(int(&json!(u64::MAX), 1, 9)), Err(DefectCode::OutOfRange));
    }

    #[test]
    fn coordinates_are_rounded_within_their_range() {
        let degrees = |v: Value| code(coordinate(&v, 90));
        assert_eq!(degrees(json!(37.445_013_123_456_78)), Ok(json!(37.445_013_1)));
        assert_eq!(degrees(json!(-37.445_013_15)), Ok(json!(-37.445_013_2)));
        assert_eq!(degrees(json!(-1e-9)).map(|v| v.to_string()), Ok("0".to_owned()));
        assert_eq!(degrees(json!(90)), Ok(json!(90)));
        assert_eq!(degrees(json!(90.000_000_001)), Err(DefectCode::OutOfRange));
        assert_eq!(degrees(json!(-91)), Err(DefectCode::OutOfRange));
        assert_eq!(degrees(json!("12")), Err(DefectCode::InvalidType));
    }

    #[test]
    fn money_is_a_plain_decimal_string() {
        for good in ["0", "0.05", "185000.00", "999999999999.9", " 7.5 "] {
            assert_eq!(code(amount(&json!(good), 2)), Ok(json!(good.trim())));
        }
        for (long, kept) in [("185000.0000", "185000.00"), ("0.500", "0.50"), ("7.0", "7.0"), ("0.000", "0.00")] {
            assert_eq!(code(amount(&json!(long), 2)), Ok(json!(kept)));
        }
        assert_eq!(code(amount(&json!("86.500000"), 4)), Ok(json!("86.5000")));
        for (bad, because) in [
            ("1.0001", DefectCode::TooManyDecimals),
            ("-0.000", DefectCode::OutOfRange),
            ("007", DefectCode::InvalidFormat),
            (".5", DefectCode::InvalidFormat),
            ("5.", DefectCode::InvalidFormat),
            ("1e3", DefectCode::InvalidFormat),
            ("1,000", DefectCode::InvalidFormat),
            ("+5", DefectCode::InvalidFormat),
            ("$5", DefectCode::InvalidFormat),
            ("-", DefectCode::InvalidFormat),
            ("٣", DefectCode::InvalidFormat),
            ("-1.00", DefectCode::OutOfRange),
            ("1000000000000", DefectCode::TooLarge),
            ("1.005", DefectCode::TooManyDecimals),
        ] {
            assert_eq!(code(amount(&json!(bad), 2)), Err(because), "{bad}");
        }
        assert_eq!(code(amount(&json!(5), 2)), Err(DefectCode::InvalidType));
        assert_eq!(money(&json!("0.0525")), Some(Decimal::new(525, 4)));
        assert_eq!(money(&Value::Null), None);
    }

    proptest! {
        #[test]
        fn a_rounded_coordinate_stays_as_it_is(float in -180_f64..180.0) {
            let once = coordinate(&json!(float), 180).unwrap();
            prop_assert!(once.to_string().split('.').nth(1).is_none_or(|fraction| fraction.len() <= 7));
            prop_assert_eq!(coordinate(&once, 180), Ok(once));
        }

        #[test]
        fn any_number_is_read_or_refused_and_read_the_same_again(float in any::<f64>()) {
            if let Ok(once) = number(&json!(float), Min::AtLeast(-999_999_999), 999_999_999, 4) {
                prop_assert_eq!(number(&once, Min::AtLeast(-999_999_999), 999_999_999, 4), Ok(once));
            }
        }
    }
}
