//! Expiry of insurance and licences: the earliest dates for events, warnings for dates that have passed.

use domain::resource::{Change, WarningCode};
use domain::rules::fields::{Sent, items, text};
use serde_json::{Map, Value};

/// Each list with dates of expiry, the event field of its earliest one, and the warning about past ones.
const PAPERS: [(&str, &str, WarningCode); 2] = [
    ("insurance", "insuranceExpiresOn", WarningCode::InsuranceExpired),
    ("licenses", "licenseExpiresOn", WarningCode::LicenseExpired),
];

/// `insuranceExpiresOn` and `licenseExpiresOn`: the earliest date of each list that has one.
pub(crate) fn earliest(record: &Map<String, Value>) -> Map<String, Value> {
    PAPERS
        .into_iter()
        .filter_map(|(list, event_field, _)| {
            let first = dates(record, list).map(|(_, date)| date).min()?;
            Some((event_field.to_owned(), first.into()))
        })
        .collect()
}

/// Warns of each insurance certificate and licence that the body sends although it has expired. A document is
/// valid through its last day, in the account's time zone.
pub(crate) fn warn(change: &mut Change<'_>) {
    // Stored time zones are valid. Should the bundled tz database not know one, UTC is at most a day off.
    let today = change
        .now
        .in_tz(&change.account.time_zone)
        .map_or_else(|_| jiff::tz::TimeZone::UTC.to_datetime(change.now).date(), |local| local.date());
    let today = today.to_string();
    for (list, _, code) in PAPERS.into_iter().filter(|(list, _, _)| Sent::of(change.body, list).is_mentioned()) {
        let expired: Vec<usize> =
            dates(&change.record, list).filter(|(_, date)| *date < today.as_str()).map(|(index, _)| index).collect();
        for index in expired {
            change.warn(code, format!("{list}[{index}].expiresOn"), "has passed");
        }
    }
}

/// The dates of expiry in a list, with their places in it. Dates are ISO 8601: they compare as strings.
fn dates<'a>(record: &'a Map<String, Value>, list: &str) -> impl Iterator<Item = (usize, &'a str)> {
    items(record, list).filter_map(|(index, item)| Some((index, text(item, "expiresOn")?)))
}

#[cfg(test)]
mod tests;
