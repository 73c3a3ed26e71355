//! How the system is started.

use std::path::PathBuf;
use std::time::Duration;

use domain::endpoint::SLOW_AFTER;
use rustls::pki_types::CertificateDer;
use store::tables::EVENT_RETENTION_DAYS;

use crate::clock::Clock;
use crate::data_dir::{DataDir, DataDirError};
use crate::gateway::Patience;
use crate::stream;

/// Where data is kept.
#[derive(Debug, Clone)]
pub enum Storage {
    /// In this directory, durably.
    Directory(PathBuf),
    /// In memory, for tests.
    Memory,
}

impl Storage {
    /// Takes the directory for this process.
    ///
    /// # Errors
    /// Another process has it, or it can't be used.
    pub(super) fn lock(&self) -> Result<Option<DataDir>, DataDirError> {
        match self {
            Self::Directory(path) => DataDir::lock(path).map(Some),
            Self::Memory => Ok(None),
        }
    }
}

/// How the system is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// The TCP port on 127.0.0.1; 0 = any free port.
    pub port: u16,
    /// Where data is kept.
    pub storage: Storage,
    /// Whether deliveries may go to `http` URLs, loopback and private addresses.
    pub allow_private_endpoints: bool,
    /// The waits between the attempts of a delivery.
    pub retry_schedule: Vec<Duration>,
    /// How long an attempt takes when its endpoint counts as slow.
    pub slow_after: Duration,
    /// How long events and deliveries are kept, in days.
    pub event_retention_days: i64,
    /// Whether stream, queues and schedule are worked on in the background. Tests switch this off and step them.
    pub workers: bool,
    /// The clock that everything goes by.
    pub clock: Clock,
    /// How long the senders of requests may take.
    pub patience: Patience,
    /// How long the answer to a call without a key waits for the rate window of its address.
    pub count_patience: Duration,
    /// How long records of a batch are begun.
    pub batch_patience: Duration,
    /// How long the reader of the event stream waits before it looks again, unless it is told of a change.
    pub stream_rest: Duration,
    /// The URL of another DynamoDB, which replaces the embedded one.
    pub dynamodb_url: Option<String>,
    /// Whether the calls of AWS that each function makes are recorded, for the test of the template.
    pub note_usage: bool,
    /// Certificate authorities that deliveries trust beside the public ones.
    pub trusted_roots: Vec<CertificateDer<'static>>,
    /// Further variables of the functions, by name: for tests of what a deployment may have, such as fixed addresses.
    pub variables: Vec<(&'static str, String)>,
}

impl Options {
    /// For tests: any free port, data in memory, no workers in the background.
    #[must_use]
    pub fn for_test(clock: Clock) -> Self {
        Self {
            port: 0,
            storage: Storage::Memory,
            allow_private_endpoints: true,
            retry_schedule: [60, 300, 1_800, 7_200].map(Duration::from_secs).to_vec(),
            slow_after: SLOW_AFTER,
            event_retention_days: EVENT_RETENTION_DAYS,
            workers: false,
            clock,
            patience: Patience::default(),
            count_patience: Duration::from_mins(1),
            batch_patience: Duration::from_mins(1),
            stream_rest: stream::REST,
            dynamodb_url: None,
            note_usage: false,
            trusted_roots: Vec::new(),
            variables: Vec::new(),
        }
    }
}
