//! What a deployment is going to make: names, and the parameters of `template.yaml` that an account has to have room for.

use std::collections::BTreeMap;

use clap::ValueEnum as _;
use store::tables;

use crate::arguments::QueueName;

/// Functions behind the API: those that `ApiReservedConcurrency` reserves for.
pub(super) const API_FUNCTIONS: [&str; 10] = [
    "create-workorder",
    "create-project",
    "create-employee",
    "create-vendor",
    "request-timeoff",
    "publish-event",
    "manage-endpoints",
    "manage-deliveries",
    "manage-keys",
    "portal",
];
const WORKERS: [&str; 5] = ["dispatcher", "deliverer", "retry-worker", "slow-worker", "sweeper"];

/// The parameters that are looked at, with their defaults.
const PARAMETERS: [(&str, u64); 8] = [
    ("ApiReservedConcurrency", 0),
    ("DeliveryConcurrency", 50),
    ("MaxReadUnits", 0),
    ("MaxWriteUnits", 0),
    ("RetryConcurrency", 50),
    ("SlowConcurrency", 50),
    ("WarmReadUnits", 12_000),
    ("WarmWriteUnits", 4_000),
];

/// A parameter that is given another value than its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parameter {
    name: &'static str,
    value: u64,
}

/// Reads `NAME=VALUE`.
pub(crate) fn parameter(text: &str) -> Result<Parameter, String> {
    let known = PARAMETERS.map(|(name, _)| name);
    let (given, value) = text.split_once('=').ok_or("it must be NAME=VALUE, such as DeliveryConcurrency=20")?;
    let name = known.into_iter().find(|name| *name == given);
    let name = name.ok_or_else(|| format!("the parameters that matter here are {}", known.join(", ")))?;
    let value = value.parse().map_err(|_| format!("{name} is a whole number"))?;
    Ok(Parameter { name, value })
}

/// A stack that is to be deployed.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) stack: String,
    parameters: BTreeMap<&'static str, u64>,
}

impl Plan {
    pub(super) fn new(stack: &str, given: &[Parameter]) -> Self {
        let mut parameters = BTreeMap::from(PARAMETERS);
        parameters.extend(given.iter().map(|parameter| (parameter.name, parameter.value)));
        Self { stack: stack.to_owned(), parameters }
    }

    /// The value of a parameter.
    pub(super) fn parameter(&self, name: &str) -> u64 {
        self.parameters.get(name).copied().unwrap_or_default()
    }

    /// Whether a parameter has another value than its default, with which nothing is asked of AWS.
    pub(super) fn is_set(&self, name: &str) -> bool {
        PARAMETERS.iter().any(|(known, default)| *known == name && self.parameter(name) != *default)
    }

    /// Batches that the three queues have attempted at once.
    pub(super) fn workers(&self) -> u64 {
        ["DeliveryConcurrency", "RetryConcurrency", "SlowConcurrency"].map(|name| self.parameter(name)).iter().sum()
    }

    /// What the functions behind the API have to themselves, together.
    pub(super) fn reserved(&self) -> u64 {
        self.parameter("ApiReservedConcurrency").saturating_mul(API_FUNCTIONS.len() as u64)
    }

    fn named(&self, suffix: &str) -> String {
        format!("{}-{suffix}", self.stack)
    }

    pub(super) fn tables(&self) -> Vec<String> {
        tables::ALL.iter().map(|table| self.named(table.name)).collect()
    }

    pub(super) fn queues(&self) -> Vec<String> {
        let queues = QueueName::value_variants().iter();
        let queues = queues.flat_map(|queue| queue.queue().into_iter().chain([queue.dead_letters()]));
        queues.map(|names| self.named(names.suffix())).collect()
    }

    pub(super) fn functions(&self) -> Vec<String> {
        API_FUNCTIONS.iter().chain(&WORKERS).map(|name| self.named(name)).collect()
    }

    pub(super) fn log_groups(&self) -> Vec<String> {
        let functions = self.functions().into_iter().map(|name| format!("/aws/lambda/{name}"));
        functions.chain([format!("/aws/apigateway/{}-access", self.stack)]).collect()
    }

    /// The topic of alerts.
    pub(super) fn topic(&self) -> String {
        self.named("alerts")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn root() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    #[test]
    fn the_functions_are_the_packages() {
        let packages = fs::read_dir(root().join("functions")).unwrap();
        let mut packages: Vec<_> = packages.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        let mut known: Vec<_> = API_FUNCTIONS.into_iter().chain(WORKERS).map(str::to_owned).collect();
        packages.sort();
        known.sort();
        assert_eq!(packages, known);
    }

    #[test]
    fn the_names_and_the_defaults_are_those_of_the_template() {
        let template = fs::read_to_string(root().join("template.yaml")).unwrap();
        for (name, default) in PARAMETERS {
            let (_, rest) = template.split_once(&format!("\n  {name}:\n")).unwrap();
            let (_, rest) = rest.split_once("    Default: ").unwrap();
            assert_eq!(rest.lines().next().unwrap().parse(), Ok(default), "{name}");
        }
        let plan = Plan::new("${AWS::StackName}", &[]);
        let names = [plan.tables(), plan.queues(), plan.functions(), plan.log_groups(), vec![plan.topic()]].concat();
        for name in &names {
            assert!(template.contains(&format!("!Sub \"{name}\"")), "{name}");
        }
        // Each name that is given to anything there.
        let given = ["TableName", "QueueName", "FunctionName", "LogGroupName", "TopicName"];
        let given = given.map(|property| template.matches(&format!("{property}: !Sub \"")).count());
        assert_eq!(given.iter().sum::<usize>(), names.len());
    }

    #[test]
    fn only_parameters_that_matter_are_taken() {
        assert_eq!(parameter("SlowConcurrency=2"), Ok(Parameter { name: "SlowConcurrency", value: 2 }));
        for text in ["SlowConcurrency", "SlowConcurrency=", "SlowConcurrency=-1", "Stage=1", "=2"] {
            assert!(parameter(text).is_err(), "{text}");
        }
        let plan =
            Plan::new("s", &[parameter("SlowConcurrency=2").unwrap(), parameter("ApiReservedConcurrency=5").unwrap()]);
        assert_eq!((plan.workers(), plan.reserved()), (102, 50));
        assert!(plan.is_set("SlowConcurrency") && !plan.is_set("WarmReadUnits"));
    }
}
