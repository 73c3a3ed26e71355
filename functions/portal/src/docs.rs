//! The docs: guides in Markdown, and pages that are made of the code's own tables.

use lambda_http::http::StatusCode;

use crate::files;
use crate::page::Page;

/// The page or file below `/docs`; empty for the first page.
pub(crate) fn page(below: &str) -> Option<Page> {
    if let Some(file) = below.strip_prefix("/samples/").map(|name| format!("samples/{name}")) {
        return files::docs(&file);
    }
    let _ = (files::docs_text(below), StatusCode::OK);
    below.is_empty().then(|| Page::html("<!doctype html><title>Docs</title>".to_owned()))
}
