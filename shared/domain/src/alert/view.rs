//! Alerts as answers and messages show them.

use jiff::Timestamp;
use serde::Serialize;

use super::rolling::{AlertStatus, Example};
use super::{Alert, AlertKind};
use crate::attempt::{AttemptError, ErrorDetail};
use crate::clock::whole_seconds;
use crate::events::EventName;
use crate::subject::Subject;

/// An alert. What only one that rolls up failures has is null, or empty, in the others.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertView<'a> {
    id: &'a str,
    kind: AlertKind,
    status: Option<AlertStatus>,
    endpoint_id: Option<&'a str>,
    delivery_id: Option<&'a str>,
    event_id: Option<&'a str>,
    event: Option<EventName>,
    subject: Option<&'a Subject>,
    last_status_code: Option<u16>,
    last_error: Option<AttemptError>,
    last_error_detail: Option<ErrorDetail>,
    count: Option<u64>,
    since: Option<Timestamp>,
    last_at: Option<Timestamp>,
    examples: Vec<Example>,
    recovered_at: Option<Timestamp>,
    acknowledged_at: Option<Timestamp>,
    resolved_at: Option<Timestamp>,
    created_at: Timestamp,
    message: &'a str,
}

impl<'a> AlertView<'a> {
    /// What is shown of `alert`.
    #[must_use]
    pub fn of(alert: &'a Alert) -> Self {
        let rolling = alert.rolling.as_ref();
        let examples = rolling.iter().flat_map(|rolling| &rolling.examples);
        Self {
            id: &alert.id,
            kind: alert.kind,
            status: rolling.map(|rolling| rolling.status),
            endpoint_id: alert.endpoint_id.as_deref(),
            delivery_id: alert.delivery_id.as_deref(),
            event_id: alert.event_id.as_deref(),
            event: alert.event,
            subject: alert.subject.as_ref(),
            last_status_code: alert.last_status_code,
            last_error: alert.last_error,
            last_error_detail: alert.last_error_detail,
            count: rolling.map(|rolling| rolling.count),
            since: rolling.map(|rolling| whole_seconds(rolling.since)),
            last_at: rolling.map(|rolling| whole_seconds(rolling.last_at)),
            examples: examples
                .map(|example| Example { failed_at: whole_seconds(example.failed_at), ..example.clone() })
                .collect(),
            recovered_at: rolling.and_then(|rolling| rolling.recovered_at).map(whole_seconds),
            acknowledged_at: rolling.and_then(|rolling| rolling.acknowledged_at).map(whole_seconds),
            resolved_at: rolling.and_then(|rolling| rolling.resolved_at).map(whole_seconds),
            created_at: whole_seconds(alert.created_at),
            message: &alert.message,
        }
    }
}
