//! Insurance, licences and certifications that are expired when the work is done.
//!
//! A paper that was renewed is listed twice. The old one is no reason for a warning: the latest of its sort counts.

use domain::references::Referent;
use domain::resource::{Warning, WarningCode};
use domain::rules::fields::{items, text};
use jiff::civil::Date;
use serde_json::{Map, Value};

use super::crew::warning;

pub(super) fn of_employee(employee: &Referent, last_day: Date, field: &str) -> Vec<Warning> {
    expired(&employee.fields, "certifications", &["name"], last_day)
        .into_iter()
        .map(|(name, day)| {
            warning(
                WarningCode::CertificationExpired,
                field,
                format!("has a certification that expires on {day}: {name}"),
            )
        })
        .collect()
}

pub(super) fn of_vendor(vendor: &Referent, last_day: Date, field: &str) -> Vec<Warning> {
    let insurance = expired(&vendor.fields, "insurance", &["type"], last_day).into_iter().map(|(name, day)| {
        warning(WarningCode::InsuranceExpired, field, format!("has insurance that expires on {day}: {name}"))
    });
    let licenses = expired(&vendor.fields, "licenses", &["jurisdiction", "classification"], last_day);
    let licenses = licenses.into_iter().map(|(name, day)| {
        warning(WarningCode::LicenseExpired, field, format!("has a licence that expires on {day}: {name}"))
    });
    insurance.chain(licenses).collect()
}

/// The sorts of paper in `list` of which the latest expires before `last_day`, with the day. A paper without a last
/// day never expires. `sort` are the fields that say what a paper is good for.
fn expired<'a>(record: &'a Map<String, Value>, list: &str, sort: &[&str], last_day: Date) -> Vec<(String, &'a str)> {
    let last_day = last_day.to_string();
    let mut latest: Vec<(String, Option<&str>)> = Vec::new();
    for (_, paper) in items(record, list) {
        let sort: Vec<_> = sort.iter().filter_map(|field| text(paper, field)).collect();
        let (sort, expires) = (sort.join(", "), text(paper, "expiresOn"));
        match latest.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&sort)) {
            // `None` is later than any day.
            Some((_, until)) => *until = until.zip(expires).map(|(one, other)| one.max(other)),
            None => latest.push((sort, expires)),
        }
    }
    let lapsed = latest.into_iter().filter_map(|(sort, until)| until.map(|day| (sort, day)));
    lapsed.filter(|(_, day)| *day < last_day.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{employee, send, vendor};

    /// The warnings of an order whose last day is 29 October in Chicago, although it is the 30th in UTC.
    fn warned(referent: Referent) -> Vec<(WarningCode, String, String)> {
        let line = match referent.kind {
            domain::models::Kind::Employee => json!({"employeeNumber": referent.number}),
            _ => json!({"vendorNumber": referent.number}),
        };
        let sent = json!({"title": "a", "scheduledStart": "2025-10-27T12:00:00Z", "scheduledEnd": "2025-10-30T03:00:00Z",
            "assignments": [line]});
        let outcome = send(None, sent, &[referent]).expect("allowed");
        outcome.warnings.into_iter().map(|warning| (warning.code, warning.field, warning.message)).collect()
    }

    fn codes(referent: Referent) -> Vec<WarningCode> {
        warned(referent).into_iter().map(|(code, ..)| code).collect()
    }

    #[test]
    fn a_certification_is_valid_on_the_last_day_of_work() {
        let certified = |day: &str| employee("one", json!({"certifications": [{"name": "OSHA 30", "expiresOn": day}]}));
        assert_eq!(codes(certified("2025-10-29")), []);
        let found = warned(certified("2025-10-28"));
        let [(code, field, message)] = &found[..] else { panic!("{found:?}") };
        assert_eq!((*code, field.as_str()), (WarningCode::CertificationExpired, "assignments[0].employeeNumber"));
        assert!(message.contains("OSHA 30") && message.contains("2025-10-28"), "{message}");
        assert_eq!(codes(employee("one", json!({"certifications": [{"name": "OSHA 30"}]}))), [], "it never expires");
    }

    #[test]
    fn insurance_and_licences_of_vendors() {
        let company = |insured: &str, licensed: &str| {
            vendor(
                "one",
                json!({"insurance": [{"type": "general_liability", "expiresOn": insured}],
                "licenses": [{"jurisdiction": "US-TX", "expiresOn": licensed}]}),
            )
        };
        assert_eq!(codes(company("2025-10-29", "2025-10-29")), []);
        assert_eq!(codes(company("2025-10-28", "2025-10-29")), [WarningCode::InsuranceExpired]);
        assert_eq!(codes(company("2025-10-29", "2025-10-28")), [WarningCode::LicenseExpired]);
    }

    #[test]
    fn a_renewed_document_replaces_the_expired_one_of_the_same_type_only() {
        let renewed = |kind: &str| {
            vendor(
                "one",
                json!({"insurance": [{"type": "auto", "expiresOn": "2025-01-01"},
                {"type": kind, "expiresOn": "2026-01-01"}]}),
            )
        };
        assert_eq!(codes(renewed("auto")), []);
        assert_eq!(codes(renewed("umbrella")), [WarningCode::InsuranceExpired]);
    }
}
