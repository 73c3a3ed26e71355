//! What is around every page.

use std::fmt::Write as _;

use super::contents::SECTIONS;
use super::html::escape;
use super::{Article, reading};

/// The whole page.
pub(super) fn page(slug: &str, article: &Article) -> String {
    let (head, header, contents) = (head(&article.title), header(), contents(slug));
    let (body, list, turn) = (&article.body, reading::on_this_page(&article.body), reading::neighbours(slug));
    format!(
        "<!doctype html>\n<html lang=\"en\">{head}<body>\
         <a class=\"skip\" href=\"#content\">Skip to the content</a>{header}\
         <div class=\"frame\"><nav class=\"side\" aria-label=\"Contents\"><details class=\"fold\">\
         <summary>Contents</summary>{contents}</details></nav>\
         <main id=\"content\" tabindex=\"-1\">{list}<article>{body}{turn}</article></main></div></body></html>\n"
    )
}

fn head(title: &str) -> String {
    let title = escape(title);
    format!(
        "<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title} · WorkSkedge Webhooks</title>\
         <link rel=\"icon\" href=\"/console/icon.svg\"><script src=\"/console/choose-theme.js\"></script>\
         <link rel=\"stylesheet\" href=\"/console/theme.css\"><link rel=\"stylesheet\" href=\"/docs/assets/docs.css\">\
         <script type=\"module\" src=\"/docs/assets/docs.js\"></script></head>"
    )
}

/// The search is there once its script runs.
fn header() -> &'static str {
    "<header><a class=\"home\" href=\"/docs\">WorkSkedge Webhooks <span>Docs</span></a>\
     <search class=\"search\" id=\"search\" hidden><input type=\"search\" id=\"words\" placeholder=\"Search\" \
     aria-label=\"Search the docs\" autocomplete=\"off\"><ul id=\"found\" hidden></ul>\
     <p class=\"skip\" role=\"status\" id=\"count\"></p></search>\
     <nav aria-label=\"Site\" id=\"site\"><a href=\"/docs/explorer\">API explorer</a><a href=\"/\">Console</a></nav></header>"
}

fn contents(current: &str) -> String {
    let mut list = String::new();
    for section in SECTIONS {
        let _ = write!(list, "<p>{}</p><ul>", escape(section.title));
        for (slug, title) in section.pages {
            let is_within = current.strip_prefix(slug).is_some_and(|rest| rest.starts_with('/'));
            let here = match (*slug == current, is_within) {
                (true, _) => " aria-current=\"page\"",
                (false, true) => " aria-current=\"true\"",
                (false, false) => "",
            };
            let _ = write!(list, "<li><a href=\"/docs/{slug}\"{here}>{}</a></li>", escape(title));
        }
        list.push_str("</ul>");
    }
    list
}
