//! The log of a Lambda function: JSON lines on stdout. And what may be in any log.

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterFn, filter_fn};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::guard;

/// The packages that write no secrets and no bodies, at no level: this project's.
const OURS: &[&str] = &[
    "admin",
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
    "store",
    "sweeper",
    "telemetry",
    "workskedge_webhooks",
];

/// Starts it, panics included, with `AWS_LAMBDA_LOG_LEVEL`: `INFO` by default, `DEBUG` at most. Plain levels only:
/// directives by module take a regular expression engine, which costs more than all else that happens before the first
/// request.
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

/// Lets through what may be logged whatever the level asked for: everything of ours, and of the libraries nothing below
/// `INFO`, where they write requests and answers with keys, signatures, addresses and bodies.
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
