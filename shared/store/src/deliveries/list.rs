//! Deliveries as people look for them: one by its id, or a page of them, newest first.
//!
//! Always a query: by account, by status where few stand so (the index `by-status`) or by endpoint (`by-endpoint`), and
//! within each by the time in the ids. What is no key is filtered, over a bounded number of deliveries in one call: the
//! next page goes on from there.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use domain::delivery::{Delivery, DeliveryStatus};
use domain::events::EventName;
use jiff::Timestamp;

use super::super::item::{Item, Reader, s};
use super::super::range::IdRange;
use super::super::{StoreError, batch_get, tables};
use super::stored::{account_status, read};
use super::{Deliveries, TABLE};

/// A list has no use for attempts, which are most of an item.
const SUMMARY: &str = "pk, sk, endpoint, eventId, #event, outboxId, #status, attemptCount, seriesStart, series, \
                       #trigger, nextAttemptAt, claimedUntil, waitingSince, createdAt, completedAt, #test, lastAttempt";
/// Names of [`SUMMARY`] that DynamoDB has a meaning of its own for, or may get one.
const NAMES: [(&str, &str); 4] =
    [("#event", "event"), ("#status", "status"), ("#trigger", "trigger"), ("#test", "test")];
/// The most that the first query looks at when there is a filter, and each of an index: as many as one batch reads.
const EXAMINED: i32 = 100;
/// The most that a later query of an account looks at: what was not among the first is rare.
const EXAMINED_LATER: i32 = 1_000;
/// The most queries for one page.
const MAX_QUERIES: usize = 10;

/// Where a search begins: the smallest set of deliveries that has a key.
enum Among {
    Account,
    /// Of an index, with its partition key.
    Index(&'static str, &'static str, String),
}

/// Which deliveries are wanted; `None` = any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter<'a> {
    /// Of this endpoint.
    pub endpoint_id: Option<&'a str>,
    /// Of events of this name.
    pub event: Option<EventName>,
    /// Of this event.
    pub event_id: Option<&'a str>,
    /// That stand so.
    pub status: Option<DeliveryStatus>,
    /// Of events from this instant on.
    pub since: Option<Timestamp>,
    /// Of events before this instant.
    pub until: Option<Timestamp>,
}

/// A page of deliveries, without their attempts.
#[derive(Debug, Default)]
pub struct DeliveryPage {
    /// Newest first.
    pub deliveries: Vec<Delivery>,
    /// The id after which the search goes on, if it did not come to an end.
    pub stopped: Option<String>,
}

impl Filter<'_> {
    /// The span of ids in which the wanted ones lie, after `after`.
    fn range(&self, after: Option<&str>) -> IdRange {
        let mut range = IdRange::default();
        if let Some(since) = self.since {
            range = range.since(since);
        }
        if let Some(until) = self.until {
            range = range.until(until);
        }
        if let Some(event_id) = self.event_id {
            range = range.at_the_time_of(event_id);
        }
        after.map_or(range, |after| range.before(after))
    }

    fn among(&self, account: &str) -> Among {
        match (self.status.filter(|status| status.is_rare()), self.endpoint_id) {
            (Some(status), _) => Among::Index(tables::BY_STATUS, "accountStatus", account_status(account, status)),
            (None, Some(id)) => Among::Index(tables::BY_ENDPOINT, "endpoint", format!("{account}#{id}")),
            (None, None) => Among::Account,
        }
    }

    /// Whether something is to be found that the key of `among` does not tell.
    fn needs_search(&self, among: &Among) -> bool {
        let status_is_key = matches!(among, Among::Index(tables::BY_STATUS, ..));
        let unkeyed = if status_is_key { self.endpoint_id.is_some() } else { self.status.is_some() };
        self.event.is_some() || self.event_id.is_some() || unkeyed
    }

    fn matches(&self, delivery: &Delivery) -> bool {
        self.endpoint_id.is_none_or(|id| delivery.endpoint_id == id)
            && self.event.is_none_or(|event| delivery.event == event)
            && self.event_id.is_none_or(|id| delivery.event_id == id)
            && self.status.is_none_or(|status| delivery.status == status)
    }

    /// What DynamoDB filters by, with its values.
    fn expression(&self) -> (Option<String>, Item) {
        let values = [
            ("#event", ":event", self.event.map(EventName::as_str)),
            ("eventId", ":eventId", self.event_id),
            ("#status", ":status", self.status.map(DeliveryStatus::as_str)),
        ];
        let wanted = values.iter().filter_map(|(name, key, value)| value.map(|value| (*name, *key, value)));
        let (terms, values): (Vec<String>, Item) =
            wanted.map(|(name, key, value)| (format!("{name} = {key}"), (key.to_owned(), s(value)))).unzip();
        ((!terms.is_empty()).then(|| terms.join(" AND ")), values)
    }
}

