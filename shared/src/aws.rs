//! How a Lambda function reaches AWS: with what Lambda gives it, and nothing that would have to be looked for.
//!
//! The SDK's default chain reads profiles, asks metadata services and parses every certificate authority of the system,
//! once for each client, before the first request is taken. Credentials and region are in the environment of a Lambda
//! function, the endpoints of AWS chain up to five authorities, and all clients share one pool of connections.

mod https;

use std::sync::OnceLock;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::SharedCredentialsProvider;

pub use https::Https;

/// A call that takes longer is tried again: DynamoDB, SQS, SNS and KMS answer in milliseconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// The configuration of all clients, of variables that Lambda sets: `AWS_REGION`, credentials, and `AWS_ENDPOINT_URL` for
/// another AWS-alike.
pub(crate) fn sdk_config(region: Option<String>, endpoint_url: Option<String>) -> SdkConfig {
    let credentials = SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new());
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).build();
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(region.map(Region::new))
        .credentials_provider(credentials)
        .timeout_config(timeouts)
        .http_client(Https::new());
    config.set_endpoint_url(endpoint_url);
    config.build()
}

/// The clients of one environment, each made when it is first asked for.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
    sqs: OnceLock<aws_sdk_sqs::Client>,
    sns: OnceLock<aws_sdk_sns::Client>,
    kms: OnceLock<aws_sdk_kms::Client>,
}

impl Clients {
    pub(crate) fn dynamodb(&self, sdk: &SdkConfig) -> aws_sdk_dynamodb::Client {
        self.dynamodb.get_or_init(|| aws_sdk_dynamodb::Client::new(sdk)).clone()
    }

    pub(crate) fn sqs(&self, sdk: &SdkConfig) -> aws_sdk_sqs::Client {
        self.sqs.get_or_init(|| aws_sdk_sqs::Client::new(sdk)).clone()
    }

    pub(crate) fn sns(&self, sdk: &SdkConfig) -> aws_sdk_sns::Client {
        self.sns.get_or_init(|| aws_sdk_sns::Client::new(sdk)).clone()
    }

    pub(crate) fn kms(&self, sdk: &SdkConfig) -> aws_sdk_kms::Client {
        self.kms.get_or_init(|| aws_sdk_kms::Client::new(sdk)).clone()
    }
}
