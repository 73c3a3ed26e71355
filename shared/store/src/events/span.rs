//! The outbox items of a span of time, for replays and for the sweeper.

use domain::ids::ulid_of;
use domain::outbox::Outbox;
use jiff::Timestamp;
use ulid::Ulid;

use super::{Events, TABLE, read_outbox};
use crate::StoreError;
use crate::item::Reader;
use crate::range::{IdRange, Order};

/// A page of outbox items.
#[derive(Debug, Default)]
pub struct OutboxPage {
    /// Oldest first, without test sends.
    pub outboxes: Vec<Outbox>,
    /// The id behind which the next page begins; `None` at the end of the span.
    pub stopped: Option<String>,
}

/// Outbox items as the sweeper looks through them: one that can't be read must not keep it from the others.
#[derive(Debug, Default)]
pub struct Survey {
    /// Oldest first, each with its id.
    pub outboxes: Vec<(String, Result<Outbox, StoreError>)>,
    /// The id behind which the next part begins; `None` at the end of the range.
    pub stopped: Option<String>,
}

impl Survey {
    /// The span of the events in it; `None` when there are none.
    #[must_use]
    pub fn events(&self) -> Option<IdRange> {
        let first = self.outboxes.iter().find_map(|(id, _)| ulid(id).ok())?;
        let ids = self.outboxes.iter().flat_map(|(id, outbox)| {
            let events = outbox.iter().flat_map(|outbox| &outbox.events).filter_map(|event| ulid_of(&event.id));
            events.chain(ulid(id))
        });
        Some(IdRange::between(first, ids.max()?))
    }
}

/// When the events of the outbox item with this id were raised, to the millisecond.
///
/// # Errors
/// When the id is not a ULID.
pub fn raised_at(outbox_id: &str) -> Result<Timestamp, StoreError> {
    let millis = i64::try_from(ulid(outbox_id)?.timestamp_ms()).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(millis).map_err(|_| StoreError::unreadable(TABLE, outbox_id.to_owned(), "sk"))
}

impl Events {
    /// The account's outbox items from `since` on and before `until`, oldest first, behind the id `after` if given:
    /// `limit` of them, less the test sends among them. One query, consistent.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn raised(
        &self,
        account: &str,
        since: Timestamp,
        until: Timestamp,
        after: Option<&str>,
        limit: i32,
    ) -> Result<OutboxPage, StoreError> {
        let mut range = IdRange::default().since(since).until(until);
        if let Some(after) = after {
            range = range.from(Ulid(ulid(after)?.0.saturating_add(1)));
        }
        if range.is_empty() {
            return Ok(OutboxPage::default());
        }
        let (items, ended) = self.outboxes(account, range, Order::OldestFirst, limit).await?;
        let mut outboxes = items.into_iter().map(read_outbox).collect::<Result<Vec<_>, _>>()?;
        let last = outboxes.last().map(|outbox| outbox.id.clone());
        outboxes.retain(|outbox| !outbox.test);
        Ok(OutboxPage { outboxes, stopped: last.filter(|_| !ended) })
    }

    /// The first `limit` of the account's outbox items in `range`, test sends among them. One query, consistent.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn survey(&self, account: &str, range: IdRange, limit: i32) -> Result<Survey, StoreError> {
        if range.is_empty() {
            return Ok(Survey::default());
        }
        let (items, ended) = self.outboxes(account, range, Order::OldestFirst, limit).await?;
        let outboxes: Vec<_> = items
            .into_iter()
            .map(|item| {
                (Reader { table: TABLE, item: &item }.opt_text("sk").unwrap_or_default().to_owned(), read_outbox(item))
            })
            .collect();
        let stopped = outboxes.last().map(|(id, _)| id.clone()).filter(|_| !ended);
        Ok(Survey { outboxes, stopped })
    }
}

fn ulid(id: &str) -> Result<Ulid, StoreError> {
    Ulid::from_string(id).map_err(|_| StoreError::unreadable(TABLE, id.to_owned(), "sk"))
}
