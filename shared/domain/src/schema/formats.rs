//! Dates, zones, codes and contact data: each function reads a trimmed line into the spelling that is stored.

use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::strings::{Flaw, check_length};
use crate::defect::DefectCode;

/// First year of schedules and work.
const FIRST_YEAR: i16 = 2000;
/// First year of people and documents: careers and licences may have begun long before 2000.
const FIRST_YEAR_OF_PEOPLE: i16 = 1900;
const LAST_YEAR: i16 = 2100;

fn malformed(rule: &str) -> Flaw {
    (DefectCode::InvalidFormat, rule.to_owned())
}

/// Whether `text` has a digit where `form` has `0` and the same byte everywhere else.
fn has_form(text: &str, form: &str) -> bool {
    text.len() == form.len()
        && text.bytes().zip(form.bytes()).all(|(b, like)| if like == b'0' { b.is_ascii_digit() } else { b == like })
}

fn check_year(year: i16, first: i16) -> Result<(), Flaw> {
    if (first..=LAST_YEAR).contains(&year) {
        return Ok(());
    }
    Err((DefectCode::OutOfRange, format!("must be in the years {first} to {LAST_YEAR}")))
}

/// `YYYY-MM-DD`.
pub(super) fn date(text: &str) -> Result<String, Flaw> {
    day(text, FIRST_YEAR)
}

/// The same, from 1900 on.
pub(super) fn historic_date(text: &str) -> Result<String, Flaw> {
    day(text, FIRST_YEAR_OF_PEOPLE)
}

fn day(text: &str, first_year: i16) -> Result<String, Flaw> {
    if !has_form(text, "0000-00-00") {
        return Err(malformed("must be a date in the form YYYY-MM-DD"));
    }
    let date: Date = text.parse().map_err(|_| malformed("must be a day of the calendar, in the form YYYY-MM-DD"))?;
    check_year(date.year(), first_year)?;
    Ok(text.to_owned())
}

/// RFC 3339 with seconds and offset, to UTC and whole seconds.
pub(super) fn date_time(text: &str) -> Result<String, Flaw> {
    read_instant(text).map(|(second, _)| second.to_string())
}

/// The same, to the nanosecond.
pub(super) fn instant(text: &str) -> Result<String, Flaw> {
    let (second, digits) = read_instant(text)?;
    let instant = second.checked_add(SignedDuration::from_nanos(nanoseconds(digits))).unwrap_or(second);
    Ok(instant.to_string())
}

/// The second, and the digits of its fraction.
fn read_instant(text: &str) -> Result<(Timestamp, &str), Flaw> {
    let rule = || malformed("must be a date and time with offset, such as 2025-11-03T05:00:00-06:00 or ...Z");
    let (local, rest) = text.split_at_checked(19).ok_or_else(rule)?;
    if !has_form(&local.to_ascii_uppercase(), "0000-00-00T00:00:00") {
        return Err(rule());
    }
    let offset = match rest.strip_prefix('.') {
        Some(rest) => {
            let offset = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            if offset.len() == rest.len() {
                return Err(rule());
            }
            offset
        }
        None => rest,
    };
    if !is_offset(offset) {
        return Err(rule());
    }
    let second = Timestamp::from_str(&format!("{local}{offset}"))
        .map_err(|_| malformed("must be a day of the calendar and a time of day, with offset"))?;
    check_year(TimeZone::UTC.to_datetime(second).year(), FIRST_YEAR)?;
    let digits = rest.strip_suffix(offset).unwrap_or_default().trim_start_matches('.');
    Ok((second, digits))
}

/// The fraction of a second with these digits, in whole nanoseconds.
fn nanoseconds(digits: &str) -> i64 {
    let digits = digits.bytes().chain(std::iter::repeat(b'0')).take(9);
    digits.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'))
}

fn is_offset(text: &str) -> bool {
    text.eq_ignore_ascii_case("Z")
        || text.strip_prefix(['+', '-']).is_some_and(|clock| has_form(clock, "00:00") && is_time(clock))
}

