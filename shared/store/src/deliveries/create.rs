//! New deliveries with an item of their own: those of test sends and of replays.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use domain::delivery::Delivery;
use futures_util::future::join_all;

use super::conditions::IS_NEW;
use super::fan_out::{next_number, sort_key};
use super::shared::{Entry, SharedItem};
use super::stored::to_item;
use super::{Deliveries, TABLE};
use crate::StoreError;
use crate::item::Item;
use crate::transaction::transact;

/// How many deliveries are best stored in parallel.
pub const MAX_CREATED_AT_ONCE: usize = 25;
/// How often a delivery is stored whose event is being dispatched.
const MAX_TRIES: usize = 5;

impl Deliveries {
    /// Stores new deliveries of events that have none to their endpoint, as a replay does; those that exist already stay
    /// as they are. The dispatcher, which may bring the same event later, finds that they exist: an entry says so in
    /// a further item of the event. One query for each, and one transaction of two small items and two index entries: 6
    /// write units.
    ///
    /// Returns for each delivery, in their order, whether it is new or why it could not be stored. An error of one says
    /// nothing about the others.
    pub async fn create(&self, deliveries: &[Delivery]) -> Vec<Result<bool, StoreError>> {
        join_all(deliveries.iter().map(|delivery| self.create_beside(delivery))).await
    }

    async fn create_beside(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        for _ in 0..MAX_TRIES {
            let existing = self.shared_of(&delivery.account, &delivery.event_id).await?;
            if existing.iter().flat_map(|item| &item.entries).any(|(id, _)| *id == delivery.endpoint_id) {
                return Ok(false);
            }
            let note = SharedItem {
                account: delivery.account.clone(),
                sort_key: sort_key(&delivery.event_id, next_number(&existing)),
                event: delivery.event,
                subject: delivery.subject.clone(),
                outbox_id: delivery.outbox_id.clone(),
                created_at: delivery.created_at,
                // The first item of an event would say that it was dispatched.
                is_incomplete: existing.is_empty(),
                entries: vec![(delivery.endpoint_id.clone(), Entry::Own)],
                formats: Vec::new(),
            };
            let own = to_item(delivery, delivery.created_at, self.kept);
            let items = [note.to_item(self.kept), own].map(|item| self.put_new(item));
            let items = items.into_iter().collect::<Result<_, _>>()?;
            if transact(&self.db, items, "TransactWriteItems delivery", TABLE).await? {
                return Ok(true);
            }
            let endpoint = std::slice::from_ref(&delivery.endpoint_id);
            if !self.with_own_item(&delivery.account, &delivery.event_id, endpoint).await?.is_empty() {
                return Ok(false);
            }
        }
        Err(StoreError::Contention(TABLE))
    }

    /// Stores one delivery, for 3 write units. Returns false, and changes nothing, when it exists already.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn create_one(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        self.put_if_new(to_item(delivery, delivery.created_at, self.kept)).await
    }

    /// Stores an item unless there is one with its key, and returns whether it did.
    pub(super) async fn put_if_new(&self, item: Item) -> Result<bool, StoreError> {
        let outcome = self
            .db
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item.clone()))
            .condition_expression(IS_NEW)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match outcome.map_err(SdkError::into_service_error) {
            Ok(_) => Ok(true),
            // When an answer is lost, the SDK sends its call again, and that one finds what the first has stored.
            Err(PutItemError::ConditionalCheckFailedException(found)) => Ok(found.item == Some(item)),
            Err(other) => Err(StoreError::operation("PutItem delivery", other)),
        }
    }

    /// The same as a part of a transaction.
    pub(super) fn put_new(&self, item: Item) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression(IS_NEW)
            .build()
            .map_err(StoreError::built("Put delivery"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}
