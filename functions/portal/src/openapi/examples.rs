//! An example of every successful response. `tests/openapi/run` checks each against its schema.

use std::sync::LazyLock;

use domain::events::{EventName, catalog_entry};
use domain::models::Kind;
use inbound::problem::ProblemCode;
use serde_json::{Map, Value, json};

use super::problem_examples;
use super::records::{example as sent, receipt_name, results_name};

const ID: &str = "01JAMB3X9T7Q2V5K8N4C6D0EFG";
const API_KEY: &str = "wsk_live_EXAMPLEexampleEXAMPLEexampleEXAMPLE0";
const TOKEN: &str = "wsl_live_EXAMPLEexampleEXAMPLEexampleEXAMPLE0";

static WRITTEN: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../examples/answers.json")).unwrap_or_default());

/// The example of the answer with this schema.
pub(super) fn of(schema: &str) -> Value {
    if let Some(item) = schema.strip_suffix("Page") {
        return page(&of(item));
    }
    let more = |base: &str, members: Value| extended(of(base), members);
    match schema {
        "EndpointWhole" => {
            let waiting = json!({ "deliveries": 1200, "until": "2026-11-24T14:32:00Z" });
            more("Endpoint", json!({ "waiting": waiting }))
        }
        "EndpointWithSecret" => more("Endpoint", json!({ "secret": WRITTEN["Secret"]["secret"] })),
        "DeliveryWhole" => {
            let attempt = json!({ "number": 1, "trigger": "scheduled", "format": "full", "startedAt": "2026-11-24T14:30:01Z",
                "durationMs": 184, "statusCode": 503, "error": "http_status", "errorDetail": null,
                "responseHeaders": { "content-type": "text/plain", "retry-after": "120" }, "responseBody": "maintenance" });
            let body = EventName::WorkorderCreated.example_body();
            more("Delivery", json!({ "attempts": [attempt], "requestBody": body }))
        }
        "FeedEvent" => {
            json!({ "id": format!("evt_{ID}"), "event": "workorder.created",
                "subject": { "type": "workorder", "id": "wo_xyz789", "number": "WO-12345" }, "timestamp": "2026-11-24T14:30:00Z",
            "data": WRITTEN["EventData"], "requestId": format!("req_{ID}") })
        }
        "EventWhole" => {
            more("FeedEvent", json!({ "deliveries": [of("Delivery")], "siblings": [], "truncated": false }))
        }
        "RecordWhole" => more("RecordSummary", json!({ "record": WRITTEN["StoredRecord"] })),
        "Change" => {
            let event = more("FeedEvent", json!({ "deliveries": [of("Delivery")] }));
            json!({ "requestId": format!("req_{ID}"), "receivedAt": "2026-11-24T14:30:00Z", "events": [event], "truncated": false })
        }
        "Feed" => extended(page(&of("FeedEvent")), json!({ "resumeAfter": "MDFKQU1CM1g5VDdRMlY1SzhONEM2RDBFRkcuMQ" })),
        "KeyCreated" => more("Key", json!({ "key": API_KEY })),
        "KeyRotated" => {
            let replaced = json!({ "id": format!("key_{ID}"), "expiresAt": "2026-11-25T09:00:00Z" });
            more("Key", json!({ "key": API_KEY, "replaces": replaced }))
        }
        "PortalLinkCreated" => {
            let url = format!(
                "https://webhooks.example.com/portal/lnk_{ID}#token={TOKEN}&scopes=webhooks:manage&readOnly=true"
            );
            more("PortalLink", json!({ "url": url }))
        }
        "EventType" => catalog_entry(EventName::WorkorderCreated),
        other => {
            Kind::ALL.into_iter().find_map(|kind| of_record(kind, other)).unwrap_or_else(|| WRITTEN[other].clone())
        }
    }
}

fn of_record(kind: Kind, schema: &str) -> Option<Value> {
    match schema {
        schema if schema == receipt_name(kind) => Some(receipt(kind)),
        schema if schema == results_name(kind) => Some(results(kind)),
        _ => None,
    }
}

/// What a batch of two is answered of which the second is refused.
fn results(kind: Kind) -> Value {
    let accepted = extended(json!({ "index": 0, "status": 200 }), receipt(kind));
    let refused = extended(json!({ "index": 1 }), problem_examples::body(ProblemCode::ValidationFailed));
    json!({
        "success": false,
        "succeeded": 1,
        "failed": 1,
        "results": [accepted, refused],
        "requestId": format!("req_{ID}"),
    })
}

fn page(item: &Value) -> Value {
    json!({ "data": [item], "nextCursor": null })
}

fn extended(mut base: Value, members: Value) -> Value {
    if let (Value::Object(base), Value::Object(mut members)) = (&mut base, members) {
        base.append(&mut members);
    }
    base
}

/// What the first sending of the example body is answered with.
fn receipt(kind: Kind) -> Value {
    let (model, body) = (kind.model(), sent(kind));
    let (status, event) = match kind {
        Kind::WorkOrder => ("scheduled", EventName::WorkorderCreated),
        Kind::Project => ("active", EventName::ProjectCreated),
        Kind::Employee => ("active", EventName::EmployeeCreated),
        Kind::Vendor => ("active", EventName::VendorCreated),
        Kind::TimeOff => ("requested", EventName::TimeoffRequested),
    };
    let data = Map::from_iter([
        ("id".to_owned(), json!(format!("{}{ID}", model.prefix))),
        (model.key.to_owned(), body[model.key].clone()),
        ("status".to_owned(), json!(status)),
        ("version".to_owned(), json!(1)),
        ("createdAt".to_owned(), json!("2026-11-24T14:30:00Z")),
        ("updatedAt".to_owned(), json!("2026-11-24T14:30:00Z")),
    ]);
    json!({
        "success": true,
        "message": "Request processed successfully",
        "action": "created",
        "data": data,
        "events": [event],
        "warnings": [],
        "requestId": format!("req_{ID}"),
    })
}
