//! How a test application is started.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::rate_limit::Limits;
use jiff::Timestamp;
use local::{Clock, Options, Storage};
use reqwest::Client;
use rustls::ClientConfig;

use crate::app::TestApp;
use crate::faults::Faults;
use crate::inbound_app::InboundApp;
use crate::tls::Ca;
use crate::usage;

/// When tests begin, unless they say otherwise.
const START: &str = "2025-10-20T14:30:00Z";
/// So many that no test meets them by chance.
const NO_LIMITS: Limits = Limits { per_hour: 1_000_000, per_minute: 1_000_000 };

/// Settings of a test application.
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    pub(crate) options: Options,
    pub(crate) limits: Option<Limits>,
    pub(crate) faults: Option<Faults>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        let clock = Clock::settable(START.parse().unwrap());
        let options = Options {
            note_usage: usage::is_wanted(),
            // Another DynamoDB, for a second opinion: `tests/dynamodb-local/run`.
            dynamodb_url: std::env::var_os("DYNAMODB_URL").map(|url| url.into_string().unwrap()),
            ..Options::for_test(clock)
        };
        Self { options, limits: Some(NO_LIMITS), faults: None }
    }

    /// Keeps the data in a directory, which another start may use again.
    pub fn data_dir(mut self, path: &Path) -> Self {
        self.options.storage = Storage::Directory(path.to_owned());
        self
    }

    /// Whether endpoints may be `http` and private. On by default.
    pub fn allow_private(mut self, allow: bool) -> Self {
        self.options.allow_private_endpoints = allow;
        self
    }

    /// The waits between attempts, in seconds, as `RETRY_SCHEDULE_SECONDS` has them.
    pub fn retry_schedule(mut self, waits: &str) -> Self {
        self.options.retry_schedule = waits.split(',').map(|wait| Duration::from_secs(wait.parse().unwrap())).collect();
        self
    }

    /// How long an attempt takes when its endpoint counts as slow.
    pub fn slow_after(mut self, time: Duration) -> Self {
        self.options.slow_after = time;
        self
    }

    /// How long events and deliveries are kept, in days.
    pub fn event_retention(mut self, days: i64) -> Self {
        self.options.event_retention_days = days;
        self
    }

    /// Whether stream, queues and schedule are worked on in the background, as outside of tests. Off by default. One
    /// of the workers deletes items whose time to live has passed by the machine's clock: start
    /// [`Builder::at_present`] if old ones matter.
    pub fn workers(mut self, workers: bool) -> Self {
        self.options.workers = workers;
        self
    }

    /// The rate limits of every key; `None` for those of the contract. By default no test meets them.
    pub fn limits(mut self, limits: Option<Limits>) -> Self {
        self.limits = limits;
        self
    }

    /// Starts at the machine's time: for tests of code that reads the machine's clock and not the application's.
    pub fn at_present(mut self) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the rim: what the time is at the start")]
        let now = Timestamp::now();
        self.options.clock = Clock::settable(now);
        self
    }

    /// How long the gateway waits for the rest of a request's head, and of its body.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.options.patience.head = patience;
        self.options.patience.body = patience;
        self
    }

    /// How long records of a batch are begun.
    pub fn batch_patience(mut self, patience: Duration) -> Self {
        self.options.batch_patience = patience;
        self
    }

    /// Runs the functions with these faults.
    pub fn faults(mut self, faults: &Faults) -> Self {
        self.faults = Some(faults.clone());
        self
    }

    /// Trusts certificates that `ca` issued to endpoints.
    pub fn trusting(mut self, ca: &Ca) -> Self {
        self.options.trusted_roots.push(ca.root());
        self
    }

    /// Sets a variable of the functions that the local system has none of.
    pub fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.options.variables.push((name, value.to_owned()));
        self
    }

    /// Starts the system with a first account.
    pub async fn start(self) -> TestApp {
        TestApp::new(self.start_inbound().await)
    }

    /// The same for a test of requests alone.
    pub async fn start_inbound(self) -> InboundApp {
        log_if_asked();
        InboundApp::with(self, client()).await
    }
}

/// With `TEST_LOG=1`, the system's log is printed with a test that fails.
fn log_if_asked() {
    #[expect(clippy::disallowed_methods, reason = "the person at the terminal asks")]
    if std::env::var("TEST_LOG").is_ok() {
        let _ = tracing_subscriber::fmt().with_test_writer().try_init();
    }
}

/// A client that follows no redirects and uses no proxy. It speaks plain HTTP only, and is given a TLS configuration
/// because it would look for one otherwise.
fn client() -> Client {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    let client = Client::builder().tls_backend_preconfigured(tls).no_proxy();
    client.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}
