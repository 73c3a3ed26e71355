//! One run of a scenario with faults, which a command line can name.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use tests::{Carriage, Fault, Place, Plan};

use super::agreement::Shape;
use super::scenarios::Scenario;

/// How long a run may take by the machine's clock: the longest takes a second.
const LONGEST: Duration = Duration::from_mins(2);

/// A scenario and what goes wrong in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) scenario: Scenario,
    pub(super) plan: Plan,
}

/// What came of a run.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// What is not as it should be.
    pub(super) wrong: Vec<String>,
    /// The calls that were made.
    pub(super) calls: Vec<Place>,
    /// How many of the faults did not come up.
    pub(super) not_reached: usize,
    /// What the tables hold in the end.
    pub(super) shape: Shape,
}

impl Case {
    /// Runs it on a system of its own.
    pub(super) async fn run(&self) -> Outcome {
        match tokio::time::timeout(LONGEST, self.run_for_long()).await {
            Ok(outcome) => outcome,
            Err(_) => Outcome { wrong: vec!["it hangs".to_owned()], ..Outcome::default() },
        }
    }

    async fn run_for_long(&self) -> Outcome {
        let mut world = self.scenario.prepare().await;
        world.faults.begin(self.plan.clone());
        self.scenario.run(&mut world).await;
        let not_reached = world.faults.not_reached();
        world.faults.end();
        if self.plan.carriage == Carriage::Again {
            world.faults.repeat().await;
            world.settle().await;
        }
        let shape = world.compare().await;
        if !world.wrong.is_empty() {
            world.app.drop_unchecked();
        }
        Outcome { wrong: world.wrong, calls: world.faults.calls(), not_reached, shape }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.scenario.word(), self.plan.carriage.word())?;
        self.plan.faults.iter().try_for_each(|(place, fault)| write!(f, " {place}={fault}"))
    }
}

impl FromStr for Case {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let scenario = words.next().unwrap_or_default().parse()?;
        let carriage = words.next().unwrap_or("once").parse()?;
        let fault = |word: &str| -> Result<(Place, Fault), String> {
            let (place, fault) = word.rsplit_once('=').ok_or_else(|| format!("{word} has no fault"))?;
            Ok((place.parse()?, fault.parse()?))
        };
        let faults = words.map(fault).collect::<Result<_, _>>()?;
        Ok(Self { scenario, plan: Plan { carriage, faults } })
    }
}

impl FromStr for Scenario {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|one| one.word() == text);
        found.copied().ok_or_else(|| format!("{text} is no scenario"))
    }
}
