//! Alerts: what people are told of, once per occurrence.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attempt::{AttemptError, ErrorDetail};
use crate::delivery::{Delivery, LastAttempt};
use crate::events::EventName;
use crate::ids;
use crate::words;

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
    /// The endpoint's id.
    pub endpoint_id: String,
    /// The delivery's id, when one delivery caused the alert.
    pub delivery_id: Option<String>,
    /// The type of that delivery's event.
    pub event: Option<EventName>,
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
}

impl Alert {
    /// An alert about `delivery`, whose latest attempt had the result `last`.
    #[must_use]
    pub fn about(kind: AlertKind, delivery: &Delivery, last: Option<LastAttempt>, now: Timestamp) -> Self {
        Self {
            id: ids::new_id("alr_", now),
            kind,
            endpoint_id: delivery.endpoint_id.clone(),
            delivery_id: Some(delivery.id.clone()),
            event: Some(delivery.event),
            last_status_code: last.and_then(|last| last.status_code),
            last_error: last.and_then(|last| last.error),
            last_error_detail: last.and_then(|last| last.error_detail),
            created_at: now,
            message: message(kind, delivery),
        }
    }
}

/// What happened and what to do.
fn message(kind: AlertKind, delivery: &Delivery) -> String {
    let (event, endpoint, id) = (delivery.event.as_str(), &delivery.endpoint_id, &delivery.id);
    match kind {
        AlertKind::DeliveryFailed => {
            format!("{event} could not be delivered to {endpoint}. When the endpoint works again, retry {id}.")
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
    }
}
