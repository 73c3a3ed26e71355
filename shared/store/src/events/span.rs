//! The outbox items of a span of time, for replays.

use domain::outbox::Outbox;
use jiff::Timestamp;
use ulid::Ulid;

use super::{Events, TABLE, read_outbox};
use crate::StoreError;
use crate::range::{IdRange, Order};

/// A page of outbox items.
#[derive(Debug, Default)]
pub struct OutboxPage {
    /// Oldest first, without test sends.
    pub outboxes: Vec<Outbox>,
    /// The id behind which the next page begins; `None` at the end of the span.
    pub stopped: Option<String>,
}

/// When the events of `outbox` were raised, to the millisecond, by its id.
///
/// # Errors
/// When the id is not a ULID.
pub fn raised_at(outbox: &Outbox) -> Result<Timestamp, StoreError> {
    let millis = i64::try_from(ulid(&outbox.id)?.timestamp_ms()).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(millis).map_err(|_| StoreError::unreadable(TABLE, outbox.id.clone(), "sk"))
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
}

fn ulid(id: &str) -> Result<Ulid, StoreError> {
    Ulid::from_string(id).map_err(|_| StoreError::unreadable(TABLE, id.to_owned(), "sk"))
}
