//! What is around every page.

use std::fmt::Write as _;

use super::Article;
use super::contents::SECTIONS;
use super::html::escape;

/// The whole page.
pub(super) fn page(slug: &str, article: &Article) -> String {
    let (title, body, contents) = (escape(&article.title), &article.body, contents(slug));
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title} · WorkSkedge Webhooks</title>\
         <link rel=\"icon\" href=\"/console/icon.svg\"><link rel=\"stylesheet\" href=\"/console/theme.css\">\
         <link rel=\"stylesheet\" href=\"/docs/assets/docs.css\">\
         <script type=\"module\" src=\"/docs/assets/docs.js\"></script></head><body>\
         <a class=\"skip\" href=\"#content\">Skip to the content</a>\
         <header><a class=\"home\" href=\"/docs\">WorkSkedge Webhooks <span>Docs</span></a>\
         <nav aria-label=\"Site\" id=\"site\"><a href=\"/docs/explorer\">API explorer</a><a href=\"/\">Console</a></nav></header>\
         <div class=\"frame\"><nav class=\"side\" aria-label=\"Contents\"><details id=\"contents\">\
         <summary>Contents</summary>{contents}</details></nav>\
         <main id=\"content\" tabindex=\"-1\"><article>{body}</article></main></div></body></html>\n"
    )
}

fn contents(current: &str) -> String {
    let mut list = String::new();
    for section in SECTIONS {
        let _ = write!(list, "<p>{}</p><ul>", escape(section.title));
        for (slug, title) in section.pages {
            let here = if *slug == current { " aria-current=\"page\"" } else { "" };
            let _ = write!(list, "<li><a href=\"/docs/{slug}\"{here}>{}</a></li>", escape(title));
        }
        list.push_str("</ul>");
    }
    list
}
