//! What the two erasures have in common: of an account, and of a person.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use store::erasing::{Mode, Tally};
use store::tables::{self, Table};

use crate::arguments::Erasing;
use crate::failure::Failure;
use crate::output::{Report, columns};

/// How often all tables are gone through at most, until nothing more is found.
pub(crate) const MOST_PASSES: usize = 6;
/// The note behind every erasure.
const LEFT: &str = "Backups, the stream of events, the log, and what subscribers have received are not erased: \
                    docs/operating.md says for how long they last.";

/// What an erasure has removed and changed so far, by table.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    removed: BTreeMap<&'static str, usize>,
    changed: BTreeMap<&'static str, usize>,
    unreadable: BTreeSet<String>,
}

impl Erasing {
    /// Refuses an erasure that was not confirmed by saying once more what is to be erased. One that only counts needs no
    /// confirmation.
    pub(crate) fn confirm(&self, what: &str) -> Result<(), Failure> {
        if self.dry_run || self.confirm.as_deref() == Some(what) {
            return Ok(());
        }
        Err(Failure::Usage("--confirm must repeat exactly what is to be erased; nothing was erased".to_owned()))
    }

    pub(crate) const fn mode(&self) -> Mode {
        if self.dry_run { Mode::Count } else { Mode::Erase }
    }

    /// Waits until what was under way has ended.
    pub(crate) async fn settle(&self) {
        if self.mode() == Mode::Erase {
            tokio::time::sleep(self.wait).await;
        }
    }
}

impl Outcome {
    pub(crate) fn add(&mut self, table: Table, tally: &Tally) {
        *self.removed.entry(table.name).or_default() += tally.removed;
        *self.changed.entry(table.name).or_default() += tally.changed;
        self.unreadable.extend(tally.unreadable.iter().map(ToString::to_string));
    }

    pub(crate) fn remove(&mut self, table: Table, removed: usize) {
        self.add(table, &Tally { removed, ..Tally::default() });
    }

    /// How much was removed and changed in all.
    pub(crate) fn total(&self) -> usize {
        self.removed.values().chain(self.changed.values()).sum()
    }

    /// Whether everything could be read.
    pub(crate) fn is_complete(&self) -> bool {
        self.unreadable.is_empty()
    }

    /// Adds what a pass has found. What it could not read is what can't be read at the end.
    pub(crate) fn absorb(&mut self, pass: Self) {
        for (all, found) in [(&mut self.removed, pass.removed), (&mut self.changed, pass.changed)] {
            for (table, count) in found {
                *all.entry(table).or_default() += count;
            }
        }
        self.unreadable = pass.unreadable;
    }

    /// The report of an erasure of `what`: members of the answer. It is incomplete when something could not be read.
    pub(crate) fn report(self, mut what: Value, mode: Mode) -> Report {
        let of = |counts: &BTreeMap<_, usize>, table: &Table| counts.get(table.name).copied().unwrap_or_default();
        let row = |table: &Table| {
            let [removed, changed] = [&self.removed, &self.changed].map(|counts| of(counts, table).to_string());
            [table.name.to_owned(), removed, changed]
        };
        let rows: Vec<_> = tables::ALL.iter().map(row).collect();
        what["dryRun"] = json!(mode == Mode::Count);
        what["removed"] = json!(self.removed);
        what["changed"] = json!(self.changed);
        what["unreadable"] = json!(self.unreadable);
        let mut report = Report::new(what, columns(["TABLE", "REMOVED", "CHANGED"], &rows));
        let note =
            if mode == Mode::Count { "Nothing was erased: these are the counts of what would be." } else { LEFT };
        report = report.with_note(note);
        for item in &self.unreadable {
            report = report
                .with_note(format!("Not erased; repair or delete it by hand and give the command again: {item}."));
        }
        report.is_complete = self.is_complete();
        report
    }
}
