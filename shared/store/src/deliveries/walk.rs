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

/// Shared items, in order of their events.
#[derive(Debug, Default)]
pub(super) struct SharedPage {
    pub(super) items: Vec<SharedItem>,
    /// The sort keys of those that can't be read, such as one that a newer version has written, each with why.
    pub(super) unreadable: Vec<(String, StoreError)>,
    /// The sort key of the last one that was examined; `None` at the end of the range.
    stopped: Option<String>,
}

impl SharedPage {
    fn add(&mut self, item: &Item) {
        match SharedItem::read(item) {
            Ok(item) => self.items.push(item),
            Err(error) => {
                let sort_key = Reader { table: TABLE, item }.opt_text("sk").unwrap_or_default().to_owned();
                self.unreadable.push((sort_key, error));
            }
        }
    }

    fn append(&mut self, page: Self) {
        self.items.extend(page.items);
        self.unreadable.extend(page.unreadable);
        self.stopped = page.stopped;
    }

    /// The items for people, who must get the others when one can't be read.
    pub(super) fn readable(self) -> Vec<SharedItem> {
        for (_, error) in &self.unreadable {
            tracing::error!(error = %causes(error), "shared deliveries can't be read and are left out");
        }
        self.items
    }

    /// The items for a decision that needs all of them.
    ///
    /// # Errors
    /// When one of them can't be read.
    fn all(mut self) -> Result<Vec<SharedItem>, StoreError> {
        self.unreadable.pop().map_or(Ok(self.items), |(_, error)| Err(error))
    }
}

impl Deliveries {
    /// Shared items of the events in `range`, behind the sort key `after`. One query, which examines `limit` items.
    async fn shared(
        &self,
        account: &str,
        range: IdRange,
        order: Order,
        after: Option<&str>,
        limit: Option<i32>,
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
            // What is decided oldest first must not be decided on what is out of date.
            .consistent_read(order == Order::OldestFirst)
            .send()
            .await
            .map_err(StoreError::call("Query shared deliveries"))?;
        let mut page = SharedPage::default();
        output.items().iter().for_each(|item| page.add(item));
        page.stopped =
            output.last_evaluated_key().map(|item| Reader { table: TABLE, item }.string("sk")).transpose()?;
        Ok(page)
    }

    /// All shared items of the events in `range` behind the sort key `after`.
    async fn rest_of_shared(
        &self,
        account: &str,
        range: IdRange,
        order: Order,
        after: Option<String>,
    ) -> Result<SharedPage, StoreError> {
        let mut all = SharedPage { stopped: after, ..SharedPage::default() };
        loop {
            let page = self.shared(account, range, order, all.stopped.as_deref(), None).await?;
            all.append(page);
            if all.stopped.is_none() {
                return Ok(all);
            }
        }
    }

    /// All shared items of the events in `range`, read consistently, oldest first.
    pub(super) async fn all_shared(&self, account: &str, range: IdRange) -> Result<SharedPage, StoreError> {
        self.rest_of_shared(account, range, Order::OldestFirst, None).await
    }

    /// The shared items of one event, read consistently.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or one of them can't be read.
    pub(super) async fn shared_of(&self, account: &str, event_id: &str) -> Result<Vec<SharedItem>, StoreError> {
        let Some(ulid) = ulid_of(event_id) else { return Ok(Vec::new()) };
        self.all_shared(account, IdRange::between(ulid, ulid)).await?.all()
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
        let mut page = self.shared(account, events, Order::NewestFirst, None, Some(limit)).await?;
        let mut stopped = None;
        if let Some(last) = page.stopped.clone() {
            let same_time = events.at_the_time_of(event_of(&last));
            stopped = ulid_of(event_of(&last)).map(|ulid| format!("dlv_{}", Ulid::from_parts(ulid.timestamp_ms(), 0)));
            page.append(self.rest_of_shared(account, same_time, Order::NewestFirst, Some(last)).await?);
        }
        let mut deliveries: Vec<Delivery> = page.readable().iter().flat_map(SharedItem::deliveries).collect();
        deliveries.retain(|delivery| range.contains(&delivery.id));
        deliveries.sort_unstable_by(|one, other| other.id.cmp(&one.id));
        Ok(Found { items: deliveries, stopped })
    }
}
