//! Faults in the calls of AWS that functions make, in what carries events on, and in the functions themselves.
//!
//! The functions run with the retries that the AWS SDK makes in production, but for its waits. Between the SDK and the
//! embedded services stands a connector that knows which function calls what: a [`Plan`] says which of these calls have
//! which [`Fault`], and how stream and queues hand their batches over ([`Carriage`]). A call is named by its [`Place`].

mod answers;
mod asked;
mod carrier;
mod connector;
mod place;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use local::{Options, StartError, System};
use tokio::sync::Notify;

use self::asked::Asked;
use self::connector::Late;

pub use place::{Carriage, Fault, Kind, Place};

/// What goes wrong: faults at places, and how batches are carried.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// How stream and queues hand over their batches.
    pub carriage: Carriage,
    /// The calls that go wrong, and how.
    pub faults: Vec<(Place, Fault)>,
}

/// The faults of one system. Clones share them.
#[derive(Clone, Default)]
pub struct Faults(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Notified when a function is killed.
    killed: Notify,
}

/// Work that is done once more when everything else is.
type Repeat = Box<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

#[derive(Default)]
struct State {
    /// Whether calls are counted, and can have faults.
    on: bool,
    carriage: Carriage,
    armed: Vec<(Place, Fault)>,
    /// The calls so far, without the SDK's further tries.
    calls: Vec<Place>,
    numbers: BTreeMap<(String, String, String), usize>,
    tried: HashSet<String>,
    /// Calls of which each try has a fault.
    held: HashMap<String, Kind>,
    /// Functions that were killed and have not noticed yet.
    dead: HashSet<&'static str>,
    kills: HashMap<&'static str, usize>,
    late: Vec<Late>,
    /// The answers to transactions, which DynamoDB gives again for the same token.
    transactions: HashMap<String, (u16, Vec<u8>)>,
    repeats: Vec<Repeat>,
}

/// What becomes of a try of a call.
enum Next {
    /// It is carried out and answered.
    Ordinary,
    Fault(Kind),
    /// Its function is dead, and nobody will look at an answer.
    Never,
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faults")
    }
}

impl Faults {
    /// Counts calls from now on, and lets those go wrong that `plan` says.
    pub fn begin(&self, plan: Plan) {
        let mut state = self.state();
        (state.on, state.carriage, state.armed) = (true, plan.carriage, plan.faults);
    }

    /// Lets nothing go wrong any more.
    pub fn end(&self) {
        let mut state = self.state();
        (state.on, state.carriage) = (false, Carriage::Once);
    }

    /// The calls that were counted, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<Place> {
        self.state().calls.clone()
    }

    /// The faults that were planned and have not come up.
    #[must_use]
    pub fn not_reached(&self) -> usize {
        self.state().armed.len()
    }

    /// Hands over once more all batches that [`Carriage::Again`] has kept.
    pub async fn repeat(&self) {
        let repeats = std::mem::take(&mut self.state().repeats);
        for repeat in repeats {
            repeat().await;
        }
    }

    pub(crate) async fn start(&self, options: Options) -> Result<System, StartError> {
        let faults = self.clone();
        System::start_with(options, move |environment_of, clock| carrier::start(faults, environment_of, clock)).await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, function: &'static str, asked: &Asked) -> Next {
        let mut state = self.state();
        if state.dead.contains(function) {
            return Next::Never;
        }
        if !state.on {
            return Next::Ordinary;
        }
        if let Some(kind) = state.held.get(&asked.invocation) {
            return Next::Fault(*kind);
        }
        if !state.tried.insert(asked.invocation.clone()) {
            return Next::Ordinary;
        }
        let place = state.number(function, asked);
        state.calls.push(place.clone());
        let Some(planned) = state.armed.iter().position(|(armed, _)| *armed == place) else { return Next::Ordinary };
        let (_, fault) = state.armed.remove(planned);
        if fault.always {
            state.held.insert(asked.invocation.clone(), fault.kind);
        }
        Next::Fault(fault.kind)
    }

    /// Kills a function: whatever it does now, it does no more.
    fn kill(&self, function: &'static str) {
        let mut state = self.state();
        state.dead.insert(function);
        *state.kills.entry(function).or_default() += 1;
        drop(state);
        self.0.killed.notify_waiters();
    }

    /// How often a function was killed.
    fn kills_of(&self, function: &'static str) -> usize {
        self.state().kills.get(function).copied().unwrap_or_default()
    }

    /// Returns when the function has been killed more often than `before`.
    async fn killed_after(&self, before: usize, function: &'static str) {
        loop {
            let killed = self.0.killed.notified();
            if self.kills_of(function) > before {
                return;
            }
            killed.await;
        }
    }

    /// Lets a function that was killed be called again, as a new process.
    fn revive(&self, function: &'static str) {
        self.state().dead.remove(function);
    }
}

impl State {
    fn number(&mut self, function: &'static str, asked: &Asked) -> Place {
        let key = (function.to_owned(), asked.operation.clone(), asked.resource.clone());
        let number = self.numbers.entry(key).or_default();
        *number += 1;
        Place {
            function: function.to_owned(),
            operation: asked.operation.clone(),
            resource: asked.resource.clone(),
            number: *number,
        }
    }
}