impl Deliveries {
    /// One delivery with its attempts.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn get(&self, account: &str, id: &str) -> Result<Option<Delivery>, StoreError> {
        let output = self
            .db
            .get_item()
            .table_name(&self.table)
            .key("pk", s(account))
            .key("sk", s(id))
            .consistent_read(true)
            .send()
            .await
            .map_err(StoreError::call("GetItem delivery"))?;
        output.item().map(read).transpose()
    }

    /// The account's deliveries that `filter` wants, newest event first, after the id `after`: `limit` of them or some
    /// more, or fewer when the search ended early.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn page(
        &self,
        account: &str,
        filter: &Filter<'_>,
        after: Option<&str>,
        limit: i32,
    ) -> Result<DeliveryPage, StoreError> {
        let mut page = DeliveryPage { deliveries: Vec::new(), stopped: after.map(str::to_owned) };
        let among = filter.among(account);
        for query in 0..MAX_QUERIES {
            let examined = match &among {
                _ if !filter.needs_search(&among) => limit,
                Among::Account if query > 0 => EXAMINED_LATER,
                Among::Account => EXAMINED.max(limit),
                Among::Index(..) => EXAMINED,
            };
            let range = filter.range(page.stopped.as_deref());
            if range.is_empty() {
                page.stopped = None;
                break;
            }
            let (found, stopped) = match &among {
                Among::Index(index, attribute, key) => {
                    self.of_index((index, attribute, key), filter, range, examined).await?
                }
                Among::Account => self.of_account(account, filter, range, examined).await?,
            };
            page.deliveries.extend(found);
            page.stopped = stopped;
            if page.stopped.is_none() || page.deliveries.len() >= usize::try_from(limit).unwrap_or_default() {
                break;
            }
        }
        Ok(page)
    }

    async fn of_account(
        &self,
        account: &str,
        filter: &Filter<'_>,
        range: IdRange,
        examined: i32,
    ) -> Result<(Vec<Delivery>, Option<String>), StoreError> {
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
        let deliveries = output.items().iter().map(read).collect::<Result<_, _>>()?;
        Ok((deliveries, stopped(output.last_evaluated_key())))
    }

    /// By an index, which has keys only: what they lead to is read in batches.
    async fn of_index(
        &self,
        (index, attribute, key): (&str, &str, &str),
        filter: &Filter<'_>,
        range: IdRange,
        examined: i32,
    ) -> Result<(Vec<Delivery>, Option<String>), StoreError> {
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
        Ok((deliveries, stopped(output.last_evaluated_key())))
    }

    /// Those of these deliveries that there are, without their attempts, in no order.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn existing(&self, account: &str, ids: &[String]) -> Result<Vec<Delivery>, StoreError> {
        let mut deliveries = Vec::with_capacity(ids.len());
        for ids in ids.chunks(100) {
            let keys = ids.iter().map(|id| Item::from([("pk".to_owned(), s(account)), ("sk".to_owned(), s(id))]));
            deliveries.extend(self.summaries(&keys.collect::<Vec<_>>()).await?);
        }
        Ok(deliveries)
    }

    /// What lies under these keys, at most 100, in no order.
    async fn summaries(&self, found: &[Item]) -> Result<Vec<Delivery>, StoreError> {
        let key = |item: &Item, name: &str| item.get(name).cloned().map(|value| (name.to_owned(), value));
        let keys = found.iter().map(|item| ["pk", "sk"].into_iter().filter_map(|name| key(item, name)).collect());
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

/// Where a query stopped, unless it came to the end.
fn stopped(key: Option<&Item>) -> Option<String> {
    let reader = Reader { table: TABLE, item: key? };
    reader.opt_text("sk").map(str::to_owned)
}
