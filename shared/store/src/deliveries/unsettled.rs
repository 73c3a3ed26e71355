//! What the sweeper asks about deliveries that share an item: which events have been dispatched, and which of their
//! deliveries still wait for the first attempt.

use std::collections::HashMap;

use domain::delivery::Delivery;
use jiff::Timestamp;
use telemetry::causes::causes;

use super::Deliveries;
use super::shared::{Entry, SharedItem, event_of};
use crate::StoreError;
use crate::range::IdRange;

/// An event that was dispatched.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Dispatched {
    /// Those of its deliveries of which no attempt is recorded.
    pub pending: Vec<Delivery>,
    /// Whether it is to be dispatched again: to endpoints that could not be read or were not reached, or because an item of
    /// it can't be read.
    pub is_incomplete: bool,
}

/// The dispatched events of a span of time, by their ids.
pub type DispatchedPage = HashMap<String, Dispatched>;

impl Deliveries {
    /// The events in `range` that were dispatched, with their deliveries that have had no attempt and share an item.
    /// Read consistently: a quarter of a read unit for each KB.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn dispatched(&self, account: &str, range: IdRange) -> Result<DispatchedPage, StoreError> {
        let mut events = DispatchedPage::new();
        let page = self.all_shared(account, range).await?;
        // Nobody knows what waits in it: the event is not settled.
        for (sort_key, error) in &page.unreadable {
            tracing::error!(error = %causes(error), "shared deliveries can't be read");
            events.entry(event_of(sort_key).to_owned()).or_default().is_incomplete = true;
        }
        for item in page.items {
            let event = events.entry(event_of(&item.sort_key).to_owned()).or_default();
            event.is_incomplete |= item.is_incomplete;
            event.pending.extend(SharedItem::deliveries(&item).filter(|delivery| !delivery.status.is_final()));
        }
        Ok(events)
    }

    /// Moves a delivery that waits for its first attempt out of the item that it shares with others: it is due at `now`,
    /// and from then on among those that [`Deliveries::overdue`] finds, should its next message be lost too.
    ///
    /// Returns the delivery as it is then, or `None` when it has changed since it was read.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn set_apart(&self, delivery: &Delivery, now: Timestamp) -> Result<Option<Delivery>, StoreError> {
        let own = Delivery { shared: None, next_attempt_at: Some(now), claimed_until: None, ..delivery.clone() };
        if self.move_out(delivery, Entry::of(delivery), &own, now, None).await? {
            return Ok(Some(own));
        }
        // A version of before shared items, which may run beside this one during an update, stores only own items.
        let endpoint = std::slice::from_ref(&delivery.endpoint_id);
        if !self.with_own_item(&delivery.account, &delivery.event_id, endpoint).await?.is_empty() {
            self.end_entry(delivery).await?;
        }
        Ok(None)
    }
}
