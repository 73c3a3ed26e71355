//! The events of one record, newest first, along its trail.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use domain::outbox::Outbox;
use domain::trail::Trail;
use telemetry::causes::causes;

use super::feed::EXAMINED;
use super::{Events, read_outbox};
use crate::StoreError;
use crate::batch::batch_get;
use crate::item::key;
use crate::range::{IdRange, Order};

/// A part of a record's history.
#[derive(Debug, Default)]
pub struct History {
    /// Newest first: one for each request that changed the record, or two where its events are large.
    pub outboxes: Vec<Outbox>,
    /// The outbox item behind which it goes on; `None` at its end, or where the retention of events ends.
    pub stopped: Option<String>,
}

impl Events {
    /// What came before the outbox item with this id, of the same record; nothing when its retention is over.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn trail_of(&self, account: &str, outbox_id: &str) -> Result<Trail, StoreError> {
        let found = self.named(account, &Trail::default().behind(outbox_id)).await?;
        Ok(found.into_iter().next().map(|outbox| outbox.trail).unwrap_or_default())
    }

    /// The outbox items along a trail, newest first: `limit` of them. One call for each three, read consistently.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn history(&self, account: &str, trail: Trail, limit: usize) -> Result<History, StoreError> {
        let (mut page, mut next) = (History::default(), trail);
        while !next.is_empty() {
            let found = self.named(account, &next).await?;
            // One that is missing has expired, or was erased for a person.
            next = found.last().map(|oldest| oldest.trail.clone()).unwrap_or_default();
            page.outboxes.extend(found);
            if page.outboxes.len() > limit {
                page.outboxes.truncate(limit);
                page.stopped = page.outboxes.last().map(|last| last.id.clone());
                return Ok(page);
            }
        }
        Ok(page)
    }

    /// The outbox items of one request, oldest first, but for a test send's. They have its time; of the account's others in
    /// that millisecond 200 are examined.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn of_request(&self, account: &str, request_id: &str) -> Result<Vec<Outbox>, StoreError> {
        let range = IdRange::default().at_the_time_of(request_id);
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let (items, _) = self.outboxes(account, range, Order::OldestFirst, EXAMINED).await?;
        let outboxes = items.into_iter().map(read_outbox).collect::<Result<Vec<_>, _>>()?;
        Ok(outboxes.into_iter().filter(|outbox| outbox.request_id == request_id && !outbox.test).collect())
    }

    /// Those that exist of the items that a trail names, in its order: two processes' clocks can differ.
    async fn named(&self, account: &str, trail: &Trail) -> Result<Vec<Outbox>, StoreError> {
        const CALL: &str = "BatchGetItem events";
        let keys = trail.ids().map(|id| key(account, id)).collect();
        let request = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true);
        let request = request.build().map_err(StoreError::built(CALL))?;
        let items = batch_get(&self.db, HashMap::from([(self.table.clone(), request)]), CALL).await?;
        let read = items.into_iter().filter_map(|(_, item)| readable(read_outbox(item)));
        let mut found: HashMap<_, _> = read.map(|outbox| (outbox.id.clone(), outbox)).collect();
        Ok(trail.ids().filter_map(|id| found.remove(&id)).collect())
    }
}

/// One that can't be read is passed over, so that the others are seen.
fn readable(found: Result<Outbox, StoreError>) -> Option<Outbox> {
    found.inspect_err(|error| tracing::error!(error = %causes(error), "an event of a history can't be read")).ok()
}
