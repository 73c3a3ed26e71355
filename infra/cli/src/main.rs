//! The command of integrators and subscribers: see `--help`.

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use cli::Surroundings;

/// What shells say of a command that Ctrl-C has ended.
const INTERRUPTED: u8 = 130;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let surroundings = Surroundings::of_process(io::stderr().is_terminal());
    let (mut out, mut err) = (io::stdout(), io::stderr());
    tokio::select! {
        code = cli::run(std::env::args_os(), &surroundings, &mut out, &mut err) => ExitCode::from(code),
        // Whatever has been done is noted in files by then.
        _ = tokio::signal::ctrl_c() => ExitCode::from(INTERRUPTED),
    }
}
