//! The deliveries of a new event, stored together in the item or the items that they share.

use std::collections::HashSet;

use domain::outbox::{Outbox, StoredEvent};
use jiff::Timestamp;

use super::shared::{Entry, INCOMPLETE, MAX_SHARING, SharedItem};
use super::{Deliveries, TABLE};
use crate::StoreError;
use crate::backoff::pause_before;
use crate::conditional::unless_refused;

/// How often the items of an event are looked at again that another dispatcher is writing.
const MAX_TRIES: u32 = 5;

/// New deliveries of an event, by the item that they share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDeliveries {
    /// The sort key of the item.
    pub shared: String,
    /// Their endpoints.
    pub endpoint_ids: Vec<String>,
}

/// What came of a fan-out.
#[derive(Debug, Default)]
pub struct FannedOut {
    /// The deliveries that are new, also when others could not be stored.
    pub new: Vec<NewDeliveries>,
    /// Whether the event's first item says that the event is not wholly dispatched.
    pub is_incomplete: bool,
    /// Why not all could be stored.
    pub error: Option<StoreError>,
}

/// A part of an event's endpoints: it is told to some of them at a time.
#[derive(Debug, Clone, Copy)]
pub struct FanOut<'a> {
    /// The outbox item that the event is in.
    pub outbox: &'a Outbox,
    /// The event.
    pub event: &'a StoredEvent,
    /// Whether this is the first part of the endpoints.
    pub is_first: bool,
    /// Whether it is the last part too, and nothing of it is left out.
    pub is_all: bool,
    /// When the deliveries are made.
    pub now: Timestamp,
}

impl Deliveries {
    /// Stores the deliveries of an event to some endpoints, due at once. Those that exist already stay as they are,
    /// wherever they are stored. One write unit for each KB of an item, which holds 50 deliveries.
    ///
    /// The first part of an event's endpoints makes an item even when nobody wants the event: that it was dispatched is
    /// then known. Unless all of the event's deliveries are in it, it says that the event is not wholly dispatched, until
    /// [`Deliveries::note_complete`].
    pub async fn fan_out(&self, part: FanOut<'_>, endpoint_ids: &[String]) -> FannedOut {
        let mut done = FannedOut::default();
        // Whether there are deliveries of this event already is asked only where it may be so.
        let is_again = part.outbox.brought_again_at.is_some();
        let mut may_exist = !part.is_first || endpoint_ids.len() > MAX_SHARING || is_again;
        for tries in 0..MAX_TRIES {
            pause_before(tries).await;
            match self.fan_out_rest(part, endpoint_ids, may_exist, &mut done).await {
                Ok(true) => return done,
                Ok(false) => may_exist = true,
                Err(error) => return FannedOut { error: Some(error), ..done },
            }
        }
        FannedOut { error: Some(StoreError::Contention(TABLE)), ..done }
    }

    /// Notes that an event is wholly dispatched. One write unit for each KB of the event's first item.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn note_complete(&self, account: &str, event_id: &str) -> Result<(), StoreError> {
        let outcome = self
            .update_item(account, event_id)
            .update_expression("REMOVE #incomplete")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#incomplete", INCOMPLETE)
            .send()
            .await;
        unless_refused(outcome, "UpdateItem shared deliveries")?;
        Ok(())
    }

    /// Returns false when another dispatcher, or an earlier run, has stored an item that this run was about to store.
    async fn fan_out_rest(
        &self,
        part: FanOut<'_>,
        endpoint_ids: &[String],
        may_exist: bool,
        done: &mut FannedOut,
    ) -> Result<bool, StoreError> {
        let existing = if may_exist { self.shared_of(&part.outbox.account, &part.event.id).await? } else { Vec::new() };
        done.is_incomplete |= existing.iter().any(|item| item.is_incomplete);
        let known: HashSet<&String> = existing.iter().flat_map(|item| &item.entries).map(|(id, _)| id).collect();
        let mut rest: Vec<String> = endpoint_ids.iter().filter(|id| !known.contains(id)).cloned().collect();
        if may_exist && part.outbox.brought_again_at.is_some() {
            let apart = self.with_own_item(&part.outbox.account, &part.event.id, &rest).await?;
            rest.retain(|id| !apart.contains(id));
        }
        if rest.is_empty() && (!existing.is_empty() || !part.is_first) {
            return Ok(true);
        }
        let chunks = if rest.is_empty() { vec![&rest[..]] } else { rest.chunks(MAX_SHARING).collect() };
        let part = FanOut { is_all: part.is_all && chunks.len() == 1, ..part };
        for (number, chunk) in (next_number(&existing)..).zip(chunks) {
            let item = shared_item(part, number, chunk);
            if !self.put_if_new(item.to_item(self.kept)).await? {
                return Ok(false);
            }
            done.is_incomplete |= item.is_incomplete;
            if !chunk.is_empty() {
                done.new.push(NewDeliveries { shared: sort_key(&part.event.id, number), endpoint_ids: chunk.to_vec() });
            }
        }
        Ok(true)
    }
}

/// A part of the deliveries of an event, as one item.
fn shared_item(part: FanOut<'_>, number: usize, endpoint_ids: &[String]) -> SharedItem {
    SharedItem {
        account: part.outbox.account.clone(),
        sort_key: sort_key(&part.event.id, number),
        event: part.event.name,
        subject: part.event.subject.clone(),
        outbox_id: part.outbox.id.clone(),
        created_at: part.now,
        is_incomplete: number == 0 && !part.is_all,
        entries: endpoint_ids.iter().map(|id| (id.clone(), Entry::Pending)).collect(),
        formats: Vec::new(),
    }
}

/// The number of the next item of an event that has these.
pub(super) fn next_number(existing: &[SharedItem]) -> usize {
    existing.iter().map(|item| number_of(&item.sort_key) + 1).max().unwrap_or_default()
}

/// Which of an event's items this is, counted from 0.
fn number_of(sort_key: &str) -> usize {
    sort_key.split_once('#').and_then(|(_, number)| number.parse().ok()).unwrap_or_default()
}

pub(super) fn sort_key(event_id: &str, number: usize) -> String {
    if number == 0 { event_id.to_owned() } else { format!("{event_id}#{number:03}") }
}
