//! Transactions of which all conditions hold, or nothing is stored.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::TransactWriteItem;

use crate::backoff::pause_before;
use crate::{Client, StoreError};

/// How often a transaction is tried that meets other writes.
const MAX_TRIES: u32 = 10;

/// Stores all of `items` and returns true, or stores nothing and returns false when a condition does not hold. DynamoDB
/// cancels a transaction that meets another write of one of its items: it is tried again.
///
/// # Errors
/// When DynamoDB can't be reached, refuses an item, or other writes meet the transaction each of the ten times that it
/// is tried: then the error names `table`.
pub(crate) async fn transact(
    db: &Client,
    items: Vec<TransactWriteItem>,
    call: &'static str,
    table: &'static str,
) -> Result<bool, StoreError> {
    for tries in 0..MAX_TRIES {
        pause_before(tries).await;
        match transact_once(db, items.clone(), call, table).await {
            Err(StoreError::Contention(_)) => {}
            done => return done,
        }
    }
    Err(StoreError::Contention(table))
}

async fn transact_once(
    db: &Client,
    items: Vec<TransactWriteItem>,
    call: &'static str,
    table: &'static str,
) -> Result<bool, StoreError> {
    let outcome = db.transact_write_items().set_transact_items(Some(items)).send().await;
    match outcome.map_err(SdkError::into_service_error) {
        Ok(_) => Ok(true),
        Err(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            let reasons = cancelled.cancellation_reasons();
            if reasons.iter().any(|reason| reason.code() == Some("ConditionalCheckFailed")) {
                return Ok(false);
            }
            Err(StoreError::cancelled(call, table, &cancelled))
        }
        Err(other) => Err(StoreError::operation(call, other)),
    }
}
