//! What each function uses: its calls of AWS and the variables that it reads, for the test of the template.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use store::config::Environment;

use crate::embedded::Embedded;
use crate::embedded::usage::{Usage, Use};

/// What the functions use: their calls of AWS, and the variables that they read.
#[derive(Debug, Default)]
pub struct FunctionUsage {
    /// The services whose calls are recorded, if they are.
    embedded: Option<Embedded>,
    usage: Usage,
    environments: Mutex<BTreeMap<&'static str, Environment>>,
}

impl FunctionUsage {
    /// Records the calls of `embedded`; records nothing if that is `None`.
    pub(super) fn new(embedded: Option<Embedded>) -> Self {
        Self { embedded, ..Self::default() }
    }

    /// The calls of AWS that the functions have made.
    #[must_use]
    pub fn calls(&self) -> BTreeSet<Use> {
        self.usage.all()
    }

    /// The variables that the functions read, by function.
    #[must_use]
    pub fn variables(&self) -> BTreeMap<&'static str, BTreeSet<String>> {
        let environments = self.environments.lock().unwrap_or_else(PoisonError::into_inner);
        environments.iter().map(|(function, environment)| (*function, environment.variables_read())).collect()
    }

    /// The environment of one function: `environment` with clients whose calls are recorded.
    pub(super) fn environment(&self, function: &'static str, environment: &Environment) -> Environment {
        let Some(embedded) = &self.embedded else { return environment.clone() };
        let own = environment.with_clients(&embedded.used_by(function, &self.usage).sdk_config());
        self.environments.lock().unwrap_or_else(PoisonError::into_inner).insert(function, own.clone());
        own
    }
}
