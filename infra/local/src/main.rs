//! The local system: see `--help`.

use std::process::ExitCode;

use clap::Parser;
use local::{cli, logging};

/// The system's own allocator keeps what ten thousand connections took, long after they have ended; this one gives it back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many files and connections the process would like to open.
const MAX_OPEN_FILES: u64 = 65_536;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    logging::start();
    // An endpoint that hangs holds up to a hundred connections, and what a shell allows is often 256 of all kinds. Where
    // more are not to be had, the system works with those that it has.
    if let Err(error) = rlimit::increase_nofile_limit(MAX_OPEN_FILES) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
    cli::run(arguments)
}
