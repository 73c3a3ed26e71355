//! Events as people read them: one by its id, or the feed from a position on, oldest first.

use std::fmt;
use std::str::FromStr;

use domain::events::EventName;
use domain::ids::ulid_of;
use domain::outbox::{Outbox, StoredEvent};
use jiff::Timestamp;
use ulid::Ulid;

use super::{Events, TABLE, read_outbox};
use crate::StoreError;
use crate::item::{Item, s};
use crate::range::{IdRange, Order};

/// How many outbox items one query examines when only events of one type are wanted.
pub(super) const EXAMINED: i32 = 200;
/// How many queries are made for one page.
pub(super) const MAX_QUERIES: usize = 5;

/// A place in the feed: behind the first `events` events of an outbox item. As text: `<ULID>.<events>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    outbox: Ulid,
    events: usize,
}

/// A text that is not a position in the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no position in the feed")]
pub struct NoPosition;

/// An event with the request that raised it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEvent {
    /// The event as it is stored, with the body that is signed and sent.
    pub event: StoredEvent,
    /// The id of the request that raised it.
    pub request_id: String,
    /// The key of that request, see [`Outbox::key_line`].
    pub key_line: Option<String>,
}

/// A part of the feed.
#[derive(Debug, Default)]
pub struct FeedPage {
    /// Oldest first.
    pub events: Vec<FeedEvent>,
    /// The position behind everything that was examined; where the search began, when that was nothing.
    pub position: Option<Position>,
    /// Whether there may be more events behind the position now.
    pub more: bool,
}

impl Position {
    /// Before the first event of a call that arrived at `since` or later.
    #[must_use]
    pub fn since(since: Timestamp) -> Self {
        let millis = u64::try_from(since.as_millisecond()).unwrap_or(0);
        Self { outbox: Ulid::from_parts(millis, 0), events: 0 }
    }
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
    /// Adds the events of `outbox` that are behind the position and called `name`, up to `limit` events in all, and
    /// moves the position. Returns false when the page was full and there was one more.
    fn take(&mut self, outbox: Outbox, name: Option<EventName>, limit: usize) -> Result<bool, StoreError> {
        let unreadable = |_| StoreError::unreadable(TABLE, outbox.id.clone(), "sk");
        let id = Ulid::from_string(&outbox.id).map_err(unreadable)?;
        let seen = self.position.filter(|position| position.outbox == id).map_or(0, |position| position.events);
        if outbox.test {
            self.position = Some(Position { outbox: id, events: outbox.events.len() });
            return Ok(true);
        }
        let (request_id, key_line) = (outbox.request_id, outbox.key_line);
        for (index, event) in outbox.events.into_iter().enumerate().skip(seen) {
            if name.is_none_or(|name| event.name == name) {
                if self.events.len() == limit {
                    return Ok(false);
                }
                self.events.push(FeedEvent { event, request_id: request_id.clone(), key_line: key_line.clone() });
            }
            self.position = Some(Position { outbox: id, events: index + 1 });
        }
        Ok(true)
    }
}

impl Events {
    /// One event by its id, read consistently; `None` when there is none, or its retention is over.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn get(&self, account: &str, event_id: &str) -> Result<Option<FeedEvent>, StoreError> {
        let Some(outbox) = self.outbox_of(account, event_id).await? else { return Ok(None) };
        let event = outbox.event(event_id).cloned();
        Ok(event.map(|event| FeedEvent { event, request_id: outbox.request_id, key_line: outbox.key_line }))
    }

    /// The outbox item that holds this event: all events of the request that raised it, or as many as fit into one
    /// item. One query, which reads one item consistently.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn outbox_of(&self, account: &str, event_id: &str) -> Result<Option<Outbox>, StoreError> {
        let Some(ulid) = ulid_of(event_id) else { return Ok(None) };
        // The ids of an item's events count up from its own, so it is the last item that does not begin after the
        // event.
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

    /// The account's events behind `after` that were raised before `until`, oldest first, only those of type `name` if
    /// given, without test sends: `limit` of them, or fewer when the search stopped early, after five queries. Read
    /// consistently.
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
        // Each item has at least one event; the item that the position is in may have none behind it.
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

    /// The first `limit` outbox items of a range in this order, read consistently, and whether there are no more.
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
    fn a_position_by_time_is_before_everything_of_that_millisecond() {
        let position = Position::since("2025-10-20T14:30:00.0005Z".parse().unwrap());
        assert_eq!(position, Position { outbox: Ulid::from_parts(1_760_970_600_000, 0), events: 0 });
        assert_eq!(Position::since("1969-01-01T00:00:00Z".parse().unwrap()).outbox.timestamp_ms(), 0);
    }

    #[test]
    fn a_position_reads_back_as_it_was_written() {
        let position = Position { outbox: Ulid::from_parts(1_760_970_600_000, 7), events: 12 };
        assert_eq!(position.to_string().parse(), Ok(position));
        for wrong in ["", ".", "01JAMB3X9T7Q2V5K8N4C6D0EFG", "01JAMB3X9T7Q2V5K8N4C6D0EFG.x", "x.1"] {
            assert_eq!(wrong.parse::<Position>(), Err(NoPosition), "{wrong}");
        }
    }
}