fn is_time(text: &str) -> bool {
    has_form(text, "00:00") && text[..2] < *"24" && text[3..] < *"60"
}

/// `HH:MM`.
pub(super) fn time(text: &str) -> Result<String, Flaw> {
    if is_time(text) { Ok(text.to_owned()) } else { Err(malformed("must be a time of day from 00:00 to 23:59")) }
}

/// An IANA name, in the spelling of the tz database.
pub(super) fn time_zone(text: &str) -> Result<String, Flaw> {
    let unknown = || (DefectCode::InvalidValue, "must be an IANA time zone such as America/Chicago".to_owned());
    check_length(text, 1, 64)?;
    let zone = TimeZone::get(text).map_err(|_| unknown())?;
    zone.iana_name().filter(|_| !zone.is_unknown()).map(str::to_owned).ok_or_else(unknown)
}

/// A currency of ISO 4217 that is in force; funds and metals have codes in force too.
pub(super) fn currency(text: &str) -> Result<String, Flaw> {
    use iso_currency::Currency;

    match Currency::from_code(text) {
        // A superseded currency is withdrawn, except in Venezuela, where both are in force.
        Some(known) if known.is_superseded().is_none() || known == Currency::VES => Ok(text.to_owned()),
        _ => Err((
            DefectCode::InvalidValue,
            "must be the code of a currency in force (ISO 4217), in capital letters, such as USD".to_owned(),
        )),
    }
}

/// A country of ISO 3166-1 alpha-2, or `XK`, which everybody uses for Kosovo.
pub(super) fn country(text: &str) -> Result<String, Flaw> {
    match celes::Country::from_alpha2(text) {
        Ok(country) if country.alpha2 == text => Ok(text.to_owned()),
        _ => Err((
            DefectCode::InvalidValue,
            "must be the code of a country (ISO 3166-1 alpha-2), in capital letters, such as US".to_owned(),
        )),
    }
}

/// One `@`, a dot in the domain.
pub(super) fn email(text: &str) -> Result<String, Flaw> {
    check_length(text, 1, 100)?;
    let valid = text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.contains('.')
            && domain.split('.').all(|label| !label.is_empty())
            && !text.contains(char::is_whitespace)
            && !domain.contains('@')
    });
    if valid { Ok(text.to_owned()) } else { Err(malformed("must be an e-mail address such as name@example.com")) }
}

/// Digits and what people put between them, with an extension or without: `x12`, `Ext. 12`.
pub(super) fn phone(text: &str) -> Result<String, Flaw> {
    check_length(text, 1, 32)?;
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if is_phone(text) && (7..=21).contains(&digits) {
        return Ok(text.to_owned());
    }
    Err(malformed("must be a phone number of 7 to 21 digits, such as +1 512 555 0188 or 512-555-0188 x12"))
}

fn is_phone(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let number = match text.split_once(['x', 'e']) {
        Some((number, _)) => {
            let extension = &text[number.len()..];
            let digits = ["ext.", "ext", "x"].iter().find_map(|word| extension.strip_prefix(word)).unwrap_or_default();
            let digits = digits.strip_prefix(' ').unwrap_or(digits);
            if !(1..=6).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return false;
            }
            number
        }
        None => &text,
    };
    let number = number.strip_prefix('+').unwrap_or(number);
    !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b" ().-/".contains(&b))
}

/// `http` or `https`, no user information.
pub(super) fn url(text: &str) -> Result<String, Flaw> {
    check_length(text, 1, 200)?;
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let valid = rest.is_some_and(|rest| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        !host.is_empty() && !host.contains('@') && !rest.contains(char::is_whitespace)
    });
    if valid && url::Url::parse(text).is_ok() {
        return Ok(text.to_owned());
    }
    Err(malformed("must be an http or https address without user name, such as https://example.com/contact"))
}

#[cfg(test)]
mod tests;
