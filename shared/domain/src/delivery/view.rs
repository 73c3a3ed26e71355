//! Deliveries as answers show them.

use std::borrow::Cow;
use std::collections::HashSet;

use jiff::Timestamp;
use serde::Serialize;

use super::{Attempt, Delivery, DeliveryStatus, Trigger};
use crate::attempt::{AnswerHeaders, AttemptError, ErrorDetail};
use crate::clock::whole_seconds;
use crate::events::EventName;
use crate::format::Format;
use crate::subject::Subject;
use crate::words;

/// A delivery in a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryView<'a> {
    id: &'a str,
    event_id: &'a str,
    event: EventName,
    subject: Option<&'a Subject>,
    endpoint_id: &'a str,
    status: DeliveryStatus,
    attempt_count: u32,
    next_attempt_at: Option<Timestamp>,
    /// Why it is not sent, though it is not final.
    held: Option<Hold>,
    created_at: Timestamp,
    completed_at: Option<Timestamp>,
    test: bool,
    /// Of the latest attempt, like those that follow.
    last_status_code: Option<u16>,
    last_error: Option<AttemptError>,
    last_error_detail: Option<ErrorDetail>,
    last_duration_ms: Option<u64>,
}

words! {
    /// Why a delivery is held back.
    pub enum Hold {
        /// Its endpoint is disabled.
        EndpointDisabled = "endpoint_disabled",
        /// It stands in the line of its endpoint's pace.
        EndpointPace = "endpoint_pace",
    }
}

/// One delivery, with its attempts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WholeDelivery<'a> {
    #[serde(flatten)]
    delivery: DeliveryView<'a>,
    attempts: Vec<AttemptView<'a>>,
    /// The bytes of the latest attempt; null when the event has aged out.
    request_body: Option<Cow<'a, str>>,
}

/// One attempt.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AttemptView<'a> {
    number: u32,
    trigger: Trigger,
    format: Format,
    started_at: Timestamp,
    duration_ms: u64,
    status_code: Option<u16>,
    error: Option<AttemptError>,
    error_detail: Option<ErrorDetail>,
    response_headers: Option<&'a AnswerHeaders>,
    response_body: Option<&'a str>,
}

impl<'a> DeliveryView<'a> {
    /// What is shown of `delivery`, when these endpoints are disabled: those of deliveries that are final may be missing.
    #[must_use]
    pub fn of(delivery: &'a Delivery, disabled: &HashSet<String>) -> Self {
        let held = if disabled.contains(&delivery.endpoint_id) {
            Some(Hold::EndpointDisabled)
        } else {
            delivery.paced.then_some(Hold::EndpointPace)
        };
        Self {
            id: &delivery.id,
            event_id: &delivery.event_id,
            event: delivery.event,
            subject: delivery.subject.as_ref(),
            endpoint_id: &delivery.endpoint_id,
            status: delivery.status,
            attempt_count: delivery.attempt_count,
            next_attempt_at: delivery.next_attempt_at.map(whole_seconds),
            held: held.filter(|_| !delivery.status.is_final()),
            created_at: whole_seconds(delivery.created_at),
            completed_at: delivery.completed_at.map(whole_seconds),
            test: delivery.test,
            last_status_code: delivery.last_attempt.and_then(|last| last.status_code),
            last_error: delivery.last_attempt.and_then(|last| last.error),
            last_error_detail: delivery.last_attempt.and_then(|last| last.error_detail),
            last_duration_ms: delivery.last_attempt.map(|last| last.duration_ms),
        }
    }

    /// With its attempts and the body that the latest of them sent.
    #[must_use]
    pub fn whole(
        delivery: &'a Delivery,
        disabled: &HashSet<String>,
        request_body: Option<Cow<'a, str>>,
    ) -> WholeDelivery<'a> {
        let attempts = delivery.attempts.iter().map(AttemptView::of).collect();
        WholeDelivery { delivery: Self::of(delivery, disabled), attempts, request_body }
    }
}

impl<'a> AttemptView<'a> {
    /// What is shown of `attempt`.
    #[must_use]
    pub fn of(attempt: &'a Attempt) -> Self {
        Self {
            number: attempt.number,
            trigger: attempt.trigger,
            format: attempt.format,
            started_at: whole_seconds(attempt.started_at),
            duration_ms: attempt.duration_ms,
            status_code: attempt.status_code,
            error: attempt.error,
            error_detail: attempt.error_detail,
            response_headers: Some(&attempt.response_headers).filter(|headers| !headers.is_empty()),
            response_body: attempt.response_body.as_deref(),
        }
    }
}
