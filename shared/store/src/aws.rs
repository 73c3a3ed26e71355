//! How a Lambda function reaches AWS: with what Lambda puts into its environment, and nothing that has to be searched
//! for.
//!
//! The SDK's default chain reads profiles, asks metadata services and parses every certificate authority of the system,
//! once for each client, before the first request is answered. Here, credentials and region come from the environment,
//! five certificate authorities are trusted, since those are all that AWS endpoints chain up to, and all clients share
//! one pool of connections.

mod https;

use std::ops::Deref;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::auth::AuthSchemeId;

pub use https::Https;

/// How long one try of a call may take before it is tried again: DynamoDB, SQS, SNS and KMS answer in milliseconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a call may take with all its tries. A function gives up on a service that has stalled while it still has
/// time to say so: the template's timeouts leave room for two such calls behind the API, and for five beside an
/// attempt.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(4);

/// The configuration of all clients of a function: credentials from the variables that Lambda sets, a region, and a URL
/// for a service that takes the place of AWS. A try times out after 2 s, a call with its retries after 4 s.
pub fn sdk_config(region: Option<String>, endpoint_url: Option<String>) -> SdkConfig {
    let credentials = SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new());
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(region.map(Region::new))
        .credentials_provider(credentials)
        .timeout_config(timeouts)
        .http_client(Https::new());
    config.set_endpoint_url(endpoint_url);
    config.build()
}

/// A client that is made when it is first needed: each parses the list of AWS's regions when it is made, and most cold
/// starts need the one of DynamoDB alone. Clones share it.
#[derive(Debug, Clone)]
pub struct Lazy<C> {
    made: Arc<OnceLock<C>>,
    make: fn(&SdkConfig) -> C,
    sdk: SdkConfig,
}

impl<C> Lazy<C> {
    /// A client that `make` makes from `sdk` at the first use of it.
    pub fn new(sdk: &SdkConfig, make: fn(&SdkConfig) -> C) -> Self {
        Self { made: Arc::default(), make, sdk: sdk.clone() }
    }

    /// The configuration that it is made from.
    pub(crate) fn sdk_config(&self) -> &SdkConfig {
        &self.sdk
    }

    /// The client, made now if this is its first use.
    #[must_use]
    pub fn get(&self) -> &C {
        self.made.get_or_init(|| (self.make)(&self.sdk))
    }
}

impl<C> Deref for Lazy<C> {
    type Target = C;

    fn deref(&self) -> &C {
        self.get()
    }
}

/// The way of authenticating that a configuration prefers whose services ask for no signature, as the embedded ones.
pub const UNSIGNED: AuthSchemeId = AuthSchemeId::new("noAuth");

fn is_unsigned(sdk: &SdkConfig) -> bool {
    let preferred = sdk.auth_scheme_preference().cloned();
    preferred.is_some_and(|preferred| preferred.into_iter().any(|scheme| scheme == UNSIGNED))
}

/// A client that signs its calls, unless the configuration prefers [`UNSIGNED`].
macro_rules! client {
    ($service:ident) => {
        |sdk: &SdkConfig| {
            let config = $service::config::Builder::from(sdk);
            let config = if is_unsigned(sdk) { config.allow_no_auth() } else { config };
            $service::Client::from_conf(config.build())
        }
    };
}

/// The clients of one environment, which share one pool of connections.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    pub(crate) dynamodb: Lazy<aws_sdk_dynamodb::Client>,
    pub(crate) sqs: Lazy<aws_sdk_sqs::Client>,
    pub(crate) sns: Lazy<aws_sdk_sns::Client>,
    pub(crate) kms: Lazy<aws_sdk_kms::Client>,
}

impl Clients {
    pub(crate) fn new(sdk: &SdkConfig) -> Self {
        Self {
            dynamodb: Lazy::new(sdk, client!(aws_sdk_dynamodb)),
            sqs: Lazy::new(sdk, client!(aws_sdk_sqs)),
            sns: Lazy::new(sdk, client!(aws_sdk_sns)),
            kms: Lazy::new(sdk, client!(aws_sdk_kms)),
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::Credentials;
    use tokio::net::TcpListener;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_service_that_has_stalled_is_given_up_in_time() {
        let stalled = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", stalled.local_addr().unwrap());
        let credentials = SharedCredentialsProvider::new(Credentials::new("key", "secret", None, None, "test"));
        let sdk = sdk_config(Some("us-east-1".to_owned()), Some(url)).into_builder();
        let client = aws_sdk_dynamodb::Client::new(&sdk.credentials_provider(credentials).build());
        let began = Instant::now();
        let answer = client.list_tables().send().await;
        assert!(answer.is_err());
        assert!(began.elapsed() <= OPERATION_TIMEOUT, "{:?}", began.elapsed());
    }
}
