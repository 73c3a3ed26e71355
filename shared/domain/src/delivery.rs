//! Deliveries: one event to one endpoint, from fan-out to `delivered` or `failed`.

mod message;
pub mod view;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::attempt::{AnswerHeaders, AttemptError, ErrorDetail};
use crate::clock::SKEW;
use crate::events::EventName;
use crate::format::Format;
use crate::subject::Subject;
use crate::words;

pub use message::{DeliveryTask, FanOutTask, Message};

/// How long a claim on an attempt is valid: longer than the attempt and its recording take.
pub const CLAIM: SignedDuration = SignedDuration::from_secs(45);

words! {
    /// Status of a delivery.
    pub enum DeliveryStatus {
        /// The first attempt has not been made.
        Pending = "pending",
        /// An attempt failed, and another will be made.
        Retrying = "retrying",
        /// The endpoint accepted it.
        Delivered = "delivered",
        /// Every attempt of the schedule failed, the endpoint answered 410, or it stayed disabled for days.
        Failed = "failed",
        /// Its endpoint was deleted, or does not ask for its event any more.
        Cancelled = "cancelled",
    }
}

impl DeliveryStatus {
    /// Whether few deliveries have this status for long. Those are found by an index; for the others a scan is short.
    #[must_use]
    pub const fn is_rare(self) -> bool {
        matches!(self, Self::Retrying | Self::Failed | Self::Cancelled)
    }

    /// Whether nothing more will be sent.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Delivered | Self::Failed | Self::Cancelled)
    }
}

/// A delivery as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The tenant.
    pub account: String,
    /// `dlv_` + ULID: `X-Webhook-ID`, the same over all attempts.
    pub id: String,
    /// The event.
    pub event_id: String,
    /// Its name.
    pub event: EventName,
    /// The record that the event is about.
    pub subject: Option<Subject>,
    /// The outbox item that holds the event.
    pub outbox_id: String,
    /// The sort key of the item that it shares with the other deliveries of its event. `None` when it has an item of its
    /// own, as it does from the first time on that anything but a successful first attempt happens to it.
    pub shared: Option<String>,
    /// The endpoint.
    pub endpoint_id: String,
    /// Its status.
    pub status: DeliveryStatus,
    /// Attempts made so far: the next one's `X-Webhook-Retry`.
    pub attempt_count: u32,
    /// Attempts made before the current series began (a manual retry begins one).
    pub series_start: u32,
    /// Number of the current series, from 0. Messages of earlier series are dropped.
    pub series: u32,
    /// What started the current series; recorded with its attempts.
    pub trigger: Trigger,
    /// When the next attempt is due.
    pub next_attempt_at: Option<Timestamp>,
    /// Until when the next attempt belongs to the worker that claimed it. The very first attempt is not claimed while it has
    /// no other message than that of the dispatcher.
    pub claimed_until: Option<Timestamp>,
    /// Since when it waits for its endpoint to be enabled again; until the next attempt, also after that.
    pub waiting_since: Option<Timestamp>,
    /// Whether its next attempt stands in the line of its endpoint's pace. What waits there for minutes only does not say so.
    pub paced: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it became final.
    pub completed_at: Option<Timestamp>,
    /// A test send.
    pub test: bool,
    /// Result of the latest attempt, for lists.
    pub last_attempt: Option<LastAttempt>,
    /// The latest attempts. Lists read deliveries without them.
    pub attempts: Vec<Attempt>,
}

/// The summary of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastAttempt {
    /// Duration in milliseconds.
    pub duration_ms: u64,
    /// HTTP status of the answer, if there was one.
    pub status_code: Option<u16>,
    /// Why it failed; `None` when it succeeded.
    pub error: Option<AttemptError>,
    /// More precisely, where it is known.
    #[serde(default)]
    pub error_detail: Option<ErrorDetail>,
}

impl From<&Attempt> for LastAttempt {
    fn from(attempt: &Attempt) -> Self {
        let Attempt { duration_ms, status_code, error, error_detail, .. } = *attempt;
        Self { duration_ms, status_code, error, error_detail }
    }
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// What caused it.
    pub trigger: Trigger,
    /// In which format it was sent.
    #[serde(default, skip_serializing_if = "Format::is_full")]
    pub format: Format,
    /// When it was sent.
    pub started_at: Timestamp,
    /// Duration in milliseconds.
    pub duration_ms: u64,
    /// HTTP status of the answer, if there was one.
    pub status_code: Option<u16>,
    /// Why it failed; `None` when it succeeded.
    pub error: Option<AttemptError>,
    /// More precisely, where it is known.
    #[serde(default)]
    pub error_detail: Option<ErrorDetail>,
    /// Some header fields of the answer, unless it was a success; of a test send in any case.
    #[serde(default, skip_serializing_if = "AnswerHeaders::is_empty")]
    pub response_headers: AnswerHeaders,
    /// The first 2 KiB of the answer, unless it was a success; of a test send in any case.
    pub response_body: Option<String>,
}

words! {
    /// What caused an attempt.
    pub enum Trigger {
        /// The retry schedule.
        Scheduled = "scheduled",
        /// A person, with a manual retry.
        Manual = "manual",
        /// A test send.
        Test = "test",
        /// A replay.
        Replay = "replay",
    }
}

impl Delivery {
    /// When the claim on its next attempt ends, if there is one at `now`. A claim that ends later than any claim made now
    /// would was made by a clock that ran ahead, and does not count.
    #[must_use]
    pub fn claimed(&self, now: Timestamp) -> Option<Timestamp> {
        self.claimed_until.filter(|until| *until > now && *until <= now + CLAIM + SKEW)
    }

    /// The message for its next attempt.
    #[must_use]
    pub fn task(&self) -> DeliveryTask {
        DeliveryTask {
            account: self.account.clone(),
            delivery_id: self.id.clone(),
            outbox_id: self.outbox_id.clone(),
            shared: self.shared.clone(),
            endpoint_id: self.endpoint_id.clone(),
            attempt_count: self.attempt_count,
            series: self.series,
            paced: self.paced,
            due: self.next_attempt_at.unwrap_or(self.created_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_stored_without_error_details_headers_and_format_can_be_read() {
        let attempt = r#"{"number":1,"trigger":"scheduled","startedAt":"2025-10-20T14:30:00Z","durationMs":5,
            "statusCode":null,"error":"tls","responseBody":null}"#;
        let attempt: Attempt = serde_json::from_str(attempt).unwrap();
        assert_eq!((attempt.error, attempt.error_detail), (Some(AttemptError::Tls), None));
        assert!(attempt.response_headers.is_empty());
        assert_eq!(attempt.format, Format::Full);
        let last: LastAttempt =
            serde_json::from_str(r#"{"durationMs":5,"statusCode":null,"error":"connect"}"#).unwrap();
        assert_eq!((last.error, last.error_detail), (Some(AttemptError::Connect), None));
    }
}
