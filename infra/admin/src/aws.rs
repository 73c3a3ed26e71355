//! The deployment: how to reach it, and the names of its tables and queues.

use std::collections::HashMap;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sdk_sqs::Client;
use clap::ValueEnum as _;
use domain::account::Account;
use domain::audit::Author;
use jiff::Timestamp;
use store::StoreError;
use store::aws::{Https, Lazy};
use store::config::Environment;
use store::queue::{Queue, QueueError};
use store::tables;
use store::tables::Table;
use telemetry::causes::causes;

use crate::Surroundings;
use crate::arguments::{Connection, KeyEnvironment, QueueName, operator};
use crate::failure::Failure;
use crate::help::EXPORT;
use crate::places::{Kind, Place};
use crate::sqs::SqsQueue;

const STACK: &str = "workskedge-webhooks";
/// Who runs the tool, for the audit log.
const OPERATOR: &str = "WORKSKEDGE_OPERATOR";
/// The timeout of a call: longer than any answer takes, so that only a connection that hangs runs into it.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The deployment that a command works on.
#[derive(Debug)]
pub(crate) struct Aws {
    /// The stores of the deployment.
    pub(crate) environment: Environment,
    pub(crate) now: Timestamp,
    /// Who the audit log says has made a change.
    pub(crate) author: Author,
    pub(crate) listen_seconds: i32,
    sqs: Lazy<Client>,
    variables: HashMap<String, String>,
    stack: String,
    /// Whether the stack was named on the command line.
    stack_is_given: bool,
    whereabouts: String,
}

/// The names of a queue: what follows the stack in its name, and the variable that holds its URL.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueueNames {
    suffix: &'static str,
    variable: &'static str,
}

/// The environment variables that are read beside those of the AWS SDK.
pub(crate) fn variables() -> impl Iterator<Item = &'static str> {
    let queues = QueueName::value_variants().iter();
    let queues = queues.flat_map(|queue| queue.queue().into_iter().chain([queue.dead_letters()]));
    let tables = tables::ALL.iter().map(|table| table.variable);
    tables.chain(queues.map(|names| names.variable)).chain(["KEY_ENVIRONMENT", OPERATOR])
}

impl QueueNames {
    /// What follows the stack in its name.
    pub(crate) const fn suffix(self) -> &'static str {
        self.suffix
    }
}

impl QueueName {
    /// The queue itself; the dispatcher reads a stream and has none.
    pub(crate) const fn queue(self) -> Option<QueueNames> {
        match self {
            Self::Delivery => Some(QueueNames { suffix: "delivery", variable: "DELIVERY_QUEUE_URL" }),
            Self::Retry => Some(QueueNames { suffix: "retry", variable: "RETRY_QUEUE_URL" }),
            Self::Slow => Some(QueueNames { suffix: "slow", variable: "SLOW_QUEUE_URL" }),
            Self::Dispatch => None,
        }
    }

    /// Its dead-letter queue.
    pub(crate) const fn dead_letters(self) -> QueueNames {
        match self {
            Self::Delivery => QueueNames { suffix: "delivery-dead", variable: "DELIVERY_DEAD_QUEUE_URL" },
            Self::Retry => QueueNames { suffix: "retry-dead", variable: "RETRY_DEAD_QUEUE_URL" },
            Self::Slow => QueueNames { suffix: "slow-dead", variable: "SLOW_DEAD_QUEUE_URL" },
            Self::Dispatch => QueueNames { suffix: "dispatch-dead", variable: "DISPATCH_DEAD_QUEUE_URL" },
        }
    }
}

impl Aws {
    /// Finds the region and the credentials before any call is made: without them, the error of a call would not say
    /// what is missing.
    pub(crate) async fn connect(connection: &Connection, surroundings: &Surroundings) -> Result<Self, Failure> {
        let sdk = match &surroundings.aws {
            Some(sdk) => sdk.clone(),
            None => load(connection).await,
        };
        let Some(region) = sdk.region() else {
            return Err(Failure::Aws("there is no AWS region; give --region or set AWS_REGION".to_owned()));
        };
        check_credentials(&sdk).await?;
        let whereabouts = sdk.endpoint_url().map_or_else(|| format!("in {region}"), |url| format!("at {url}"));
        let stack = connection.stack.clone().unwrap_or_else(|| STACK.to_owned());
        let mut variables = surroundings.variables.clone();
        variables.retain(|_, value| !value.is_empty());
        for table in tables::ALL {
            variables.entry(table.variable.to_owned()).or_insert_with(|| format!("{stack}-{}", table.name));
        }
        let named = || variables.get(OPERATOR).map(|name| operator(name)).transpose();
        let author = connection.operator.clone().map_or_else(named, |given| Ok(Some(given)));
        let author = author.map_err(|error| Failure::Usage(format!("{OPERATOR}: {error}")))?;
        let now = surroundings.now();
        Ok(Self {
            sqs: Lazy::new(&sdk, Client::new),
            environment: Environment::given(&sdk, variables.clone()),
            now,
            author: Author::operator(author.as_deref(), now),
            listen_seconds: surroundings.listen_seconds,
            variables,
            stack,
            stack_is_given: connection.stack.is_some(),
            whereabouts,
        })
    }

