//! Raising events: an outbox item, in the transaction of whatever raises them, and before it the marker of its account.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::outbox::Outbox;
use jiff::Timestamp;

use super::{Events, TABLE};
use crate::StoreError;
use crate::idempotency::{Claim, Idempotency};
use crate::undispatched::Undispatched;

/// The two tables that raising an event writes.
#[derive(Debug, Clone)]
pub struct EventWriter {
    events: Events,
    undispatched: Undispatched,
}

impl EventWriter {
    pub(crate) fn new(events: Events, undispatched: Undispatched) -> Self {
        Self { events, undispatched }
    }

    /// The writes of outbox items, for the transaction of a record: 2 write units for each KB. Their account is marked
    /// before this returns.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub(crate) async fn put(&self, outboxes: &[Outbox], now: Timestamp) -> Result<Vec<TransactWriteItem>, StoreError> {
        for outbox in outboxes {
            self.undispatched.mark(outbox, now).await?;
        }
        outboxes.iter().map(|outbox| self.events.put(outbox, now)).collect()
    }

    /// Stores an outbox item and an idempotency key in one transaction, after the marker of its account. When the key was used before and
    /// has not expired, nothing is stored, and the claim says what the first call left under it: the id of its first
    /// event.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn publish_once(
        &self,
        outbox: &Outbox,
        idempotency: &Idempotency,
        key: &str,
        fingerprint: &str,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        let answer = outbox.events.first().map_or("", |event| event.id.as_str());
        let mut items = vec![idempotency.put_once(key, fingerprint, answer, now)?];
        items.extend(self.put(std::slice::from_ref(outbox), now).await?);
        let outcome = self.events.db.transact_write_items().set_transact_items(Some(items)).send().await;
        match outcome.map_err(SdkError::into_service_error) {
            Ok(_) => Ok(Claim::Ours),
            Err(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                let item = cancelled.cancellation_reasons().first().and_then(|reason| reason.item());
                let lost = || StoreError::cancelled("TransactWriteItems event", TABLE, &cancelled);
                Claim::read(item.ok_or_else(lost)?)
            }
            Err(other) => Err(StoreError::operation("TransactWriteItems event", other)),
        }
    }
}
