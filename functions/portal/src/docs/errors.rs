//! Errors: the table of all codes, and a page for each, where the `type` of a problem points.

use std::fmt::Write as _;

use inbound::problem::ProblemCode;

use super::Article;
use super::html::{code as block, escape, heading, table};
use super::markdown;
use crate::files;
use crate::openapi::problem_examples;

/// The page of a code: what it means, from the code itself, and what to do, from its guide.
pub(super) fn page(code: &str) -> Option<Article> {
    let code = ProblemCode::ALL.iter().find(|one| one.as_str() == code)?;
    let text = files::docs_text(&format!("errors/{}.md", code.as_str()))?;
    let (name, status) = (code.as_str(), code.status());
    let intro = format!(
        "<p class=\"crumb\"><a href=\"/docs/errors\">Errors</a></p><h1>{}</h1><p class=\"lead\"><code>{name}</code> · \
         HTTP {} {}</p>",
        escape(code.title()),
        status.as_u16(),
        escape(status.canonical_reason().unwrap_or_default()),
    );
    let example = serde_json::to_string_pretty(&problem_examples::body(*code)).ok()?;
    let example = heading(2, "example", "Example") + &block(answer(*code), &example);
    Some(Article { title: code.title().to_owned(), body: intro + &markdown::render(&text) + &example })
}

/// What the example is, with the headers that belong to it.
const fn answer(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::RateLimitExceeded => "application/problem+json, with Retry-After: 31",
        ProblemCode::MethodNotAllowed => "application/problem+json, with Allow: GET, HEAD, POST",
        _ => "application/problem+json",
    }
}

/// All codes by their status.
pub(super) fn table_of_codes() -> String {
    let mut rows = String::new();
    for code in ProblemCode::ALL {
        let (name, status, title) = (code.as_str(), code.status().as_u16(), escape(code.title()));
        let _ = write!(
            rows,
            "<tr><td>{status}</td><td><a href=\"/docs/errors/{name}\"><code>{name}</code></a></td><td>{title}</td></tr>"
        );
    }
    table("Errors", &["Status", "Code", "Title"], &rows)
}
