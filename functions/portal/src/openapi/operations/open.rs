//! Calls that need no key.

use domain::events::EventName;

use super::call::Call;

pub(super) fn calls() -> Vec<Call> {
    vec![
        Call::open("/api/event-types", "list-event-types")
            .about("Catalog", "List event types", format!("All {}, with schemas and examples.", EventName::ALL.len()))
            .answers(200, "All of them", "EventTypePage"),
        Call::open("/api/event-types/{name}", "get-event-type").about("Catalog", "Get an event type", "").answers(
            200,
            "The event type",
            "EventType",
        ),
        Call::open("/api/source-ips", "get-source-ips")
            .about(
                "Endpoints",
                "Addresses that deliveries come from",
                "For firewalls that allow by address. With `static: false` deliveries come from changing addresses of AWS, and `ips` \
                 is empty: verify signatures instead. Blocks are added before anything comes from them; read the list once a day.",
            )
            .answers(200, "The addresses", "SourceIps"),
        Call::open("/openapi.json", "get-openapi").about("Catalog", "Get this description", "").answers(
            200,
            "OpenAPI 3.1",
            "OpenAPI",
        ),
    ]
}
