//! Deliveries as people look for them: one by its id, or a page of them, newest first.
//!
//! Always queries: of those with an item of their own by account, by a status that few deliveries have (the index
//! `by-status`) or by endpoint (`by-endpoint`), and beside these, unless the status says that there are none, of the
//! items that the deliveries of an event share; within each by the time in the ids. What no key tells is filtered, over
//! a bounded number of deliveries in one call: the next page goes on from there.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_dynamodb::types::KeysAndAttributes;
use domain::delivery::Delivery;
use telemetry::causes::causes;

use super::filter::{Among, Filter};
use super::stored::read;
use super::{Deliveries, TABLE};
use crate::StoreError;
use crate::batch::batch_get;
use crate::item::{Item, s};
use crate::range::IdRange;
use crate::search::{Found, search, stopped};

/// What a list reads of an item: not the attempts, which are most of it.
const SUMMARY: &str = "pk, sk, endpoint, eventId, #event, subject, outboxId, #status, attemptCount, seriesStart, series, \
                       #trigger, nextAttemptAt, claimedUntil, waitingSince, paced, createdAt, completedAt, #test, \
                       lastAttempt";
/// Attributes of [`SUMMARY`] that are reserved words of DynamoDB, or may become one.
const NAMES: [(&str, &str); 4] =
    [("#event", "event"), ("#status", "status"), ("#trigger", "trigger"), ("#test", "test")];
/// How many items the first query examines when there is a filter, and every query of an index: as many as one batch
/// reads.
const EXAMINED: i32 = 100;
/// How many a later query of an account examines: a match that was not among the first is rare.
const EXAMINED_LATER: i32 = 1_000;
/// How many queries are made for one page.
const MAX_QUERIES: usize = 10;

/// A page of deliveries, without their attempts.
#[derive(Debug, Default)]
pub struct DeliveryPage {
    /// Newest first.
    pub deliveries: Vec<Delivery>,
    /// The id after which the next page begins; `None` at the end of the list.
    pub stopped: Option<String>,
}

impl Deliveries {
    /// The account's deliveries that `filter` wants, newest event first, after the id `after`: `limit` of them or
    /// somewhat more, or fewer when the search stopped early. A query examines 100 to 1,000 items when there is a
    /// filter that no key tells, `limit` otherwise, and a page takes ten queries at most. Reads are eventually
    /// consistent.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, or an item that an index leads to can't be read.
    pub async fn page(
        &self,
        account: &str,
        filter: &Filter<'_>,
        after: Option<&str>,
        limit: i32,
    ) -> Result<DeliveryPage, StoreError> {
        let among = &filter.among(account);
        // What one query has seen to its end needs no further one.
        let no_shared = filter.own_items || among.is_by_status();
        let (own_ended, shared_ended) = (&AtomicBool::new(false), &AtomicBool::new(no_shared));
        let query = async |number, after: Option<String>| {
            let range = filter.range(after.as_deref());
            if range.is_empty() {
                return Ok(Found::nothing());
            }
            let searching = if number > 0 { EXAMINED_LATER } else { EXAMINED.max(limit) };
            let examined = match among {
                _ if !filter.needs_search(among) => limit,
                Among::Account => searching,
                Among::Index(..) => EXAMINED,
            };
            // Of these no key tells the endpoint.
            let examined_shared = if filter.endpoint_id.is_some() { searching } else { examined };
            let own = async || match among {
                Among::Account => self.of_account(account, filter, range, examined).await,
                Among::Index(index, attribute, key) => {
                    self.of_index((index, attribute, key), filter, range, examined).await
                }
            };
            let shared = async || self.of_shared(account, filter, range, examined_shared).await;
            // One after the other: what moves out of a shared item meanwhile is found twice, and never missed.
            let shared = unless_ended(shared_ended, shared).await?;
            let own = unless_ended(own_ended, own).await?;
            Ok(both([(own, own_ended), (shared, shared_ended)]))
        };
        let Found { items, stopped } = search(after, limit, MAX_QUERIES, query).await?;
        Ok(DeliveryPage { deliveries: items, stopped })
    }

