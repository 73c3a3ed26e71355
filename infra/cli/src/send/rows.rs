//! The records of a file, each with its place in it.

use std::path::Path;

use domain::json::{BodyError, parse_object};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::arguments::Send;
use crate::failure::Failure;
use crate::files::read_text;
use crate::send::table;

/// One record.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Where it begins: the line in a file of lines, otherwise which of the array it is, from 1.
    pub(crate) place: usize,
    pub(crate) body: Map<String, Value>,
}

impl Row {
    /// What tells records apart: SHA-256 of the body, in hex.
    pub(crate) fn digest(&self) -> String {
        hex::encode(Sha256::digest(domain::json::write(&self.body)))
    }
}

/// Reads the records of a file by the ending of its name.
pub(crate) fn read(wanted: &Send) -> Result<Vec<Row>, Failure> {
    let file = &wanted.file;
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    let text = read_text("the file", file)?;
    // As Excel writes it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let rows = match ending.as_str() {
        "csv" => table::read(text, wanted.kind.kind().model(), wanted.delimiter, wanted.clear_empty),
        "jsonl" | "ndjson" => lines(text),
        "json" => array(text),
        _ => return Err(Failure::Usage(format!("{} must end in .json, .jsonl or .csv", file.display()))),
    };
    let rows = rows.map_err(|sentence| Failure::Usage(format!("{}: {sentence}", file.display())))?;
    if rows.is_empty() { Err(nothing(file)) } else { Ok(rows) }
}

fn nothing(file: &Path) -> Failure {
    Failure::Usage(format!("{} has no records", file.display()))
}

/// One object a line; empty lines don't count.
fn lines(text: &str) -> Result<Vec<Row>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let row = |(at, line): (usize, &str)| {
        let body = parse_object(line.as_bytes()).map_err(|error| format!("line {}: {error}", at + 1))?;
        Ok(Row { place: at + 1, body })
    };
    lines.map(row).collect()
}

/// An array of objects, or one object.
fn array(text: &str) -> Result<Vec<Row>, String> {
    if text.trim_start().starts_with('{') {
        return parse_object(text.as_bytes())
            .map(|body| vec![Row { place: 1, body }])
            .map_err(|error: BodyError| error.to_string());
    }
    let items: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let row = |(at, item): (usize, &RawValue)| {
        let body = parse_object(item.get().as_bytes()).map_err(|error| format!("item {}: {error}", at + 1))?;
        Ok(Row { place: at + 1, body })
    };
    items.into_iter().enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_in_an_array_on_lines_or_alone() {
        let places = |rows: Vec<Row>| rows.iter().map(|row| (row.place, row.body["n"].clone())).collect::<Vec<_>>();
        assert_eq!(places(array(r#"[{"n":1},{"n":2}]"#).unwrap()), [(1, 1.into()), (2, 2.into())]);
        assert_eq!(places(array(" {\"n\":1}").unwrap()), [(1, 1.into())]);
        assert_eq!(places(lines("{\"n\":1}\n\n{\"n\":2}\r\n").unwrap()), [(1, 1.into()), (3, 2.into())]);
    }

    #[test]
    fn what_is_no_record_is_named_with_its_place() {
        assert!(array("[{},1]").unwrap_err().starts_with("item 2: "));
        assert!(array(r#"[{},{"n":1,"n":2}]"#).unwrap_err().starts_with("item 2: "));
        assert!(lines("{}\n[]").unwrap_err().starts_with("line 2: "));
        assert!(lines(r#"{"n":1,"n":2}"#).unwrap_err().contains("twice"));
        assert!(array("[").is_err());
    }
}
