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
mod tests;
