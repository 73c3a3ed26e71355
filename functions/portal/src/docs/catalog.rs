//! The catalog of events: all of them, and a page for each with its fields, schema and example.

use std::fmt::Write as _;

use domain::events::{EventName, catalog_entry};

use super::html::{code, escape, heading, table};
use super::{Article, fields};

/// All events by group.
pub(super) fn index() -> Article {
    let mut body = format!(
        "<h1>Event catalog</h1><p class=\"lead\">{} events. Subscribe to names, to a group such as \
         <code>workorder.*</code>, or to <code>*</code>. <a href=\"/docs/events-explained\">What an event is</a></p>",
        EventName::ALL.len(),
    );
    let mut groups: Vec<&str> = EventName::ALL.map(EventName::group).into();
    groups.dedup();
    for group in groups {
        let mut rows = String::new();
        for event in EventName::ALL.into_iter().filter(|event| event.group() == group) {
            let description = escape(event.description());
            let _ = write!(
                rows,
                "<tr><td><a href=\"/docs/events/{event}\"><code>{event}</code></a></td><td>{description}</td></tr>"
            );
        }
        let _ = write!(body, "{}{}", heading(2, group, group), table(group, &["Event", "When"], &rows));
    }
    Article { title: "Event catalog".to_owned(), body }
}

/// One event.
pub(super) fn event(event: EventName) -> Option<Article> {
    let data = event.event_type().fields;
    let example: serde_json::Value = serde_json::from_str(&event.example_body()).ok()?;
    let mut body = format!(
        "<p class=\"crumb\"><a href=\"/docs/events\">Event catalog</a></p><h1><code>{event}</code></h1>\
         <p class=\"lead\">{}.</p>{}{}{}<p>Every field is always there; what has no value is null, as far as it <em>may be \
         null</em>. Fields may be added: ignore those that you don't know.</p>{}",
        escape(event.description()),
        heading(2, "example", "Example"),
        code("JSON, as it is sent but for the line breaks", &serde_json::to_string_pretty(&example).ok()?),
        heading(2, "data", "Fields of <code>data</code>"),
        fields::of_event("Fields of data", data),
    );
    for (name, inner) in fields::nested(data) {
        let title = heading(3, name, &format!("<code>{name}</code>"));
        let _ = write!(body, "{title}{}", fields::of_event(name, inner));
    }
    let schema = serde_json::to_string_pretty(&catalog_entry(event)["schema"]).ok()?;
    let title = heading(2, "schema", "JSON Schema");
    let _ = write!(body, "{title}{}", code("JSON Schema 2020-12 of the whole body", &schema));
    Some(Article { title: event.as_str().to_owned(), body })
}
