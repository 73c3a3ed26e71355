//! What an endpoint subscribes to, so that the same subscription is told again however it is written.

use std::collections::BTreeSet;

use serde::Serialize;
use sha2::{Digest, Sha256};
use url::Url;

use super::{Endpoint, EventFilter};
use crate::filter::Filter;
use crate::json;

/// Which events go where. Two are the same when they would bring every event, also of those to come, to the same URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subscription {
    url: String,
    events: BTreeSet<String>,
    project_ids: BTreeSet<String>,
    // Absent where they are not set, so that endpoints of before have the keys that they had.
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    changed: BTreeSet<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    skip_keys: BTreeSet<String>,
}

impl Subscription {
    /// What `endpoint` subscribes to: the URL as parsers write it, the events without those that a wider filter brings
    /// anyway, the projects, fields and keys, all in no order, and the filter whatever the order of its names.
    #[must_use]
    pub fn of(endpoint: &Endpoint) -> Self {
        Self {
            url: Url::parse(&endpoint.url).map_or_else(|_| endpoint.url.clone(), String::from),
            events: widest(&endpoint.events).cloned().map(String::from).collect(),
            project_ids: endpoint.project_ids.iter().cloned().collect(),
            filter: endpoint.filter.as_ref().map(Filter::canonical),
            changed: endpoint.changed.iter().cloned().collect(),
            skip_keys: endpoint.skip_keys.iter().map(|key| key.line.clone()).collect(),
        }
    }

    /// A short text that stands for it: hex SHA-256.
    #[must_use]
    pub fn key(&self) -> String {
        hex::encode(Sha256::digest(json::write(self)))
    }
}

/// The filters that no other one includes.
fn widest(filters: &[EventFilter]) -> impl Iterator<Item = &EventFilter> {
    filters.iter().filter(|filter| {
        let within = |wider: &EventFilter| match (wider, filter) {
            (EventFilter::All, EventFilter::Group(_) | EventFilter::One(_)) => true,
            (EventFilter::Group(group), EventFilter::One(event)) => event.group() == group,
            _ => false,
        };
        !filters.iter().any(within)
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::endpoint::{EndpointStatus, Health, PreviousSecrets, SealedSecret, StoredHeaders};
    use crate::format::Format;

    fn endpoint(url: &str, events: &[&str], project_ids: &[&str]) -> Endpoint {
        Endpoint {
            id: "ep_1".to_owned(),
            url: url.to_owned(),
            events: events.iter().map(|event| EventFilter::try_from((*event).to_owned()).unwrap()).collect(),
            project_ids: project_ids.iter().map(|id| (*id).to_owned()).collect(),
            filter: None,
            changed: Vec::new(),
            skip_keys: Vec::new(),
            description: None,
            headers: StoredHeaders::default(),
            max_per_second: None,
            format: Format::Full,
            secret: SealedSecret { sealed: String::new(), hint: String::new() },
            previous_secrets: PreviousSecrets::default(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            version: 1,
            status: EndpointStatus::Enabled,
            disabled_reason: None,
            disabled_at: None,
            health: Health::default(),
        }
    }

    #[test]
    fn the_same_is_told_however_it_is_written() {
        let one =
            Subscription::of(&endpoint("https://a.example/", &["workorder.*", "vendor.created"], &["p_1", "p_2"]));
        for (url, events, projects) in [
            ("https://A.example", &["vendor.created", "workorder.*"][..], &["p_2", "p_1"][..]),
            ("HTTPS://a.example:443/", &["workorder.*", "vendor.created", "workorder.*"], &["p_1", "p_2", "p_1"]),
            ("https://a.example/", &["workorder.created", "vendor.created", "workorder.*"], &["p_1", "p_2"]),
        ] {
            let same = Subscription::of(&endpoint(url, events, projects));
            assert_eq!((&same, same.key()), (&one, one.key()));
        }
        let all = Subscription::of(&endpoint("https://a.example/", &["*"], &[]));
        assert_eq!(Subscription::of(&endpoint("https://a.example/", &["vendor.*", "*", "vendor.created"], &[])), all);
    }

    #[test]
    fn what_differs_in_anything_is_another() {
        let one = Subscription::of(&endpoint("https://a.example/hook", &["vendor.*"], &["p_1"]));
        let group = ["vendor.created", "vendor.updated", "vendor.deleted"];
        for (url, events, projects) in [
            ("https://a.example/hook/", &["vendor.*"][..], &["p_1"][..]),
            ("https://a.example/hook?a", &["vendor.*"], &["p_1"]),
            ("https://a.example/Hook", &["vendor.*"], &["p_1"]),
            ("https://a.example/hook", &["vendor.*"], &[]),
            ("https://a.example/hook", &["vendor.*"], &["p_1", "p_2"]),
            ("https://a.example/hook", &["*"], &["p_1"]),
            // A group also brings the events that it will have.
            ("https://a.example/hook", &group, &["p_1"]),
        ] {
            let other = Subscription::of(&endpoint(url, events, projects));
            assert_ne!(other, one);
            assert_ne!(other.key(), one.key());
        }
    }
}
