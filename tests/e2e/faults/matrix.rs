//! Which faults are tried, and the runs of all of them.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tests::{Carriage, Fault, Place, Plan};

use super::agreement::Shape;
use super::case::{Case, Outcome};
use super::scenarios::Scenario;

/// What came of many runs.
#[derive(Debug, Default)]
pub(super) struct Report {
    runs: usize,
    /// Runs in which not all faults came up.
    not_reached: usize,
    /// What was wrong, with the case.
    failures: Vec<String>,
}

/// Scenarios, and what comes of each when nothing goes wrong.
#[derive(Debug)]
pub(super) struct Matrix(BTreeMap<Scenario, Baseline>);

#[derive(Debug)]
struct Baseline {
    /// The calls that can go wrong.
    calls: Vec<Place>,
    /// The tables that are left.
    shape: Shape,
}

impl Matrix {
    /// Runs these scenarios with nothing going wrong.
    pub(super) fn of(scenarios: &[Scenario]) -> Self {
        let baselines = Mutex::new(BTreeMap::new());
        side_by_side(scenarios, |scenario| {
            let baseline = Baseline::of(*scenario);
            baselines.lock().unwrap().insert(*scenario, baseline);
        });
        Self(baselines.into_inner().unwrap())
    }

    /// Each fault at each call.
    pub(super) fn singles(&self, scenarios: &[Scenario], carriage: Carriage) -> Vec<Case> {
        self.cases(scenarios, carriage, |calls| {
            let faults =
                calls.iter().flat_map(|call| Fault::all_of(call).into_iter().map(|fault| (call.clone(), fault)));
            faults.map(|fault| vec![fault]).collect()
        })
    }

    /// Every two hard faults, the second at a later call or at the next one of the same.
    pub(super) fn pairs(&self, scenarios: &[Scenario]) -> Vec<Case> {
        let hard = |call: &Place| {
            let faults = Fault::all_of(call).into_iter().filter(|fault| fault.is_hard());
            faults.map(|fault| (call.clone(), fault)).collect::<Vec<_>>()
        };
        self.cases(scenarios, Carriage::Once, |calls| {
            let mut pairs = Vec::new();
            for (number, first) in calls.iter().enumerate() {
                let later: Vec<_> = calls[number + 1..]
                    .iter()
                    .cloned()
                    .chain([first.following()])
                    .flat_map(|call| hard(&call))
                    .collect();
                for one in hard(first) {
                    pairs.extend(later.iter().map(|other| vec![one.clone(), other.clone()]));
                }
            }
            pairs
        })
    }

    /// Nothing goes wrong but how batches are carried.
    pub(super) fn carriages(&self) -> Vec<Case> {
        Carriage::ALL.iter().flat_map(|carriage| self.cases(Scenario::ALL, *carriage, |_| vec![vec![]])).collect()
    }

    fn cases(
        &self,
        scenarios: &[Scenario],
        carriage: Carriage,
        faults_of: impl Fn(&[Place]) -> Vec<Vec<(Place, Fault)>>,
    ) -> Vec<Case> {
        let mut cases = Vec::new();
        for (scenario, baseline) in self.0.iter().filter(|(scenario, _)| scenarios.contains(scenario)) {
            let all = faults_of(&baseline.calls).into_iter();
            cases.extend(all.map(|faults| Case { scenario: *scenario, plan: Plan { carriage, faults } }));
        }
        cases
    }

    /// Runs all of these.
    pub(super) fn run(&self, cases: &[Case]) -> Report {
        let report = Mutex::new(Report::default());
        side_by_side(cases, |case| {
            let (wrong, reached) = self.wrong(case);
            report.lock().unwrap().add(case, &wrong, reached);
        });
        report.into_inner().unwrap()
    }

    /// What is wrong after a run, and whether all of its faults came up.
    fn wrong(&self, case: &Case) -> (Vec<String>, bool) {
        let (mut outcome, shape) = (run_alone(case), &self.0[&case.scenario].shape);
        if outcome.wrong.is_empty() && outcome.shape != *shape {
            outcome.wrong.push(format!("the tables hold {:?}, not {shape:?}", outcome.shape));
        }
        (outcome.wrong, outcome.not_reached == 0)
    }
}

impl Baseline {
    fn of(scenario: Scenario) -> Self {
        let Outcome { wrong, mut calls, shape, .. } = run_alone(&Case { scenario, plan: Plan::default() });
        assert!(wrong.is_empty(), "{}: {}", scenario.word(), wrong.join("\n"));
        calls.retain(|call| call.function != "sweeper" || is_worth_it(scenario, call));
        Self { calls, shape }
    }
}

/// Whether a call of the sweeper is to go wrong: it makes most of them for each of 16 shards, and the same ones at the end
/// of each scenario.
fn is_worth_it(scenario: Scenario, call: &Place) -> bool {
    let is_of_shard = matches!(&*call.resource, "undispatched" | "deliveries/by-due" | "alerts/by-unpublished")
        && call.operation == "Query";
    match scenario {
        Scenario::Sweep => !is_of_shard || call.number <= 16,
        Scenario::Hot | Scenario::Retry | Scenario::ManualRetry | Scenario::Failing | Scenario::Gone => {
            !is_of_shard || call.number == 1
        }
        _ => false,
    }
}

impl Report {
    fn add(&mut self, case: &Case, wrong: &[String], reached: bool) {
        self.runs += 1;
        if self.runs.is_multiple_of(500) {
            println!("{} runs, {} failed", self.runs, self.failures.len());
        }
        self.not_reached += usize::from(!reached);
        if !wrong.is_empty() {
            let failure = format!("tests/faults/run --case '{case}'\n    {}", wrong.join("\n    "));
            println!("{failure}");
            self.failures.push(failure);
        }
    }

    /// Fails if something was wrong.
    pub(super) fn check(&self) {
        let Self { runs, not_reached, failures } = self;
        println!("{runs} runs, {not_reached} of them without all of their faults; {} failed", failures.len());
        assert!(failures.is_empty(), "{} of {runs} runs failed:\n{}", failures.len(), failures.join("\n"));
    }
}

/// Does something with each of `items`, on all processors.
fn side_by_side<T: Sync>(items: &[T], each: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    each(item);
                }
            });
        }
    });
}

/// Runs a case on a runtime of its own, whose tasks end with it. A panic is something wrong.
fn run_alone(case: &Case) -> Outcome {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(case.run())
    };
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Outcome { wrong: vec![format!("panicked: {}", text.unwrap_or_default())], ..Outcome::default() }
    })
}
