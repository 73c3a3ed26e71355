//! The start: data, services, functions and event sources are put together, in the order in which they depend on each
//! other.

use std::io;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::error::BoxError;
use inbound::http::Guard;
use jiff::SignedDuration;
use store::config::ConfigError;
use store::{StoreError, tables};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::environment::Resources;
use super::{EventSources, FunctionUsage, Options, System};
use crate::backlog::Backlog;
use crate::clock::Clock;
use crate::data_dir::{DataDir, DataDirError, random_key};
use crate::embedded::Embedded;
use crate::embedded::dynamodb::{DynamoDb, OpenError};
use crate::embedded::kms::Kms;
use crate::embedded::sns::Sns;
use crate::embedded::sqs::Sqs;
use crate::first_start::{FirstStartError, make_account};
use crate::functions::{self, DELIVERY, EnvironmentOf, Functions, RETRY, SLOW};
use crate::gateway::{Gateway, listen};
use crate::queues::{QueueHandler, QueuePoller};
use crate::resources::QueueSpec;
use crate::schedule::{ScheduleHandler, every, schedule_handler};
use crate::stream::{Checkpoint, Stream, StreamHandler};

/// How many batches of a queue may be under way: a subscriber that hangs occupies one for half a minute.
const BATCHES_IN_FLIGHT: usize = 1_000;
const SWEEP_EVERY: SignedDuration = SignedDuration::from_secs(60);
const UPKEEP_EVERY: SignedDuration = SignedDuration::from_mins(10);

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
    #[error("the lines of endpoints' paces can't be forgotten")]
    Paces(#[source] StoreError),
    #[error(transparent)]
    FirstStart(#[from] FirstStartError),
    #[error("port {0} on 127.0.0.1 can't be used; choose another with --port")]
    Port(u16, #[source] io::Error),
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
        let data_dir = options.storage.lock()?;
        // Before the data is touched: of all that can go wrong, a port in use is the likeliest.
        let (listener, address) = listen(options.port).await.map_err(|error| StartError::Port(options.port, error))?;
        let services = Services::open(&options, data_dir.as_ref())?;
        let sdk_config = services.embedded.sdk_config();
        let resources = Resources::create(&sdk_config, &options).await.map_err(StartError::Resources)?;
        let environment = resources.environment(&sdk_config, &options);
        let guard = Guard::from_environment(&environment)?;
        let uses = FunctionUsage::new(options.note_usage.then(|| services.embedded.clone()));
        let first_key = make_account(&environment, data_dir.as_ref(), options.clock.now()).await?;
        // The queues are empty, and with them the lines.
        environment.paces()?.forget_all().await.map_err(StartError::Paces)?;
        let functions = functions(&|function| uses.environment(function, &environment), &options.clock)?;
        let Functions { routes, dispatcher, deliverer, retry_worker, slow_worker, sweeper, recovery } = functions;

        let checkpoint = Checkpoint::open(data_dir.as_ref().map(DataDir::checkpoint));
        let backlog = Backlog::new(options.clock.clone());
        let handlers = (dispatcher, [(DELIVERY, deliverer), (RETRY, retry_worker), (SLOW, slow_worker)]);
        let sources = event_sources(&sdk_config, &resources, checkpoint, handlers, backlog.clone(), &options);
        let answered = Arc::new(Notify::new());
        let gateway = Gateway::new(routes, options.clock.clone(), Arc::clone(&answered), options.patience);
        let gateway = gateway.guarded_by(guard).paced_by(backlog);
        let system = Self {
            address,
            gateway: Arc::new(gateway),
            environment,
            services,
            resources,
            uses,
            sdk_config,
            sources,
            sweeper,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            first_key,
            data_dir,
        };
        system.start_work(listener, &options, &recovery, answered);
        Ok(system)
    }

    /// Starts answering requests, and the workers unless tests step them.
    fn start_work(&self, listener: TcpListener, options: &Options, recovery: &ScheduleHandler, answered: Arc<Notify>) {
        if options.workers {
            self.start_workers(&options.clock, recovery, answered);
        }
        self.tasks.spawn(Arc::clone(&self.gateway).serve(listener, self.stop.clone()));
    }

    fn start_workers(&self, clock: &Clock, recovery: &ScheduleHandler, answered: Arc<Notify>) {
        let (stream, stop, recovered) = (Arc::clone(&self.sources.stream), self.stop.clone(), recovery(clock.now()));
        self.tasks.spawn(async move {
            // The queues are empty and are filled again first: what is dispatched meanwhile would be put on them twice.
            recovered.await;
            stream.lock().await.run(&answered, &stop).await;
        });
        self.tasks.spawn(self.sources.delivery.clone().run(self.stop.clone()));
        self.tasks.spawn(self.sources.retry.clone().run(self.stop.clone()));
        self.tasks.spawn(self.sources.slow.clone().run(self.stop.clone()));
        self.tasks.spawn(every(SWEEP_EVERY, clock.clone(), self.stop.clone(), Arc::clone(&self.sweeper)));
        self.tasks.spawn(every(UPKEEP_EVERY, clock.clone(), self.stop.clone(), self.upkeep()));
    }

    /// Drops items whose time to live has passed, and stream records that have been handed on.
    fn upkeep(&self) -> ScheduleHandler {
        let (dynamodb, handed_on) = (self.services.dynamodb.clone(), self.sources.handed_on.clone());
        let stop = self.stop.clone();
        schedule_handler(move |_| {
            let (dynamodb, before, stop) = (dynamodb.clone(), handed_on.borrow().clone(), stop.clone());
            async move {
                let swept = dynamodb.sweep_ttl();
                if let Some(before) = before {
                    // A closed database needs no upkeep.
                    let _ = dynamodb.trim_stream(tables::EVENTS.name, &before).await;
                }
                // The next sweep begins when this one has ended.
                let _ = stop.run_until_cancelled(swept).await;
            }
        })
    }
}

/// The embedded AWS, and those of its services that the system also reaches directly.
pub(super) struct Services {
    pub(super) embedded: Embedded,
    pub(super) dynamodb: DynamoDb,
    pub(super) sns: Sns,
}

impl Services {
    /// Opens the data and starts the services; without a data directory, everything is in memory.
    fn open(options: &Options, data_dir: Option<&DataDir>) -> Result<Self, StartError> {
        let (dynamodb, kms) = match data_dir {
            Some(data_dir) => data_dir.open()?,
            None => (DynamoDb::memory()?, Kms::new(random_key().map_err(StartError::Key)?)),
        };
        let sns = Sns::default();
        let embedded = Embedded::new(dynamodb.clone(), Sqs::new(options.clock.clone()), sns.clone(), kms);
        let embedded = match options.dynamodb_url.clone() {
            Some(url) => embedded.with_dynamodb_at(url),
            None => embedded,
        };
        Ok(Self { embedded, dynamodb, sns })
    }
}

fn event_sources(
    sdk_config: &SdkConfig,
    resources: &Resources,
    checkpoint: Checkpoint,
    (dispatcher, queues): (StreamHandler, [(QueueSpec, QueueHandler); 3]),
    backlog: Backlog,
    options: &Options,
) -> EventSources {
    let handed_on = checkpoint.saved();
    let streams = aws_sdk_dynamodbstreams::Client::new(sdk_config);
    let stream = Stream::new(streams, resources.stream_arn.clone(), dispatcher, checkpoint).reporting(backlog);
    let sqs = aws_sdk_sqs::Client::new(sdk_config);
    let poller = |(queue, handler): (QueueSpec, QueueHandler)| {
        QueuePoller::new(sqs.clone(), resources.queue_url(queue.name), handler, BATCHES_IN_FLIGHT)
    };
    let [delivery, retry, slow] = queues.map(poller);
    EventSources { stream: Arc::new(Mutex::new(stream.resting(options.stream_rest))), handed_on, delivery, retry, slow }
}
