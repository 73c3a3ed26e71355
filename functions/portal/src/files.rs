//! The files of the pages, inside the program.

use rust_embed::{Embed, EmbeddedFile};

use crate::page::Page;

#[derive(Embed)]
#[folder = "console/"]
struct Console;

#[derive(Embed)]
#[folder = "explorer/"]
struct Explorer;

#[derive(Embed)]
#[folder = "docs/"]
struct Docs;

/// A file of the console.
pub(crate) fn console(name: &str) -> Option<Page> {
    Console::get(name).map(file)
}

/// A file of the explorer.
pub(crate) fn explorer(name: &str) -> Option<Page> {
    Explorer::get(name).map(file)
}

/// A file of the docs, as it is.
pub(crate) fn docs(name: &str) -> Option<Page> {
    Docs::get(name).map(file)
}

/// The text of a file of the docs.
pub(crate) fn docs_text(name: &str) -> Option<String> {
    String::from_utf8(Docs::get(name)?.data.into_owned()).ok()
}

fn file(file: EmbeddedFile) -> Page {
    Page::new(file.metadata.mimetype(), file.data)
}