    async fn of_account(
        &self,
        account: &str,
        filter: &Filter<'_>,
        range: IdRange,
        examined: i32,
    ) -> Result<Found<Delivery>, StoreError> {
        let (low, high) = range.keys("dlv_");
        let (expression, values) = filter.expression();
        let mut call = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
            .set_filter_expression(expression)
            .projection_expression(SUMMARY)
            .set_expression_attribute_values(Some(values))
            .expression_attribute_values(":pk", s(account))
            .expression_attribute_values(":low", s(low))
            .expression_attribute_values(":high", s(high))
            .scan_index_forward(false)
            .limit(examined);
        for (short, name) in NAMES {
            call = call.expression_attribute_names(short, name);
        }
        let output = call.send().await.map_err(StoreError::call("Query deliveries"))?;
        let items = output.items().iter().filter_map(read_or_log).collect();
        Ok(Found { items, stopped: stopped(TABLE, output.last_evaluated_key()) })
    }

    async fn of_shared(
        &self,
        account: &str,
        filter: &Filter<'_>,
        range: IdRange,
        examined: i32,
    ) -> Result<Found<Delivery>, StoreError> {
        let mut found = self.latest_shared(account, range, examined).await?;
        found.items.retain(|delivery| filter.matches(delivery));
        Ok(found)
    }

    /// By an index, which projects keys only: the items are read in batches of 100, and filtered here.
    async fn of_index(
        &self,
        (index, attribute, key): (&str, &str, &str),
        filter: &Filter<'_>,
        range: IdRange,
        examined: i32,
    ) -> Result<Found<Delivery>, StoreError> {
        let (low, high) = range.keys("dlv_");
        let output = self
            .db
            .query()
            .table_name(&self.table)
            .index_name(index)
            .key_condition_expression(format!("{attribute} = :key AND sk BETWEEN :low AND :high"))
            .expression_attribute_values(":key", s(key))
            .expression_attribute_values(":low", s(low))
            .expression_attribute_values(":high", s(high))
            .scan_index_forward(false)
            .limit(examined)
            .send()
            .await
            .map_err(StoreError::call("Query index of deliveries"))?;
        let mut deliveries = Vec::with_capacity(output.items().len());
        for keys in output.items().chunks(100) {
            deliveries.extend(self.summaries(keys).await?);
        }
        deliveries.sort_unstable_by(|one, other| other.id.cmp(&one.id));
        deliveries.retain(|delivery| filter.matches(delivery));
        Ok(Found { items: deliveries, stopped: stopped(TABLE, output.last_evaluated_key()) })
    }

    /// The deliveries at the keys of these items, at most 100, in no order.
    pub(super) async fn summaries(&self, found: &[Item]) -> Result<Vec<Delivery>, StoreError> {
        let attribute = |item: &Item, name: &str| item.get(name).cloned().map(|value| (name.to_owned(), value));
        let keys = found.iter().map(|item| ["pk", "sk"].into_iter().filter_map(|name| attribute(item, name)).collect());
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys.collect()))
            .projection_expression(SUMMARY)
            .set_expression_attribute_names(Some(NAMES.map(|(short, name)| (short.to_owned(), name.to_owned())).into()))
            .build()
            .map_err(StoreError::built("BatchGetItem deliveries"))?;
        let wanted = HashMap::from([(self.table.clone(), wanted)]);
        let items = batch_get(&self.db, wanted, "BatchGetItem deliveries").await?;
        items.iter().map(|(_, item)| read(item)).collect()
    }
}

/// One that can't be read must not keep people, and statistics, from the others.
fn read_or_log(item: &Item) -> Option<Delivery> {
    let read = read(item);
    read.inspect_err(|error| tracing::error!(error = %causes(error), "a delivery can't be read and is left out")).ok()
}

/// What a query finds; nothing when one has ended before.
async fn unless_ended(
    ended: &AtomicBool,
    query: impl AsyncFnOnce() -> Result<Found<Delivery>, StoreError>,
) -> Result<Found<Delivery>, StoreError> {
    if ended.load(Ordering::Relaxed) { Ok(Found::nothing()) } else { query().await }
}

/// What two searches of one range have found together, newest first: as far as both have come, and what both have found as
/// the first of them has it. One has ended when there is nothing behind what it found, and all of that is taken.
fn both(searches: [(Found<Delivery>, &AtomicBool); 2]) -> Found<Delivery> {
    let stopped = searches.iter().filter_map(|(found, _)| found.stopped.clone()).max();
    let mut items = Vec::new();
    for (mut found, ended) in searches {
        let count = found.items.len();
        found.items.retain(|delivery| stopped.as_ref().is_none_or(|stopped| delivery.id >= *stopped));
        ended.store(found.stopped.is_none() && found.items.len() == count, Ordering::Relaxed);
        items.extend(found.items);
    }
    items.sort_by(|one, other| other.id.cmp(&one.id));
    items.dedup_by(|one, other| one.id == other.id);
    Found { items, stopped }
}
