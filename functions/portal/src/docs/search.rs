//! What the search of the docs looks in: every page with its text by headings, fetched when somebody begins to search.

use domain::events::EventName;
use inbound::problem::ProblemCode;
use serde_json::{Value, json};

use super::contents::SECTIONS;
use super::html::plain;
use super::sections::{Section, sections};
use super::{Article, article};

/// The pages as JSON, guides first: `path`, `title`, and `parts`, one for each heading with its `id`, `title` and `text`.
/// The first part is what comes before the first heading; its `id` and `title` are empty.
pub(super) fn index() -> String {
    let guides = SECTIONS.iter().flat_map(|section| section.pages).map(|(slug, _)| (*slug).to_owned());
    let events = EventName::ALL.map(|event| format!("events/{event}"));
    let errors = ProblemCode::ALL.iter().map(|code| format!("errors/{}", code.as_str()));
    let pages = guides.chain(events).chain(errors);
    let entries: Value = pages.filter_map(|slug| article(&slug).map(|found| entry(&slug, &found))).collect();
    entries.to_string()
}

fn entry(slug: &str, Article { title, body }: &Article) -> Value {
    let parts: Value = sections(body).iter().map(part).collect();
    json!({ "path": format!("/docs/{slug}"), "title": title, "parts": parts })
}

fn part(Section { id, title, body, .. }: &Section<'_>) -> Value {
    json!({ "id": id, "title": title, "text": plain(body) })
}
