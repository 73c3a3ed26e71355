//! The environment of a function: read once at start, by name, with an error that names what is missing.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use domain::schedule::RetrySchedule;
use rustls::pki_types::CertificateDer;

use crate::alerts::Alerts;
use crate::api_keys::ApiKeys;
use crate::aws;
use crate::aws::{Clients, Lazy};
use crate::deliveries::Deliveries;
use crate::endpoints::Endpoints;
use crate::events::{EventWriter, Events};
use crate::idempotency::Idempotency;
use crate::queue::Queue;
use crate::rate_windows::RateWindows;
use crate::records::Records;
use crate::seal::Sealer;
use crate::tables;
use crate::tables::Table;
use crate::topic::Topic;
use crate::undispatched::Undispatched;

/// A variable of the environment is missing or can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is not set.
    #[error("the environment variable {0} is not set")]
    Missing(String),
    /// It is set to something that can't be read.
    #[error("the environment variable {name} can't be used: {reason}")]
    Invalid {
        /// Which one.
        name: &'static str,
        /// Why not.
        reason: String,
    },
}

/// Whether `word` can be the `live` of `wsk_live_...`.
#[must_use]
pub fn is_key_environment(word: &str) -> bool {
    (1..=20).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// Where a function gets its clients and names from: the process environment in Lambda, a map in the local system.
#[derive(Debug, Clone)]
pub struct Environment {
    clients: Clients,
    source: Source,
    extra_roots: Vec<CertificateDer<'static>>,
    count_patience: Option<Duration>,
}

#[derive(Debug, Clone)]
enum Source {
    Process,
    Map { variables: HashMap<String, String>, read: Arc<Mutex<BTreeSet<String>>> },
}

impl Source {
    #[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
    fn get(&self, name: &str) -> Option<String> {
        let value = match self {
            Self::Process => std::env::var(name).ok(),
            Self::Map { variables, read } => {
                read.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
                variables.get(name).cloned()
            }
        };
        value.filter(|value| !value.is_empty())
    }
}

impl Environment {
    /// Of a Lambda function: variables of the process, credentials and region as AWS gives them.
    #[must_use]
    pub fn of_process() -> Self {
        let source = Source::Process;
        let sdk = aws::sdk_config(source.get("AWS_REGION"), source.get("AWS_ENDPOINT_URL"));
        Self { clients: Clients::new(&sdk), source, extra_roots: Vec::new(), count_patience: None }
    }

    /// Of the local system, the operator's tool and tests: given clients and variables.
    #[must_use]
    pub fn given(sdk: &SdkConfig, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let source = Source::Map { variables: variables.into_iter().collect(), read: Arc::default() };
        Self { clients: Clients::new(sdk), source, extra_roots: Vec::new(), count_patience: None }
    }

    /// The same variables with other clients; what is read of them is noted anew.
    #[must_use]
    pub fn with_clients(&self, sdk: &SdkConfig) -> Self {
        let source = match &self.source {
            Source::Process => Source::Process,
            Source::Map { variables, .. } => Source::Map { variables: variables.clone(), read: Arc::default() },
        };
        Self { clients: Clients::new(sdk), source, extra_roots: self.extra_roots.clone(), ..*self }
    }

    /// The names of the variables that were read so far, where they were given.
    #[must_use]
    pub fn variables_read(&self) -> BTreeSet<String> {
        match &self.source {
            Source::Process => BTreeSet::new(),
            Source::Map { read, .. } => read.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// The variable `name`.
    ///
    /// # Errors
    /// When it is not set.
    pub fn variable(&self, name: &str) -> Result<String, ConfigError> {
        self.optional(name).ok_or_else(|| ConfigError::Missing(name.to_owned()))
    }

    /// The variable `name`, if it is set.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<String> {
        self.source.get(name)
    }

    fn db(&self) -> Lazy<aws_sdk_dynamodb::Client> {
        self.clients.dynamodb.clone()
    }

    fn table(&self, table: Table) -> Result<String, ConfigError> {
        self.variable(table.variable)
    }

    /// API keys and accounts: `API_KEYS_TABLE`.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn api_keys(&self) -> Result<ApiKeys, ConfigError> {
        Ok(ApiKeys::new(self.db(), self.table(tables::API_KEYS)?))
    }

    /// Rate windows: `RATE_WINDOWS_TABLE`.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn rate_windows(&self) -> Result<RateWindows, ConfigError> {
        Ok(RateWindows::new(self.db(), self.table(tables::RATE_WINDOWS)?))
    }

    /// Idempotency keys: `IDEMPOTENCY_TABLE`.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn idempotency(&self) -> Result<Idempotency, ConfigError> {
        Ok(Idempotency::new(self.db(), self.table(tables::IDEMPOTENCY)?))
    }

    /// Events: `EVENTS_TABLE`.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn events(&self) -> Result<Events, ConfigError> {
        Ok(Events::new(self.db(), self.table(tables::EVENTS)?))
    }

    /// Markers of what is not dispatched: `UNDISPATCHED_TABLE`.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn undispatched(&self) -> Result<Undispatched, ConfigError> {
        Ok(Undispatched::new(self.db(), self.table(tables::UNDISPATCHED)?))
    }

    /// What raises events: `EVENTS_TABLE` and `UNDISPATCHED_TABLE`.
    ///
    /// # Errors
    /// When a variable is not set.
    pub fn event_writer(&self) -> Result<EventWriter, ConfigError> {
        Ok(EventWriter::new(self.events()?, self.undispatched()?))
    }

    /// Records: `RECORDS_TABLE`, and [`Environment::event_writer`] for their transactions.
    ///
    /// # Errors
    /// When a variable is not set.
    pub fn records(&self) -> Result<Records, ConfigError> {
        Ok(Records::new(self.db(), self.table(tables::RECORDS)?, self.event_writer()?))
    }

    /// Endpoints: `ENDPOINTS_TABLE`.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn endpoints(&self) -> Result<Endpoints, ConfigError> {
        Ok(Endpoints::new(self.db(), self.table(tables::ENDPOINTS)?))
    }

    /// Deliveries: `DELIVERIES_TABLE`.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn deliveries(&self) -> Result<Deliveries, ConfigError> {
        Ok(Deliveries::new(self.db(), self.table(tables::DELIVERIES)?))
    }

    /// Alerts: `ALERTS_TABLE`.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn alerts(&self) -> Result<Alerts, ConfigError> {
        Ok(Alerts::new(self.db(), self.table(tables::ALERTS)?))
    }

    /// The queue of first attempts: `DELIVERY_QUEUE_URL`.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn delivery_queue(&self) -> Result<Queue, ConfigError> {
        Ok(Queue::new(self.clients.sqs.clone(), self.variable("DELIVERY_QUEUE_URL")?))
    }

    /// The queue of later attempts: `RETRY_QUEUE_URL`.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn retry_queue(&self) -> Result<Queue, ConfigError> {
        Ok(Queue::new(self.clients.sqs.clone(), self.variable("RETRY_QUEUE_URL")?))
    }

    /// The topic of alerts: `ALERT_TOPIC_ARN`.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn alert_topic(&self) -> Result<Topic, ConfigError> {
        Ok(Topic::new(self.clients.sns.clone(), self.variable("ALERT_TOPIC_ARN")?))
    }

    /// `RETRY_SCHEDULE_SECONDS`, `60,300,1800,7200` by default.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn retry_schedule(&self) -> Result<RetrySchedule, ConfigError> {
        let name = "RETRY_SCHEDULE_SECONDS";
        let Some(text) = self.optional(name) else { return Ok(RetrySchedule::default()) };
        RetrySchedule::parse(&text).map_err(|error| ConfigError::Invalid { name, reason: error.to_string() })
    }

    /// `KEY_ENVIRONMENT`, `live` by default: the `live` of `wsk_live_...`.
    ///
    /// # Errors
    /// When it is not a short word: keys are of the form `wsk_<environment>_<digits>`.
    pub fn key_environment(&self) -> Result<String, ConfigError> {
        let name = "KEY_ENVIRONMENT";
        let word = self.optional(name).unwrap_or_else(|| "live".to_owned());
        if is_key_environment(&word) {
            return Ok(word);
        }
        Err(ConfigError::Invalid { name, reason: "it must be at most 20 lower-case letters and digits".to_owned() })
    }

    /// What seals secrets: `SEAL_KEY_ID` and `MAC_KEY_ID`, keys of KMS.
    ///
    /// # Errors
    /// When a variable is not set.
    pub fn sealer(&self) -> Result<Sealer, ConfigError> {
        let kms = self.clients.kms.clone();
        Ok(Sealer::new(kms, self.variable("SEAL_KEY_ID")?, self.variable("MAC_KEY_ID")?))
    }

    /// `ALLOW_PRIVATE_ENDPOINTS`: whether endpoints may be `http` and have addresses that are not public.
    #[must_use]
    pub fn allow_private_endpoints(&self) -> bool {
        self.optional("ALLOW_PRIVATE_ENDPOINTS").as_deref() == Some("true")
    }

    /// Trusts `roots` beside the public certificate authorities: for tests with a CA of their own.
    #[must_use]
    pub fn trusting(mut self, roots: Vec<CertificateDer<'static>>) -> Self {
        self.extra_roots = roots;
        self
    }

    /// The authorities that are trusted beside the public ones.
    #[must_use]
    pub fn extra_roots(&self) -> &[CertificateDer<'static>] {
        &self.extra_roots
    }

    /// How long answers to calls without a key wait for the window of their address, where that was given.
    #[must_use]
    pub fn count_patience(&self) -> Option<Duration> {
        self.count_patience
    }

    /// Lets answers to calls without a key wait so long for the window of their address: for tests, whose outcome may not
    /// depend on how busy the machine is.
    #[must_use]
    pub fn counting_within(mut self, patience: Duration) -> Self {
        self.count_patience = Some(patience);
        self
    }
}
