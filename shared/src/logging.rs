//! The log of a Lambda function: JSON lines on stdout.

use tracing::Level;
use tracing_subscriber::fmt;

use crate::guard;

/// Starts it, panics included, with `AWS_LAMBDA_LOG_LEVEL`, `INFO` by default, `DEBUG` at most: below that the runtime and the SDK write whole
/// requests, with keys and bodies. Plain levels only: directives by module take a regular
/// expression engine, which costs more than all else that happens before the first request.
#[expect(clippy::disallowed_methods, reason = "before anything else, the environment among it")]
pub fn start() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| level.parse().ok()).unwrap_or(Level::INFO);
    fmt()
        .json()
        .with_max_level(level.min(Level::DEBUG))
        .with_target(false)
        .with_span_list(false)
        .with_ansi(false)
        .init();
    guard::log_panics();
}
