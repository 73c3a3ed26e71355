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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_sample_writes_when_it_runs_is_not_published() {
        let known = ["cs", "go", "java", "js", "json", "mjs", "php", "py", "rb", "rs", "sh"];
        let samples: Vec<_> = Docs::iter().filter_map(|name| Some(name.strip_prefix("samples/")?.to_owned())).collect();
        assert!(samples.len() > known.len());
        for name in samples {
            let ending = name.rsplit_once('.').map(|(_, ending)| ending);
            assert!(!name.contains('/') && ending.is_some_and(|ending| known.contains(&ending)), "{name}");
        }
    }
}
