//! The answer of a command: JSON for programs, aligned text for people.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// The answer of a command.
#[derive(Debug)]
pub(crate) struct Report {
    /// What `--json` prints: one object.
    pub(crate) json: Value,
    /// What is printed otherwise: lines, each with its line break.
    pub(crate) text: String,
    /// Sentences for stderr, with either form.
    pub(crate) notes: Vec<String>,
    /// Whether the command has done all that it was to do.
    pub(crate) is_complete: bool,
}

impl Report {
    pub(crate) fn new(json: Value, text: String) -> Self {
        Self { json, text, notes: Vec::new(), is_complete: true }
    }

    /// A page of a list: `{"data": [...], "next": id or null}`, and as text the rows under `head`.
    pub(crate) fn page<const N: usize>(
        data: &Value,
        next: Option<&str>,
        head: [&str; N],
        rows: &[[String; N]],
    ) -> Self {
        let notes = next.map(|id| format!("There may be more: go on with --after {id}."));
        Self {
            notes: notes.into_iter().collect(),
            json: json!({ "data": data, "next": next }),
            text: columns(head, rows),
            is_complete: true,
        }
    }

    pub(crate) fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// Rows under a head, with aligned columns.
pub(crate) fn columns<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let head = head.map(str::to_owned);
    let lines = || std::iter::once(&head).chain(rows);
    let width = |column: usize| lines().map(|row| printable(&row[column]).chars().count()).max().unwrap_or_default();
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for row in lines() {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{:<width$}", printable(cell))).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// Names and their values, one a line.
pub(crate) fn facts(facts: &[(&str, String)]) -> String {
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for (name, value) in facts {
        // Writing to a string can't fail.
        let _ = writeln!(text, "{name:<width$}  {}", printable(value));
    }
    text
}

/// `text` without control characters, which a terminal would obey: names and bodies come from anybody.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// A value that may be missing.
pub(crate) fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_nothing_steers_the_terminal() {
        let rows = [["a".to_owned(), "Ünit".to_owned()], ["longer".to_owned(), "\u{1b}[31mred".to_owned()]];
        assert_eq!(columns(["ID", "NAME"], &rows), "ID      NAME\na       Ünit\nlonger  \u{fffd}[31mred\n");
        assert_eq!(facts(&[("id", "a\nb".to_owned()), ("name", "x".to_owned())]), "id    a\u{fffd}b\nname  x\n");
    }

    #[test]
    fn a_page_says_where_the_next_begins() {
        let page = Report::page(&json!([1]), Some("acc_1"), ["ID"], &[["1".to_owned()]]);
        assert_eq!(page.json, json!({"data": [1], "next": "acc_1"}));
        assert_eq!(page.notes, ["There may be more: go on with --after acc_1."]);
        assert_eq!(Report::page(&json!([]), None, ["ID"], &[]).json, json!({"data": [], "next": null}));
    }
}
