//! The operator's tool for a deployment: accounts, keys, queues and their dead-letter queues, deliveries and alerts; and
//! what is owed to whom the data is about, export and erasure.
//!
//! It calls DynamoDB and SQS only, through the stores that the functions use, so that it works wherever the template is
//! deployed; but for `preflight`, which asks more services what a deployment would stumble over. [`run`] is the whole program; `main` only passes the process to it.

mod accounts;
mod alerts;
mod arguments;
mod aws;
mod deliveries;
mod erase;
mod erasure;
mod export;
mod failure;
mod help;
mod keys;
mod output;
mod people;
mod places;
mod preflight;
mod queues;
mod redrive;
mod sqs;

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{self, Write};

use aws_config::SdkConfig;
use clap::Parser as _;
use jiff::Timestamp;

use arguments::{
    AccountsCommand, AlertsCommand, Arguments, Command, DeliveriesCommand, KeysCommand, PeopleCommand, QueuesCommand,
};
use aws::Aws;
use failure::Failure;
use output::Report;

/// How long to wait for a message of a dead-letter queue that seems empty, in seconds. SQS asks all its servers only if
/// it may wait.
const LISTEN_SECONDS: i32 = 2;

/// What the program depends on: that of the process, or of a test.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Environment variables: the names of tables, the URLs of queues, `KEY_ENVIRONMENT`.
    pub variables: HashMap<String, String>,
    /// How AWS is reached; `None` = as the environment of the process and `~/.aws` say.
    pub aws: Option<SdkConfig>,
    /// The present time; `None` = by the clock of this machine.
    pub now: Option<Timestamp>,
    /// How long to wait for a message of a dead-letter queue that seems empty (seconds, at most 20).
    pub listen_seconds: i32,
}

impl Surroundings {
    /// Those of this process: of its environment, only the variables that the tool knows.
    #[must_use]
    pub fn of_process() -> Self {
        // No other variables: the environment may hold secrets.
        let own = aws::variables().filter_map(|name| Some((name, std::env::var_os(name)?.into_string().ok()?)));
        let variables = own.map(|(name, value)| (name.to_owned(), value)).collect();
        Self { variables, aws: None, now: None, listen_seconds: LISTEN_SECONDS }
    }

    fn now(&self) -> Timestamp {
        self.now.unwrap_or_else(domain::clock::now)
    }
}

/// Carries out the command of `arguments`, of which the first is the name of the program. The answer goes to `out`,
/// notes and errors go to `err`. Returns the exit code that `--help` documents.
pub async fn run<A: Into<OsString> + Clone>(
    arguments: impl IntoIterator<Item = A>,
    surroundings: &Surroundings,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return no_command(&error, out, err),
    };
    let outcome = match carry_out(&arguments, surroundings, err).await {
        Ok(report) => write(&report, arguments.json, out, err).map(|()| report.is_complete).map_err(Failure::Output),
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(true) => 0,
        Ok(false) => failure::IMPOSSIBLE,
        Err(failure) => {
            // If this fails too, there is nowhere left to report it.
            let _ = writeln!(err, "workskedge-admin: {failure}");
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

fn write(report: &Report, json: bool, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<()> {
    if json {
        writeln!(out, "{:#}", report.json)?;
    } else {
        write!(out, "{}", report.text)?;
    }
    out.flush()?;
    report.notes.iter().try_for_each(|note| writeln!(err, "workskedge-admin: {note}"))
}

async fn carry_out(arguments: &Arguments, surroundings: &Surroundings, err: &mut dyn Write) -> Result<Report, Failure> {
    let aws = &Aws::connect(&arguments.connection, surroundings).await?;
    let mut report = match &arguments.command {
        Command::Preflight(wanted) => preflight::preflight(aws, wanted).await,
        Command::Accounts(AccountsCommand::Create(new)) => accounts::create(aws, new).await,
        Command::Accounts(AccountsCommand::List(page)) => accounts::list(aws, page).await,
        Command::Accounts(AccountsCommand::Export(wanted)) => export::export(aws, wanted).await,
        Command::Accounts(AccountsCommand::Erase(wanted)) => erase::erase(aws, wanted).await,
        Command::People(PeopleCommand::Erase(wanted)) => people::erase(aws, wanted, err).await,
        Command::Keys(KeysCommand::List { account, page }) => keys::list(aws, account, page).await,
        Command::Keys(KeysCommand::Create(new)) => keys::create(aws, new).await,
        Command::Keys(KeysCommand::SetLimits(limits)) => keys::set_limits(aws, limits).await,
        Command::Keys(KeysCommand::Revoke(key)) => keys::revoke(aws, key).await,
        Command::Queues(QueuesCommand::List) => queues::list(aws).await,
        Command::Queues(QueuesCommand::Redrive(wanted)) => redrive::redrive(aws, wanted).await,
        Command::Deliveries(DeliveriesCommand::Show(wanted)) => deliveries::show(aws, wanted).await,
        Command::Alerts(AlertsCommand::List { account, page }) => alerts::list(aws, account, page).await,
    }?;
    report.notes.extend(aws.note());
    Ok(report)
}
