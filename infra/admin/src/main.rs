//! The operator's tool: see `--help`.

use std::io;
use std::process::ExitCode;

use admin::Surroundings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let surroundings = Surroundings::of_process();
    ExitCode::from(admin::run(std::env::args_os(), &surroundings, &mut io::stdout(), &mut io::stderr()).await)
}
