//! Events as people read them: one by its id, or the feed from a position on, oldest first.

use std::fmt;
use std::str::FromStr;

use domain::events::EventName;
use domain::ids::ulid_of;
use domain::outbox::{Outbox, StoredEvent};
use jiff::Timestamp;
use ulid::Ulid;

use super::super::StoreError;
use super::super::item::{Item, s};
use super::super::range::{IdRange, Order};
use super::{Events, read_outbox};

/// The most outbox items that one query looks at when only some events are wanted.
pub(super) const EXAMINED: i32 = 200;
/// The most queries for one page.
pub(super) const MAX_QUERIES: usize = 5;

/// A place in the feed: behind so many events of an outbox item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    outbox: Ulid,
    events: usize,
}

/// No position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no position in the feed")]
pub struct NoPosition;

/// An event with the request that raised it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEvent {
    /// The event.
    pub event: StoredEvent,
    /// The request.
    pub request_id: String,
}

/// A part of the feed.
#[derive(Debug, Default)]
pub struct FeedPage {
    /// Oldest first.
    pub events: Vec<FeedEvent>,
    /// Behind all that was looked at; where it began when that was nothing.
    pub position: Option<Position>,
    /// Whether there may be more behind it now.
    pub more: bool,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.outbox, self.events)
    }
}

impl FromStr for Position {
    type Err = NoPosition;

    fn from_str(text: &str) -> Result<Self, NoPosition> {
        let (outbox, events) = text.split_once('.').ok_or(NoPosition)?;
        let outbox = Ulid::from_string(outbox).map_err(|_| NoPosition)?;
        Ok(Self { outbox, events: events.parse().map_err(|_| NoPosition)? })
    }
}

impl FeedPage {
    /// Takes over what of `outbox` is behind the position, up to `limit` events in all. Returns false when one more
    /// was there and the page was full.
    fn take(&mut self, outbox: Outbox, name: Option<EventName>, limit: usize) -> Result<bool, StoreError> {
        let unreadable = |_| StoreError::unreadable(super::TABLE, "sk");
        let id = Ulid::from_string(&outbox.id).map_err(unreadable)?;
        let seen = self.position.filter(|position| position.outbox == id).map_or(0, |position| position.events);
        if outbox.test {
            self.position = Some(Position { outbox: id, events: outbox.events.len() });
            return Ok(true);
        }
        let request_id = outbox.request_id;
        for (index, event) in outbox.events.into_iter().enumerate().skip(seen) {
            if name.is_none_or(|name| event.name == name) {
                if self.events.len() == limit {
                    return Ok(false);
                }
                self.events.push(FeedEvent { event, request_id: request_id.clone() });
            }
            self.position = Some(Position { outbox: id, events: index + 1 });
        }
        Ok(true)
    }
}

impl Events {
    /// One event.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn get(&self, account: &str, event_id: &str) -> Result<Option<FeedEvent>, StoreError> {
        let Some(outbox) = self.outbox_of(account, event_id).await? else { return Ok(None) };
        let event = outbox.event(event_id).cloned();
        Ok(event.map(|event| FeedEvent { event, request_id: outbox.request_id }))
    }

    /// All events of the request that raised this one, or as many of them as fit into its item.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn outbox_of(&self, account: &str, event_id: &str) -> Result<Option<Outbox>, StoreError> {
        let Some(ulid) = ulid_of(event_id) else { return Ok(None) };
        // An item's events count up from its own id, so that it is the last one that does not begin after the event.
        let output = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk <= :id")
            .expression_attribute_values(":pk", s(account))
            .expression_attribute_values(":id", s(ulid.to_string()))
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(1)
            .send()
            .await
            .map_err(StoreError::call("Query event"))?;
        let Some(item) = output.items.into_iter().flatten().next() else { return Ok(None) };
        Ok(Some(read_outbox(item)?).filter(|outbox| outbox.event(event_id).is_some()))
    }

    /// The account's events behind `after` that were raised before `until`, only those called `name` if given, oldest
    /// first: `limit` of them, or fewer when the search ended early.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn feed(
        &self,
        account: &str,
        after: Option<Position>,
        name: Option<EventName>,
        until: Timestamp,
        limit: usize,
    ) -> Result<FeedPage, StoreError> {
        let mut page = FeedPage { position: after, ..FeedPage::default() };
        // Each item has an event at least; the one that the position is in may be behind it.
        let needed = i32::try_from(limit).unwrap_or(EXAMINED).saturating_add(1);
        let examined = if name.is_some() { EXAMINED } else { needed };
        for _ in 0..MAX_QUERIES {
            let range = IdRange::default().until(until);
            let range = page.position.map_or(range, |position| range.from(position.outbox));
            if range.is_empty() {
                page.more = false;
                return Ok(page);
            }
            let (items, ended) = self.outboxes(account, range, Order::OldestFirst, examined).await?;
            page.more = true;
            for item in items {
                if !page.take(read_outbox(item)?, name, limit)? {
                    return Ok(page);
                }
            }
            if ended {
                page.more = false;
                return Ok(page);
            }
        }
        Ok(page)
    }

    /// The first outbox items of a span in this order, and whether those are all.
    pub(super) async fn outboxes(
        &self,
        account: &str,
        range: IdRange,
        order: Order,
        limit: i32,
    ) -> Result<(Vec<Item>, bool), StoreError> {
        let (low, high) = range.keys("");
        let output = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
            .expression_attribute_values(":pk", s(account))
            .expression_attribute_values(":low", s(low))
            .expression_attribute_values(":high", s(high))
            .scan_index_forward(order == Order::OldestFirst)
            .consistent_read(true)
            .limit(limit)
            .send()
            .await
            .map_err(StoreError::call("Query events"))?;
        let ended = output.last_evaluated_key().is_none();
        Ok((output.items.unwrap_or_default(), ended))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_back_as_it_was_written() {
        let position = Position { outbox: Ulid::from_parts(1_760_970_600_000, 7), events: 12 };
        assert_eq!(position.to_string().parse(), Ok(position));
        for wrong in ["", ".", "01JAMB3X9T7Q2V5K8N4C6D0EFG", "01JAMB3X9T7Q2V5K8N4C6D0EFG.x", "x.1"] {
            assert_eq!(wrong.parse::<Position>(), Err(NoPosition), "{wrong}");
        }
    }
}
