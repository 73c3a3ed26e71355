//! The docs: guides in Markdown under `docs/`, and pages that are made of the code's own tables.

mod catalog;
mod contents;
mod errors;
mod fields;
mod html;
mod layout;
mod markdown;
mod reading;
mod search;
mod sections;

use domain::models::Kind;
use lambda_http::http::StatusCode;

use crate::files;
use crate::page::Page;

/// Where the page of a resource has its example and its fields: `{{fields}}` alone on a line.
const FIELDS: &str = "<p>{{fields}}</p>";

/// A page's title, and what is on it as HTML.
#[derive(Debug)]
pub(crate) struct Article {
    title: String,
    body: String,
}

/// The page or file below `/docs`; empty for the first page. What is not there is a page too, which says so.
pub(crate) fn page(below: &str) -> Option<Page> {
    let slug = below.trim_start_matches('/');
    if slug == "search.json" {
        return Some(Page::json(search::index()));
    }
    if slug.starts_with("samples/") || slug.starts_with("assets/") {
        return files::docs(slug);
    }
    if let Some(article) = article(slug) {
        return Some(Page::html(layout::page(slug, &article)));
    }
    let missing = Article {
        title: "Not found".to_owned(),
        body: "<h1>Not found</h1><p>There is no such page. <a href=\"/docs\">All pages</a></p>".to_owned(),
    };
    Some(Page::html(layout::page(slug, &missing)).with_status(StatusCode::NOT_FOUND))
}

fn article(slug: &str) -> Option<Article> {
    match slug.split_once('/') {
        _ if slug.is_empty() => Some(contents::home()),
        None if slug == "events" => Some(catalog::index()),
        Some(("events", name)) => catalog::event(name.parse().ok()?),
        Some(("errors", code)) => errors::page(code),
        Some(("resources", segment)) => resource(segment),
        // Parts of other pages lie in folders; only what stands in the contents is a page of its own.
        None if contents::is_guide(slug) => markdown::article(slug),
        _ => None,
    }
}

fn resource(segment: &str) -> Option<Article> {
    let kind = Kind::ALL.into_iter().find(|kind| kind.segment() == segment)?;
    let Article { title, body } = markdown::article(&format!("resources/{segment}"))?;
    Some(Article { title, body: body.replace(FIELDS, &fields::tables(kind)) })
}

#[cfg(test)]
mod tests;
