//! `send`: records from a file.

mod check;
mod client;
mod journal;
mod progress;
mod queue;
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
use journal::{Journal, Target};
use progress::Progress;
use queue::{Pending, Queue};
use report::{Extent, Report};
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

/// What is under way.
struct Run<'a> {
    client: Client<'a>,
    queue: Queue,
    /// None in a dry run.
    journal: Option<Journal>,
    report: Report,
    progress: Progress,
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
    let mut report = Report::new(rows.len(), if wanted.dry_run { Extent::DryRun } else { Extent::Sent });
    if !wanted.no_check {
        let defects = check::check(kind.model(), &mut rows);
        let sends_others = wanted.valid_only && defects.len() < report.rows;
        report.refused.extend(defects);
        if wanted.check || (!report.refused.is_empty() && !sends_others) {
            report.extent = Extent::Checked;
            return report.print(output);
        }
    }
    let journal = journal(api, wanted)?;
    let queue = queue(rows, kind.model(), journal.as_ref(), &mut report);
    if report.skipped > 0 {
        let skipped = grouped(report.skipped);
        output.note(&format!("{skipped} rows were accepted before and are skipped; --again sends them too."));
    }
    let progress = Progress::new(queue.len(), surroundings.clock.clone());
    let mut run = Run { client: Client::new(api, kind), queue, journal, report, progress };
    let sent = run.send_all(output).await;
    run.progress.clear(output);
    match sent {
        Ok(()) => run.finish(output),
        Err(failure) => Err(run.interrupted(failure)),
    }
}

/// What earlier runs have noted. A dry run neither reads nor notes anything.
fn journal(api: &Api, wanted: &Send) -> Result<Option<Journal>, Failure> {
    let key = api.key()?.fingerprint();
    if wanted.dry_run {
        return Ok(None);
    }
    let path = wanted.state.clone().unwrap_or_else(|| beside(&wanted.file));
    let target = Target { url: api.url().to_owned(), kind: wanted.kind.kind().segment().to_owned(), key };
    Journal::open(&path, &target, wanted.again).map(Some)
}

/// The rows that no earlier run has dealt with. What an unfinished one has found is in the report.
fn queue(rows: Vec<Row>, model: &Model, journal: Option<&Journal>, report: &mut Report) -> Queue {
    let mut counts = HashMap::new();
    let mut pending = Vec::new();
    for row in rows {
        let count = counts.entry(row.digest()).and_modify(|count| *count += 1).or_insert(0_u32);
        // The second of two equal rows is a row of its own: another may stand between them.
        let mark = hex::encode(&Sha256::digest(format!("{} {count}", row.digest()))[..8]);
        match journal.and_then(|journal| journal.outcome(&mark)) {
            Some(Outcome::Accepted(_)) => report.skipped += 1,
            Some(outcome) => report.add(&row, model, outcome.clone()),
            None => pending.push(Pending::new(row, mark)),
        }
    }
    Queue::new(pending, journal.map(Journal::unanswered).unwrap_or_default())
}

impl Run<'_> {
    async fn send_all(&mut self, output: &mut Output<'_>) -> Result<(), Failure> {
        loop {
            let left = self.queue.len();
            let batch = self.queue.batch(&self.client);
            if batch.is_empty() {
                return Ok(());
            }
            self.progress.show(self.report.refused.len(), output);
            let pause = self.client.pause(left).max(self.queue.pause());
            if pause >= LONG {
                self.progress.waits(pause, output);
            }
            self.client.wait(pause).await;
            self.send_batch(batch).await?;
        }
    }

    async fn send_batch(&mut self, batch: Vec<Pending>) -> Result<(), Failure> {
        let marks = || batch.iter().map(|one| one.mark.clone()).collect();
        let key = self.journal.as_mut().map(|journal| journal.begin(marks())).transpose()?;
        let rows: Vec<&Row> = batch.iter().map(|one| &one.row).collect();
        let fates = self.client.send(&rows, key).await?;
        let settled = self.queue.settle(batch, fates);
        if let Some(journal) = &mut self.journal {
            journal.settle(settled.iter().map(|(one, outcome)| (one.mark.clone(), outcome.clone())).collect())?;
        }
        for (one, outcome) in settled {
            self.report.add(&one.row, self.client.model(), outcome);
            self.progress.advance();
        }
        Ok(())
    }

    fn finish(mut self, output: &mut Output<'_>) -> Result<bool, Failure> {
        if let Some(journal) = self.journal {
            journal.finish(self.report.refused.is_empty())?;
        }
        self.report.seconds = self.progress.seconds();
        self.report.print(output)
    }

    /// Why it did not come to its end, and what can be done.
    fn interrupted(&self, failure: Failure) -> Failure {
        if self.journal.is_none() {
            return failure;
        }
        let (left, all) = (grouped(self.progress.left()), grouped(self.progress.total()));
        failure.with_advice(&format!("the same command sends the rest, {left} of {all} rows"))
    }
}

/// `employees.csv.workskedge`.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".workskedge");
    PathBuf::from(name)
}
