use std::collections::BTreeSet;

use domain::events::EventName;
use inbound::problem::ProblemCode;
use lambda_http::http::HeaderMap;
use lambda_http::{Body, Response};

use super::*;

fn get(path: &str) -> Response<Body> {
    crate::find(path).unwrap_or_else(|| panic!("{path}")).into_response(&HeaderMap::new())
}

fn text(path: &str) -> String {
    let response = get(path);
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    String::from_utf8(response.body().to_vec()).unwrap()
}

/// All pages that the contents lead to, and those of events, errors and resources.
fn all() -> Vec<String> {
    let events = EventName::ALL.map(|event| format!("events/{event}"));
    let errors = ProblemCode::ALL.iter().map(|code| format!("errors/{}", code.as_str()));
    let resources = Kind::ALL.map(|kind| format!("resources/{}", kind.segment()));
    let guides = contents::SECTIONS.iter().flat_map(|section| section.pages).map(|(slug, _)| (*slug).to_owned());
    let slugs = guides.chain(events).chain(errors).chain(resources).chain([String::new()]);
    slugs.map(|slug| if slug.starts_with('/') { slug } else { format!("/docs/{slug}") }).collect()
}

#[test]
fn every_link_of_every_page_leads_somewhere() {
    let mut links = BTreeSet::new();
    for path in all().iter().filter(|path| path.starts_with("/docs") && *path != "/docs/explorer") {
        let path = path.trim_end_matches('/');
        let page = text(path);
        assert!(!page.contains("<p>{{"), "{path} has a directive that nobody knows");
        assert_eq!(page.matches("<h1").count(), 1, "{path} has one heading of the first order");
        for (position, _) in page.match_indices("href=\"") {
            let link = page[position + 6..].split('"').next().unwrap();
            if let Some(anchor) = link.strip_prefix('#') {
                assert!(page.contains(&format!("id=\"{anchor}\"")), "{path}: {link}");
            } else if link.starts_with('/') {
                links.insert((link.to_owned(), path.to_owned()));
            }
        }
    }
    for (link, path) in links {
        let (target, anchor) = link.split_once('#').unwrap_or((&link, ""));
        let page = text(target);
        // What follows the hash is the console's own business there.
        assert!(anchor.is_empty() || target == "/" || page.contains(&format!("id=\"{anchor}\"")), "{path}: {link}");
    }
}

#[test]
fn every_problem_type_is_a_page() {
    for code in ProblemCode::ALL {
        let page = text(&format!("/docs/errors/{}", code.as_str()));
        assert!(page.contains(code.title()), "{}", code.as_str());
    }
}

#[test]
fn every_field_of_a_resource_is_explained() {
    for kind in Kind::ALL {
        let page = text(&format!("/docs/resources/{}", kind.segment()));
        for field in kind.model().fields {
            assert!(page.contains(&format!("<code>{}</code>", field.name)), "{} {}", kind.name(), field.name);
        }
        let tables = page.split("id=\"fields\"").nth(1).unwrap();
        assert!(!tables.contains("<td></td>"), "a field of {} has no meaning", kind.name());
    }
}

#[test]
fn pages_have_no_inline_script_or_style() {
    for path in all().iter().filter(|path| path.starts_with("/docs") && *path != "/docs/explorer") {
        let page = text(path.trim_end_matches('/'));
        assert!(!page.contains(" style=") && !page.contains("<style") && !page.contains("onclick"), "{path}");
    }
}

#[test]
fn what_is_not_there_says_so() {
    for path in ["/docs/nothing", "/docs/errors/nothing", "/docs/events/nothing", "/docs/resources/x", "/docs/../x"] {
        assert_eq!(get(path).status(), StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/docs/samples/nothing", "/console/../src/lib.rs", "/docs/samples/../../Cargo.toml", "/console/"] {
        assert!(crate::find(path).is_none(), "{path}");
    }
}

#[test]
fn every_field_of_an_event_has_a_meaning() {
    for event in EventName::ALL {
        let page = text(&format!("/docs/events/{event}"));
        assert!(!page.contains("<td></td>"), "{event}");
        let nullable = event.event_type().fields.iter().filter(|field| field.presence.nullable()).count();
        assert!(page.matches(">may be null</span>").count() >= nullable, "{event}");
    }
}

#[test]
fn no_page_speaks_in_words_that_only_we_know() {
    for path in all().iter().filter(|path| path.starts_with("/docs") && *path != "/docs/explorer") {
        let page = html::plain(&text(path.trim_end_matches('/'))).to_lowercase();
        let mut words = page.split(|c: char| !c.is_alphanumeric());
        let inner = ["xor", "qbo", "xsd", "tenant", "tombstone", "tombstones", "dp", "x-class"];
        assert_eq!(words.find(|word| inner.contains(word)), None, "{path}");
        let numbered = page.split("see ").skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        assert!(!numbered && !page.contains("(m)") && !page.contains(" ..0"), "{path}");
    }
}

#[test]
fn the_search_knows_every_guide_and_its_words() {
    let pages: Vec<serde_json::Value> = serde_json::from_str(&text("/docs/search.json")).unwrap();
    let of = |path: &str| pages.iter().find(|page| page["path"] == path).unwrap_or_else(|| panic!("{path}"));
    assert!(of("/docs/retries")["text"].as_str().unwrap().contains("attempt"));
    assert_eq!(of("/docs/events/workorder.created")["title"], "workorder.created");
    assert!(of("/docs/errors/overlap")["text"].as_str().unwrap().contains("time off"));
    assert!(pages.iter().all(|page| page["text"].as_str().unwrap().len() > 100));
}
