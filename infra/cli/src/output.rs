//! What a command says: text for people, JSON for programs, and sentences beside either on stderr.

use std::io::Write;

use serde_json::Value;

use crate::failure::Failure;

/// Where a command writes to.
pub(crate) struct Output<'a> {
    pub(crate) out: &'a mut (dyn Write + Send),
    pub(crate) err: &'a mut (dyn Write + Send),
    /// Whether JSON is wanted.
    pub(crate) json: bool,
    /// Whether stderr is a terminal, on which a line may be written over.
    pub(crate) is_terminal: bool,
}

impl Output<'_> {
    /// The answer of a command: text with its line breaks, or one JSON object.
    pub(crate) fn report(&mut self, text: &str, json: &Value) -> Result<(), Failure> {
        if self.json {
            writeln!(self.out, "{json:#}")?;
        } else {
            write!(self.out, "{text}")?;
        }
        Ok(self.out.flush()?)
    }

    /// One entry of a list that grows: a line of text, or a line with one JSON object.
    pub(crate) fn entry(&mut self, text: &str, json: &Value) -> Result<(), Failure> {
        if self.json {
            writeln!(self.out, "{json}")?;
        } else {
            writeln!(self.out, "{text}")?;
        }
        Ok(self.out.flush()?)
    }

    /// A sentence on stderr.
    pub(crate) fn note(&mut self, sentence: &str) {
        // If this fails, there is nowhere left to report it.
        let _ = writeln!(self.err, "workskedge: {}", printable(sentence));
    }
}

/// Rows under a head, with aligned columns.
pub(crate) fn columns<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let head = head.map(str::to_owned);
    let lines = || std::iter::once(&head).chain(rows);
    let width = |column: usize| lines().map(|row| printable(&row[column]).chars().count()).max().unwrap_or_default();
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{:<width$}", printable(cell)));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    lines().map(line).collect()
}

/// `text` without control characters, which a terminal would obey: names and answers come from anybody.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// `1,234`.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let with_comma = |(at, digit): (usize, char)| {
        let comma = at > 0 && (digits.len() - at).is_multiple_of(3);
        comma.then_some(',').into_iter().chain([digit])
    };
    digits.chars().enumerate().flat_map(with_comma).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_nothing_steers_the_terminal() {
        let rows = [["a".to_owned(), "Ünit".to_owned()], ["longer".to_owned(), "\u{1b}[31mred".to_owned()]];
        assert_eq!(columns(["ID", "NAME"], &rows), "ID      NAME\na       Ünit\nlonger  \u{fffd}[31mred\n");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
