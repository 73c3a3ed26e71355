//! The local system as a whole: start, step, stop.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::error::BoxError;
use domain::api_key::NewKey;
use inbound::http::Guard;
use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::CertificateDer;
use store::config::{ConfigError, Environment};
use store::tables;
use store::tables::Table;
use tokio::io::DuplexStream;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::data_dir::{DataDir, DataDirError, random_key};
use crate::embedded::dynamodb::{DynamoDb, OpenError};
use crate::embedded::kms::{self, Kms};
use crate::embedded::sns::Sns;
use crate::embedded::sqs::Sqs;
use crate::embedded::usage::Uses;
use crate::embedded::{Calls, Embedded};
use crate::first_start::{FirstStartError, make_account};
use crate::functions::{self, DELIVERY, EnvironmentOf, Functions, RETRY};
use crate::gateway::{Gateway, Patience};
use crate::queues::QueuePoller;
use crate::resources::{create_queues, create_tables, stream_arn};
use crate::schedule::{ScheduleHandler, every, schedule_handler};
use crate::stream::{self, Checkpoint, Stream};

/// How many batches of a queue may be under way: a subscriber that hangs occupies one for half a minute.
const BATCHES_IN_FLIGHT: usize = 1_000;
const OWN_MACHINE_LIMIT: &str = "1000000000";
const SWEEP_EVERY: SignedDuration = SignedDuration::from_secs(60);
const UPKEEP_EVERY: SignedDuration = SignedDuration::from_mins(10);
/// How long the work under way may take to finish when the system stops.
const DRAIN: Duration = Duration::from_secs(4);
/// What a connection without a socket holds of what is not read yet, in bytes.
const CONNECTION_BUFFER: usize = 64 * 1_024;

/// Where data is kept.
#[derive(Debug, Clone)]
pub enum Storage {
    /// In a directory, durably.
    Directory(PathBuf),
    /// In memory, for tests.
    Memory,
}

/// How the system is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// TCP port on 127.0.0.1; 0 = any that is free.
    pub port: u16,
    /// Where data is kept.
    pub storage: Storage,
    /// Whether deliveries may go to `http`, loopback and private addresses.
    pub allow_private_endpoints: bool,
    /// Waits between the attempts of a delivery.
    pub retry_schedule: Vec<Duration>,
    /// Whether stream, queues and schedule are worked on by themselves. Tests switch this off and step.
    pub workers: bool,
    /// The time.
    pub clock: Clock,
    /// How long senders of requests may take.
    pub patience: Patience,
    /// How long answers to calls without a key wait for the window of their address.
    pub count_patience: Duration,
    /// How long the event stream rests before it is read again without having been told.
    pub stream_rest: Duration,
    /// The URL of a DynamoDB that takes the place of the embedded one.
    pub dynamodb_url: Option<String>,
    /// Whether it is noted what each function asks of AWS, for the test of the template.
    pub note_usage: bool,
    /// Certificate authorities that endpoints' certificates may come from, beside the public ones.
    pub trusted_roots: Vec<CertificateDer<'static>>,
}

impl Options {
    /// For tests: any port, in memory, nothing runs by itself.
    #[must_use]
    pub fn for_test(clock: Clock) -> Self {
        Self {
            port: 0,
            storage: Storage::Memory,
            allow_private_endpoints: true,
            retry_schedule: [60, 300, 1_800, 7_200].map(Duration::from_secs).to_vec(),
            workers: false,
            clock,
            patience: Patience::default(),
            count_patience: Duration::from_mins(1),
            stream_rest: stream::REST,
            dynamodb_url: None,
            note_usage: false,
            trusted_roots: Vec::new(),
        }
    }
}

