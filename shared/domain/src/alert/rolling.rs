//! The failures of one endpoint as one alert, which grows with each of them: what it says, when people are told of it,
//! and where it stands.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Alert;
use crate::events::EventName;
use crate::ids::ulid_of;
use crate::subject::Subject;
use crate::words;

/// What fails so long after the failure before begins an alert of its own.
pub const QUIET: SignedDuration = SignedDuration::from_hours(24);
/// People are told of an alert that grows once in this time at most.
const TOLD_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// How many deliveries are named.
const EXAMPLES: usize = 5;

words! {
    /// Where an alert that rolls up failures stands.
    pub enum AlertStatus {
        /// A person has to look at it.
        Open = "open",
        /// A person does: it is published no more.
        Acknowledged = "acknowledged",
        /// It is done with. What fails next begins another alert.
        Resolved = "resolved",
    }
}

/// What an alert has rolled up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rolling {
    /// Where it stands.
    pub status: AlertStatus,
    /// How many deliveries were marked failed; one that failed again after a retry or a replay counts again.
    pub count: u64,
    /// The time of the oldest event among them: a replay since then covers them all.
    pub since: Timestamp,
    /// When the latest was marked failed.
    pub last_at: Timestamp,
    /// The latest few, newest first.
    pub examples: Vec<Example>,
    /// When the endpoint, having been failing, accepted a delivery again, if nothing has failed since.
    pub recovered_at: Option<Timestamp>,
    /// When a person took it on.
    pub acknowledged_at: Option<Timestamp>,
    /// When it was done with.
    pub resolved_at: Option<Timestamp>,
    /// What was published last.
    pub told: Option<Published>,
    /// Grows with each change: who changes it has seen this one.
    pub revision: u64,
}

/// A delivery that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Example {
    /// The delivery's id.
    pub delivery_id: String,
    /// The type of its event.
    pub event: Option<EventName>,
    /// The record that it is about.
    pub subject: Option<Subject>,
    /// When it was marked failed.
    pub failed_at: Timestamp,
}

/// What people were told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// When.
    pub at: Timestamp,
    /// The count of that time.
    pub count: u64,
}

impl Alert {
    /// One alert of the failures of one endpoint, oldest first: the first of them, with its id, grown by the others. `None`
    /// of none.
    #[must_use]
    pub fn rolled_up(failures: &[Self]) -> Option<Self> {
        let mut alert = failures.first()?.clone();
        alert.rolling = Some(Rolling {
            status: AlertStatus::Open,
            count: 0,
            since: event_at(&alert),
            last_at: alert.created_at,
            examples: Vec::new(),
            recovered_at: None,
            acknowledged_at: None,
            resolved_at: None,
            told: None,
            revision: 0,
        });
        alert.roll_up(failures);
        Some(alert)
    }

    /// Takes up more failures of its endpoint, oldest first. Nothing happens to an alert that rolls up none.
    pub fn roll_up(&mut self, failures: &[Self]) {
        let Some(rolling) = &mut self.rolling else { return };
        for failure in failures {
            rolling.take(failure);
            if failure.created_at >= rolling.last_at {
                rolling.last_at = failure.created_at;
                self.delivery_id.clone_from(&failure.delivery_id);
                self.event_id.clone_from(&failure.event_id);
                self.event = failure.event;
                self.subject.clone_from(&failure.subject);
                self.last_status_code = failure.last_status_code;
                self.last_error = failure.last_error;
                self.last_error_detail = failure.last_error_detail;
            }
        }
        rolling.examples.sort_by_key(|example| std::cmp::Reverse(example.failed_at));
        rolling.examples.truncate(EXAMPLES);
        rolling.recovered_at = rolling.recovered_at.filter(|at| *at >= rolling.last_at);
        self.message = self.summary();
    }

    /// Notes that its endpoint accepted a delivery, and returns whether that is new. It stays open: what failed has still
    /// not arrived.
    pub fn recover(&mut self, at: Timestamp) -> bool {
        let Some(rolling) = &mut self.rolling else { return false };
        if at < rolling.last_at || rolling.recovered_at.is_some() {
            return false;
        }
        rolling.recovered_at = Some(at);
        self.message = self.summary();
        true
    }

    /// What happened and what to do.
    fn summary(&self) -> String {
        let Some(rolling) = &self.rolling else { return self.message.clone() };
        let endpoint = self.endpoint_id.as_deref().unwrap_or_default();
        let event = self.event.map_or("an event", EventName::as_str);
        let of = self.subject.as_ref().map(|subject| format!(" of {}", subject.number)).unwrap_or_default();
        let since = crate::clock::rfc3339(rolling.since);
        let (what, advice) = match (rolling.count, &self.delivery_id) {
            (1, Some(id)) => (format!("{event}{of} could not be delivered to {endpoint}."), format!("retry {id}.")),
            (count, _) => (
                format!("{count} deliveries to {endpoint} failed, {event}{of} the latest."),
                format!("replay what failed since {since}."),
            ),
        };
        let when = if rolling.recovered_at.is_some() { "It works again:" } else { "Once the cause is mended," };
        format!("{what} {when} {advice}")
    }
}

impl Rolling {
    fn take(&mut self, failure: &Alert) {
        self.count += 1;
        self.since = self.since.min(event_at(failure));
        self.examples.extend(failure.delivery_id.clone().map(|delivery_id| Example {
            delivery_id,
            event: failure.event,
            subject: failure.subject.clone(),
            failed_at: failure.created_at,
        }));
    }

    /// Whether what fails at `at` belongs to it.
    #[must_use]
    pub fn goes_on(&self, at: Timestamp) -> bool {
        match self.resolved_at {
            Some(resolved_at) => at <= resolved_at,
            None => at.duration_since(self.last_at) < QUIET,
        }
    }

    /// Whether there is something that people were not told. Of each alert they are told once, whatever became of it.
    #[must_use]
    pub fn has_news(&self) -> bool {
        self.told.is_none_or(|told| self.status == AlertStatus::Open && self.count > told.count)
    }

    /// Whether it is to be published at `now`: at once, then once an hour at most. What was told by a clock that has been
    /// set back since counts as told long ago.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        let lately = |told: Published| told.at <= now && now.duration_since(told.at) < TOLD_EVERY;
        self.has_news() && !self.told.is_some_and(lately)
    }

    /// Notes that it was published.
    pub const fn tell(&mut self, now: Timestamp) {
        self.told = Some(Published { at: now, count: self.count });
    }

    /// Makes `status` its status.
    pub const fn set_status(&mut self, status: AlertStatus, now: Timestamp) {
        self.status = status;
        match status {
            AlertStatus::Open => (self.acknowledged_at, self.resolved_at) = (None, None),
            AlertStatus::Acknowledged => (self.acknowledged_at, self.resolved_at) = (Some(now), None),
            AlertStatus::Resolved => self.resolved_at = Some(now),
        }
    }
}

/// When the event was raised whose delivery failed. An alert of before alerts had an `eventId` has that in its delivery's
/// id.
fn event_at(failure: &Alert) -> Timestamp {
    let ulid = failure.event_id.as_deref().or(failure.delivery_id.as_deref()).and_then(ulid_of);
    let millis = ulid.and_then(|ulid| i64::try_from(ulid.timestamp_ms()).ok());
    millis.and_then(|millis| Timestamp::from_millisecond(millis).ok()).unwrap_or(failure.created_at)
}

#[cfg(test)]
mod tests;
