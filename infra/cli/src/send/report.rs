//! What came of all records.

use std::collections::BTreeMap;

use domain::models::Model;
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::Problem;
use crate::failure::Failure;
use crate::output::{Output, columns, grouped, printable};
use crate::send::Outcome;
use crate::send::progress::in_words;
use crate::send::rows::Row;

/// A record that was refused.
#[derive(Debug, Serialize)]
pub(super) struct Refused {
    pub(super) row: usize,
    /// Its natural key, if it has one.
    pub(super) number: Option<String>,
    #[serde(flatten)]
    pub(super) problem: Problem,
}

/// How far it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// The records were checked here.
    Checked,
    /// The API has checked them.
    DryRun,
    Sent,
}

#[derive(Debug)]
pub(super) struct Report {
    /// How many records the file has.
    pub(super) rows: usize,
    /// How many were accepted by an earlier run.
    pub(super) skipped: usize,
    /// How many were accepted, by what was done with them.
    accepted: BTreeMap<String, usize>,
    pub(super) refused: Vec<Refused>,
    pub(super) extent: Extent,
    pub(super) seconds: u64,
}

impl Refused {
    pub(super) fn new(row: &Row, model: &Model, problem: Problem) -> Self {
        let number = row.body.get(model.key).and_then(Value::as_str).map(str::to_owned);
        Self { row: row.place, number, problem }
    }
}

impl Report {
    pub(super) fn new(rows: usize, extent: Extent) -> Self {
        let accepted = BTreeMap::new();
        Self { rows, skipped: 0, accepted, refused: Vec::new(), extent, seconds: 0 }
    }

    pub(super) fn add(&mut self, row: &Row, model: &Model, outcome: Outcome) {
        match outcome {
            Outcome::Accepted(action) => *self.accepted.entry(action).or_default() += 1,
            Outcome::Refused(problem) => self.refused.push(Refused::new(row, model, problem)),
        }
    }

    /// Prints it, and returns whether nothing was refused.
    pub(super) fn print(mut self, output: &mut Output<'_>) -> Result<bool, Failure> {
        self.refused.sort_by_key(|refused| refused.row);
        output.report(&self.text(), &self.json())?;
        Ok(self.refused.is_empty())
    }

    fn text(&self) -> String {
        let would = if self.extent == Extent::DryRun { "would be " } else { "" };
        let mut counts: Vec<String> = self
            .accepted
            .iter()
            .map(|(action, count)| format!("{} {would}{}", grouped(*count), printable(action)))
            .collect();
        if self.skipped > 0 {
            counts.push(format!("{} accepted before", grouped(self.skipped)));
        }
        if self.extent == Extent::Checked {
            counts.push(format!("{} can be sent", grouped(self.rows - self.refused.len())));
        }
        if !self.refused.is_empty() {
            let word = if self.extent == Extent::Checked { "can't" } else { "refused" };
            counts.push(format!("{} {would}{word}", grouped(self.refused.len())));
        }
        let end = match self.extent {
            Extent::Checked => "; nothing was sent".to_owned(),
            Extent::DryRun => format!(", in {}; nothing was stored", in_words(self.seconds)),
            Extent::Sent => format!(", in {}", in_words(self.seconds)),
        };
        let head = format!("{} rows: {}{end}\n", grouped(self.rows), counts.join(", "));
        if self.refused.is_empty() {
            return head;
        }
        let rows: Vec<[String; 4]> = self.refused.iter().map(Refused::line).collect();
        head + &columns(["ROW", "NUMBER", "CODE", "WHY"], &rows)
    }

    fn json(&self) -> Value {
        json!({
            "rows": self.rows,
            "accepted": self.accepted,
            "acceptedBefore": self.skipped,
            "refused": self.refused,
            "sent": self.extent == Extent::Sent,
            "dryRun": self.extent == Extent::DryRun,
            "seconds": self.seconds,
        })
    }
}

impl Refused {
    fn line(&self) -> [String; 4] {
        let number = self.number.clone().unwrap_or_else(|| "-".to_owned());
        [self.row.to_string(), number, self.problem.code.clone(), self.problem.reason()]
    }
}

#[cfg(test)]
mod tests {
    use domain::models::EMPLOYEE;

    use super::*;

    #[test]
    fn the_report_names_each_row_that_was_refused() {
        let row = |place, number: &str| {
            let Value::Object(body) = json!({ "employeeNumber": number }) else { panic!("an object") };
            Row { place, body }
        };
        let mut report = Report::new(3, Extent::Sent);
        report.skipped = 1;
        report.add(&row(2, "E-1"), &EMPLOYEE, Outcome::Accepted("created".to_owned()));
        let problem =
            Problem { status: 409, code: "overlap".to_owned(), detail: "It overlaps".to_owned(), ..Problem::default() };
        report.add(&row(4, "E-3"), &EMPLOYEE, Outcome::Refused(problem));
        report.seconds = 61;
        assert_eq!(
            report.text(),
            "3 rows: 1 created, 1 accepted before, 1 refused, in 61 s\n\
             ROW  NUMBER  CODE     WHY\n4    E-3     overlap  It overlaps\n"
        );
        let expected = json!({ "row": 4, "number": "E-3", "status": 409, "code": "overlap", "detail": "It overlaps" });
        assert_eq!(report.json()["refused"], json!([expected]));
        report.extent = Extent::DryRun;
        report.skipped = 0;
        let head = "3 rows: 1 would be created, 1 would be refused, in 61 s; nothing was stored\n";
        assert!(report.text().starts_with(head), "{}", report.text());
    }
}
