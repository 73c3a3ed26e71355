//! Alerts: what people are told of, once per occurrence. Failed deliveries are rolled up into one alert per endpoint.

mod rolling;
mod view;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::attempt::{AttemptError, ErrorDetail};
use crate::delivery::{Delivery, LastAttempt};
use crate::events::EventName;
use crate::ids;
use crate::outbox::{Outbox, StoredEvent};
use crate::subject::Subject;
use crate::trace::MAX_HOPS;
use crate::words;

pub use rolling::{AlertStatus, Example, Published, QUIET, Rolling};
pub use view::AlertView;

/// The age at which an event that can't be dispatched is given up, after some eighty tries.
pub const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);

words! {
    /// Kinds of alert.
    pub enum AlertKind {
        /// Every attempt of a delivery failed.
        DeliveryFailed = "delivery.failed",
        /// The first attempts of three deliveries in a row failed.
        EndpointFailing = "endpoint.failing",
        /// An endpoint was disabled and receives nothing.
        EndpointDisabled = "endpoint.disabled",
        /// A failing endpoint accepted a delivery.
        EndpointRecovered = "endpoint.recovered",
        /// An event could not be passed on to all of its endpoints for a week.
        EventFailed = "event.failed",
        /// Events came round too often, and are delivered to nobody.
        EventLooped = "event.looped",
    }
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    /// `alr_` + ULID.
    pub id: String,
    /// The kind.
    pub kind: AlertKind,
    /// The endpoint's id; none when the alert is about no single endpoint.
    pub endpoint_id: Option<String>,
    /// The delivery's id, when one delivery caused the alert.
    pub delivery_id: Option<String>,
    /// The id of that delivery's event, or of the event that the alert is about.
    #[serde(default)]
    pub event_id: Option<String>,
    /// The type of that event.
    pub event: Option<EventName>,
    /// The record that it is about.
    #[serde(default)]
    pub subject: Option<Subject>,
    /// HTTP status of the latest answer.
    pub last_status_code: Option<u16>,
    /// Why the latest attempt failed.
    pub last_error: Option<AttemptError>,
    /// More precisely, where it is known.
    #[serde(default)]
    pub last_error_detail: Option<ErrorDetail>,
    /// When it was created.
    pub created_at: Timestamp,
    /// What happened and what to do, in a sentence or two.
    pub message: String,
    /// What it has rolled up; none in an alert about one occurrence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolling: Option<Rolling>,
}

impl Alert {
    /// An alert about `delivery`, whose latest attempt had the result `last`.
    #[must_use]
    pub fn about(kind: AlertKind, delivery: &Delivery, last: Option<LastAttempt>, now: Timestamp) -> Self {
        Self {
            id: ids::new_id("alr_", now),
            kind,
            endpoint_id: Some(delivery.endpoint_id.clone()),
            delivery_id: Some(delivery.id.clone()),
            event_id: Some(delivery.event_id.clone()),
            event: Some(delivery.event),
            subject: delivery.subject.clone(),
            last_status_code: last.and_then(|last| last.status_code),
            last_error: last.and_then(|last| last.error),
            last_error_detail: last.and_then(|last| last.error_detail),
            created_at: now,
            message: message(kind, delivery),
            rolling: None,
        }
    }

    /// The alert about an event whose dispatching was given up; `event` is `None` when it can't be read. Its id is that of
    /// the event, [`GIVEN_UP_AFTER`] later: however often it is made, it is one.
    #[must_use]
    pub fn given_up(event_id: &str, event: Option<EventName>, now: Timestamp) -> Self {
        let event_ulid = ids::ulid_of(event_id).unwrap_or_default();
        let given_up_at = event_ulid.timestamp_ms() + u64::try_from(GIVEN_UP_AFTER.as_millis()).unwrap_or_default();
        Self {
            id: format!("alr_{}", Ulid::from_parts(given_up_at, event_ulid.random())),
            kind: AlertKind::EventFailed,
            endpoint_id: None,
            delivery_id: None,
            event_id: Some(event_id.to_owned()),
            event,
            subject: None,
            last_status_code: None,
            last_error: None,
            last_error_detail: None,
            created_at: now,
            message: not_passed_on(event.map_or("An event", EventName::as_str), event_id),
            rolling: None,
        }
    }
}

/// How long one alert about a loop stands for those that follow.
const LOOP_HOUR_MS: u64 = 3_600_000;

impl Alert {
    /// The alert about an event that is delivered to nobody because it came round too often. Its id follows from the hour of
    /// the event and the key that caused it: however often they meet in an hour, it is one.
    #[must_use]
    pub fn looped(outbox: &Outbox, event: &StoredEvent, now: Timestamp) -> Self {
        let key = outbox.key_line.as_deref().unwrap_or("a key");
        let raised_at = ids::ulid_of(&event.id).map_or(0, |ulid| ulid.timestamp_ms());
        let hour = raised_at - raised_at % LOOP_HOUR_MS;
        Self {
            id: ids::derived("alr_", hour, &[&outbox.account, "loop", key]),
            kind: AlertKind::EventLooped,
            endpoint_id: None,
            delivery_id: None,
            event_id: Some(event.id.clone()),
            event: Some(event.name),
            subject: event.subject.clone(),
            last_status_code: None,
            last_error: None,
            last_error_detail: None,
            created_at: now,
            message: went_round(event.name.as_str(), event.subject.as_ref(), key),
            rolling: None,
        }
    }
}

fn went_round(event: &str, subject: Option<&Subject>, key: &str) -> String {
    let of = subject.map(|subject| format!(" of {}", subject.number)).unwrap_or_default();
    format!(
        "{event}{of} was delivered to nobody: {MAX_HOPS} deliveries led to it, each by a call that answered the one before. What \
         sends with {key} answers deliveries with calls that raise events. Add that key to skipKeys of the endpoint that it \
         listens to. The events of the loop are in the feed; others of the same hour make no further alert."
    )
}

/// What happened and what to do.
fn message(kind: AlertKind, delivery: &Delivery) -> String {
    let (event, endpoint, id) = (delivery.event.as_str(), &delivery.endpoint_id, &delivery.id);
    let of = delivery.subject.as_ref().map(|subject| format!(" of {}", subject.number)).unwrap_or_default();
    match kind {
        AlertKind::DeliveryFailed => {
            format!("{event}{of} could not be delivered to {endpoint}. When the endpoint works again, retry {id}.")
        }
        AlertKind::EndpointFailing => {
            format!("{endpoint} is failing: three deliveries in a row did not arrive. See what it answered to {id}.")
        }
        AlertKind::EndpointDisabled => {
            format!(
                "{endpoint} was disabled and receives no deliveries. Fix it, enable it again, and replay what it missed."
            )
        }
        AlertKind::EndpointRecovered => format!("{endpoint} accepts deliveries again."),
        AlertKind::EventFailed => not_passed_on(event, &delivery.event_id),
        AlertKind::EventLooped => went_round(event, delivery.subject.as_ref(), "a key"),
    }
}

fn not_passed_on(event: &str, id: &str) -> String {
    format!(
        "{event} ({id}) could not be passed on to all endpoints for seven days, and is no longer tried. Replay what is \
         missing at each endpoint that wants it."
    )
}
