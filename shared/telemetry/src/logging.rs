//! The log of a Lambda function, JSON lines on stdout; and the filter that every log of this project has.

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterFn, filter_fn};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::guard;

/// The packages of this project, which log no secrets and no bodies at any level.
const OURS: &[&str] = &[
    "admin",
    "cli",
    "create_employee",
    "create_project",
    "create_vendor",
    "create_workorder",
    "deliverer",
    "dispatcher",
    "domain",
    "inbound",
    "local",
    "manage_deliveries",
    "manage_endpoints",
    "manage_keys",
    "outbound",
    "portal",
    "publish_event",
    "request_timeoff",
    "retry_worker",
    "slow_worker",
    "store",
    "sweeper",
    "telemetry",
    "workskedge",
    "workskedge_webhooks",
];

/// Starts the log of a Lambda function, with panics, at the level `AWS_LAMBDA_LOG_LEVEL`: `INFO` by default, `DEBUG` at
/// most. Plain levels only: directives by module need a regular expression engine, which takes longer than everything
/// else that happens before the first request.
#[expect(clippy::disallowed_methods, reason = "before anything else, the environment among it")]
pub fn start() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| level.parse().ok()).unwrap_or(Level::INFO);
    fmt()
        .json()
        .with_max_level(level.min(Level::DEBUG))
        .with_target(false)
        .with_span_list(false)
        .with_ansi(false)
        .finish()
        .with(discreet())
        .init();
    guard::log_panics();
}

/// A filter that lets through what may be logged, whatever level is asked for: everything of this project, and of
/// libraries nothing more detailed than `INFO`, since at `DEBUG` they log requests and answers with keys, signatures,
/// addresses and bodies.
#[must_use]
pub fn discreet() -> FilterFn<fn(&Metadata<'_>) -> bool> {
    filter_fn(is_discreet)
}

fn is_discreet(metadata: &Metadata<'_>) -> bool {
    let package = metadata.target().split("::").next().unwrap_or_default();
    *metadata.level() <= Level::INFO || OURS.contains(&package)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_packages_of_the_project_are_ours() {
        for directory in ["functions", "infra", "shared"] {
            for entry in std::fs::read_dir(format!("{}/../../{directory}", env!("CARGO_MANIFEST_DIR"))).unwrap() {
                let path = entry.unwrap().path();
                let package = path.file_name().unwrap().to_str().unwrap().replace('-', "_");
                assert!(!path.join("Cargo.toml").exists() || OURS.contains(&package.as_str()), "{package}");
            }
        }
    }
}
