//! Where mutations begin: the project's fixtures, the kept seeds, and inputs of this run with answers of a new kind.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::Answered;
use crate::target::Target;

/// Longer inputs are no seeds: they would only make the run slow.
const LONGEST: usize = 8_000;

/// The seeds of every target.
pub(crate) struct Corpus {
    seeds: BTreeMap<Target, Vec<Vec<u8>>>,
    /// How many of a target's were read from its file or made of fixtures.
    given: BTreeMap<Target, usize>,
    seen: HashSet<(Target, String)>,
}

impl Corpus {
    /// The fixtures and the kept seeds.
    pub(crate) fn read() -> Self {
        let all = Target::ALL.into_iter().map(|target| (target, [target.fixtures(), kept(target)].concat()));
        let seeds: BTreeMap<_, Vec<_>> = all.collect();
        let given = seeds.iter().map(|(target, seeds)| (*target, seeds.len())).collect();
        Self { seeds, given, seen: HashSet::new() }
    }

    /// The seeds of a target: at least one.
    pub(crate) fn of(&self, target: Target) -> &[Vec<u8>] {
        &self.seeds[&target]
    }

    /// An answer of a new kind makes its input a seed.
    pub(crate) fn learn(&mut self, target: Target, answered: &Answered) {
        let Ok(kind) = &answered.answer else { return };
        if self.seen.insert((target, kind.clone())) && answered.input.len() <= LONGEST {
            let seeds = self.seeds.entry(target).or_default();
            if !seeds.contains(&answered.input) {
                seeds.push(answered.input.clone());
            }
        }
    }

    /// Adds what was learned to the files.
    pub(crate) fn keep(&self) {
        for (target, seeds) in &self.seeds {
            let mut lines = kept(*target).iter().fold(String::new(), |lines, seed| with(lines, seed));
            lines = seeds[self.given[target]..].iter().fold(lines, |lines, seed| with(lines, seed));
            std::fs::write(file(*target), lines).unwrap();
        }
    }
}

/// The kept seeds of a target: a JSON string a line, whose characters are the bytes (U+0000 to U+00FF).
fn kept(target: Target) -> Vec<Vec<u8>> {
    let lines = std::fs::read_to_string(file(target)).unwrap_or_default();
    let bytes =
        |line| serde_json::from_str::<String>(line).unwrap().chars().map(|c| u8::try_from(c).unwrap()).collect();
    lines.lines().map(bytes).collect()
}

fn with(mut lines: String, seed: &[u8]) -> String {
    let text: String = seed.iter().copied().map(char::from).collect();
    writeln!(lines, "{}", serde_json::Value::from(text)).unwrap();
    lines
}

fn file(target: Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(format!("{}.jsonl", target.name()))
}
