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
        page("/openapi.json", "get-openapi", "This description", "OpenAPI 3.1", "OpenAPI"),
        page("/", "get-console", "The console", "A page", "text/html"),
        page("/docs", "get-docs", "The docs", "A page", "text/html"),
        page("/docs/explorer", "get-explorer", "The API explorer", "A page", "text/html"),
        page("/docs/search.json", "get-search", "The search index of the docs", "Every page with its text", "Search"),
        page("/docs/errors/{code}", "get-error-page", "An error explained: its `type`", "A page", "text/html"),
        page("/docs/events/{name}", "get-event-page", "An event with its fields", "A page", "text/html"),
        page("/docs/resources/{resource}", "get-resource-page", "A resource with its fields", "A page", "text/html"),
        page("/docs/samples/{file}", "get-sample", "A code sample", "The file", "*/*"),
        page("/docs/{page}", "get-docs-page", "A page of the docs", "A page", "text/html"),
    ]
}

fn page(path: &str, id: &str, summary: &str, answer: &'static str, content: &str) -> Call {
    Call::open(path, id).about("Pages", summary, "").answers(200, answer, content)
}
