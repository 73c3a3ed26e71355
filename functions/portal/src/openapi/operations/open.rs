//! What needs no key.

use super::call::Call;

pub(super) fn calls() -> Vec<Call> {
    vec![
        Call::open("/api/event-types", "list-event-types")
            .about("Catalog", "List event types", "All 23, with schemas and examples.")
            .answers(200, "All of them", "EventTypePage"),
        Call::open("/api/event-types/{name}", "get-event-type").about("Catalog", "Get an event type", "").answers(
            200,
            "The event type",
            "EventType",
        ),
        Call::open("/openapi.json", "get-openapi").about("Pages", "This description", "").answers(
            200,
            "OpenAPI 3.1",
            "OpenAPI",
        ),
        Call::open("/", "get-console").about("Pages", "The console", "").answers(200, "A page", "text/html"),
        Call::open("/docs", "get-docs").about("Pages", "The docs", "").answers(200, "A page", "text/html"),
        Call::open("/docs/{page}", "get-docs-page").about("Pages", "A page of the docs", "").answers(
            200,
            "A page",
            "text/html",
        ),
    ]
}
