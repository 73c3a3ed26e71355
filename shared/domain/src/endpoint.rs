//! Endpoints: URLs of subscribers, with the events that each receives.

mod last_error;
mod own_headers;
mod previous_secrets;
mod subscription;

use std::num::NonZeroU16;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::is_recent;
use crate::events::EventName;
use crate::words;

pub use last_error::{LastError, NoLastError};
pub use own_headers::{HeaderValue, OwnHeaders, SealedHeaders, StoredHeaders, headers_context, read_opened};
pub use previous_secrets::{MAX_PREVIOUS_SECRETS, PreviousSecret, PreviousSecrets, TooMany};
pub use subscription::Subscription;

/// The longest URL, in characters.
pub const LONGEST_URL: usize = 2_048;

const DAY_SECONDS: i64 = 86_400;
/// Failures in a row after which an endpoint counts as failing.
pub const FAILING_AFTER: u32 = 3;
/// An endpoint is disabled when every attempt has failed for this long,
pub const DISABLE_AFTER_SECONDS: i64 = 5 * DAY_SECONDS;
/// and on at least this many calendar days (UTC): days without an attempt, or that a change of the clock skips, don't count.
pub const DISABLE_AFTER_DAYS: usize = 6;

/// How long an attempt takes when its endpoint counts as slow, unless `SLOW_AFTER_SECONDS` says otherwise.
pub const SLOW_AFTER: Duration = Duration::from_secs(3);

/// How long an endpoint counts as slow after an attempt that took so long.
pub const SLOW_FOR_SECONDS: i64 = 300;

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
    /// Display name.
    #[serde(default)]
    pub description: Option<String>,
    /// The subscriber's own headers, sent with every delivery.
    #[serde(default)]
    pub headers: StoredHeaders,
    /// How many attempts a second it takes at most, see [`crate::pace`]; `None` for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_per_second: Option<NonZeroU16>,
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

impl Endpoint {
    /// Whether it receives an event of this name and project.
    #[must_use]
    pub fn wants(&self, event: EventName, project_id: Option<&str>) -> bool {
        self.status == EndpointStatus::Enabled && self.selects(event, project_id)
    }

    /// Whether it asks for an event of this name and project, enabled or not.
    #[must_use]
    pub fn selects(&self, event: EventName, project_id: Option<&str>) -> bool {
        self.events.iter().any(|filter| filter.matches(event))
            && (self.project_ids.is_empty()
                || project_id.is_some_and(|project| self.project_ids.iter().any(|id| id == project)))
    }
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

/// The queues of deliveries, each with a function of its own, so that none holds up the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// First attempts.
    First,
    /// Later attempts, and all that goes to a failing endpoint.
    Later,
    /// All that goes to a slow endpoint. What is here stays here until it ends or waits for long.
    Slow,
}

/// Health of an endpoint. A failed test or replay does not affect it; a successful one ends a series of failures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// `failing` after the first attempts of three deliveries in a row failed.
    pub state: HealthState,
    /// Deliveries in a row whose first attempt failed.
    pub consecutive_failures: u32,
    /// Since when it fails.
    pub failing_since: Option<Timestamp>,
    /// The last success, to the minute.
    pub last_success_at: Option<Timestamp>,
    /// The last failure.
    pub last_failure_at: Option<Timestamp>,
    /// What it was.
    pub last_error: Option<LastError>,
    /// When an attempt last took long, to the minute.
    pub last_slow_at: Option<Timestamp>,
    /// The first failure since the last success.
    #[serde(skip)]
    pub first_failure_at: Option<Timestamp>,
    /// On how many calendar days (UTC) attempts have failed since then.
    #[serde(skip)]
    pub failed_days: usize,
}

