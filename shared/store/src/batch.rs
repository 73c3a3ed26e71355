//! Batches: what DynamoDB leaves out of one is asked for again, after a pause.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{DeleteRequest, KeysAndAttributes, WriteRequest};

use crate::backoff::{patiently, pause_before};
use crate::item::Item;
use crate::{Client, StoreError};

/// How often DynamoDB is asked for the rest of a batch; with the pauses that takes about a second.
const MAX_TRIES: u32 = 8;
/// `BatchWriteItem` writes at most this many items.
const MOST_WRITES: usize = 25;

/// Reads at most 100 items in one call, from one or more tables: each with the name of its table, in no order.
///
/// # Errors
/// When DynamoDB can't be reached, or leaves parts out each time that it is asked ([`StoreError::Throttled`]).
pub(crate) async fn batch_get(
    db: &Client,
    wanted: HashMap<String, KeysAndAttributes>,
    call: &'static str,
) -> Result<Vec<(String, Item)>, StoreError> {
    let (mut pending, mut found) = (wanted, Vec::new());
    for tries in 0..MAX_TRIES {
        pause_before(tries).await;
        let output = db.batch_get_item().set_request_items(Some(pending)).send().await;
        let output = output.map_err(StoreError::call(call))?;
        for (table, items) in output.responses.into_iter().flatten() {
            found.extend(items.into_iter().map(|item| (table.clone(), item)));
        }
        pending = output.unprocessed_keys.unwrap_or_default();
        if pending.is_empty() {
            return Ok(found);
        }
    }
    Err(StoreError::Throttled(call))
}

/// Deletes the items with these keys from one table, 25 a call, and waits while DynamoDB has no room.
///
/// # Errors
/// When DynamoDB can't be reached, or leaves parts out for minutes ([`StoreError::Throttled`]). Some are deleted then.
pub(crate) async fn batch_delete(
    db: &Client,
    table: &str,
    keys: &[Item],
    call: &'static str,
) -> Result<(), StoreError> {
    for some in keys.chunks(MOST_WRITES) {
        let deletes = some.iter().map(|key| {
            let delete = DeleteRequest::builder().set_key(Some(key.clone())).build();
            Ok(WriteRequest::builder().delete_request(delete.map_err(StoreError::built(call))?).build())
        });
        let mut pending = HashMap::from([(table.to_owned(), deletes.collect::<Result<Vec<_>, StoreError>>()?)]);
        patiently(async || {
            pending = write_once(db, pending.clone(), call).await?;
            if pending.is_empty() { Ok(()) } else { Err(StoreError::Throttled(call)) }
        })
        .await?;
    }
    Ok(())
}

/// Writes or deletes at most 25 items of one table in one call. What is still left out after the last try is not
/// written, and that is no error: for writes that may be lost.
///
/// # Errors
/// When DynamoDB can't be reached.
pub(crate) async fn batch_write_best_effort(
    db: &Client,
    table: &str,
    writes: Vec<WriteRequest>,
    call: &'static str,
) -> Result<(), StoreError> {
    let mut pending = HashMap::from([(table.to_owned(), writes)]);
    for tries in 0..MAX_TRIES {
        pause_before(tries).await;
        pending = write_once(db, pending, call).await?;
        if pending.is_empty() {
            break;
        }
    }
    Ok(())
}

/// Returns what DynamoDB has left out.
async fn write_once(
    db: &Client,
    writes: HashMap<String, Vec<WriteRequest>>,
    call: &'static str,
) -> Result<HashMap<String, Vec<WriteRequest>>, StoreError> {
    let output = db.batch_write_item().set_request_items(Some(writes)).send().await;
    Ok(output.map_err(StoreError::call(call))?.unprocessed_items.unwrap_or_default())
}

#[cfg(test)]
mod tests;
