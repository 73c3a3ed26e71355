//! Events as people look for them: newest first.

use domain::events::EventName;
use domain::outbox::Outbox;

use super::feed::{EXAMINED, MAX_QUERIES};
use super::{Events, FeedEvent, read_outbox};
use crate::StoreError;
use crate::range::{IdRange, Order};

/// A page of events.
#[derive(Debug, Default)]
pub struct LatestEvents {
    /// Newest first, without test sends.
    pub events: Vec<FeedEvent>,
    /// The id before which the next page begins; `None` at the end of the list.
    pub stopped: Option<String>,
}

impl LatestEvents {
    /// Adds the events of `outbox` that are before the event `before` and called `name`, up to `limit` events in all.
    fn take(&mut self, outbox: Outbox, before: Option<&str>, name: Option<EventName>, limit: usize) {
        let Outbox { request_id, key_line, events, .. } = outbox;
        let wanted = events.into_iter().rev().filter(|event| {
            name.is_none_or(|name| event.name == name) && before.is_none_or(|before| event.id.as_str() < before)
        });
        let room = limit - self.events.len();
        let found = |event| FeedEvent { event, request_id: request_id.clone(), key_line: key_line.clone() };
        self.events.extend(wanted.take(room).map(found));
    }
}

impl Events {
    /// The account's events before the event `before` if given, newest first, only those of type `name` if given,
    /// without test sends: `limit` of them, or fewer when the search stopped early, after five queries. Read
    /// consistently.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn latest(
        &self,
        account: &str,
        before: Option<&str>,
        name: Option<EventName>,
        limit: usize,
    ) -> Result<LatestEvents, StoreError> {
        let mut page = LatestEvents { events: Vec::new(), stopped: before.map(str::to_owned) };
        for _ in 0..MAX_QUERIES {
            let range = page.stopped.as_deref().map_or(IdRange::default(), |id| IdRange::default().before(id));
            if range.is_empty() {
                page.stopped = None;
                return Ok(page);
            }
            let (items, ended) = self.outboxes(account, range, Order::NewestFirst, EXAMINED).await?;
            for item in items {
                let outbox = read_outbox(item)?;
                page.stopped = Some(format!("evt_{}", outbox.id));
                if !outbox.test {
                    page.take(outbox, before, name, limit);
                }
                if page.events.len() == limit {
                    page.stopped = page.events.last().map(|last| last.event.id.clone());
                    return Ok(page);
                }
            }
            if ended {
                page.stopped = None;
                return Ok(page);
            }
        }
        Ok(page)
    }
}
