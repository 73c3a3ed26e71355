//! The formats in which an endpoint can have its events, `docs/contract.md#formats`.
//!
//! An event is stored once, in full. Another format is made of the stored bytes when an attempt is sent.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::events::EventName;
use crate::json;
use crate::outbox::StoredEvent;
use crate::words;

/// `source` of every `CloudEvent`. With the event's id, which no other event has, it names one event in the world.
pub const SOURCE: &str = "https://workskedge.com";
/// `datacontenttype` of every `CloudEvent`, and the `Content-Type` of the other formats.
pub const JSON: &str = "application/json";

words! {
    /// What is sent of an event, and how.
    #[derive(Default)]
    pub enum Format {
        /// The stored bytes: name, time and all data.
        #[default]
        Full = "full",
        /// The record's id and version, and where the event can be read.
        Thin = "thin",
        /// All data in the envelope of `CloudEvents` 1.0, structured mode.
        CloudEvents = "cloudevents",
    }
}

/// An event as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content<'a> {
    /// The format that `body` has.
    pub format: Format,
    /// The bytes that are signed.
    pub body: Cow<'a, str>,
}

impl Format {
    /// Whether it is the default.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        matches!(self, Self::Full)
    }

    /// `Content-Type` of what is sent.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Full | Self::Thin => JSON,
            Self::CloudEvents => "application/cloudevents+json",
        }
    }

    /// `event` in this format; in full, without a copy, also when its stored bytes are not an event's and nothing can be
    /// made of them.
    #[must_use]
    pub fn content(self, event: &StoredEvent) -> Content<'_> {
        let made = match self {
            Self::Full => None,
            Self::Thin => thin(event),
            Self::CloudEvents => cloud_event(event),
        };
        let full = || Content { format: Self::Full, body: Cow::Borrowed(&event.body) };
        made.map_or_else(full, |body| Content { format: self, body: Cow::Owned(body) })
    }
}

/// What is read of the stored bytes. `data` stays as it is written there: numbers have the form that JavaScript gives them.
#[derive(Deserialize)]
struct Stored<'a> {
    #[serde(borrow)]
    timestamp: &'a RawValue,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// What is read of the data.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(default)]
    version: Option<u64>,
}

impl<'a> Stored<'a> {
    fn read(event: &'a StoredEvent) -> Option<(Self, Named<'a>)> {
        let stored: Self = serde_json::from_str(&event.body).ok()?;
        let named = serde_json::from_str(stored.data.get()).ok()?;
        Some((stored, named))
    }
}

#[derive(Serialize)]
struct Thin<'a> {
    event: EventName,
    timestamp: &'a RawValue,
    data: Reference<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reference<'a> {
    id: &'a str,
    version: Option<u64>,
    event_id: &'a str,
    /// A path: the receiver knows where the API is, and sends its key nowhere else because a body says so.
    url: String,
}

fn thin(event: &StoredEvent) -> Option<String> {
    let (Stored { timestamp, .. }, Named { id, version }) = Stored::read(event)?;
    let data = Reference { id: &id, version, event_id: &event.id, url: format!("/api/events/{}", event.id) };
    Some(json::write(&Thin { event: event.name, timestamp, data }))
}

/// The attributes in the order of the specification. `traceparent` is not among them: each attempt is a step of its own, whose
/// header has it, and the body is the same over all attempts.
#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: &'a str,
    source: &'static str,
    r#type: String,
    datacontenttype: &'static str,
    subject: &'a str,
    time: &'a RawValue,
    data: &'a RawValue,
}

/// `type` of the `CloudEvent` that an event with this name becomes: what it is in the world, in front of which the domain
/// stands that says so.
#[must_use]
pub fn cloud_event_type(event: EventName) -> String {
    format!("com.workskedge.{event}")
}

fn cloud_event(event: &StoredEvent) -> Option<String> {
    let (Stored { timestamp, data }, Named { id, .. }) = Stored::read(event)?;
    Some(json::write(&CloudEvent {
        specversion: "1.0",
        id: &event.id,
        source: SOURCE,
        r#type: cloud_event_type(event.name),
        datacontenttype: JSON,
        subject: &id,
        time: timestamp,
        data,
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ID: &str = "evt_01JAMB3X9T7Q2V5K8N4C6D0EFG";

    fn example(name: EventName) -> StoredEvent {
        StoredEvent::example(ID.to_owned(), name)
    }

    fn read(content: &Content<'_>) -> Value {
        serde_json::from_str(&content.body).unwrap()
    }

    #[test]
    fn the_full_format_is_the_stored_bytes_themselves() {
        let event = example(EventName::WorkorderCreated);
        let content = Format::default().content(&event);
        assert!(matches!(content.body, Cow::Borrowed(body) if std::ptr::eq(body, event.body.as_str())));
        assert_eq!((content.format, Format::Full.content_type()), (Format::Full, "application/json"));
    }

    #[test]
    fn the_thin_format_has_ids_and_a_link_and_nothing_else() {
        let created = example(EventName::WorkorderCreated);
        let expected = format!(
            r#"{{"event":"workorder.created","timestamp":"2025-10-20T14:30:00Z","data":{{"id":"wo_xyz789","version":1,"eventId":"{ID}","url":"/api/events/{ID}"}}}}"#
        );
        assert_eq!(Format::Thin.content(&created).body, expected);
        let deleted = example(EventName::EmployeeDeleted);
        let data = json!({ "id": "emp_Seas044", "version": null, "eventId": ID, "url": format!("/api/events/{ID}") });
        assert_eq!(read(&Format::Thin.content(&deleted))["data"], data);
    }

    #[test]
    fn every_event_is_a_cloud_event_with_its_data_as_it_is_stored() {
        for name in EventName::ALL {
            let event = example(name);
            let content = Format::CloudEvents.content(&event);
            let full: Value = serde_json::from_str(&event.body).unwrap();
            let expected = json!({
                "specversion": "1.0", "id": ID, "source": "https://workskedge.com", "type": format!("com.workskedge.{name}"),
                "datacontenttype": "application/json", "subject": full["data"]["id"], "time": full["timestamp"],
                "data": full["data"],
            });
            assert_eq!(read(&content), expected);
            let data = event.body.split_once(r#","data":"#).unwrap().1;
            assert!(content.body.ends_with(&format!(r#","data":{data}"#)), "{}", content.body);
        }
    }

    /// Receivers of the public page verify `JSON.stringify(JSON.parse(body))`.
    #[test]
    fn numbers_keep_the_form_that_they_are_stored_in() {
        let body = r#"{"event":"report.generated","timestamp":"2025-10-24T21:00:00Z","data":{"id":"rpt_1\"é","x":1e+21,"y":0.000001}}"#;
        let event = StoredEvent { body: body.to_owned(), ..example(EventName::ReportGenerated) };
        let sent = Format::CloudEvents.content(&event).body;
        assert!(sent.contains(r#""subject":"rpt_1\"é""#), "{sent}");
        assert!(sent.ends_with(r#""data":{"id":"rpt_1\"é","x":1e+21,"y":0.000001}}"#), "{sent}");
    }

    #[test]
    fn what_is_no_event_is_sent_as_it_is() {
        for body in
            ["", "{", "{}", r#"{"timestamp":"2025-10-20T14:30:00Z","data":{}}"#, r#"{"timestamp":1,"data":{"id":7}}"#]
        {
            let event = StoredEvent { body: body.to_owned(), ..example(EventName::VendorCreated) };
            for format in Format::ALL {
                assert_eq!(format.content(&event), Content { format: Format::Full, body: body.into() }, "{body}");
            }
        }
    }
}
