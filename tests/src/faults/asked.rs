//! What a request of the SDK asks for.

use std::collections::BTreeSet;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::Value;

/// A request as far as faults go by it.
#[derive(Debug)]
pub(super) struct Asked {
    /// `DynamoDB_20120810`, `AmazonSQS`, `AmazonSNS`, `TrentService`.
    pub(super) service: String,
    /// `PutItem`.
    pub(super) operation: String,
    /// The tables, the queue, or whatever else there is only one of.
    pub(super) resource: String,
    /// The same for all tries of a call.
    pub(super) invocation: String,
    /// The token by which DynamoDB knows a transaction again.
    pub(super) token: Option<String>,
}

impl Asked {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let header = |name| request.headers().get(name).map(str::to_owned);
        let body: Value = request.body().bytes().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
        // SNS is the only one that is asked by a form.
        let target = header("x-amz-target").unwrap_or_else(|| "AmazonSNS.Publish".to_owned());
        let (service, operation) = target.split_once('.').unwrap_or_default();
        Self {
            service: service.to_owned(),
            operation: operation.to_owned(),
            resource: resource(service, &body),
            invocation: header("amz-sdk-invocation-id").unwrap(),
            token: body["ClientRequestToken"].as_str().map(str::to_owned),
        }
    }
}

fn resource(service: &str, body: &Value) -> String {
    match service {
        "AmazonSQS" => body["QueueUrl"].as_str().and_then(|url| url.rsplit('/').next()).unwrap_or_default().to_owned(),
        "AmazonSNS" => "alerts".to_owned(),
        "TrentService" => "key".to_owned(),
        _ => tables(body),
    }
}

/// The table of a request, with its index, or the tables.
fn tables(body: &Value) -> String {
    if let Some(table) = body["TableName"].as_str() {
        return body["IndexName"].as_str().map_or_else(|| table.to_owned(), |index| format!("{table}/{index}"));
    }
    let parts = body["TransactItems"].as_array().into_iter().flatten().filter_map(Value::as_object);
    let written = parts.flat_map(|part| part.values()).filter_map(|change| change["TableName"].as_str());
    let read = body["RequestItems"].as_object().into_iter().flat_map(|tables| tables.keys().map(String::as_str));
    written.chain(read).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join("+")
}
