//! The operations of DynamoDB and its streams, each with the method of the embedded database that carries it out.

use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Answer;

/// An answer, and whether it may have changed the database.
pub(super) struct Outcome {
    pub(super) answer: Answer,
    pub(super) wrote: bool,
}

/// Carries out one operation of the DynamoDB or DynamoDB Streams API.
pub(super) fn execute(database: &Database, operation: &str, body: &[u8]) -> Outcome {
    let db = database;
    match operation {
        "GetItem" => read(body, |request| db.get_item(request)),
        "BatchGetItem" => read(body, |request| db.batch_get_item(request)),
        "TransactGetItems" => read(body, |request| db.transact_get_items(request)),
        "Query" => read(body, |request| db.query(request)),
        "Scan" => read(body, |request| db.scan(request)),
        "DescribeTable" => read(body, |request| db.describe_table(request)),
        "ListTables" => read(body, |request| db.list_tables(request)),
        "DescribeTimeToLive" => read(body, |request| db.describe_time_to_live(request)),
        "ListStreams" => read(body, |request| db.list_streams(request)),
        "DescribeStream" => read(body, |request| db.describe_stream(request)),
        "GetShardIterator" => read(body, |request| db.get_shard_iterator(request)),
        "GetRecords" => read(body, |request| db.get_records(request)),
        "PutItem" => write(body, |request| db.put_item(request)),
        "UpdateItem" => write(body, |request| db.update_item(request)),
        "DeleteItem" => write(body, |request| db.delete_item(request)),
        "BatchWriteItem" => write(body, |request| db.batch_write_item(request)),
        "TransactWriteItems" => write(body, |request| db.transact_write_items(without_token(request))),
        "CreateTable" => write(body, |request| db.create_table(request)),
        "UpdateTable" => write(body, |request| db.update_table(request)),
        "DeleteTable" => write(body, |request| db.delete_table(request)),
        "UpdateTimeToLive" => write(body, |request| db.update_time_to_live(request)),
        unknown => Outcome {
            answer: failure(&DynoxideError::ValidationException(format!(
                "the local system has no operation {unknown}"
            ))),
            wrote: false,
        },
    }
}

/// The client token is for requests that are repeated after a lost answer, and within the process no answer is lost.
/// With it, the database would search the tokens of the last ten minutes for every transaction, and become slower with
/// each.
fn without_token(mut request: TransactWriteItemsRequest) -> TransactWriteItemsRequest {
    request.client_request_token = None;
    request
}

fn read<Q: DeserializeOwned, R: Serialize>(body: &[u8], run: impl FnOnce(Q) -> dynoxide::Result<R>) -> Outcome {
    Outcome { answer: answer(body, run).unwrap_or_else(|error| failure(&error)), wrote: false }
}

fn write<Q: DeserializeOwned, R: Serialize>(body: &[u8], run: impl FnOnce(Q) -> dynoxide::Result<R>) -> Outcome {
    match answer(body, run) {
        Ok(answer) => Outcome { answer, wrote: true },
        Err(error) => Outcome { answer: failure(&error), wrote: false },
    }
}

fn answer<Q: DeserializeOwned, R: Serialize>(
    body: &[u8],
    run: impl FnOnce(Q) -> dynoxide::Result<R>,
) -> Result<Answer, DynoxideError> {
    let request =
        serde_json::from_slice(body).map_err(|error| DynoxideError::ValidationException(error.to_string()))?;
    let response = run(request)?;
    let body = serde_json::to_vec(&response).map_err(|error| DynoxideError::InternalServerError(error.to_string()))?;
    Ok(Answer { status: 200, body })
}

/// The error document of the DynamoDB API.
pub(super) fn failure(error: &DynoxideError) -> Answer {
    Answer { status: error.status_code(), body: error.to_json().into_bytes() }
}