    /// The name of the stack, whether or not there is one.
    pub(crate) fn stack(&self) -> &str {
        &self.stack
    }

    /// The environment that a new key names: from the command line, else `KEY_ENVIRONMENT`, else `live`.
    pub(crate) fn key_environment(&self, given: &KeyEnvironment) -> Result<String, Failure> {
        given.environment.clone().map_or_else(|| Ok(self.environment.key_environment()?), Ok)
    }

    /// A note for whoever gives `--stack` while variables name other tables.
    pub(crate) fn note(&self) -> Option<String> {
        let ours = |name: &&str| {
            let from_stack = format!("{}-", self.stack);
            self.variables.get(*name).is_some_and(|value| !value.starts_with(&from_stack))
        };
        let other: Vec<&str> = tables::ALL.iter().map(|table| table.variable).filter(ours).collect();
        (self.stack_is_given && !other.is_empty())
            .then(|| format!("{} named the tables, not --stack.", other.join(", ")))
    }

    fn place(&self, kind: Kind, name: &str, variable: &'static str) -> Place {
        Place { kind, name: name.to_owned(), variable, whereabouts: self.whereabouts.clone() }
    }

    /// Turns a store's error into the failure of a command that used `table`.
    pub(crate) fn on(&self, table: Table) -> impl Fn(StoreError) -> Failure {
        let name = self.variables.get(table.variable).map(String::as_str).unwrap_or_default();
        let place = self.place(Kind::Table, name, table.variable);
        move |error| match error {
            StoreError::Call { code, cause, .. } => place.refused(code.as_deref(), &causes(&cause)),
            StoreError::Refused { cause, .. } => place.refused(Some("ValidationException"), &causes(&cause)),
            StoreError::Unreadable { .. } => Failure::Impossible(format!("in {place} an {error}")),
            StoreError::Contention(_) | StoreError::Throttled(_) => {
                Failure::Impossible(format!("{error}; run the command again"))
            }
        }
    }

    /// The queue with these names: the one at the URL in its variable, or else the one of the stack.
    pub(crate) async fn queue(&self, names: QueueNames) -> Result<SqsQueue, Failure> {
        let QueueNames { suffix, variable } = names;
        if let Some(url) = self.variables.get(variable) {
            let name = url.rsplit('/').next().unwrap_or_default();
            return Ok(SqsQueue::new(self.sqs.get().clone(), url.clone(), self.place(Kind::Queue, name, variable)));
        }
        let name = format!("{}-{suffix}", self.stack);
        SqsQueue::named(self.sqs.get().clone(), &name, self.place(Kind::Queue, &name, variable)).await
    }

    /// The sender of delivery messages to `queue`.
    pub(crate) fn sender(&self, queue: &SqsQueue) -> Queue {
        Queue::new(self.sqs.clone(), queue.url().to_owned())
    }

    /// The account with this id; a failure if there is none.
    pub(crate) async fn account(&self, id: &str) -> Result<Account, Failure> {
        let account = self.environment.api_keys()?.account(id).await.map_err(self.on(tables::API_KEYS))?;
        account.ok_or_else(|| {
            Failure::Impossible(format!("there is no account {id}; accounts list shows those there are"))
        })
    }
}

/// The failure of a command that could not send a message to the queue `place`.
pub(crate) fn not_sent(place: &Place, error: &QueueError) -> Failure {
    match error {
        QueueError::Call { code, cause } => place.refused(code.as_deref(), &causes(cause)),
        QueueError::Refused { .. } => Failure::Aws(format!("{place} did not take every message: {error}")),
    }
}

/// The configuration from the environment of the process and `~/.aws`, overridden by the command line.
async fn load(connection: &Connection) -> SdkConfig {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(TIMEOUT).build();
    let loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(Https::new());
    let mut loader = loader.timeout_config(timeouts);
    if let Some(region) = &connection.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(url) = &connection.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    loader.load().await
}

async fn check_credentials(sdk: &SdkConfig) -> Result<(), Failure> {
    let found = match sdk.credentials_provider() {
        Some(provider) => provider.provide_credentials().await.map(|_| ()).map_err(|error| causes(&error)),
        None => Err("no provider is configured".to_owned()),
    };
    found.map_err(|cause| {
        Failure::Aws(format!(
            "there are no AWS credentials that can be used; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or \
             AWS_PROFILE, or after aws sso login run {EXPORT}: {cause}"
        ))
    })
}
