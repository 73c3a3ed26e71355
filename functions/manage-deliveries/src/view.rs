//! Deliveries and events as answers show them.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use shared::clock::whole_seconds;
use shared::delivery::{Attempt, Delivery, DeliveryStatus, Trigger};
use shared::events::EventName;
use shared::sender::AttemptError;
use shared::store::events::FeedEvent;

/// A delivery in a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryView<'a> {
    id: &'a str,
    event_id: &'a str,
    event: EventName,
    endpoint_id: &'a str,
    status: DeliveryStatus,
    attempt_count: u32,
    next_attempt_at: Option<Timestamp>,
    created_at: Timestamp,
    completed_at: Option<Timestamp>,
    test: bool,
}

/// A delivery by itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WholeDelivery<'a> {
    #[serde(flatten)]
    delivery: DeliveryView<'a>,
    attempts: Vec<AttemptView<'a>>,
    /// The bytes that were signed; null when the event has aged out.
    request_body: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AttemptView<'a> {
    number: u32,
    trigger: Trigger,
    started_at: Timestamp,
    duration_ms: u64,
    status_code: Option<u16>,
    error: Option<AttemptError>,
    response_body: Option<&'a str>,
}

/// An event in the feed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventView<'a> {
    id: &'a str,
    event: EventName,
    timestamp: Value,
    data: Value,
    request_id: &'a str,
}

/// An event by itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WholeEvent<'a> {
    #[serde(flatten)]
    pub(crate) event: EventView<'a>,
    pub(crate) deliveries: Vec<DeliveryView<'a>>,
    /// There are more, to be listed by `/api/deliveries?eventId=`.
    pub(crate) truncated: bool,
}

impl<'a> DeliveryView<'a> {
    pub(crate) fn of(delivery: &'a Delivery) -> Self {
        Self {
            id: &delivery.id,
            event_id: &delivery.event_id,
            event: delivery.event,
            endpoint_id: &delivery.endpoint_id,
            status: delivery.status,
            attempt_count: delivery.attempt_count,
            next_attempt_at: delivery.next_attempt_at.map(whole_seconds),
            created_at: whole_seconds(delivery.created_at),
            completed_at: delivery.completed_at.map(whole_seconds),
            test: delivery.test,
        }
    }

    /// With its attempts and the body that they sent.
    pub(crate) fn whole(delivery: &'a Delivery, request_body: Option<&'a str>) -> WholeDelivery<'a> {
        let attempts = delivery.attempts.iter().map(AttemptView::of).collect();
        WholeDelivery { delivery: Self::of(delivery), attempts, request_body }
    }
}

impl<'a> AttemptView<'a> {
    fn of(attempt: &'a Attempt) -> Self {
        Self {
            number: attempt.number,
            trigger: attempt.trigger,
            started_at: whole_seconds(attempt.started_at),
            duration_ms: attempt.duration_ms,
            status_code: attempt.status_code,
            error: attempt.error,
            response_body: attempt.response_body.as_deref(),
        }
    }
}

impl<'a> EventView<'a> {
    /// Of the bytes that are sent: a subscriber reads the same here as there.
    pub(crate) fn of(FeedEvent { event, request_id }: &'a FeedEvent) -> Self {
        let mut body: Value = serde_json::from_str(&event.body).unwrap_or_default();
        let mut member = |name: &str| body.get_mut(name).map(Value::take).unwrap_or_default();
        Self { id: &event.id, event: event.name, timestamp: member("timestamp"), data: member("data"), request_id }
    }
}
