//! The table at the end, and the files of the inputs that failed.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use crate::Answered;
use crate::target::Target;

/// More failures of one target than this are counted only.
const WRITTEN: usize = 20;

#[derive(Debug, Default)]
struct Row {
    inputs: u64,
    kinds: BTreeMap<String, u64>,
    failures: Vec<String>,
}

/// What came of all inputs.
#[derive(Debug, Default)]
pub(crate) struct Report(BTreeMap<Target, Row>);

impl Report {
    /// Notes an answer; an input that failed goes to a file.
    pub(crate) fn add(&mut self, target: Target, answered: &Answered) {
        let row = self.0.entry(target).or_default();
        row.inputs += 1;
        match &answered.answer {
            Ok(kind) => *row.kinds.entry(kind.clone()).or_default() += 1,
            Err(fault) => {
                if row.failures.len() < WRITTEN {
                    write(target, row.failures.len(), &answered.input, fault);
                }
                row.failures.push(fault.clone());
            }
        }
    }

    pub(crate) fn inputs(&self) -> u64 {
        self.0.values().map(|row| row.inputs).sum()
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.0.values().all(|row| row.failures.is_empty())
    }
}

#[expect(clippy::print_stderr, reason = "for the person at the terminal")]
fn write(target: Target, number: usize, input: &[u8], fault: &str) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/fuzz");
    let file = directory.join(format!("{}-{number}", target.name()));
    std::fs::create_dir_all(&directory).and_then(|()| std::fs::write(&file, input)).unwrap();
    eprintln!("FAILED: {fault}\n  try it again: tests/fuzz/run --only {} --replay {}", target.name(), file.display());
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<10} {:>9} {:>8} {:>7} {:>7} {:>6}", "target", "inputs", "answers", "panics", "5xx", "other")?;
        for (target, row) in &self.0 {
            let of = |kind: &str| row.failures.iter().filter(|fault| fault.starts_with(kind)).count();
            let (panics, server_errors) = (of("panic"), of("5xx"));
            let other = row.failures.len() - panics - server_errors;
            let (name, kinds) = (target.name(), row.kinds.len());
            writeln!(f, "{name:<10} {:>9} {kinds:>8} {panics:>7} {server_errors:>7} {other:>6}", row.inputs)?;
        }
        let failures: usize = self.0.values().map(|row| row.failures.len()).sum();
        write!(f, "{:<10} {:>9} inputs, {failures} failures", "all", self.inputs())
    }
}
