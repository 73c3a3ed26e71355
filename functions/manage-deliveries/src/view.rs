//! Events as answers show them.

use domain::delivery::view::DeliveryView;
use domain::events::EventName;
use domain::outbox::StoredEvent;
use domain::subject::Subject;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{StoreError, tables};

/// An event in the feed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventView<'a> {
    id: &'a str,
    event: EventName,
    subject: Option<Subject>,
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

/// What is read of the bytes of an event.
#[derive(Deserialize)]
struct Body {
    timestamp: Value,
    data: Value,
}

impl<'a> EventView<'a> {
    /// Read from the bytes that are sent, so that it is the same as in deliveries. An event whose bytes are no event is
    /// unreadable, like any damaged item.
    pub(crate) fn of(event: &'a StoredEvent, request_id: &'a str) -> Result<Self, StoreError> {
        let body = serde_json::from_str(&event.body);
        let Body { timestamp, data } =
            body.map_err(|error| StoreError::malformed(tables::EVENTS.name, event.id.clone(), "body", &error))?;
        // Events of before it was stored say it in their data.
        let subject = event.subject.clone().or_else(|| data.as_object().and_then(Subject::of));
        Ok(Self { id: &event.id, event: event.name, subject, timestamp, data, request_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(body: &str) -> StoredEvent {
        let (id, name) = ("evt_1".to_owned(), EventName::VendorCreated);
        StoredEvent { id, name, body: body.to_owned(), project_id: None, subject: None }
    }

    #[test]
    fn a_body_that_is_no_event_is_unreadable_and_not_shown_as_empty() {
        let whole = stored(r#"{"event":"vendor.created","timestamp":"2025-10-20T14:30:00Z","data":{"id":"ven_1"}}"#);
        assert_eq!(EventView::of(&whole, "req_1").unwrap().data["id"], "ven_1");
        for damaged in ["", "{", "[]", r#"{"data":{}}"#, r#"{"timestamp":"2025-10-20T14:30:00Z"}"#] {
            let event = stored(damaged);
            let error = EventView::of(&event, "req_1").err().unwrap();
            assert_eq!(error.to_string(), "item evt_1 in events is unreadable: body", "{damaged}");
        }
    }
}
