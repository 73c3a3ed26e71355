//! Alerts: what a person has to be told, once each time it happens.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attempt::{AttemptError, ErrorDetail};
use crate::delivery::{Delivery, LastAttempt};
use crate::events::EventName;
use crate::ids;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AlertKind {
    /// Every attempt of a delivery failed.
    #[serde(rename = "delivery.failed")]
    DeliveryFailed,
    /// Three deliveries in a row failed at first.
    #[serde(rename = "endpoint.failing")]
    EndpointFailing,
    /// An endpoint gets nothing any more.
    #[serde(rename = "endpoint.disabled")]
    EndpointDisabled,
    /// A failing endpoint took a delivery.
    #[serde(rename = "endpoint.recovered")]
    EndpointRecovered,
}

impl AlertKind {
    /// Every kind.
    pub const ALL: [Self; 4] =
        [Self::DeliveryFailed, Self::EndpointFailing, Self::EndpointDisabled, Self::EndpointRecovered];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DeliveryFailed => "delivery.failed",
            Self::EndpointFailing => "endpoint.failing",
            Self::EndpointDisabled => "endpoint.disabled",
            Self::EndpointRecovered => "endpoint.recovered",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    /// `alr_` + ULID.
    pub id: String,
    /// What happened.
    pub kind: AlertKind,
    /// To which endpoint.
    pub endpoint_id: String,
    /// With which delivery.
    pub delivery_id: Option<String>,
    /// Of which event.
    pub event: Option<EventName>,
    /// What the endpoint answered last.
    pub last_status_code: Option<u16>,
    /// What went wrong last.
    pub last_error: Option<AttemptError>,
    /// What exactly, where it is known.
    #[serde(default)]
    pub last_error_detail: Option<ErrorDetail>,
    /// When.
    pub created_at: Timestamp,
    /// A sentence that says what to do.
    pub message: String,
}

impl Alert {
    /// What a delivery tells of, with what came of its latest attempt.
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
            format!("{endpoint} fails: three deliveries in a row did not arrive. Look at what it answers to {id}.")
        }
        AlertKind::EndpointDisabled => {
            format!("{endpoint} is disabled and gets nothing. Mend it, enable it again, and replay what it missed.")
        }
        AlertKind::EndpointRecovered => format!("{endpoint} takes deliveries again."),
    }
}
