//! What the texts of the repository refer to is there: rules of the contract by their anchors, files and headings by links.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

const CONTRACT: &str = "docs/contract.md";
/// In parts, so that this file is no reference itself.
const REFERENCE: &str = concat!("contract.md", "#");
/// Where nothing is written by us, or what is written is captured data.
const SKIPPED: [&str; 7] = [".aws-sam", ".git", ".workskedge", "__pycache__", "fixtures", "node_modules", "target"];
const EXTENSIONS: [&str; 8] = ["html", "js", "md", "mjs", "py", "rs", "toml", "yaml"];

#[test]
fn every_rule_that_is_named_is_in_the_contract() {
    let anchors = anchors(&read(&root().join(CONTRACT)));
    let mut named = 0;
    for (path, text) in texts() {
        for rest in text.split(REFERENCE).skip(1) {
            let end = rest.find(|c: char| !is_in_anchor(c)).unwrap_or(rest.len());
            assert!(anchors.contains(&rest[..end]), "{}: the contract has no #{}", path.display(), &rest[..end]);
            named += 1;
        }
    }
    assert!(named > 20, "only {named} references were found");
}

#[test]
fn every_anchor_of_the_contract_is_there_once() {
    let mut seen = HashSet::new();
    for anchor in listed_anchors(&read(&root().join(CONTRACT))) {
        assert!(!anchor.is_empty() && seen.insert(anchor.clone()), "#{anchor} is there twice");
    }
    assert!(seen.len() > 100, "only {} anchors were found", seen.len());
}

#[test]
fn rules_are_not_cited_by_numbers() {
    for (path, text) in texts() {
        let words: Vec<&str> = text.split_whitespace().filter(|word| !is_comment_mark(word)).map(bare).collect();
        for pair in words.windows(2) {
            let numbered = matches!(pair[1], "section" | "sections") || is_number(pair[1]);
            let cited = pair[0].eq_ignore_ascii_case("contract") && numbered;
            assert!(!cited, "{}: names a rule as {pair:?}", path.display());
        }
        for line in text.lines() {
            let mut words = prose(&path, line).split(|c: char| !c.is_alphanumeric());
            let number = words.find(|word| is_rule_number(word));
            assert_eq!(number, None, "{}: {line}", path.display());
        }
    }
}

#[test]
fn links_between_the_guides_lead_somewhere() {
    let root = root();
    let guides: Vec<_> = texts().into_iter().filter(|(path, _)| is_guide(&root, path)).collect();
    assert!(guides.len() > 10, "only {} guides were found", guides.len());
    let mut known = HashMap::new();
    for (path, text) in &guides {
        for target in links(text) {
            let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
            let folder = path.parent().expect("a file is in a folder");
            let file = if file.is_empty() { path.clone() } else { folder.join(file) };
            assert!(file.exists(), "{}: {target} leads nowhere", path.display());
            if !fragment.is_empty() {
                let anchors = known.entry(file.clone()).or_insert_with(|| anchors(&read(&file)));
                assert!(anchors.contains(fragment), "{}: {target} names no heading", path.display());
            }
        }
    }
}

#[test]
fn headings_become_anchors_as_on_github() {
    let text = "# Keys, codes and ids\n\n```sh\n# no heading\n```\n\n## `a_b` of 1 day\n\n| <a id=\"budget-parts\"></a>sum |\n";
    assert_eq!(listed_anchors(text), ["keys-codes-and-ids", "a_b-of-1-day", "budget-parts"]);
    assert_eq!(links("see [a](b.md#c) and [d](#e), not [f](https://g) or [h](/docs/i)"), ["b.md#c", "#e"]);
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in the repository").to_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every text that people write, with its path.
fn texts() -> Vec<(PathBuf, String)> {
    let (mut folders, mut texts) = (vec![root()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            if kind.is_dir() {
                let skipped = SKIPPED.iter().any(|name| entry.file_name() == *name);
                folders.extend((!skipped).then_some(path));
            } else if kind.is_file() && extension(&path).is_some_and(|extension| EXTENSIONS.contains(&extension)) {
                let text = read(&path);
                texts.push((path, text));
            }
        }
    }
    texts
}

fn extension(path: &Path) -> Option<&str> {
    path.extension()?.to_str()
}

/// The Markdown whose links are relative; the pages under `/docs` have their own test.
fn is_guide(root: &Path, path: &Path) -> bool {
    let of_people =
        path == root.join("README.md") || ["docs", "infra"].iter().any(|part| path.starts_with(root.join(part)));
    of_people && extension(path) == Some("md")
}

fn anchors(text: &str) -> HashSet<String> {
    listed_anchors(text).into_iter().collect()
}

/// Headings and explicit anchors, in their order.
fn listed_anchors(text: &str) -> Vec<String> {
    let mut anchors = Vec::new();
    for line in outside_of_fences(text) {
        let heading = line.trim_start_matches('#');
        if heading.len() < line.len() && heading.starts_with(' ') {
            anchors.push(slug(heading.trim()));
        }
        for rest in line.split("<a id=\"").skip(1) {
            anchors.extend(rest.split_once('"').map(|(anchor, _)| anchor.to_owned()));
        }
    }
    anchors
}

/// As GitHub makes it of a heading.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// The targets of the links to files of the repository.
fn links(text: &str) -> Vec<&str> {
    let after = outside_of_fences(text).flat_map(|line| line.split("](").skip(1));
    let targets = after.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    targets.filter(|target| !target.contains(':') && !target.starts_with('/')).collect()
}

fn outside_of_fences(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

const fn is_in_anchor(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

fn is_comment_mark(word: &str) -> bool {
    matches!(word, "//" | "///" | "//!" | "#")
}

/// A word without what stands around it.
fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

/// `7` or `2.10`.
fn is_number(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// What a line says to people: all of a text, the comment of code.
fn prose<'a>(path: &Path, line: &'a str) -> &'a str {
    let mark = match extension(path) {
        Some("md") => return line,
        Some("py" | "toml" | "yaml") => "#",
        _ => "//",
    };
    line.split_once(mark).map_or("", |(_, comment)| comment)
}

/// An X and one or two digits.
fn is_rule_number(word: &str) -> bool {
    let digits = word.strip_prefix('X').unwrap_or_default();
    matches!(digits.len(), 1 | 2) && digits.bytes().all(|byte| byte.is_ascii_digit())
}
