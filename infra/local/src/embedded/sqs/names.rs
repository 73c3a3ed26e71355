//! URLs and ARNs of queues.

use super::super::REGION;

/// The account that all queues belong to.
const ACCOUNT: &str = "000000000000";

pub(super) fn url(name: &str) -> String {
    format!("http://sqs.{REGION}.embedded.invalid/{ACCOUNT}/{name}")
}

pub(super) fn arn(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")
}

/// The name of a queue: the last part of its URL or ARN.
pub(super) fn name(queue: &str) -> &str {
    queue.rsplit(['/', ':']).next().unwrap_or(queue)
}
