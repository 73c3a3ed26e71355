//! Events as answers show them.

use domain::delivery::view::DeliveryView;
use domain::events::EventName;
use serde::Serialize;
use serde_json::Value;
use store::events::FeedEvent;

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
    /// The other events of the request that raised this one.
    pub(crate) siblings: Vec<Sibling>,
    /// Whether there are more deliveries; `/api/deliveries?eventId=` lists them.
    pub(crate) truncated: bool,
}

/// Another event of the same request.
#[derive(Serialize)]
pub(crate) struct Sibling {
    pub(crate) id: String,
    pub(crate) event: EventName,
}

impl<'a> EventView<'a> {
    /// Read from the bytes that are sent, so that it is the same as in deliveries.
    pub(crate) fn of(FeedEvent { event, request_id }: &'a FeedEvent) -> Self {
        let mut body: Value = serde_json::from_str(&event.body).unwrap_or_default();
        let mut member = |name: &str| body.get_mut(name).map(Value::take).unwrap_or_default();
        Self { id: &event.id, event: event.name, timestamp: member("timestamp"), data: member("data"), request_id }
    }
}
