//! The operations of the API by name, and the function of the embedded database that carries each out.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use dynoxide::DynoxideError;
use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::actions::vector_lifecycle::VectorIndexLifecycle;
use dynoxide::actions::{
    batch_get_item, batch_write_item, create_table, delete_item, delete_table, describe_stream, describe_table,
    describe_time_to_live, get_item, get_records, get_shard_iterator, list_streams, list_tables, put_item, query, scan,
    transact_get_items, transact_write_items, update_item, update_table, update_time_to_live,
};
use dynoxide::storage::Storage;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::tables;

use super::Answer;

/// What an operation may do to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Read,
    /// Writes items, in transactions that the database begins and ends itself.
    Write,
    /// Creates or changes tables.
    Schema,
}

/// What this operation may do.
pub(super) fn kind(operation: &str) -> Kind {
    match operation {
        "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems" => Kind::Write,
        "CreateTable" | "UpdateTable" | "DeleteTable" | "UpdateTimeToLive" => Kind::Schema,
        _ => Kind::Read,
    }
}

/// Whether nobody would miss this write after a power failure: a call that was counted in a rate window. It reaches the
/// disk with what is written next.
pub(super) fn is_passing(operation: &str, body: &[u8]) -> bool {
    operation == "UpdateItem" && is_about(tables::RATE_WINDOWS.name, body)
}

fn is_about(table: &str, body: &[u8]) -> bool {
    // Quotation marks within a value are escaped, so that this is the member and nothing else.
    let member = format!("\"TableName\":\"{table}\"");
    body.windows(member.len()).any(|part| part == member.as_bytes())
}

/// Carries out one operation of the DynamoDB or DynamoDB Streams API.
pub(super) fn execute(db: &Storage, vectors: &VectorIndexLifecycle, operation: &str, body: &[u8]) -> Answer {
    match operation {
        "GetItem" => run(body, |request| get_item::execute(db, request)),
        "BatchGetItem" => run(body, |request| batch_get_item::execute(db, request)),
        "TransactGetItems" => run(body, |request| transact_get_items::execute(db, request)),
        "Query" => run(body, |request| query::execute(db, request)),
        "Scan" => run(body, |request| scan::execute(db, request)),
        "DescribeTable" => run(body, |request| describe_table::execute(db, request, vectors)),
        "ListTables" => run(body, |request| list_tables::execute(db, request)),
        "DescribeTimeToLive" => run(body, |request| describe_time_to_live::execute(db, request)),
        "ListStreams" => run(body, |request| list_streams::execute(db, request)),
        "DescribeStream" => run(body, |request| describe_stream::execute(db, request)),
        "GetShardIterator" => run(body, |request| get_shard_iterator::execute(db, request)),
        "GetRecords" => run(body, |request| get_records::execute(db, request)),
        "PutItem" => run(body, |request| put_item::execute(db, request)),
        "UpdateItem" => run(body, |request| update_item::execute(db, request)),
        "DeleteItem" => run(body, |request| delete_item::execute(db, request)),
        "BatchWriteItem" => run(body, |request| batch_write_item::execute(db, request)),
        "TransactWriteItems" => run(body, |request| transact_write_items::execute(db, without_token(request))),
        "CreateTable" => run(body, |request| create_table::execute(db, request)),
        "UpdateTable" => run(body, |request| update_table::execute(db, request, vectors)),
        "DeleteTable" => run(body, |request| delete_table::execute(db, request, vectors)),
        "UpdateTimeToLive" => run(body, |request| update_time_to_live::execute(db, request)),
        unknown => failure(&DynoxideError::ValidationException(format!("the local system has no operation {unknown}"))),
    }
}

/// The client token is for requests that are repeated after a lost answer, and within the process no answer is lost.
fn without_token(mut request: TransactWriteItemsRequest) -> TransactWriteItemsRequest {
    request.client_request_token = None;
    request
}

fn run<Q: DeserializeOwned, R: Serialize, A>(body: &[u8], operation: impl FnOnce(Q) -> A) -> Answer
where
    A: Future<Output = dynoxide::Result<R>>,
{
    answer(body, operation).unwrap_or_else(|error| failure(&error))
}

fn answer<Q: DeserializeOwned, R: Serialize, A>(
    body: &[u8],
    operation: impl FnOnce(Q) -> A,
) -> Result<Answer, DynoxideError>
where
    A: Future<Output = dynoxide::Result<R>>,
{
    let request =
        serde_json::from_slice(body).map_err(|error| DynoxideError::ValidationException(error.to_string()))?;
    let response = finished(operation(request))?;
    let body = serde_json::to_vec(&response).map_err(|error| DynoxideError::InternalServerError(error.to_string()))?;
    Ok(Answer { status: 200, body })
}

/// The result of a future of the database. They don't wait for anything: on `SQLite` they are done at their first poll.
pub(super) fn finished<T>(future: impl Future<Output = dynoxide::Result<T>>) -> dynoxide::Result<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(DynoxideError::InternalServerError("the database waits for something".to_owned())),
    }
}

/// The error document of the DynamoDB API.
pub(super) fn failure(error: &DynoxideError) -> Answer {
    Answer { status: error.status_code(), body: error.to_json().into_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_counts_of_calls_may_be_lost() {
        let windows = br#"{"TableName":"rate-windows","Key":{}}"#;
        assert!(is_passing("UpdateItem", windows));
        assert!(!is_passing("PutItem", windows));
        assert!(!is_passing(
            "UpdateItem",
            br#"{"TableName":"deliveries","Key":{"pk":{"S":"\"TableName\":\"rate-windows\""}}}"#
        ));
    }
}
