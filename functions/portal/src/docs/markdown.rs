//! Guides: Markdown with words of our own, each alone on a line. `{{sample verify.py}}` prints a file of
//! `docs/samples/`, `{{tabs verify.mjs verify.py}}` several to choose from: what is printed is what the tests run.

use std::fmt::Write as _;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html as cmark};

use super::Article;
use super::errors;
use super::html::{self, code, escape, slug};
use crate::files;

/// The guide of this slug.
pub(super) fn article(slug: &str) -> Option<Article> {
    let text = files::docs_text(&format!("{slug}.md"))?;
    let title = text.lines().next()?.trim_start_matches('#').trim().to_owned();
    Some(Article { title, body: render(&text) })
}

/// Markdown as HTML.
pub(super) fn render(text: &str) -> String {
    let (mut body, mut plain) = (String::new(), String::new());
    for line in text.lines() {
        if let Some(block) = directive(line) {
            body.push_str(&to_html(&plain));
            body.push_str(&block);
            plain.clear();
        } else {
            plain.push_str(line);
            plain.push('\n');
        }
    }
    body.push_str(&to_html(&plain));
    body
}

fn directive(line: &str) -> Option<String> {
    let words = line.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    let (word, rest) = words.split_once(' ').unwrap_or((words, ""));
    match word {
        "sample" => sample(rest),
        "tabs" => Some(tabs(&rest.split(' ').collect::<Vec<_>>())),
        "problems" => Some(errors::table_of_codes()),
        _ => None,
    }
}

fn sample(name: &str) -> Option<String> {
    Some(html::sample(name, &files::docs_text(&format!("samples/{name}"))?))
}

/// Radio buttons choose what is shown, without a script.
fn tabs(names: &[&str]) -> String {
    let mut block = String::from("<div class=\"tabs\" role=\"group\" aria-label=\"Languages\">");
    let group = names.first().map(|name| slug(name)).unwrap_or_default();
    for (i, name) in names.iter().enumerate() {
        let checked = if i == 0 { " checked" } else { "" };
        let (id, label) = (format!("{group}-{i}"), escape(language(name)));
        let text = sample(name).unwrap_or_default();
        let _ = write!(
            block,
            "<input type=\"radio\" name=\"{group}\" id=\"{id}\"{checked}><label for=\"{id}\">{label}</label>{text}"
        );
    }
    block.push_str("</div>");
    block
}

fn language(file: &str) -> &str {
    match file.rsplit('.').next() {
        Some("mjs" | "js") => "Node",
        Some("py") => "Python",
        Some("php") => "PHP",
        Some("sh") => "bash",
        Some("go") => "Go",
        Some("rb") => "Ruby",
        Some("rs") => "Rust",
        Some("cs") => "C#",
        Some("java") => "Java",
        _ => file,
    }
}

fn to_html(text: &str) -> String {
    let events: Vec<Event<'_>> =
        Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH).collect();
    let mut rendered = String::new();
    let mut rest = events.into_iter().peekable();
    let mut own = Vec::new();
    let mut tables = Labels::default();
    while let Some(event) = rest.next() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                let (words, html) = heading(level, &mut rest);
                tables.heading = words;
                own.push(html);
            }
            Event::Start(Tag::CodeBlock(kind)) => own.push(code_block(&kind, &mut rest)),
            Event::Start(Tag::Table(alignment)) => {
                let label = escape(&tables.next());
                own.push(raw(format!("<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"{label}\">")));
                own.push(Event::Start(Tag::Table(alignment)));
            }
            Event::End(TagEnd::Table) => own.extend([Event::End(TagEnd::Table), raw("</div>".to_owned())]),
            other => own.push(other),
        }
    }
    cmark::push_html(&mut rendered, own.into_iter());
    rendered
}

/// What tables are called: by the heading that they stand under, no two alike.
#[derive(Default)]
struct Labels {
    heading: String,
    given: Vec<String>,
}

impl Labels {
    fn next(&mut self) -> String {
        let first = if self.heading.is_empty() { "Table" } else { &self.heading };
        let mut label = first.to_owned();
        let mut number = 2;
        while self.given.contains(&label) {
            label = format!("{first} {number}");
            number += 1;
        }
        self.given.push(label.clone());
        label
    }
}

fn raw(html: String) -> Event<'static> {
    Event::Html(html.into())
}

/// A heading with an anchor: its words, and as HTML.
fn heading<'a>(level: HeadingLevel, rest: &mut impl Iterator<Item = Event<'a>>) -> (String, Event<'static>) {
    let inner: Vec<Event<'a>> = rest.take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_)))).collect();
    let words: String = inner
        .iter()
        .map(|event| match event {
            Event::Text(text) | Event::Code(text) => text.to_string(),
            _ => String::new(),
        })
        .collect();
    let mut text = String::new();
    cmark::push_html(&mut text, inner.into_iter());
    let html = match level {
        HeadingLevel::H1 => format!("<h1>{text}</h1>"),
        level => html::heading(level as u8, &slug(&words), &text),
    };
    (words, raw(html))
}

fn code_block<'a>(kind: &CodeBlockKind<'_>, rest: &mut impl Iterator<Item = Event<'a>>) -> Event<'static> {
    let text: String = rest
        .take_while(|event| !matches!(event, Event::End(TagEnd::CodeBlock)))
        .filter_map(|event| if let Event::Text(text) = event { Some(text.to_string()) } else { None })
        .collect();
    let label = if let CodeBlockKind::Fenced(language) = kind { language.to_string() } else { String::new() };
    raw(code(&label, &text))
}
