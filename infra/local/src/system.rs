//! The local system as a whole: started ([`System::start`]), stepped by tests, stopped.

mod environment;
mod function_usage;
mod options;
mod start;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::error::BoxError;
use domain::api_key::NewKey;
use jiff::Timestamp;
use store::config::Environment;
use tokio::io::DuplexStream;
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::data_dir::DataDir;
use crate::embedded::Calls;
use crate::embedded::sns::Sns;
use crate::gateway::Gateway;
use crate::queues::QueuePoller;
use crate::schedule::ScheduleHandler;
use crate::stream::Stream;

use environment::Resources;
use start::Services;

pub use function_usage::FunctionUsage;
pub use options::{Options, Storage};
pub use start::StartError;

/// How long the work that is under way may take to finish when the system stops.
pub(crate) const DRAIN: Duration = Duration::from_secs(4);
/// How many bytes a connection without a socket holds until they are read.
const CONNECTION_BUFFER: usize = 64 * 1_024;

/// A running system.
pub struct System {
    address: SocketAddr,
    gateway: Arc<Gateway>,
    environment: Environment,
    services: Services,
    resources: Resources,
    uses: FunctionUsage,
    sdk_config: SdkConfig,
    sources: EventSources,
    sweeper: ScheduleHandler,
    tasks: TaskTracker,
    stop: CancellationToken,
    first_key: Option<NewKey>,
    /// Released last.
    data_dir: Option<DataDir>,
}

/// The event sources of functions.
struct EventSources {
    stream: Arc<Mutex<Stream>>,
    /// The sequence number from which the stream is read on after a start.
    handed_on: watch::Receiver<Option<String>>,
    delivery: QueuePoller,
    retry: QueuePoller,
}

impl System {
    /// Where the system listens: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A connection to the gateway that needs no socket.
    #[must_use]
    pub fn connect(&self) -> DuplexStream {
        let (client, server) = tokio::io::duplex(CONNECTION_BUFFER);
        self.tasks.spawn(Arc::clone(&self.gateway).connection(server, self.address, self.stop.clone()));
        client
    }

    /// The API key that was made, if this is the first start with this data.
    #[must_use]
    pub fn first_key(&self) -> Option<&NewKey> {
        self.first_key.as_ref()
    }

    /// The file that holds the API key; `None` when data is in memory.
    #[must_use]
    pub fn key_file(&self) -> Option<PathBuf> {
        self.data_dir.as_ref().map(DataDir::api_key)
    }

    /// The configuration for AWS clients of the embedded services, for tests.
    #[must_use]
    pub fn sdk_config(&self) -> &SdkConfig {
        &self.sdk_config
    }

    /// The environment that the functions were given, for the stores and queues of tests.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// How often each operation of the embedded services was called.
    #[must_use]
    pub fn calls(&self) -> &Calls {
        self.services.embedded.calls()
    }

    /// How many requests of each operation the embedded database left to `dynoxide`.
    #[must_use]
    pub fn left_to_dynoxide(&self) -> &Calls {
        self.services.dynamodb.left()
    }

    /// What each function called of AWS and read of its environment, if [`Options::note_usage`] is set.
    #[must_use]
    pub fn uses(&self) -> &FunctionUsage {
        &self.uses
    }

    /// The embedded SNS, with the alerts that were published.
    #[must_use]
    pub fn sns(&self) -> &Sns {
        &self.services.sns
    }

    /// The URL of a queue or dead-letter queue that was created at start.
    #[must_use]
    pub fn queue_url(&self, name: &str) -> Option<&str> {
        self.resources.queue_urls.get(name).map(String::as_str)
    }

    /// Hands all records that are in the stream to the dispatcher, and returns how many there were.
    ///
    /// # Errors
    /// The stream can't be read.
    pub async fn drain_stream(&self) -> Result<usize, BoxError> {
        self.sources.stream.lock().await.drain().await
    }

    /// Skips the records that are in the stream, as if they had expired unread.
    ///
    /// # Errors
    /// The stream can't be read.
    pub async fn skip_stream(&self) -> Result<(), BoxError> {
        self.sources.stream.lock().await.skip().await
    }

    /// How many records of the stream have not been handed to the dispatcher yet, up to 100.
    ///
    /// # Errors
    /// The stream can't be read.
    pub async fn waiting_in_stream(&self) -> Result<usize, BoxError> {
        self.sources.stream.lock().await.waiting().await
    }

    /// Hands all messages that are visible on the delivery queue to the deliverer, and returns how many there were.
    ///
    /// # Errors
    /// The queue can't be reached.
    pub async fn drain_delivery_queue(&self) -> Result<usize, BoxError> {
        self.sources.delivery.drain().await
    }

    /// Hands all messages that are visible on the retry queue to the retry worker, and returns how many there were.
    ///
    /// # Errors
    /// The queue can't be reached.
    pub async fn drain_retry_queue(&self) -> Result<usize, BoxError> {
        self.sources.retry.drain().await
    }

    /// Runs the sweeper once, at the time `now`.
    pub async fn sweep(&self, now: Timestamp) {
        (self.sweeper)(now).await;
    }

    /// Takes on no more work, gives what is under way four seconds to finish, and closes the data. Work that is cut off
    /// is taken up at the next start. Returns whether all of it was finished.
    pub async fn shutdown(self) -> bool {
        self.stop.cancel();
        self.tasks.close();
        let finished = tokio::time::timeout(DRAIN, self.tasks.wait()).await.is_ok();
        if !finished {
            tracing::warn!("some work was still under way and will be taken up at the next start");
        }
        self.services.dynamodb.close().await;
        drop(self.data_dir);
        finished
    }
}
