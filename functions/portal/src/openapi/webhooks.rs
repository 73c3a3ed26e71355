//! What a subscriber receives: every event under `webhooks`.

use domain::events::EventName;
use serde_json::{Value, json};

use super::{members, schema};

/// The headers of a delivery: name, meaning, example.
const HEADERS: [(&str, &str, &str); 12] = [
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
];

/// The events.
pub(super) fn all() -> Value {
    members(EventName::ALL.map(|event| (event.as_str(), json!({ "post": receiving(event) }))))
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
    let headers: Vec<Value> =
        HEADERS.iter().map(|(name, ..)| json!({ "$ref": format!("#/components/parameters/{name}") })).collect();
    let example: Value = serde_json::from_str(&event.example_body()).unwrap_or_default();
    json!({
        "operationId": format!("on-{}", event.as_str().replace('.', "-")),
        "summary": event.as_str(),
        "description": format!("{}. [More](/docs/events/{event})", event.description()),
        "tags": ["Webhooks"],
        "security": [],
        "parameters": headers,
        "requestBody": {
            "required": true,
            "content": {
                "application/json": { "schema": schema(&format!("Event.{event}")), "example": example }
            },
        },
        "responses": {
            "2XX": { "description": "You have stored the event. Respond within 30 seconds." },
            "410": { "description": "Ends the delivery and disables the endpoint." },
            "default": { "description": "Any other response is a failure. The delivery is retried, up to five attempts in all." },
        },
    })
}
