//! Ways through a page and from it to its neighbours.

use std::fmt::Write as _;

use domain::events::EventName;
use inbound::problem::ProblemCode;

use super::contents::SECTIONS;
use super::html::escape;
use super::sections::{Section, sections};

/// Fewer headings than this are seen at a glance.
const WORTH_A_LIST: usize = 3;

/// What is on the page, when it is long.
pub(super) fn on_this_page(body: &str) -> String {
    let headings: Vec<_> = sections(body).into_iter().filter(|section| section.level == 2).collect();
    if headings.len() < WORTH_A_LIST {
        return String::new();
    }
    let mut list = String::new();
    for Section { id, title, .. } in headings {
        let _ = write!(list, "<li><a href=\"#{id}\">{}</a></li>", escape(&title));
    }
    format!(
        "<nav class=\"page\" aria-label=\"On this page\"><details class=\"fold\"><summary>On this page</summary>\
         <ul>{list}</ul></details></nav>"
    )
}

/// The pages that come before and after, in the order of the contents; among each other for events and errors.
pub(super) fn neighbours(slug: &str) -> String {
    let pages = match slug.split_once('/') {
        Some(("events", _)) => EventName::ALL.map(|name| (format!("events/{name}"), name.to_string())).into(),
        Some(("errors", _)) => ProblemCode::ALL
            .iter()
            .map(|code| (format!("errors/{}", code.as_str()), code.as_str().to_owned()))
            .collect(),
        _ => guides(),
    };
    let Some(here) = pages.iter().position(|(page, _)| page == slug) else { return String::new() };
    let before = here.checked_sub(1).and_then(|before| pages.get(before)).map(|page| turn("prev", "Previous", page));
    let after = pages.get(here + 1).map(|page| turn("next", "Next", page));
    let links: String = [before, after].into_iter().flatten().collect();
    format!("<nav class=\"turn\" aria-label=\"Previous and next page\">{links}</nav>")
}

fn guides() -> Vec<(String, String)> {
    let pages = SECTIONS.iter().flat_map(|section| section.pages);
    pages.map(|(slug, title)| ((*slug).to_owned(), (*title).to_owned())).collect()
}

fn turn(rel: &str, word: &str, (slug, title): &(String, String)) -> String {
    format!("<a rel=\"{rel}\" href=\"/docs/{slug}\"><span>{word}</span> {}</a>", escape(title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_page_lists_its_headings() {
        let body = "<h2 id=\"a\"><a class=\"anchor\" href=\"#a\">A <code>b</code></a></h2>";
        assert_eq!(on_this_page(body), "");
        assert!(on_this_page(&body.repeat(3)).contains("<a href=\"#a\">A b</a>"));
    }

    #[test]
    fn pages_have_neighbours() {
        let first = neighbours("getting-started");
        assert!(!first.contains("rel=\"prev\"") && first.contains("href=\"/docs/authentication\""), "{first}");
        let last = neighbours("errors/unavailable");
        assert!(last.contains("href=\"/docs/errors/internal_error\"") && !last.contains("rel=\"next\""), "{last}");
        assert_eq!(neighbours(""), "");
    }
}