impl Health {
    /// Whether nothing has failed since the last success.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.state == HealthState::Healthy
            && self.consecutive_failures == 0
            && self.first_failure_at.is_none()
            && self.failed_days == 0
    }

    /// Where its deliveries hold up no others. One that is slow and fails is kept apart from those that only fail.
    #[must_use]
    pub fn lane(&self, now: Timestamp) -> Lane {
        match self.last_slow_at {
            Some(at) if is_recent(at, now, SLOW_FOR_SECONDS) => Lane::Slow,
            _ if self.state == HealthState::Failing => Lane::Later,
            _ => Lane::First,
        }
    }

    /// Whether every attempt has failed for so long that the endpoint is to be disabled.
    #[must_use]
    pub fn has_failed_for_days(&self, now: Timestamp) -> bool {
        let Some(since) = self.first_failure_at else { return false };
        let seconds = now.as_second() - since.as_second();
        // A beginning that lies ahead was noted before the clock was set back: the days alone tell then.
        let long = !(0..DISABLE_AFTER_SECONDS).contains(&seconds);
        long && self.failed_days >= DISABLE_AFTER_DAYS && self.consecutive_failures >= FAILING_AFTER
    }

    /// From when on the next failure gets a failing endpoint disabled, if nothing arrives until then and attempts are made
    /// each day: see [`Self::has_failed_for_days`]. `None` while it does not fail.
    #[must_use]
    pub fn disables_at(&self) -> Option<Timestamp> {
        let (first, last) = self.first_failure_at.zip(self.last_failure_at)?;
        if self.state == HealthState::Healthy {
            return None;
        }
        let missing = i64::try_from(DISABLE_AFTER_DAYS.saturating_sub(self.failed_days)).unwrap_or_default();
        let last_missing_day = (last.as_second().div_euclid(DAY_SECONDS) + missing) * DAY_SECONDS;
        let days = if missing == 0 { i64::MIN } else { last_missing_day };
        Timestamp::from_second(days.max(first.as_second() + DISABLE_AFTER_SECONDS)).ok()
    }
}

words! {
    /// Whether deliveries arrive at an endpoint.
    #[derive(Default)]
    pub enum HealthState {
        /// Deliveries arrive.
        #[default]
        Healthy = "healthy",
        /// They fail. First attempts go to the retry queue, so that other endpoints don't wait.
        Failing = "failing",
    }
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
    fn five_days_count_only_while_attempts_are_made() {
        let now: Timestamp = "2025-10-25T14:30:00Z".parse().unwrap();
        let failed = |since: &str, failed_days, consecutive_failures| {
            let first_failure_at = Some(since.parse().unwrap());
            Health { consecutive_failures, first_failure_at, failed_days, ..Health::default() }.has_failed_for_days(now)
        };
        assert!(failed("2025-10-20T14:30:00Z", 6, 3));
        assert!(!failed("2025-10-20T14:30:01Z", 6, 3), "not for five days yet");
        assert!(!failed("2025-10-01T00:00:00Z", 5, 9), "on too few of the days");
        assert!(!failed("2025-10-01T00:00:00Z", 9, 2), "too few deliveries");
        assert!(failed("2026-10-01T00:00:00Z", 6, 3), "the clock was set back");
        assert!(!Health { failed_days: 6, consecutive_failures: 3, ..Health::default() }.has_failed_for_days(now));
    }

    #[test]
    fn a_failing_endpoint_tells_when_it_is_disabled() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let (first, state) = ("2025-10-20T14:30:00Z", HealthState::Failing);
        let failing = |last: &str, failed_days| {
            let (first_failure_at, last_failure_at) = (Some(time(first)), Some(time(last)));
            Health { state, last_failure_at, first_failure_at, failed_days, ..Health::default() }
        };
        for (last, failed_days, at) in [
            (first, 1, "2025-10-25T14:30:00Z"),
            ("2025-10-24T23:00:00Z", 5, "2025-10-25T14:30:00Z"),
            // Two days without an attempt.
            ("2025-10-24T23:00:00Z", 3, "2025-10-27T00:00:00Z"),
            ("2025-10-25T14:29:00Z", 6, "2025-10-25T14:30:00Z"),
        ] {
            let health = failing(last, failed_days);
            assert_eq!(health.disables_at(), Some(time(at)), "{last} {failed_days}");
            // As the rule itself says, when the missing days bring failures, too.
            let then = Health { failed_days: DISABLE_AFTER_DAYS, consecutive_failures: FAILING_AFTER, ..health };
            assert!(then.has_failed_for_days(time(at)), "{last} {failed_days}");
        }
        assert_eq!(Health { state: HealthState::Healthy, ..failing(first, 1) }.disables_at(), None);
        assert_eq!(Health { state, ..Health::default() }.disables_at(), None, "nothing was sent, so nothing counts");
    }

    #[test]
    fn a_filter_reads_back_as_it_was_written() {
        for text in ["*", "vendor.*", "timeoff.requested"] {
            assert_eq!(String::from(filter(text).unwrap()), text);
        }
    }
}
