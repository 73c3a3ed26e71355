//! The catalog of events: all of them, and a page for each with its fields, schema and example.

use std::fmt::Write as _;

use shared::events::{EventName, json_schema};

use super::html::{code, escape, table};
use super::{Article, fields};

/// All events by group.
pub(super) fn index() -> Article {
    let mut body = String::from(
        "<h1>Event catalog</h1><p class=\"lead\">23 events. Subscribe to names, to a group such as \
         <code>workorder.*</code>, or to <code>*</code>. <a href=\"/docs/events-explained\">What an event is</a></p>",
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
        let _ = write!(body, "<h2 id=\"{group}\">{group}</h2>{}", table(group, &["Event", "When"], &rows));
    }
    Article { title: "Event catalog".to_owned(), body }
}

/// One event.
pub(super) fn event(event: EventName) -> Option<Article> {
    let data = event.event_type().fields;
    let example: serde_json::Value = serde_json::from_str(&event.example_body()).ok()?;
    let mut body = format!(
        "<p class=\"crumb\"><a href=\"/docs/events\">Event catalog</a></p><h1><code>{event}</code></h1>\
         <p class=\"lead\">{}.</p><h2 id=\"example\">Example</h2>{}<h2 id=\"data\">Fields of <code>data</code></h2>{}",
        escape(event.description()),
        code("JSON, as it is sent but for the line breaks", &serde_json::to_string_pretty(&example).ok()?),
        fields::of("Fields of data", data),
    );
    for (name, inner) in fields::nested(data) {
        let _ = write!(body, "<h3 id=\"{name}\"><code>{name}</code></h3>{}", fields::of(name, inner));
    }
    let schema = serde_json::to_string_pretty(&json_schema(event)).ok()?;
    let _ = write!(body, "<h2 id=\"schema\">JSON Schema</h2>{}", code("JSON Schema 2020-12", &schema));
    Some(Article { title: event.as_str().to_owned(), body })
}
