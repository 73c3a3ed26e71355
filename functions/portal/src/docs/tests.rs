use std::collections::BTreeSet;

use domain::attempt::KEPT_LIMIT;
use domain::endpoint::{DISABLE_AFTER_SECONDS, FAILING_AFTER, LONGEST_URL, MAX_PREVIOUS_SECRETS, SLOW_AFTER};
use domain::events::EventName;
use domain::pace::{LONGEST_LINE, MAX_PER_SECOND};
use domain::rate_limit::Limits;
use inbound::http::{MAX_BATCH_BYTES, MAX_BODY_BYTES};
use inbound::manage::parameters::DEFAULT_LIMIT;
use inbound::problem::ProblemCode;
use inbound::{BATCH_PATIENCE, MAX_RECORDS};
use lambda_http::http::HeaderMap;
use lambda_http::{Body, Response};
use outbound::sender::{LONGEST_NAME, LONGEST_VALUE, READ_LIMIT};
use store::tables::{ALERT_RETENTION_DAYS, EVENT_RETENTION_DAYS, RETENTION_DAYS};

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
    let words = |page: &serde_json::Value| {
        let parts = page["parts"].as_array().unwrap().iter();
        parts.map(|part| format!("{} {}", part["title"], part["text"])).collect::<Vec<_>>().concat()
    };
    assert!(words(of("/docs/retries")).contains("attempt"));
    assert_eq!(of("/docs/events/workorder.created")["title"], "workorder.created");
    assert!(words(of("/docs/errors/overlap")).contains("time off"));
    assert!(pages.iter().all(|page| words(page).len() > 100));
}

#[test]
fn what_the_search_finds_is_where_it_says() {
    let pages: Vec<serde_json::Value> = serde_json::from_str(&text("/docs/search.json")).unwrap();
    let mut headings = 0;
    for page in pages {
        let html = text(page["path"].as_str().unwrap());
        for part in &page["parts"].as_array().unwrap()[1..] {
            let id = part["id"].as_str().unwrap();
            assert!(html.contains(&format!("id=\"{id}\"")), "{} {id}", page["path"]);
            headings += 1;
        }
    }
    assert!(headings > 200, "{headings}");
}

#[test]
fn a_resource_shows_its_example_and_fields_before_its_states() {
    for kind in Kind::ALL {
        let page = text(&format!("/docs/resources/{}", kind.segment()));
        let at = ["example", "fields", "defaults", "states"].map(|id| page.find(&format!("id=\"{id}\"")).unwrap());
        assert!(at.is_sorted(), "{}: {at:?}", kind.name());
    }
}

/// A number as people read it.
fn read(number: impl TryInto<u64>) -> String {
    let number: u64 = number.try_into().ok().unwrap();
    if number < 1_000 { number.to_string() } else { format!("{},{:03}", read(number / 1_000), number % 1_000) }
}

#[test]
fn the_page_of_limits_has_the_numbers_of_the_code() {
    let (calls, batches) = (Limits::default(), Limits::default().of_batches());
    let kept = RETENTION_DAYS;
    let code = [
        ("calls of a key", format!("{} an hour and {} a minute", read(calls.per_hour), calls.per_minute)),
        (
            "[batches](/docs/rate-limits#batches) of a key",
            format!("{} an hour and {} a minute", batches.per_hour, batches.per_minute),
        ),
        ("records of a batch", format!("1 to {MAX_RECORDS}")),
        ("body of a request", format!("{} bytes", read(MAX_BODY_BYTES))),
        ("body of a batch", format!("{} bytes; {}", read(MAX_BATCH_BYTES), read(MAX_BODY_BYTES))),
        ("time in which records of a batch are begun", format!("{} seconds", BATCH_PATIENCE.as_secs())),
        ("a page of a list", format!("100 entries, {DEFAULT_LIMIT} by default")),
        ("length of a URL", format!("{} characters", read(LONGEST_URL))),
        ("custom headers", format!("names of {LONGEST_NAME} and values of {} characters", read(LONGEST_VALUE))),
        ("pace", format!("1 to {MAX_PER_SECOND} attempts a second")),
        ("a line at a pace", format!("{} hours;", LONGEST_LINE.as_hours())),
        ("replaced secrets that are valid at once", MAX_PREVIOUS_SECRETS.to_string()),
        ("what counts as slow", format!("more than {} seconds", SLOW_AFTER.as_secs())),
        (
            "response that we read",
            format!("{} KiB; of a failure and a test, {} KiB", READ_LIMIT / 1_024, KEPT_LIMIT / 1_024),
        ),
        ("failures in a row until an endpoint is `failing`", format!("{FAILING_AFTER} deliveries")),
        ("failures until an endpoint is disabled", format!("[{} days]", DISABLE_AFTER_SECONDS / 86_400)),
        ("events and deliveries", format!("{EVENT_RETENTION_DAYS} days; {} to {}", kept.start(), kept.end())),
        ("alerts", format!("{ALERT_RETENTION_DAYS} days")),
    ];
    let page = files::docs_text("limits.md").unwrap();
    for (what, limit) in code {
        let row =
            page.lines().find(|line| line.starts_with(&format!("| {what} | "))).unwrap_or_else(|| panic!("{what}"));
        assert!(row.contains(&format!("| {limit}")), "{row} has to say {limit}");
    }
}
