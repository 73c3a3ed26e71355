//! Rate limits by source address: for calls that need no key, and for calls without a valid one. And who may call at all.

use std::time::Duration;

use domain::rate_limit::Limits;
use jiff::Timestamp;
use lambda_http::http::StatusCode;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt as _};
use store::StoreError;
use store::config::{ConfigError, Environment};
use store::rate_windows::RateWindows;

use super::edge::Edge;
use crate::http::RateLimit;
use crate::problem::Problem;

/// How long an answer waits for what it can do without: one that needs nothing else from DynamoDB for the window of its address,
/// one to a refused call for the list of these.
pub const COUNT_PATIENCE: Duration = Duration::from_millis(250);

/// The windows of source addresses.
#[derive(Debug, Clone)]
pub struct Guard {
    rates: RateWindows,
    edge: Edge,
    patience: Duration,
}

impl Guard {
    /// Reads `RATE_WINDOWS_TABLE` and, if it is set, `ORIGIN_SECRET_SHA256`. [`Guard::window`] waits [`COUNT_PATIENCE`] for
    /// the table.
    ///
    /// # Errors
    /// When the first is not set, or the second is no list of hashes.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let patience = environment.count_patience().unwrap_or(COUNT_PATIENCE);
        Ok(Self { rates: environment.rate_windows()?, edge: Edge::from_environment(environment)?, patience })
    }

    /// Refuses what did not come through CloudFront, in a deployment that has one.
    ///
    /// # Errors
    /// 403.
    pub fn admit(&self, request: &Request) -> Result<(), Problem> {
        self.edge.admit(request.headers())
    }

    /// The caller's address: as CloudFront saw it, if the request came through it, else as API Gateway did.
    #[must_use]
    pub fn address_of(&self, request: &Request) -> Option<String> {
        self.edge.viewer(request.headers()).or_else(|| source_address(request))
    }

    /// The window, for the headers of an answer to a call that needs no key. Only calls that were refused are charged to it.
    /// `None` when it can't be read in time: then the answer goes without those headers.
    pub async fn window(&self, address: Option<&str>, status: StatusCode, now: Timestamp) -> Option<RateLimit> {
        let window = async {
            if status.is_client_error() {
                return self.charge(address, now).await;
            }
            let usage = self.rates.usage(&caller(address), now).await?;
            Ok(RateLimit::new(Limits::default(), usage, now))
        };
        let cause = match tokio::time::timeout(self.patience, window).await {
            Ok(Ok(window)) => return Some(window),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it did not come in time".to_owned(),
        };
        tracing::warn!(error = cause, "an answer goes without the headers of the limits");
        None
    }

    /// Charges a call to the window of an address. One write unit.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub(super) async fn charge(&self, address: Option<&str>, now: Timestamp) -> Result<RateLimit, StoreError> {
        let limits = Limits::default();
        let usage = self.rates.take(&caller(address), limits, now).await?;
        Ok(RateLimit::new(limits, usage, now))
    }
}

fn source_address(request: &Request) -> Option<String> {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
        _ => None,
    }
}

fn caller(address: Option<&str>) -> String {
    format!("addr#{}", address.unwrap_or("unknown"))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
    use serde_json::json;
    use store::aws;
    use tokio::net::TcpListener;
    use tokio::time::Instant;

    use super::*;
    use crate::http::{Gate, Reply};
    use crate::problem::Problem;

    #[tokio::test(start_paused = true)]
    async fn who_needs_no_key_is_answered_at_once_when_nothing_can_be_counted() {
        let stalled = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", stalled.local_addr().unwrap());
        let credentials = SharedCredentialsProvider::new(Credentials::new("key", "secret", None, None, "test"));
        let sdk = aws::sdk_config(Some("us-east-1".to_owned()), Some(url)).into_builder();
        let tables = ["API_KEYS_TABLE", "RATE_WINDOWS_TABLE", "IDEMPOTENCY_TABLE", "REQUESTS_TABLE"];
        let sdk = sdk.credentials_provider(credentials).build();
        let environment = Environment::given(&sdk, tables.map(|table| (table.to_owned(), table.to_owned())));
        let gate = Gate::from_environment(&environment, "test").unwrap();
        let request = Request::default();
        for (answer, status) in
            [(Ok(Reply::ok(&json!({}))), StatusCode::OK), (Err(Problem::not_found("path")), StatusCode::NOT_FOUND)]
        {
            let asked = Instant::now();
            let response = gate.serve_open(&request, Timestamp::UNIX_EPOCH, || answer).await;
            assert!(asked.elapsed() < 2 * COUNT_PATIENCE, "{:?}", asked.elapsed());
            assert_eq!(response.status(), status);
            assert!(response.headers().contains_key("x-request-id") && !response.headers().contains_key("ratelimit"));
        }
    }
}