/// Why the system can't be started.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum StartError {
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Database(#[from] OpenError),
    #[error("the tables and queues can't be created")]
    Resources(#[source] BoxError),
    #[error("there is no key to seal secrets with")]
    Key(#[source] io::Error),
    #[error(transparent)]
    Configuration(#[from] ConfigError),
    #[error(transparent)]
    FirstStart(#[from] FirstStartError),
    #[error("port {0} on 127.0.0.1 can't be used; choose another with --port")]
    Port(u16, #[source] io::Error),
}

/// A running system.
pub struct System {
    address: SocketAddr,
    gateway: Arc<Gateway>,
    environment: Environment,
    calls: Calls,
    sns: Sns,
    uses: Uses,
    sdk_config: SdkConfig,
    queue_urls: HashMap<&'static str, String>,
    dynamodb: DynamoDb,
    stream: Arc<Mutex<Stream>>,
    /// Where the stream's reader stands.
    handed_on: watch::Receiver<Option<String>>,
    delivery: QueuePoller,
    retry: QueuePoller,
    sweeper: ScheduleHandler,
    tasks: TaskTracker,
    stop: CancellationToken,
    first_key: Option<NewKey>,
    /// Released last.
    data_dir: Option<DataDir>,
}

impl System {
    /// Starts the system with the functions of the template.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(options: Options) -> Result<Self, StartError> {
        Box::pin(Self::start_with(options, functions::functions)).await
    }

    /// Starts the system with other functions: for tests of the system itself.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start_with(
        options: Options,
        functions: impl FnOnce(EnvironmentOf<'_>, &Clock) -> Result<Functions, ConfigError>,
    ) -> Result<Self, StartError> {
        let data_dir = match &options.storage {
            Storage::Directory(path) => Some(DataDir::lock(path)?),
            Storage::Memory => None,
        };
        // Before the data is touched: the likeliest thing to go wrong.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await;
        let listener = listener.map_err(|error| StartError::Port(options.port, error))?;
        let address = listener.local_addr().map_err(|error| StartError::Port(options.port, error))?;

        let (dynamodb, kms) = match &data_dir {
            Some(data_dir) => data_dir.open()?,
            None => (DynamoDb::memory()?, Kms::new(random_key().map_err(StartError::Key)?)),
        };
        let sns = Sns::default();
        let embedded = Embedded::new(dynamodb.clone(), Sqs::new(options.clock.clone()), sns.clone(), kms);
        let embedded = match options.dynamodb_url.clone() {
            Some(url) => embedded.with_dynamodb_at(url),
            None => embedded,
        };
        let (sdk_config, calls) = (embedded.sdk_config(), embedded.calls().clone());
        let (queue_urls, stream_arn) = resources(&sdk_config, &options).await.map_err(StartError::Resources)?;
        let environment = Environment::given(&sdk_config, variables(&options, &queue_urls));
        let environment = environment.trusting(options.trusted_roots.clone()).counting_within(options.count_patience);
        let guard = Guard::from_environment(&environment)?;
        let uses = Uses::new(options.note_usage.then(|| embedded.clone()));
        let first_key = make_account(&environment, data_dir.as_ref(), options.clock.now()).await?;
        let Functions { routes, dispatcher, deliverer, retry_worker, sweeper, recovery } =
            functions(&|function| uses.environment(function, &environment), &options.clock)?;

        let checkpoint = Checkpoint::open(data_dir.as_ref().map(DataDir::checkpoint));
        let handed_on = checkpoint.watch();
        let streams = aws_sdk_dynamodbstreams::Client::new(&sdk_config);
        let stream = Stream::new(streams, stream_arn, dispatcher, checkpoint);
        let sqs = aws_sdk_sqs::Client::new(&sdk_config);
        let poller =
            |queue, handler| QueuePoller::new(sqs.clone(), url(&queue_urls, queue), handler, BATCHES_IN_FLIGHT);
        let answered = Arc::new(Notify::new());
        let gateway = Gateway::new(routes, options.clock.clone(), Arc::clone(&answered), options.patience, guard);
        let system = Self {
            address,
            gateway: Arc::new(gateway),
            stream: Arc::new(Mutex::new(stream.resting(options.stream_rest))),
            handed_on,
            delivery: poller(DELIVERY.name, deliverer),
            retry: poller(RETRY.name, retry_worker),
            environment,
            calls,
            sns,
            uses,
            sdk_config,
            queue_urls,
            dynamodb,
            sweeper,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            first_key,
            data_dir,
        };
        if options.workers {
            system.start_workers(&options.clock, &recovery, answered);
        }
        system.tasks.spawn(Arc::clone(&system.gateway).serve(listener, system.stop.clone()));
        Ok(system)
    }

    fn start_workers(&self, clock: &Clock, recovery: &ScheduleHandler, answered: Arc<Notify>) {
        let (stream, stop, recovered) = (Arc::clone(&self.stream), self.stop.clone(), recovery(clock.now()));
        self.tasks.spawn(async move {
            // The queues are empty and are filled again first: what is dispatched meanwhile would be put on them twice.
            recovered.await;
            stream.lock().await.run(&answered, &stop).await;
        });
        self.tasks.spawn(self.delivery.clone().run(self.stop.clone()));
        self.tasks.spawn(self.retry.clone().run(self.stop.clone()));
        self.tasks.spawn(every(SWEEP_EVERY, clock.clone(), self.stop.clone(), Arc::clone(&self.sweeper)));
        self.tasks.spawn(every(UPKEEP_EVERY, clock.clone(), self.stop.clone(), self.upkeep()));
    }

    /// Drops items whose time has passed, and stream records that have been handed on.
    fn upkeep(&self) -> ScheduleHandler {
        let (dynamodb, handed_on) = (self.dynamodb.clone(), self.handed_on.clone());
        schedule_handler(move |_| {
            let (dynamodb, before) = (dynamodb.clone(), handed_on.borrow().clone());
            async move {
                dynamodb.sweep_ttl();
                if let Some(before) = before {
                    // A closed database needs no upkeep.
                    let _ = dynamodb.trim_stream(tables::EVENTS.name, &before).await;
                }
            }
        })
    }

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

    /// The API key, if this is the first start with this data.
    #[must_use]
    pub fn first_key(&self) -> Option<&NewKey> {
        self.first_key.as_ref()
    }

    /// The file of that key.
    #[must_use]
    pub fn key_file(&self) -> Option<PathBuf> {
        self.data_dir.as_ref().map(DataDir::api_key)
    }

    /// For AWS clients of a test's own.
    #[must_use]
    pub fn sdk_config(&self) -> &SdkConfig {
        &self.sdk_config
    }

    /// The environment that the functions were given: for stores and queues of a test's own.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// What was called of the embedded services.
    #[must_use]
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// What each function asked of AWS and read of its environment, if that is noted.
    #[must_use]
    pub fn uses(&self) -> &Uses {
        &self.uses
    }

    /// The topic of alerts.
    #[must_use]
    pub fn sns(&self) -> &Sns {
        &self.sns
    }

    /// The URL of a queue or dead-letter queue that was created at start.
    #[must_use]
    pub fn queue_url(&self, name: &str) -> Option<&str> {
        self.queue_urls.get(name).map(String::as_str)
    }

    /// Hands everything that is in the stream now to the dispatcher, and says how many records.
    ///
    /// # Errors
    /// The stream can't be read.
    pub async fn drain_stream(&self) -> Result<usize, BoxError> {
        self.stream.lock().await.drain().await
    }

    /// Forgets what is in the stream now, as if it had aged out of it unread.
    ///
    /// # Errors
    /// The stream can't be read.
    pub async fn skip_stream(&self) -> Result<(), BoxError> {
        self.stream.lock().await.skip().await
    }

    /// How many records of the stream have not been handed to the dispatcher (100 at most).
    ///
    /// # Errors
    /// The stream can't be read.
    pub async fn waiting_in_stream(&self) -> Result<usize, BoxError> {
        self.stream.lock().await.waiting().await
    }

    /// Hands everything that is visible on the delivery queue now to the deliverer, and says how many messages.
    ///
    /// # Errors
    /// The queue can't be reached.
    pub async fn drain_delivery_queue(&self) -> Result<usize, BoxError> {
        self.delivery.drain().await
    }

    /// Hands everything that is visible on the retry queue now to the retry worker, and says how many messages.
    ///
    /// # Errors
    /// The queue can't be reached.
    pub async fn drain_retry_queue(&self) -> Result<usize, BoxError> {
        self.retry.drain().await
    }

    /// Runs the sweeper once.
    pub async fn sweep(&self, now: Timestamp) {
        (self.sweeper)(now).await;
    }

    /// Stops taking on work, gives what is under way a few seconds, and closes the data. Whatever is cut off is picked
    /// up at the next start. Whether nothing was.
    pub async fn shutdown(self) -> bool {
        self.stop.cancel();
        self.tasks.close();
        let finished = tokio::time::timeout(DRAIN, self.tasks.wait()).await.is_ok();
        if !finished {
            tracing::warn!("some work was still under way and will be taken up at the next start");
        }
        self.dynamodb.close().await;
        drop(self.data_dir);
        finished
    }
}

/// Creates the tables and queues that are missing; queue URLs by name, and the ARN of the event stream.
async fn resources(
    sdk_config: &SdkConfig,
    options: &Options,
) -> Result<(HashMap<&'static str, String>, String), BoxError> {
    let dynamodb = aws_sdk_dynamodb::Client::new(sdk_config);
    // Another DynamoDB goes by the time of its own, and would delete what expires by ours.
    let ages = options.dynamodb_url.is_none();
    let tables: Vec<Table> =
        tables::ALL.iter().map(|table| Table { ttl: table.ttl.filter(|_| ages), ..*table }).collect();
    create_tables(&dynamodb, &tables).await?;
    let stream = stream_arn(&dynamodb, tables::EVENTS.name).await?;
    let queues = create_queues(&aws_sdk_sqs::Client::new(sdk_config), &[DELIVERY, RETRY]).await?;
    Ok((queues, stream))
}

/// The functions' environment, as the template gives it.
fn variables(options: &Options, queue_urls: &HashMap<&'static str, String>) -> HashMap<String, String> {
    let schedule: Vec<String> = options.retry_schedule.iter().map(|wait| wait.as_secs().to_string()).collect();
    let mut variables = HashMap::from([
        ("RETRY_SCHEDULE_SECONDS".to_owned(), schedule.join(",")),
        ("ALLOW_PRIVATE_ENDPOINTS".to_owned(), options.allow_private_endpoints.to_string()),
        ("SEAL_KEY_ID".to_owned(), kms::SEAL_KEY_ID.to_owned()),
        ("MAC_KEY_ID".to_owned(), kms::MAC_KEY_ID.to_owned()),
        ("ALERT_TOPIC_ARN".to_owned(), "arn:aws:sns:us-east-1:000000000000:alerts".to_owned()),
        ("KEY_ENVIRONMENT".to_owned(), "local".to_owned()),
        // On their own machine people give their keys whatever limits they like.
        ("KEY_LIMIT_PER_HOUR".to_owned(), OWN_MACHINE_LIMIT.to_owned()),
        ("KEY_LIMIT_PER_MINUTE".to_owned(), OWN_MACHINE_LIMIT.to_owned()),
        ("MAX_ENDPOINTS_PER_ACCOUNT".to_owned(), "10000".to_owned()),
    ]);
    variables.extend(tables::ALL.iter().map(|table| (table.variable.to_owned(), table.name.to_owned())));
    variables.extend([DELIVERY, RETRY].map(|queue| (queue.variable.to_owned(), url(queue_urls, queue.name))));
    variables
}

fn url(urls: &HashMap<&'static str, String>, queue: &str) -> String {
    urls.get(queue).cloned().unwrap_or_default()
}
