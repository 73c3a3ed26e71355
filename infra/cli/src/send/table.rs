//! CSV: the first line has paths of fields, each other line is a record.

use csv::{Reader, ReaderBuilder, StringRecord, Trim};
use domain::models::Model;
use domain::schema::{Field, Type};
use serde_json::{Map, Number, Value};

use crate::paths::{self, Step};
use crate::send::rows::Row;

/// What separates the words of a list in its cell.
const WORDS: char = ';';

struct Column {
    path: Vec<Step>,
    kind: Option<&'static Type>,
}

/// Reads a table. Cells are what the field of their column may hold; what can't be that stays text, for the check to name.
/// An empty cell is left out, or null with `clear_empty`.
pub(super) fn read(text: &str, model: &Model, delimiter: u8, clear_empty: bool) -> Result<Vec<Row>, String> {
    quotes(text, delimiter)?;
    let mut reader = ReaderBuilder::new().delimiter(delimiter).trim(Trim::All).from_reader(text.as_bytes());
    let columns = columns(&mut reader, model)?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| sentence(&error))?;
        let place = record.position().map_or(0, |position| usize::try_from(position.line()).unwrap_or_default());
        if record.iter().any(|cell| !cell.is_empty()) {
            rows.push(Row { place, body: body(&record, &columns, clear_empty) });
        }
    }
    Ok(rows)
}

/// Refuses a quoted cell that does not end, or that text stands behind: the reader would take the lines after it for a part of
/// it, and say nothing.
fn quotes(text: &str, delimiter: u8) -> Result<(), String> {
    let (mut line, mut opened, mut begins) = (1, None, true);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match (byte, opened) {
            (b'"', None) if begins => opened = Some(line),
            (b'"', Some(_)) if bytes.next_if_eq(&b'"').is_some() => {}
            (b'"', Some(at)) => {
                opened = None;
                while bytes.next_if_eq(&b' ').is_some() {}
                if bytes.peek().is_some_and(|next| *next != delimiter && !matches!(next, b'\r' | b'\n')) {
                    return Err(format!(
                        "line {at}: a cell goes on behind its closing quote; a quote inside is written twice"
                    ));
                }
            }
            _ => {}
        }
        line += usize::from(byte == b'\n');
        begins = byte == delimiter || byte == b'\n';
    }
    opened.map_or(Ok(()), |at| Err(format!("line {at}: a quoted cell does not end")))
}

fn columns(reader: &mut Reader<&[u8]>, model: &Model) -> Result<Vec<Column>, String> {
    let head = reader.headers().map_err(|error| sentence(&error))?;
    let column = |name: &str| {
        let path = paths::read(name).map_err(|error| format!("the first line: {error}"))?;
        Ok(Column { kind: type_at(model.fields, &path), path })
    };
    let columns: Vec<Column> = head.iter().map(column).collect::<Result<_, String>>()?;
    let name = |at| head.get(at).unwrap_or_default();
    for (at, one) in columns.iter().enumerate() {
        for (before, other) in columns[..at].iter().enumerate() {
            if one.path == other.path {
                return Err(format!("the first line has {} twice", name(at)));
            }
            if one.path.starts_with(&other.path) || other.path.starts_with(&one.path) {
                return Err(format!(
                    "the first line has {} and {}, of which one is a part of the other",
                    name(before),
                    name(at)
                ));
            }
        }
    }
    Ok(columns)
}

fn body(record: &StringRecord, columns: &[Column], clear_empty: bool) -> Map<String, Value> {
    let mut body = Value::Object(Map::new());
    for (cell, column) in record.iter().zip(columns) {
        // Below a list or an object there is nothing to clear: these are replaced whole.
        let clears = clear_empty && column.path.len() == 1;
        match cell {
            "" if clears => paths::set(&mut body, &column.path, Value::Null),
            "" => {}
            cell => paths::set(&mut body, &column.path, value(cell, column.kind)),
        }
    }
    match body {
        Value::Object(body) => body,
        _ => Map::new(),
    }
}

