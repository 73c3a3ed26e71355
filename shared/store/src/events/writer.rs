//! Raising events: an outbox item and its marker, in the transaction of whatever raises them.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::outbox::Outbox;
use jiff::Timestamp;

use super::{Events, TABLE};
use crate::StoreError;
use crate::idempotency::{Claim, Idempotency};
use crate::undispatched::{Marker, Undispatched};

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

    /// The writes of an outbox item and its marker, for the transaction of a record: 2 write units each and for each
    /// KB.
    pub(crate) fn put(&self, outbox: &Outbox, now: Timestamp) -> Result<[TransactWriteItem; 2], StoreError> {
        Ok([self.events.put(outbox, now)?, self.undispatched.put(&Marker::of(outbox), now)?])
    }

    /// Stores an outbox item, its marker and an idempotency key in one transaction. When the key was used before and
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
        let [event, marker] = self.put(outbox, now)?;
        let outcome = self
            .events
            .db
            .transact_write_items()
            .transact_items(idempotency.put_once(key, fingerprint, answer, now)?)
            .transact_items(event)
            .transact_items(marker)
            .send()
            .await;
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
