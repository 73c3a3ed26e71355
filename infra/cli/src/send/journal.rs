//! What was sent, noted line by line in a file, so that a run can go on where another one stopped. It holds digests, codes
//! and words, no values of records.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use domain::ids;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

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
    /// A batch that is about to be sent, by the marks of its records.
    Sending { marks: Vec<String> },
    /// What came of those of its records that need not be sent again. One line, since a part of it would be another batch.
    Sent { outcomes: Vec<(String, Outcome)> },
    /// All records were sent. What was refused is sent anew by the next run.
    Finished,
}

/// The file. No other run has it meanwhile.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    run: String,
    known: Known,
}

/// What the file says.
#[derive(Debug, Default)]
struct Known {
    /// The run that is not finished, if there is one.
    run: Option<String>,
    /// What came of records: of a finished run, what was accepted.
    outcomes: HashMap<String, Outcome>,
    /// The batch whose answer is not noted.
    unanswered: Vec<String>,
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
        let mut known = read(text, path, target)?;
        let end = u64::try_from(text.len()).unwrap_or(u64::MAX);
        file.set_len(end).and_then(|()| file.seek(SeekFrom::Start(end))).map_err(wrong)?;
        let begun = known.run.take();
        let is_new = begun.is_none();
        let run = begun.unwrap_or_else(|| hex::encode(ids::random::<8>()));
        let mut journal = Self { path: path.to_owned(), file, run, known };
        if is_new {
            journal.write(&Line::Begun { run: journal.run.clone(), target: target.clone() })?;
        }
        Ok(journal)
    }

    /// What came of a record.
    pub(super) fn outcome(&self, mark: &str) -> Option<&Outcome> {
        self.known.outcomes.get(mark)
    }

    /// The marks of the batch that an interrupted run has sent, or was about to send, and whose answer is not noted.
    pub(super) fn unanswered(&self) -> &[String] {
        &self.known.unanswered
    }

    /// Notes that a batch is about to be sent, and returns its idempotency key: the same whenever this run, with all its
    /// interruptions, sends these records.
    pub(super) fn begin(&mut self, marks: Vec<String>) -> Result<String, Failure> {
        let digest = Sha256::digest(marks.join(" "));
        self.write(&Line::Sending { marks })?;
        Ok(format!("{}-{}", self.run, hex::encode(&digest[..16])))
    }

    /// Notes what came of the records of the batch. The others are sent again.
    pub(super) fn settle(&mut self, outcomes: Vec<(String, Outcome)>) -> Result<(), Failure> {
        self.write(&Line::Sent { outcomes })
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

fn read(text: &str, path: &Path, target: &Target) -> Result<Known, Failure> {
    let mut known = Known::default();
    for line in text.lines() {
        let damaged = |_| Failure::Usage(format!("{} can't be read; --again begins anew", path.display()));
        match serde_json::from_str(line).map_err(damaged)? {
            Line::Begun { run, target: of } if of == *target => known.run = Some(run),
            Line::Begun { target: of, .. } => return Err(other_target(path, &of)),
            Line::Sending { marks } => known.unanswered = marks,
            Line::Sent { outcomes } => {
                known.outcomes.extend(outcomes);
                known.unanswered.clear();
            }
            Line::Finished => {
                known.run = None;
                known.outcomes.retain(|_, outcome| matches!(outcome, Outcome::Accepted(_)));
            }
        }
    }
    Ok(known)
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

    fn settled(outcomes: &[(&str, Outcome)]) -> Vec<(String, Outcome)> {
        outcomes.iter().map(|(mark, outcome)| ((*mark).to_owned(), outcome.clone())).collect()
    }

    fn marks(marks: &[&str]) -> Vec<String> {
        marks.iter().map(|mark| (*mark).to_owned()).collect()
    }

    #[test]
    fn an_interrupted_run_goes_on_without_the_line_that_was_cut() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        let open = || Journal::open(&path, &target(), false).unwrap();
        let mut journal = open();
        journal.begin(marks(&["1", "2", "3"])).unwrap();
        journal.settle(settled(&[("1", accepted()), ("2", refused())])).unwrap();
        let key = journal.begin(marks(&["3", "4"])).unwrap();
        drop(journal);
        fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap()
            .write_all(b"{\"sent\":{\"outcomes\":[[\"3\",")
            .unwrap();
        let mut journal = open();
        assert_eq!(["1", "2", "3"].map(|mark| journal.outcome(mark)), [Some(&accepted()), Some(&refused()), None]);
        assert_eq!(journal.unanswered(), ["3", "4"]);
        assert_eq!(journal.begin(marks(&["3", "4"])).unwrap(), key, "the same records have the same key");
        assert_ne!(journal.begin(marks(&["4", "3"])).unwrap(), key);
        journal.settle(settled(&[("3", accepted()), ("4", accepted())])).unwrap();
        journal.finish(false).unwrap();
        let mut journal = open();
        assert_eq!(["1", "2", "3"].map(|mark| journal.outcome(mark).is_some()), [true, false, true]);
        assert!(journal.unanswered().is_empty());
        assert_ne!(journal.begin(marks(&["3", "4"])).unwrap(), key, "it is another run");
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