/// The type of the field that a path leads to, if there is one.
fn type_at(fields: &'static [Field], path: &[Step]) -> Option<&'static Type> {
    let [Step::Name(name), rest @ ..] = path else { return None };
    let mut kind = &fields.iter().find(|field| field.name == name)?.kind;
    let mut rest = rest;
    while let [step, after @ ..] = rest {
        kind = match (step, kind) {
            (Step::Index(_), Type::List { item, .. }) => *item,
            (Step::Name(_), Type::Object(fields)) => return type_at(fields, rest),
            _ => return None,
        };
        rest = after;
    }
    Some(kind)
}

fn value(cell: &str, kind: Option<&Type>) -> Value {
    let text = || Value::String(cell.to_owned());
    match kind {
        Some(Type::Bool) => match cell.to_ascii_lowercase().as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => text(),
        },
        Some(Type::Int { .. } | Type::Number { .. } | Type::Coordinate { .. }) => {
            cell.parse::<Number>().map_or_else(|_| text(), Value::Number)
        }
        Some(Type::List { item, .. }) if item.is_scalar() => cell
            .split(WORDS)
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(|word| value(word, Some(item)))
            .collect(),
        _ => text(),
    }
}

fn sentence(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            format!("line {line} has {len} cells, the first line has {expected_len}")
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use domain::models::{EMPLOYEE, WORK_ORDER};
    use serde_json::json;

    use super::*;

    fn bodies(text: &str, model: &Model, clear_empty: bool) -> Vec<Value> {
        let rows = read(text, model, b',', clear_empty).unwrap();
        rows.into_iter().map(|row| Value::Object(row.body)).collect()
    }

    #[test]
    fn cells_are_what_their_fields_hold() {
        let table = "workOrderNumber,title,estimatedHours,siteAddress.city,tags,materials[0].quantity,customFields.floor\n\
                     WO-1,\"Roof, north\",7.50,Austin,a; b ;,3,2\n\
                     \n\
                     WO-2,,soon,,,,\n";
        let first = json!({
            "workOrderNumber": "WO-1", "title": "Roof, north", "estimatedHours": 7.5, "siteAddress": {"city": "Austin"},
            "tags": ["a", "b"], "materials": [{"quantity": 3}], "customFields": {"floor": "2"},
        });
        let second = json!({ "workOrderNumber": "WO-2", "estimatedHours": "soon" });
        assert_eq!(bodies(table, &WORK_ORDER, false), [first, second]);
    }

    #[test]
    fn empty_cells_clear_whole_fields_if_that_is_asked_for() {
        let table = "employeeNumber,email,address.city\nE-1,,\n";
        assert_eq!(bodies(table, &EMPLOYEE, true), [json!({ "employeeNumber": "E-1", "email": null })]);
    }

    #[test]
    fn places_are_lines_of_the_file() {
        let rows = read("employeeNumber,firstName\nE-1,\"A\nB\"\nE-2,C\n", &EMPLOYEE, b',', false).unwrap();
        assert_eq!(rows.iter().map(|row| row.place).collect::<Vec<_>>(), [2, 4]);
    }

    #[test]
    fn a_quote_takes_no_other_lines_along() {
        let error = |text| read(text, &EMPLOYEE, b',', false).unwrap_err();
        let unclosed = "employeeNumber,firstName\nE-1,\"A\nE-2,B\n";
        assert_eq!(error(unclosed), "line 2: a quoted cell does not end");
        let behind = "line 2: a cell goes on behind its closing quote; a quote inside is written twice";
        assert_eq!(error(&format!("{unclosed}E-3,\"C\"\n")), behind);
        let fine = "employeeNumber,firstName\r\n\"E-1\",\"A \"\"B\"\"\" \r\n\"E-2\",5\" pipe\r\n";
        assert_eq!(bodies(fine, &EMPLOYEE, false)[0]["firstName"], "A \"B\"");
    }

    #[test]
    fn a_table_that_can_not_be_read_says_why() {
        let error = |text| read(text, &EMPLOYEE, b',', false).unwrap_err();
        assert_eq!(error("employeeNumber,email\nE-1\n"), "line 2 has 1 cells, the first line has 2");
        assert_eq!(error("employeeNumber,employeeNumber\n"), "the first line has employeeNumber twice");
        let parts = "the first line has address.city and address, of which one is a part of the other";
        assert_eq!(error("address.city,address\nAustin,x\n"), parts);
        assert!(error("employeeNumber,\nE-1,x\n").starts_with("the first line: "));
    }
}
