//! Another DynamoDB instead of the embedded one, such as DynamoDB Local: requests are forwarded to it as the SDK made
//! them.

use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use store::aws::Https;
use ulid::Ulid;

/// A DynamoDB at a URL, called with an access key of this system's own.
#[derive(Debug, Clone)]
pub(super) struct RemoteDynamoDb {
    url: String,
    https: Https,
    /// Random: DynamoDB Local keeps the tables of each access key apart, and so those of several systems.
    pub(super) access_key: String,
}

impl RemoteDynamoDb {
    pub(super) fn new(url: String) -> Self {
        Self { url, https: Https::new(), access_key: Ulid::from_parts(0, unique()).to_string() }
    }

    pub(super) async fn call(&self, mut request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        request.set_uri(self.url.as_str()).map_err(|error| ConnectorError::user(error.into()))?;
        self.https.call(request).await
    }
}

fn unique() -> u128 {
    u128::from_be_bytes(domain::ids::random())
}
