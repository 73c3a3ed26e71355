//! Logs go to standard error: readable on a terminal, JSON otherwise.

use std::io::{self, IsTerminal};

use telemetry::guard;
use telemetry::logging::discreet;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// What is logged unless `RUST_LOG` says otherwise: `info` of this project, each delivery that arrives, and warnings of
/// libraries. More than `info` is only ever logged of this project, see [`discreet`].
const DEFAULT: &str = "info,outbound=debug,aws_config=warn,aws_smithy_runtime=warn,aws_sigv4=warn,dynoxide=error,\
    hyper=warn,reqwest=warn,rustls=warn";

/// Starts logging. A second call does nothing.
pub fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = if io::stderr().is_terminal() {
        builder.finish().with(discreet()).try_init()
    } else {
        builder.json().with_span_list(false).finish().with(discreet()).try_init()
    };
    if let Err(error) = started {
        tracing::debug!(%error, "logging has been started already");
    }
    guard::log_panics();
}
