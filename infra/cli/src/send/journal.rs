//! What was sent, noted line by line in a file, so that a run can go on where another one stopped. It holds digests, codes
//! and words, no values of records.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use domain::ids;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::files;
use crate::send::Outcome;

/// Where records go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Target {
    pub(super) url: String,
    pub(super) kind: String,
    /// The fingerprint of the key, which stands for its account.
    pub(super) key: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Line {
    /// The first line; also that of each run after one that was finished.
    Begun { run: String, target: Target },
    /// A record by its mark, and what came of it.
    Sent { mark: String, outcome: Outcome },
    /// All records were sent. What was refused is sent anew by the next run.
    Finished,
}

/// The file. No other run has it meanwhile.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    run: String,
    outcomes: HashMap<String, Outcome>,
}

impl Journal {
    /// Opens the file of earlier runs, or begins one. `again` forgets what it says.
    pub(super) fn open(path: &Path, target: &Target, again: bool) -> Result<Self, Failure> {
        let wrong = |error: io::Error| Failure::file("the file", path, &error);
        let mut file = files::open_own(path)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(wrong)?;
        // Without the line that an interruption may have cut.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let text = if again { "" } else { &text[..whole] };
        let (run, outcomes) = read(text, path, target)?;
        let end = u64::try_from(text.len()).unwrap_or(u64::MAX);
        file.set_len(end).and_then(|()| file.seek(SeekFrom::Start(end))).map_err(wrong)?;
        let begun = run.is_some();
        let run = run.unwrap_or_else(|| hex::encode(ids::random::<8>()));
        let mut journal = Self { path: path.to_owned(), file, run, outcomes };
        if !begun {
            journal.write(&Line::Begun { run: journal.run.clone(), target: target.clone() })?;
        }
        Ok(journal)
    }

    /// What came of a record.
    pub(super) fn outcome(&self, mark: &str) -> Option<&Outcome> {
        self.outcomes.get(mark)
    }

    /// What tells this run, with all its interruptions, from others.
    pub(super) fn run(&self) -> &str {
        &self.run
    }

    /// Notes what came of a record.
    pub(super) fn add(&mut self, mark: &str, outcome: &Outcome) -> Result<(), Failure> {
        self.write(&Line::Sent { mark: mark.to_owned(), outcome: outcome.clone() })
    }

    /// Notes that nothing is left to send. If all was accepted, there is nothing to remember.
    pub(super) fn finish(mut self, all_accepted: bool) -> Result<(), Failure> {
        if !all_accepted {
            return self.write(&Line::Finished);
        }
        fs::remove_file(&self.path).map_err(|error| Failure::file("the file", &self.path, &error))
    }

    fn write(&mut self, line: &Line) -> Result<(), Failure> {
        let line = domain::json::write(line) + "\n";
        self.file.write_all(line.as_bytes()).map_err(|error| Failure::file("the file", &self.path, &error))
    }
}

/// The run that is not finished, if there is one, and what is known of records: of a finished run, what was accepted.
fn read(text: &str, path: &Path, target: &Target) -> Result<(Option<String>, HashMap<String, Outcome>), Failure> {
    let (mut run, mut outcomes) = (None, HashMap::new());
    for line in text.lines() {
        let damaged = |_| Failure::Usage(format!("{} can't be read; --again begins anew", path.display()));
        match serde_json::from_str(line).map_err(damaged)? {
            Line::Begun { run: begun, target: of } if of == *target => run = Some(begun),
            Line::Begun { target: of, .. } => return Err(other_target(path, &of)),
            Line::Sent { mark, outcome } => _ = outcomes.insert(mark, outcome),
            Line::Finished => {
                run = None;
                outcomes.retain(|_, outcome| matches!(outcome, Outcome::Accepted(_)));
            }
        }
    }
    Ok((run, outcomes))
}

fn other_target(path: &Path, of: &Target) -> Failure {
    Failure::Usage(format!(
        "{} is of a run that sent {} records to {} with another key, resource or address; --again begins anew",
        path.display(),
        of.kind,
        of.url
    ))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::api::Problem;

    fn target() -> Target {
        Target { url: "https://a.example".to_owned(), kind: "employee".to_owned(), key: "1".to_owned() }
    }

    fn accepted() -> Outcome {
        Outcome::Accepted("created".to_owned())
    }

    fn refused() -> Outcome {
        Outcome::Refused(Problem { status: 409, code: "overlap".to_owned(), ..Problem::default() })
    }

    #[test]
    fn an_interrupted_run_goes_on_without_the_line_that_was_cut() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        let mut journal = Journal::open(&path, &target(), false).unwrap();
        let run = journal.run().to_owned();
        journal.add("1", &accepted()).unwrap();
        journal.add("2", &refused()).unwrap();
        drop(journal);
        fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"sent\":{\"mark\":\"3\",").unwrap();
        let mut journal = Journal::open(&path, &target(), false).unwrap();
        assert_eq!(
            (journal.run(), journal.outcome("1"), journal.outcome("2")),
            (run.as_str(), Some(&accepted()), Some(&refused()))
        );
        assert_eq!(journal.outcome("3"), None);
        journal.add("3", &accepted()).unwrap();
        journal.finish(false).unwrap();
        let journal = Journal::open(&path, &target(), false).unwrap();
        assert_ne!(journal.run(), run);
        assert_eq!(["1", "2", "3"].map(|mark| journal.outcome(mark).is_some()), [true, false, true]);
        journal.finish(true).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_file_of_another_account_is_not_gone_on_with() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        drop(Journal::open(&path, &target(), false).unwrap());
        let other = Target { key: "2".to_owned(), ..target() };
        assert!(Journal::open(&path, &other, false).unwrap_err().to_string().contains("--again"));
        Journal::open(&path, &other, true).unwrap();
        fs::write(&path, "nonsense\n").unwrap();
        assert!(Journal::open(&path, &other, false).unwrap_err().to_string().contains("--again"));
    }
}
