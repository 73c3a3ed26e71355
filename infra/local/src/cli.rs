//! The command line of `workskedge-webhooks`.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use domain::endpoint::SLOW_AFTER;
use inbound::BATCH_PATIENCE;
use inbound::http::COUNT_PATIENCE;
use store::tables::{EVENT_RETENTION_DAYS, RETENTION_DAYS};
use telemetry::causes::causes;
use tokio::signal;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::clock::Clock;
use crate::first_start::welcome;
use crate::gateway::Patience;
use crate::lambdas::{Lambdas, LambdasError, on_this_machine};
use crate::stream;
use crate::system::{DRAIN, Options, StartError, Storage, System};

/// WorkSkedge webhooks on this machine: the API, the deliveries and the console in one process.
///
/// Listens on 127.0.0.1 only. Stop it with Ctrl-C; accepted work is kept and continues at the next start.
/// `RUST_LOG` sets what is logged (default: info); bodies, keys and secrets are never logged.
#[derive(Debug, Parser)]
#[command(name = "workskedge-webhooks", version)]
pub struct Arguments {
    /// Port to listen on; 0 = any free port
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Directory in which data is kept
    #[arg(long, value_name = "DIRECTORY", default_value = ".workskedge")]
    data_dir: PathBuf,
    /// Deliver to public https addresses only, as in AWS
    #[arg(long)]
    no_allow_private_endpoints: bool,
    /// Seconds to wait before each further attempt of a delivery
    #[arg(long, value_name = "SECONDS,..", default_value = "60,300,1800,7200", value_delimiter = ',')]
    retry_schedule: Vec<u64>,
    /// Days to keep events and deliveries, 8 to 365
    #[arg(long, value_name = "DAYS", default_value_t = EVENT_RETENTION_DAYS, value_parser = retention())]
    event_retention: i64,
    /// Only be the API Gateway of functions that are deployed to LocalStack or ministack at this URL
    #[arg(
        long,
        value_name = "URL",
        value_parser = on_this_machine,
        conflicts_with_all = ["data_dir", "no_allow_private_endpoints", "retry_schedule", "event_retention"]
    )]
    lambdas: Option<Url>,
    /// The stack that they were deployed as
    #[arg(long, value_name = "NAME", default_value = "workskedge-webhooks", requires = "lambdas")]
    stack: String,
}

fn retention() -> clap::builder::RangedI64ValueParser {
    clap::value_parser!(i64).range(RETENTION_DAYS)
}

impl From<Arguments> for Options {
    fn from(arguments: Arguments) -> Self {
        Self {
            port: arguments.port,
            storage: Storage::Directory(arguments.data_dir),
            allow_private_endpoints: !arguments.no_allow_private_endpoints,
            retry_schedule: arguments.retry_schedule.into_iter().map(Duration::from_secs).collect(),
            slow_after: SLOW_AFTER,
            event_retention_days: arguments.event_retention,
            workers: true,
            clock: Clock::system(),
            dynamodb_url: None,
            note_usage: false,
            patience: Patience::default(),
            count_patience: COUNT_PATIENCE,
            batch_patience: BATCH_PATIENCE,
            stream_rest: stream::REST,
            trusted_roots: Vec::new(),
            variables: Vec::new(),
        }
    }
}

/// Runs the system until Ctrl-C or SIGTERM.
#[must_use]
pub fn run(arguments: Arguments) -> ExitCode {
    match finish(serve(arguments)) {
        Ok(code) => code,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// Does the work without waiting for threads that are still busy at the end: a name lookup can't be cancelled, and may
/// take as long as a name server does not answer.
fn finish<T>(work: impl Future<Output = T>) -> io::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    Ok(done)
}

async fn serve(arguments: Arguments) -> ExitCode {
    #[cfg(unix)]
    let _file_too_large = ignore_file_size_signal();
    // Before the start, so that a signal during it is not lost.
    let stop = stop_signal();
    let served: Result<(), Box<dyn Error>> = match &arguments.lambdas {
        Some(url) => front(&Lambdas::new(url.clone(), arguments.stack), arguments.port, stop).await.map_err(Box::from),
        None => system(arguments.into(), stop).await.map_err(Box::from),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&*error);
            ExitCode::FAILURE
        }
    }
}

/// Runs the whole system in this process.
async fn system(options: Options, stop: impl Future<Output = ()>) -> Result<(), StartError> {
    let system = System::start(options).await?;
    greet(&system);
    say(format_args!("listening on {}", system.base_url()));
    stop.await;
    system.shutdown().await;
    Ok(())
}

/// Runs the gateway in front of functions elsewhere.
async fn front(lambdas: &Lambdas, port: u16, stop: impl Future<Output = ()>) -> Result<(), LambdasError> {
    let front = lambdas.front(port).await?;
    say(format_args!("listening on {}, in front of {lambdas}", front.base_url()));
    let stopped = CancellationToken::new();
    let serving = tokio::spawn(front.serve(stopped.clone()));
    stop.await;
    stopped.cancel();
    // A function that takes longer goes on where it runs.
    let _ = tokio::time::timeout(DRAIN, serving).await;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the one line that says where the system listens")]
fn say(line: fmt::Arguments<'_>) {
    println!("{line}");
}

/// Prints the API key and what to do with it, at the first start.
#[expect(clippy::print_stderr, reason = "for the person at the terminal")]
fn greet(system: &System) {
    if let (Some(key), Some(file)) = (system.first_key(), system.key_file()) {
        eprintln!("{}", welcome(key, &system.base_url(), &file));
    }
}

/// Prints the error and its causes in one line.
#[expect(clippy::print_stderr, reason = "for the person at the terminal")]
fn complain(error: &(dyn std::error::Error + 'static)) {
    eprintln!("workskedge-webhooks: {}", causes(error));
}

#[cfg(unix)]
fn stop_signal() -> impl Future<Output = ()> {
    let terminate = signal::unix::signal(signal::unix::SignalKind::terminate());
    let interrupt = signal::unix::signal(signal::unix::SignalKind::interrupt());
    async move {
        match (terminate, interrupt) {
            (Ok(mut terminate), Ok(mut interrupt)) => {
                tokio::select! { _ = terminate.recv() => {} _ = interrupt.recv() => {} }
            }
            _ => std::future::pending().await,
        }
    }
}

/// If file sizes are limited, a write beyond the limit sends a signal that ends the process, unless it is handled. With
/// this the write fails instead, as on a full disk.
#[cfg(unix)]
fn ignore_file_size_signal() -> Option<signal::unix::Signal> {
    const SIGXFSZ: i32 = 25;
    signal::unix::signal(signal::unix::SignalKind::from_raw(SIGXFSZ)).ok()
}

#[cfg(not(unix))]
async fn stop_signal() {
    let _ = signal::ctrl_c().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_does_not_wait_for_threads() {
        let forever = || loop {
            std::thread::park();
        };
        let done = finish(async {
            drop(tokio::task::spawn_blocking(forever));
            tokio::task::yield_now().await;
            "done"
        });
        assert_eq!(done.unwrap(), "done");
    }
}
