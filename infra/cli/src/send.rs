//! `send`: records from a file.

mod check;
mod client;
mod journal;
mod progress;
mod report;
mod rows;
mod table;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::models::Model;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::Surroundings;
use crate::api::{Api, Problem};
use crate::arguments::Send;
use crate::failure::Failure;
use crate::output::{Output, grouped};
use client::Client;
use journal::Journal;
use progress::Progress;
use report::Report;
use rows::Row;

/// A wait that a person without a progress bar is told of.
const LONG: Duration = Duration::from_mins(1);

/// What came of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Outcome {
    /// `created`, `updated`, `deleted` or `unchanged`.
    Accepted(String),
    /// Refused; the same record would be again.
    Refused(Problem),
}

/// Checks the records and sends them. Returns whether all were accepted, by this run or an earlier one.
pub(crate) async fn send(
    api: &Api,
    wanted: &Send,
    surroundings: &Surroundings,
    output: &mut Output<'_>,
) -> Result<bool, Failure> {
    let kind = wanted.kind.kind();
    let mut rows = rows::read(wanted)?;
    let mut report = Report::new(rows.len());
    if !wanted.no_check {
        let defects = check::check(kind.model(), &mut rows);
        let sends_others = wanted.valid_only && defects.len() < report.rows;
        report.refused.extend(defects);
        if wanted.check || (!report.refused.is_empty() && !sends_others) {
            report.is_check = true;
            return report.print(output);
        }
    }
    let key = api.key()?.fingerprint();
    let path = wanted.state.clone().unwrap_or_else(|| beside(&wanted.file));
    let target = journal::Target { url: api.url().to_owned(), kind: kind.segment().to_owned(), key };
    let mut journal = Journal::open(&path, &target, wanted.again)?;
    let pending = pending(rows, kind.model(), &journal, &mut report);
    if report.skipped > 0 {
        let skipped = grouped(report.skipped);
        output.note(&format!("{skipped} rows were accepted before and are skipped; --again sends them too."));
    }
    let mut progress = Progress::new(pending.len(), surroundings.clock.clone());
    let mut client = Client::new(api, kind);
    let sent = send_all(&mut client, pending, &mut journal, &mut report, &mut progress, output).await;
    progress.clear(output);
    if let Err(failure) = sent {
        let (left, all) = (grouped(progress.left()), grouped(progress.total()));
        return Err(failure.with_advice(&format!("the same command sends the rest, {left} of {all} rows")));
    }
    journal.finish(report.refused.is_empty())?;
    report.seconds = progress.seconds();
    report.print(output)
}

/// The rows that no earlier run has dealt with. What an unfinished one has found is in the report.
fn pending(rows: Vec<Row>, model: &Model, journal: &Journal, report: &mut Report) -> Vec<(Row, String)> {
    let mut counts = HashMap::new();
    let mut pending = Vec::new();
    for row in rows {
        let count = counts.entry(row.digest()).and_modify(|count| *count += 1).or_insert(0_u32);
        // The second of two equal rows is a row of its own: another may stand between them.
        let mark = hex::encode(&Sha256::digest(format!("{} {count}", row.digest()))[..8]);
        match journal.outcome(&mark) {
            Some(Outcome::Accepted(_)) => report.skipped += 1,
            Some(outcome) => report.add(&row, model, outcome.clone()),
            None => pending.push((row, mark)),
        }
    }
    pending
}

async fn send_all(
    client: &mut Client<'_>,
    pending: Vec<(Row, String)>,
    journal: &mut Journal,
    report: &mut Report,
    progress: &mut Progress,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let mut rest = &pending[..];
    while !rest.is_empty() {
        let (now, later) = rest.split_at(rest.len().min(client::MOST));
        progress.show(report.refused.len(), output);
        let pause = client.pause(rest.len());
        if pause >= LONG {
            progress.waits(pause, output);
        }
        let outcomes = client.send(now, journal.run(), pause).await?;
        for ((row, mark), outcome) in now.iter().zip(outcomes) {
            journal.add(mark, &outcome)?;
            report.add(row, client.model(), outcome);
            progress.advance();
        }
        rest = later;
    }
    Ok(())
}

/// `employees.csv.workskedge`.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".workskedge");
    PathBuf::from(name)
}
