//! The local system: see `--help`.

use std::process::ExitCode;

use clap::Parser;
use local::{cli, logging};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    logging::start();
    cli::run(arguments).await
}
