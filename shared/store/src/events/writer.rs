//! Raising events: an outbox item and its marker, in the transaction of what raised them.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::outbox::Outbox;
use jiff::Timestamp;

use super::super::StoreError;
use super::super::idempotency::{Claim, Idempotency};
use super::super::undispatched::{Marker, Undispatched};
use super::{Events, TABLE};

/// The tables that an event is raised in.
#[derive(Debug, Clone)]
pub struct EventWriter {
    events: Events,
    undispatched: Undispatched,
}

impl EventWriter {
    /// On these tables.
    #[must_use]
    pub fn new(events: Events, undispatched: Undispatched) -> Self {
        Self { events, undispatched }
    }

    /// The writes of an outbox item, for the transaction of its record.
    pub(in super::super) fn put(&self, outbox: &Outbox, now: Timestamp) -> Result<[TransactWriteItem; 2], StoreError> {
        Ok([self.events.put(outbox, now)?, self.undispatched.put(&Marker::of(outbox), now)?])
    }

    /// Stores an outbox item together with an idempotency key, once: when the key was used before, nothing is stored
    /// and what was left under it is returned.
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
                Claim::read(item.ok_or(StoreError::Contention(TABLE))?)
            }
            Err(other) => Err(StoreError::operation("TransactWriteItems event", other)),
        }
    }
}
