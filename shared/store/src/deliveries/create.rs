//! New deliveries: each is stored once, however often it is dispatched.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use domain::delivery::Delivery;
use futures_util::future::join_all;

use super::conditions::IS_NEW;
use super::stored::to_item;
use super::{Deliveries, TABLE};
use crate::StoreError;

/// Up to this many new deliveries are stored one by one, in parallel: in a transaction each would cost twice as much.
const FEW: usize = 10;
/// How many deliveries [`Deliveries::create`] takes: a transaction holds at most 100 items.
pub const MAX_CREATED_AT_ONCE: usize = 100;

impl Deliveries {
    /// Stores new deliveries, at most [`MAX_CREATED_AT_ONCE`]; those that exist already stay as they are. Up to ten are
    /// single puts of 3 write units each (item and two index entries), more are one transaction at 4 units each.
    ///
    /// Returns for each delivery, in their order, whether it is new or why it could not be stored. An error of one says
    /// nothing about the others.
    pub async fn create(&self, deliveries: &[Delivery]) -> Vec<Result<bool, StoreError>> {
        if deliveries.len() <= FEW {
            return join_all(deliveries.iter().map(|delivery| self.create_one(delivery))).await;
        }
        match self.create_together(deliveries).await {
            Ok(existing) => deliveries.iter().map(|delivery| Ok(!existing.contains(&delivery.id))).collect(),
            Err(error) => vec![Err(error); deliveries.len()],
        }
    }

    /// Stores all that are new or none; returns the ids of those that exist already.
    async fn create_together(&self, deliveries: &[Delivery]) -> Result<Vec<String>, StoreError> {
        let mut existing: Vec<String> = Vec::new();
        loop {
            let new: Vec<&Delivery> = deliveries.iter().filter(|d| !existing.contains(&d.id)).collect();
            if new.is_empty() {
                return Ok(existing);
            }
            let items = new.iter().map(|delivery| self.put_new(delivery)).collect::<Result<Vec<_>, _>>()?;
            match self.db.transact_write_items().set_transact_items(Some(items)).send().await {
                Ok(_) => return Ok(existing),
                Err(error) => match error.into_service_error() {
                    TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                        let before = existing.len();
                        let reasons = new.iter().zip(cancelled.cancellation_reasons());
                        let there = reasons.filter(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"));
                        existing.extend(there.map(|(delivery, _)| delivery.id.clone()));
                        if existing.len() == before {
                            return Err(StoreError::cancelled("TransactWriteItems deliveries", TABLE, &cancelled));
                        }
                    }
                    other => return Err(StoreError::operation("TransactWriteItems deliveries", other)),
                },
            }
        }
    }

    /// Stores one delivery, for 3 write units. Returns false, and changes nothing, when it exists already.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn create_one(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        let outcome = self
            .db
            .put_item()
            .table_name(&self.table)
            .set_item(Some(to_item(delivery)))
            .condition_expression(IS_NEW)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match outcome.map_err(SdkError::into_service_error) {
            Ok(_) => Ok(true),
            // When an answer is lost, the SDK sends its call again, and that one finds what the first has stored.
            Err(PutItemError::ConditionalCheckFailedException(found)) => Ok(found.item == Some(to_item(delivery))),
            Err(other) => Err(StoreError::operation("PutItem delivery", other)),
        }
    }

    fn put_new(&self, delivery: &Delivery) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(to_item(delivery)))
            .condition_expression(IS_NEW)
            .build()
            .map_err(StoreError::built("Put delivery"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}
