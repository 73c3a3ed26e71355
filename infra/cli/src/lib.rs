//! The command of integrators and subscribers: events of any deployment brought to a receiver on this machine, records
//! sent from a file, test events, deliveries sent again, signatures looked into.
//!
//! It calls the API as any client does, with a key, and signs with the code that real deliveries are sent by. [`run`] is
//! the whole program; `main` only passes the process to it.

mod api;
mod arguments;
mod clock;
mod deliveries;
mod failure;
mod feed;
mod files;
mod forward;
mod help;
mod listen;
mod output;
mod paths;
mod rates;
mod secrets;
mod send;
mod since;
mod tail;
mod trigger;
mod verify;

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::Write;

use clap::{CommandFactory as _, Parser as _};

use api::Api;
use arguments::{Arguments, Command, DeliveriesCommand, EventsCommand};
use failure::Failure;
use output::Output;

pub use clock::{Clock, Wait};

/// What the program depends on: that of the process, or of a test.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Environment variables, those that `--help` names.
    pub variables: HashMap<String, String>,
    /// The time.
    pub clock: Clock,
    /// Whether stderr is a terminal.
    pub is_terminal: bool,
}

impl Surroundings {
    /// Those of this process: of its environment, only the variables that the tool knows.
    #[must_use]
    pub fn of_process(is_terminal: bool) -> Self {
        let own = secrets::VARIABLES.iter().chain(&files::VARIABLES);
        let own = own.filter_map(|name| Some(((*name).to_owned(), std::env::var_os(name)?.into_string().ok()?)));
        Self { variables: own.collect(), clock: Clock::of_machine(), is_terminal }
    }

    /// A variable, if it is set and not empty.
    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Carries out the command of `arguments`, of which the first is the name of the program. The answer goes to `out`,
/// notes and errors go to `err`. Returns the exit code that `--help` documents. It can be dropped at any time: what has
/// been done is in files by then.
pub async fn run<A: Into<OsString> + Clone>(
    arguments: impl IntoIterator<Item = A>,
    surroundings: &Surroundings,
    out: &mut (dyn Write + Send),
    err: &mut (dyn Write + Send),
) -> u8 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return no_command(&error, out, err),
    };
    let mut output = Output { out, err, json: arguments.json, is_terminal: surroundings.is_terminal };
    match carry_out(&arguments, surroundings, &mut output).await {
        Ok(true) => 0,
        Ok(false) => failure::IMPOSSIBLE,
        Err(failure) => {
            output.note(&failure.to_string());
            failure.exit_code()
        }
    }
}

/// `--help` and `--version` are an answer; anything else is a usage error.
fn no_command(error: &clap::Error, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let text = error.render();
    let _ = if error.use_stderr() { write!(err, "{text}") } else { write!(out, "{text}") };
    if error.use_stderr() { failure::USAGE } else { 0 }
}

/// Returns whether all was done that the command was to do.
async fn carry_out(
    arguments: &Arguments,
    surroundings: &Surroundings,
    output: &mut Output<'_>,
) -> Result<bool, Failure> {
    let connect = || Api::connect(&arguments.connection, surroundings);
    match &arguments.command {
        Command::Listen(wanted) => listen::listen(&connect()?.with_key()?, wanted, surroundings, output).await,
        Command::Trigger(wanted) => trigger::trigger(&connect()?, wanted, surroundings, output).await,
        Command::Send(wanted) => send::send(&connect()?, wanted, surroundings, output).await,
        Command::Events(EventsCommand::Tail(wanted)) => tail::tail(&connect()?.with_key()?, wanted, output).await,
        Command::Deliveries(DeliveriesCommand::Retry(wanted)) => {
            deliveries::retry(&connect()?.with_key()?, wanted, output).await
        }
        Command::Verify(wanted) => verify::verify(wanted, surroundings, output),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "workskedge", &mut script);
            output.out.write_all(&script)?;
            Ok(true)
        }
    }
}
