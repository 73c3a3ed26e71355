//! Shared items by the time of their events: the deliveries in them, and what the sweeper asks of them.

use domain::delivery::Delivery;
use domain::ids::ulid_of;
use telemetry::causes::causes;
use ulid::Ulid;

use super::shared::{SharedItem, event_of};
use super::{Deliveries, TABLE};
use crate::StoreError;
use crate::item::{Item, Reader, key, s};
use crate::range::{IdRange, Order};
use crate::search::Found;

/// Sorts behind every number that a sort key may end with.
const BEHIND: char = '~';

/// A page of shared items.
#[derive(Debug, Default)]
pub(super) struct SharedPage {
    pub(super) items: Vec<SharedItem>,
    /// The sort key of the last one that was examined; `None` at the end of the range.
    pub(super) stopped: Option<String>,
}

/// A shared item; one that can't be read, such as one that a newer version has written, must not keep people from the
/// others, nor the sweeper.
fn read_or_log(item: &Item) -> Option<SharedItem> {
    let read = SharedItem::read(item);
    read.inspect_err(
        |error| tracing::error!(error = %causes(error), "shared deliveries can't be read and are left out"),
    )
    .ok()
}

impl Deliveries {
    /// Shared items of the events in `range`, behind the sort key `after`. One query, which examines `limit` items.
    pub(super) async fn shared(
        &self,
        account: &str,
        range: IdRange,
        order: Order,
        after: Option<&str>,
        limit: Option<i32>,
        consistent: bool,
    ) -> Result<SharedPage, StoreError> {
        let (low, high) = range.keys("evt_");
        let output = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
            .expression_attribute_values(":pk", s(account))
            .expression_attribute_values(":low", s(low))
            .expression_attribute_values(":high", s(format!("{high}{BEHIND}")))
            .scan_index_forward(order == Order::OldestFirst)
            .set_exclusive_start_key(after.map(|after| key(account, after)))
            .set_limit(limit)
            .consistent_read(consistent)
            .send()
            .await
            .map_err(StoreError::call("Query shared deliveries"))?;
        let items = output.items().iter().filter_map(read_or_log).collect();
        let stopped = output.last_evaluated_key().map(|item| Reader { table: TABLE, item }.string("sk")).transpose()?;
        Ok(SharedPage { items, stopped })
    }

    /// All shared items of the events in `range`, read consistently, oldest first.
    pub(super) async fn all_shared(&self, account: &str, range: IdRange) -> Result<Vec<SharedItem>, StoreError> {
        let (mut items, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = self.shared(account, range, Order::OldestFirst, after.as_deref(), None, true).await?;
            items.extend(page.items);
            after = page.stopped;
            if after.is_none() {
                return Ok(items);
            }
        }
    }

    /// The shared items of one event.
    pub(super) async fn shared_of(&self, account: &str, event_id: &str) -> Result<Vec<SharedItem>, StoreError> {
        let Some(ulid) = ulid_of(event_id) else { return Ok(Vec::new()) };
        self.all_shared(account, IdRange::between(ulid, ulid)).await
    }

    /// Deliveries in shared items whose ids are in `range`, newest first: those of about `limit` items, and of whole
    /// milliseconds, since the ids of a millisecond's deliveries are in no order with those of its events.
    pub(super) async fn latest_shared(
        &self,
        account: &str,
        range: IdRange,
        limit: i32,
    ) -> Result<Found<Delivery>, StoreError> {
        let events = range.whole_milliseconds();
        let mut page = self.shared(account, events, Order::NewestFirst, None, Some(limit), false).await?;
        let mut items = std::mem::take(&mut page.items);
        let mut stopped = None;
        if let Some(last) = page.stopped {
            let same_time = events.at_the_time_of(event_of(&last));
            let mut after = Some(last.clone());
            while let Some(from) = after {
                let rest = self.shared(account, same_time, Order::NewestFirst, Some(&from), None, false).await?;
                items.extend(rest.items);
                after = rest.stopped;
            }
            stopped = ulid_of(event_of(&last)).map(|ulid| format!("dlv_{}", Ulid::from_parts(ulid.timestamp_ms(), 0)));
        }
        let mut deliveries: Vec<Delivery> = items.iter().flat_map(SharedItem::deliveries).collect();
        deliveries.retain(|delivery| range.contains(&delivery.id));
        deliveries.sort_unstable_by(|one, other| other.id.cmp(&one.id));
        Ok(Found { items: deliveries, stopped })
    }
}
