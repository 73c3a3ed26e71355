//! Endpoints: URLs of subscribers, with the events that each receives.

mod health;
mod last_error;
mod own_headers;
mod previous_secrets;
mod selection;
mod subscription;

use std::num::NonZeroU16;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::events::EventName;
use crate::filter::Filter;
use crate::format::Format;
use crate::words;

pub use health::{
    DISABLE_AFTER_DAYS, DISABLE_AFTER_SECONDS, FAILING_AFTER, Health, HealthState, Lane, SLOW_AFTER, SLOW_FOR_SECONDS,
};
pub use last_error::{LastError, NoLastError};
pub use own_headers::{HeaderValue, OwnHeaders, SealedHeaders, StoredHeaders, headers_context, read_opened};
pub use previous_secrets::{MAX_PREVIOUS_SECRETS, PreviousSecret, PreviousSecrets, TooMany};
pub use selection::{Candidate, SkippedKey, Unmet};
pub use subscription::Subscription;

/// The longest URL, in characters.
pub const LONGEST_URL: usize = 2_048;

/// An endpoint as it is stored, without its health.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// `ep_` + ULID.
    pub id: String,
    /// Where deliveries go.
    pub url: String,
    /// Event names, `workorder.*` or `*`.
    pub events: Vec<EventFilter>,
    /// Only events of these projects; empty for all.
    #[serde(default)]
    pub project_ids: Vec<String>,
    /// Only events whose content matches; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    /// Of updates only those that touch one of these fields; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// No events that these keys cause.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skip_keys: Vec<SkippedKey>,
    /// Display name.
    #[serde(default)]
    pub description: Option<String>,
    /// The subscriber's own headers, sent with every delivery.
    #[serde(default)]
    pub headers: StoredHeaders,
    /// How many attempts a second it takes at most, see [`crate::pace`]; `None` for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_per_second: Option<NonZeroU16>,
    /// In which format it gets its events, from the next attempt on.
    #[serde(default, skip_serializing_if = "Format::is_full")]
    pub format: Format,
    /// The current signing secret.
    pub secret: SealedSecret,
    /// The secrets that rotations replaced, while they are still valid.
    #[serde(default, alias = "previousSecret")]
    pub previous_secrets: PreviousSecrets,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its settings were last changed.
    pub updated_at: Timestamp,
    /// Grows by one per change.
    pub version: u64,
    /// Whether it receives deliveries.
    #[serde(skip)]
    pub status: EndpointStatus,
    /// Why it is disabled.
    #[serde(skip)]
    pub disabled_reason: Option<String>,
    /// Since when it is disabled.
    #[serde(skip)]
    pub disabled_at: Option<Timestamp>,
    /// Whether its deliveries arrive.
    #[serde(skip)]
    pub health: Health,
}

words! {
    /// Whether an endpoint receives deliveries.
    #[derive(Default)]
    pub enum EndpointStatus {
        /// It receives deliveries.
        #[default]
        Enabled = "enabled",
        /// It receives none.
        Disabled = "disabled",
    }
}

/// A signing secret, sealed for the endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSecret {
    /// The sealed envelope.
    pub sealed: String,
    /// The masked secret, for people.
    pub hint: String,
}

/// The sealing context of an endpoint's secret: it can only be opened for this endpoint of this account.
#[must_use]
pub fn secret_context(account: &str, endpoint_id: &str) -> String {
    format!("{account}#{endpoint_id}#secret")
}

/// One entry of an endpoint's `events`: a name, a group (`workorder.*`) or everything (`*`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum EventFilter {
    /// `*`
    All,
    /// `workorder.*`
    Group(String),
    /// `workorder.created`
    One(EventName),
}

impl EventFilter {
    /// Whether it names this event.
    #[must_use]
    pub fn matches(&self, event: EventName) -> bool {
        match self {
            Self::All => true,
            Self::Group(group) => event.group() == group,
            Self::One(name) => *name == event,
        }
    }
}

/// Not a name, a group or `*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an event of the catalog, a group such as workorder.*, or *")]
pub struct UnknownFilter;

impl TryFrom<String> for EventFilter {
    type Error = UnknownFilter;

    fn try_from(text: String) -> Result<Self, UnknownFilter> {
        if text == "*" {
            return Ok(Self::All);
        }
        if let Some(group) = text.strip_suffix(".*") {
            let known = EventName::ALL.iter().any(|event| event.group() == group);
            return if known { Ok(Self::Group(group.to_owned())) } else { Err(UnknownFilter) };
        }
        text.parse().map(Self::One).map_err(|_| UnknownFilter)
    }
}

impl From<EventFilter> for String {
    fn from(filter: EventFilter) -> Self {
        match filter {
            EventFilter::All => "*".to_owned(),
            EventFilter::Group(group) => format!("{group}.*"),
            EventFilter::One(event) => event.as_str().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> Result<EventFilter, UnknownFilter> {
        EventFilter::try_from(text.to_owned())
    }

    #[test]
    fn filters_are_names_groups_or_everything() {
        assert!(filter("*").unwrap().matches(EventName::VendorDeleted));
        assert!(filter("vendor.*").unwrap().matches(EventName::VendorDeleted));
        assert!(!filter("vendor.*").unwrap().matches(EventName::ProjectCreated));
        assert!(filter("vendor.deleted").unwrap().matches(EventName::VendorDeleted));
        assert!(!filter("vendor.deleted").unwrap().matches(EventName::VendorCreated));
        for unknown in ["", "vendor", "vendor.", "nothing.*", "**", "vendor.gone"] {
            assert!(filter(unknown).is_err(), "{unknown}");
        }
    }

    #[test]
    fn a_filter_reads_back_as_it_was_written() {
        for text in ["*", "vendor.*", "timeoff.requested"] {
            assert_eq!(String::from(filter(text).unwrap()), text);
        }
    }
}
