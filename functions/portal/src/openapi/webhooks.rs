//! What a subscriber receives: every event under `webhooks`.

use domain::events::EventName;
use domain::format::{Format, JSON, SOURCE, cloud_event_type};
use domain::outbox::StoredEvent;
use serde_json::{Value, json};

use super::shape::{Member, count, event_name, id, noted, nullable, object, time};
use super::{members, schema};

/// The id of the example.
const EVENT_ID: &str = "evt_01JAMB3X9T7Q2V5K8N4C6D0EFG";

/// The headers of a delivery: name, meaning, example.
const HEADERS: [(&str, &str, &str); 13] = [
    (
        "X-Webhook-ID",
        "Id of this delivery, the same in all its attempts and replays: store each once, for as long as deliveries are kept, by default \
         30 days. Covered by `webhook-signature`, not by `X-Webhook-Signature`.",
        "dlv_01JAMB3X9T7Q2V5K8N4C6D0EFG",
    ),
    ("X-Webhook-Event", "The event's name.", "workorder.created"),
    (
        "X-Webhook-Event-ID",
        "Id of the event, the same at each of your endpoints, in replays and in the catch-up feed.",
        "evt_01JAMB3X9T7Q2V5K8N4C6D0EFG",
    ),
    ("X-Webhook-Retry", "0 for the first attempt, then 1, 2, ...", "0"),
    (
        "X-Webhook-Timestamp",
        "When this attempt was sent, in Unix seconds. Refuse attempts older than 5 minutes.",
        "1760970600",
    ),
    (
        "X-Webhook-Signature",
        "Hex HMAC-SHA256 of `timestamp + \".\" + body`. The key is the endpoint's whole secret.",
        "5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd",
    ),
    (
        "X-Webhook-Signature-Next",
        "The same with a new secret that is not promoted yet. Accept the delivery if any of the three matches.",
        "5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd",
    ),
    (
        "X-Webhook-Signature-Previous",
        "The same with the previous secret, while both are valid. Accept the delivery if any of the three matches.",
        "5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd",
    ),
    ("webhook-id", "Standard Webhooks: the id.", "dlv_01JAMB3X9T7Q2V5K8N4C6D0EFG"),
    ("webhook-timestamp", "Standard Webhooks: the time.", "1760970600"),
    (
        "webhook-signature",
        "Standard Webhooks: `v1,` and a signature in base64, one for each valid secret.",
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
    (
        "traceparent",
        "W3C Trace Context: the trace of the request that raised the event; each attempt is a new step of it.",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ),
    (
        "tracestate",
        "How many deliveries led to this one, each by a call that answered the one before: pass it on with `traceparent`, so \
         that a loop is found.",
        "workskedge=h:1",
    ),
];

/// The events, and what endpoints get in their place that want ids and a link only.
pub(super) fn all() -> Value {
    let thin = ("thin", json!({ "post": receiving_thin() }));
    let events = EventName::ALL.map(|event| (event.as_str(), json!({ "post": receiving(event) })));
    members(events.into_iter().chain([thin]))
}

/// The headers of a delivery.
pub(super) fn parameters() -> Value {
    members(HEADERS.map(|(name, description, example)| {
        let required = !matches!(name, "X-Webhook-Signature-Next" | "X-Webhook-Signature-Previous");
        let schema = json!({ "type": "string" });
        let header =
            json!({ "name": name, "in": "header", "required": required, "description": description, "schema": schema, "example": example });
        (name, header)
    }))
}

fn receiving(event: EventName) -> Value {
    let full = schema(&format!("Event.{event}"));
    let content = [(Format::Full, full), (Format::CloudEvents, cloud_event(event))];
    let content = content.map(|(format, schema)| {
        (format.content_type(), json!({ "schema": schema, "example": example(event, format) }))
    });
    let description = format!(
        "{}. [More](/docs/events/{event}). Endpoints with the format `cloudevents` get it as a CloudEvent; those with the \
         format `thin`, as in the webhook `thin`.",
        event.description()
    );
    post(&event.as_str().replace('.', "-"), event.as_str(), &description, &members(content))
}

fn receiving_thin() -> Value {
    let example = example(EventName::WorkorderCreated, Format::Thin);
    let content = json!({ JSON: { "schema": schema("ThinEvent"), "example": example } });
    let description =
        "Any event, to an endpoint with the [format](/docs/formats) `thin`: ids, and a link to the whole.";
    post("thin", "Any event, thin", description, &content)
}

fn example(event: EventName, format: Format) -> Value {
    let event = StoredEvent::example(EVENT_ID.to_owned(), event);
    serde_json::from_str(&format.content(&event).body).unwrap_or_default()
}

/// An event in the format `thin`.
pub(super) fn thin_event() -> Value {
    let url = json!({ "type": "string", "pattern": "^/api/events/evt_" });
    let data = object(&[
        ("id", noted(json!({ "type": "string" }), "the record, as in the data of the full format")),
        (
            "version",
            noted(
                nullable(&count()),
                "of two events of a record the one with the higher version is newer; null where the full format has none",
            ),
        ),
        ("eventId", id("evt_")),
        ("url", noted(url, "`GET` of it, with an API key, has the whole event: a path of this API")),
    ]);
    object(&[("event", event_name()), ("timestamp", noted(time(), "when it happened")), ("data", data)])
}

/// An event in the format `cloudevents`.
fn cloud_event(event: EventName) -> Value {
    let constant = |value: &str| json!({ "const": value });
    let data = format!("#/components/schemas/Event.{event}/properties/data");
    let attributes: [Member; 8] = [
        ("specversion", constant("1.0")),
        ("id", noted(id("evt_"), "the event, as `X-Webhook-Event-ID`")),
        ("source", constant(SOURCE)),
        ("type", constant(&cloud_event_type(event))),
        ("datacontenttype", constant(JSON)),
        ("subject", noted(json!({ "type": "string" }), "`id` of the data: the record")),
        ("time", noted(time(), "when it happened")),
        ("data", json!({ "$ref": data })),
    ];
    object(&attributes)
}

fn post(id: &str, summary: &str, description: &str, content: &Value) -> Value {
    let headers: Vec<Value> =
        HEADERS.iter().map(|(name, ..)| json!({ "$ref": format!("#/components/parameters/{name}") })).collect();
    json!({
        "operationId": format!("on-{id}"),
        "summary": summary,
        "description": description,
        "tags": ["Webhooks"],
        "security": [],
        "parameters": headers,
        "requestBody": { "required": true, "content": content },
        "responses": {
            "2XX": { "description": "You have stored the event. Respond within 30 seconds." },
            "410": { "description": "Ends the delivery and disables the endpoint." },
            "default": { "description": "Any other response is a failure. The delivery is retried, up to five attempts in all." },
        },
    })
}
