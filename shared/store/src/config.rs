//! The environment of a function: read once at start, by name, with an error that names what is missing. Here is where
//! values come from, and the settings; the tables, queues and keys that variables name are made in `resources`.

mod resources;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use domain::endpoint::SLOW_AFTER;
use domain::schedule::RetrySchedule;
use jiff::SignedDuration;
use rustls::pki_types::CertificateDer;

use crate::aws;
use crate::aws::Clients;
use crate::tables::{ALERT_RETENTION_DAYS, EVENT_RETENTION_DAYS, RETENTION_DAYS};

/// A variable of the environment is missing or can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is not set, or empty.
    #[error("the environment variable {0} is not set")]
    Missing(String),
    /// Its value can't be used.
    #[error("the environment variable {name} can't be used: {reason}")]
    Invalid {
        /// The name of the variable.
        name: &'static str,
        /// Why its value can't be used.
        reason: String,
    },
}

/// Whether `word` can stand where `live` does in `wsk_live_...`: 1 to 20 lower-case letters and digits.
#[must_use]
pub fn is_key_environment(word: &str) -> bool {
    (1..=20).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// Where a function gets its AWS clients, its settings, and the names of tables and queues from: the environment of the
/// process in Lambda, a map elsewhere. Variables that are empty count as not set.
#[derive(Debug, Clone)]
pub struct Environment {
    clients: Clients,
    source: Source,
    extra_roots: Vec<CertificateDer<'static>>,
    count_patience: Option<Duration>,
    batch_patience: Option<Duration>,
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
    /// The environment of this process, for a Lambda function: its variables, with the credentials and the region that
    /// Lambda puts there.
    #[must_use]
    pub fn of_process() -> Self {
        let source = Source::Process;
        let sdk = aws::sdk_config(source.get("AWS_REGION"), source.get("AWS_ENDPOINT_URL"));
        Self {
            clients: Clients::new(&sdk),
            source,
            extra_roots: Vec::new(),
            count_patience: None,
            batch_patience: None,
        }
    }

    /// An environment of these variables and of clients with this configuration: for the local system, the operator's
    /// tool and tests.
    #[must_use]
    pub fn given(sdk: &SdkConfig, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let source = Source::Map { variables: variables.into_iter().collect(), read: Arc::default() };
        Self { clients: Clients::new(sdk), source, extra_roots: Vec::new(), count_patience: None, batch_patience: None }
    }

    /// The same variables with other clients. [`Self::variables_read`] starts empty.
    #[must_use]
    pub fn with_clients(&self, sdk: &SdkConfig) -> Self {
        let source = match &self.source {
            Source::Process => Source::Process,
            Source::Map { variables, .. } => Source::Map { variables: variables.clone(), read: Arc::default() },
        };
        Self { clients: Clients::new(sdk), source, extra_roots: self.extra_roots.clone(), ..*self }
    }

    /// The configuration of its AWS clients: for tests that put something between these and the services.
    #[must_use]
    pub fn sdk_config(&self) -> &SdkConfig {
        self.clients.dynamodb.sdk_config()
    }

    /// The names of the variables that were asked for so far, set or not. Always empty for the environment of the
    /// process.
    #[must_use]
    pub fn variables_read(&self) -> BTreeSet<String> {
        match &self.source {
            Source::Process => BTreeSet::new(),
            Source::Map { read, .. } => read.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// The value of the variable `name`.
    ///
    /// # Errors
    /// When it is not set.
    pub fn variable(&self, name: &str) -> Result<String, ConfigError> {
        self.optional(name).ok_or_else(|| ConfigError::Missing(name.to_owned()))
    }

    /// The value of the variable `name`, if it is set.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<String> {
        self.source.get(name)
    }

    /// `RETRY_SCHEDULE_SECONDS`: the waits between the attempts of a delivery, `60,300,1800,7200` by default.
    ///
    /// # Errors
    /// When the value is not a list of waits.
    pub fn retry_schedule(&self) -> Result<RetrySchedule, ConfigError> {
        let name = "RETRY_SCHEDULE_SECONDS";
        let Some(text) = self.optional(name) else { return Ok(RetrySchedule::default()) };
        RetrySchedule::parse(&text).map_err(|error| ConfigError::Invalid { name, reason: error.to_string() })
    }

    /// `SLOW_AFTER_SECONDS`: how long an attempt takes when its endpoint counts as slow, 3 by default.
    ///
    /// # Errors
    /// When the value is not a number from 0 to 30.
    pub fn slow_after(&self) -> Result<Duration, ConfigError> {
        let name = "SLOW_AFTER_SECONDS";
        let Some(text) = self.optional(name) else { return Ok(SLOW_AFTER) };
        let seconds = text.parse().ok().filter(|seconds| *seconds <= 30);
        let reason = || "it must be a number of seconds from 0 to 30".to_owned();
        seconds.map(Duration::from_secs).ok_or_else(|| ConfigError::Invalid { name, reason: reason() })
    }

    /// `EVENT_RETENTION_DAYS`: how long events and deliveries are kept, 30 days by default.
    ///
    /// # Errors
    /// When the value is not one of [`RETENTION_DAYS`].
    pub fn event_retention(&self) -> Result<SignedDuration, ConfigError> {
        self.days("EVENT_RETENTION_DAYS", EVENT_RETENTION_DAYS)
    }

    /// `ALERT_RETENTION_DAYS`: how long alerts are kept, 90 days by default.
    ///
    /// # Errors
    /// When the value is not one of [`RETENTION_DAYS`].
    pub fn alert_retention(&self) -> Result<SignedDuration, ConfigError> {
        self.days("ALERT_RETENTION_DAYS", ALERT_RETENTION_DAYS)
    }

    fn days(&self, name: &'static str, default: i64) -> Result<SignedDuration, ConfigError> {
        let days = self.optional(name).map_or(Some(default), |text| text.parse().ok());
        let days = days.filter(|days| RETENTION_DAYS.contains(days));
        let (least, most) = (RETENTION_DAYS.start(), RETENTION_DAYS.end());
        let reason = || format!("it must be a number of days from {least} to {most}");
        let days = days.ok_or_else(|| ConfigError::Invalid { name, reason: reason() })?;
        Ok(SignedDuration::from_hours(days * 24))
    }

    /// `KEY_ENVIRONMENT`: the environment that new keys name, as in `wsk_live_...`; `live` by default.
    ///
    /// # Errors
    /// When [`is_key_environment`] refuses the value.
    pub fn key_environment(&self) -> Result<String, ConfigError> {
        let name = "KEY_ENVIRONMENT";
        let word = self.optional(name).unwrap_or_else(|| "live".to_owned());
        if is_key_environment(&word) {
            return Ok(word);
        }
        Err(ConfigError::Invalid { name, reason: "it must be at most 20 lower-case letters and digits".to_owned() })
    }

    /// `ALLOW_PRIVATE_ENDPOINTS`: whether endpoints may be `http` and have addresses that are not public. Only `true`
    /// allows it.
    #[must_use]
    pub fn allow_private_endpoints(&self) -> bool {
        self.optional("ALLOW_PRIVATE_ENDPOINTS").as_deref() == Some("true")
    }

    /// The same environment with certificate authorities that deliveries trust beside the public ones: for tests with
    /// one of their own.
    #[must_use]
    pub fn trusting(mut self, roots: Vec<CertificateDer<'static>>) -> Self {
        self.extra_roots = roots;
        self
    }

    /// The certificate authorities that deliveries trust beside the public ones.
    #[must_use]
    pub fn extra_roots(&self) -> &[CertificateDer<'static>] {
        &self.extra_roots
    }

    /// How long an answer waits for what it can do without, the rate window of an address or the list of refused calls;
    /// `None` = as long as the gate does by itself.
    #[must_use]
    pub fn count_patience(&self) -> Option<Duration> {
        self.count_patience
    }

    /// The same environment with another [`Self::count_patience`]: for tests, whose outcome must not depend on how busy
    /// the machine is.
    #[must_use]
    pub fn counting_within(mut self, patience: Duration) -> Self {
        self.count_patience = Some(patience);
        self
    }

    /// How long records of a batch are begun; `None` = as long as a function of the template has time for.
    #[must_use]
    pub fn batch_patience(&self) -> Option<Duration> {
        self.batch_patience
    }

    /// The same environment with another [`Self::batch_patience`]: for tests.
    #[must_use]
    pub fn batches_within(mut self, patience: Duration) -> Self {
        self.batch_patience = Some(patience);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retention_is_a_number_of_days_within_bounds() {
        let given = |days: &str| {
            let variables = [("EVENT_RETENTION_DAYS".to_owned(), days.to_owned())];
            Environment::given(&aws::sdk_config(None, None), variables).event_retention()
        };
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        assert_eq!(given("").unwrap(), days(30), "the contract's");
        assert_eq!((given("8").unwrap(), given("365").unwrap()), (days(8), days(365)));
        for wrong in ["7", "366", "-8", "1e1", "a week"] {
            assert!(given(wrong).unwrap_err().to_string().contains("from 8 to 365"), "{wrong}");
        }
    }
}
