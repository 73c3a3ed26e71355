//! The embedded AWS: DynamoDB, its streams, SQS, SNS and KMS, answered inside the process.
//!
//! The functions call them through the ordinary AWS SDK. Its requests don't go through a socket: [`Embedded`] is the
//! SDK's HTTP connector, reads the operation as the services do (from `X-Amz-Target`, for SNS from the form's
//! `Action`), and answers it. Requests are serialised and parsed as they are with AWS; only signatures and HTTP itself are
//! left out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::retry::{ReconnectMode, RetryConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::auth::AuthSchemePreference;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use bytes::Bytes;
use store::aws::UNSIGNED;
use url::form_urlencoded;

use self::dynamodb::DynamoDb;
use self::kms::Kms;
use self::remote::RemoteDynamoDb;
use self::sns::Sns;
use self::sqs::Sqs;
use self::units::Units;
use self::usage::Usage;

pub mod dynamodb;
pub mod kms;
mod operations;
mod remote;
pub mod sns;
pub mod sqs;
mod stream_records;
pub mod units;
pub mod usage;

/// The region that the embedded services say they are in.
pub const REGION: &str = "us-east-1";

/// What a service answers: an HTTP status and a document.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// How often each operation was called, such as `DynamoDB_20120810.GetItem`, and the capacity units that DynamoDB would
/// bill. Clones share the counts.
#[derive(Debug, Clone, Default)]
pub struct Calls {
    counts: Arc<Mutex<BTreeMap<String, usize>>>,
    units: Units,
}

impl Calls {
    /// The counts since the last call of this method.
    #[must_use]
    pub fn take(&self) -> BTreeMap<String, usize> {
        std::mem::take(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The capacity units that DynamoDB would bill.
    #[must_use]
    pub fn units(&self) -> &Units {
        &self.units
    }

    fn count(&self, target: &str) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(target.to_owned()).or_default() += 1;
    }
}

/// The SDK's HTTP client for the embedded services.
#[derive(Debug, Clone)]
pub struct Embedded {
    dynamodb: DynamoDb,
    sqs: Sqs,
    sns: Sns,
    kms: Kms,
    calls: Calls,
    /// Another DynamoDB, which replaces the embedded one.
    remote: Option<RemoteDynamoDb>,
    /// The function that calls, and where its calls are recorded.
    usage: Option<(&'static str, Usage)>,
}

impl Embedded {
    /// A client for these services.
    #[must_use]
    pub fn new(dynamodb: DynamoDb, sqs: Sqs, sns: Sns, kms: Kms) -> Self {
        Self { dynamodb, sqs, sns, kms, calls: Calls::default(), remote: None, usage: None }
    }

    /// The same services with the DynamoDB at `url` instead of the embedded one: to test the store against another
    /// implementation.
    #[must_use]
    pub fn with_dynamodb_at(self, url: String) -> Self {
        Self { remote: Some(RemoteDynamoDb::new(url)), ..self }
    }

    /// The same services for one function, whose calls are recorded in `usage`.
    #[must_use]
    pub fn used_by(&self, function: &'static str, usage: &Usage) -> Self {
        Self { usage: Some((function, usage.clone())), ..self.clone() }
    }

    /// How often each operation was called.
    #[must_use]
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// The configuration for any AWS SDK client of the embedded services. Without retries and timeouts: no network
    /// loses a request, and an answer that takes long (a long poll, a full disk) would not come sooner.
    #[must_use]
    pub fn sdk_config(&self) -> SdkConfig {
        let key = self.remote.as_ref().map_or("local", |remote| &remote.access_key);
        let credentials = Credentials::new(key, "local", None, None, "local");
        let mut config = SdkConfig::builder();
        // Nobody would look at a signature here.
        let unsigned = self.remote.is_none().then(|| AuthSchemePreference::from([UNSIGNED]));
        config.set_auth_scheme_preference(unsigned);
        config
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static(REGION))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url("http://embedded.invalid")
            .http_client(self.clone())
            // There are no connections that a failure could have broken.
            .retry_config(RetryConfig::disabled().with_reconnect_mode(ReconnectMode::ReuseAllConnections))
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build()
    }

    fn note(&self, target: &str, body: &[u8]) {
        self.calls.count(target);
        if let Some((function, usage)) = &self.usage {
            usage.note(function, target, body);
        }
    }

    async fn answer(&self, target: &str, body: Bytes) -> Result<Answer, ConnectorError> {
        self.note(target, &body);
        match target.split_once('.') {
            Some(("DynamoDB_20120810" | "DynamoDBStreams_20120810", operation)) => {
                let body = self.calls.units.asked(operation, &body).unwrap_or(body);
                let answer = self.dynamodb.call(operation, body).await;
                let answer = answer.map_err(|closed| ConnectorError::other(closed.into(), None))?;
                self.calls.units.note(operation, answer.status, &answer.body);
                Ok(answer)
            }
            Some(("AmazonSQS", operation)) => Ok(self.sqs.call(operation, &body).await),
            Some(("AmazonSNS", operation)) => Ok(self.sns.call(operation, &body)),
            Some(("TrentService", operation)) => Ok(self.kms.call(operation, &body)),
            _ => Err(ConnectorError::user(format!("no embedded service answers {target:?}").into())),
        }
    }
}

impl HttpClient for Embedded {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Embedded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let embedded = self.clone();
        HttpConnectorFuture::new(async move {
            let body = request.body().bytes().map(Bytes::copy_from_slice).unwrap_or_default();
            let target = request.headers().get("x-amz-target").map_or_else(|| query_target(&body), str::to_owned);
            if let Some(remote) = embedded.remote.as_ref().filter(|_| target.starts_with("DynamoDB")) {
                embedded.note(&target, &body);
                return remote.call(request).await;
            }
            let answer = embedded.answer(&target, body).await?;
            let status =
                StatusCode::try_from(answer.status).map_err(|error| ConnectorError::other(error.into(), None))?;
            Ok(HttpResponse::new(status, answer.body.into()))
        })
    }
}

/// The operation of a request in the query protocol, which only SNS uses here.
fn query_target(body: &[u8]) -> String {
    let action = form_urlencoded::parse(body).find(|(name, _)| name == "Action");
    action.map_or_else(String::new, |(_, action)| format!("AmazonSNS.{action}"))
}
