//! A sum as its attributes: JSON, deflated as bodies are.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::statistics::{Counts, EndpointSum, Histogram, Sum};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::TABLE;
use crate::item::{Item, Reader, n};
use crate::{StoreError, body};

/// Beyond so many endpoints their durations are left out: an item holds 400 KB.
const MAX_DETAILED: usize = 500;

/// Bins, each with how many durations it has.
type Bins = Vec<(u16, u64)>;

#[derive(Serialize, Deserialize)]
struct Stored {
    /// Delivered, failed, waiting, cancelled.
    endpoints: BTreeMap<String, [u64; 4]>,
    latency: Bins,
    /// By endpoint too: how many attempts, and how long those took that were accepted. Older versions neither write nor read
    /// it, so it is beside the counts, and what they have counted has none.
    #[serde(default)]
    attempts: BTreeMap<String, (u64, Bins)>,
}

/// A sum as an attribute.
pub(crate) fn attribute(sum: &Sum) -> AttributeValue {
    let counts = |of: &EndpointSum| [of.counts.delivered, of.counts.failed, of.counts.waiting, of.counts.cancelled];
    let detailed = sum.endpoints.len() <= MAX_DETAILED;
    let attempts = |of: &EndpointSum| (of.counts.attempts, of.latency.bins().filter(|_| detailed).collect());
    body::attribute(&domain::json::write(&Stored {
        endpoints: sum.endpoints.iter().map(|(id, of)| (id.clone(), counts(of))).collect(),
        latency: sum.latency.bins().collect(),
        attempts: sum.endpoints.iter().map(|(id, of)| (id.clone(), attempts(of))).collect(),
    }))
}

/// A sum from its attribute; an error says why it is none.
pub(crate) fn parse(attribute: &AttributeValue) -> Result<Sum, serde_json::Error> {
    let Stored { endpoints, latency, mut attempts } = serde_json::from_str(&body::text(attribute).unwrap_or_default())?;
    let endpoints = endpoints.into_iter().map(|(id, [delivered, failed, waiting, cancelled])| {
        let (attempts, latency) = attempts.remove(&id).unwrap_or_default();
        let counts = Counts { delivered, failed, waiting, cancelled, attempts };
        (id, EndpointSum { counts, latency: Histogram::of_bins(latency) })
    });
    Ok(Sum { endpoints: endpoints.collect(), latency: Histogram::of_bins(latency) })
}

pub(super) fn attributes(begin: Timestamp, sum: &Sum, kept: SignedDuration) -> [(String, AttributeValue); 2] {
    let expires = n((begin + kept).as_second());
    [("sum".to_owned(), attribute(sum)), ("expiresAt".to_owned(), expires)]
}

pub(super) fn read_sum(item: &Item) -> Result<Sum, StoreError> {
    let reader = Reader { table: TABLE, item };
    let value = item.get("sum").ok_or_else(|| reader.unreadable("sum"))?;
    parse(value).map_err(|_| reader.unreadable("sum"))
}

/// The time in the sort key of a sum.
pub(super) fn begin_of(item: &Item) -> Option<Timestamp> {
    Reader { table: TABLE, item }.opt_text("sk")?.split_once('#')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::s;

    fn sum(endpoints: usize) -> Sum {
        let counts = Counts { delivered: 123_456, failed: 789, waiting: 1, cancelled: 0, attempts: 125_000 };
        let (mut latency, mut rough) = (Histogram::default(), Histogram::default());
        (0..500).for_each(|milliseconds| latency.add(milliseconds));
        (0..500).for_each(|milliseconds| rough.add_roughly(milliseconds));
        let endpoints = (0..endpoints)
            .map(|number| (format!("ep_{number:026}"), EndpointSum { counts, latency: rough.clone() }))
            .collect();
        Sum { endpoints, latency }
    }

    #[test]
    fn a_sum_reads_back_as_it_was_stored() {
        for endpoints in [0, 1, 100] {
            assert_eq!(parse(&attribute(&sum(endpoints))).unwrap(), sum(endpoints));
        }
        for wrong in [s(""), s("{}"), n(1), s(r#"{"endpoints":{"ep_1":[1,2,3]},"latency":[]}"#)] {
            assert!(parse(&wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_sum_of_before_attempts_were_counted_is_read() {
        let old = s(r#"{"endpoints":{"ep_1":[1,2,3,4]},"latency":[[40,1]]}"#);
        let counts = Counts { delivered: 1, failed: 2, waiting: 3, cancelled: 4, attempts: 0 };
        let endpoints = [("ep_1".to_owned(), EndpointSum { counts, latency: Histogram::default() })];
        assert_eq!(parse(&old).unwrap(), Sum { endpoints: endpoints.into(), latency: Histogram::of_bins([(40, 1)]) });
    }

    #[test]
    fn a_sum_of_thousands_of_endpoints_has_room_in_an_item() {
        let many = sum(5_000);
        let attribute = attribute(&many);
        let AttributeValue::B(bytes) = &attribute else { panic!("{attribute:?}") };
        assert!(bytes.as_ref().len() < 200_000, "{}", bytes.as_ref().len());
        let read = parse(&attribute).unwrap();
        assert!(read.endpoints.values().all(|of| of.counts.attempts == 125_000 && of.latency.percentile(50).is_none()));
    }

    /// As an older version reads it, which runs beside this one during a deployment.
    #[test]
    fn what_is_stored_has_the_members_of_before() {
        let stored = body::text(&attribute(&sum(2))).unwrap();
        let stored: serde_json::Value = serde_json::from_str(&stored).unwrap();
        assert_eq!(stored["endpoints"]["ep_00000000000000000000000001"], serde_json::json!([123_456, 789, 1, 0]));
        assert!(stored["latency"].as_array().is_some_and(|bins| bins.len() > 50));
    }
}
