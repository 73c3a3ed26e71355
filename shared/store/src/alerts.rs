//! Alerts: what a person has to be told.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use domain::alert::{Alert, AlertKind};
use domain::ids::ulid_of;
use telemetry::causes::causes;

use super::Client;
use super::item::{Item, Reader, json, n, s};
use super::range::IdRange;
use super::shard::Shard;
use super::{StoreError, pause_before, tables};

const TABLE: &str = "alerts";

/// Alerts are kept 90 days.
const RETENTION_SECONDS: i64 = 90 * 86_400;

/// How often a change is tried that meets other writes.
const MAX_TRIES: u32 = 5;
/// The most that one query looks at when only some alerts are wanted.
const EXAMINED: i32 = 500;
/// The most queries for one page.
const MAX_QUERIES: usize = 5;

/// Which alerts are wanted; `None` = any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AlertFilter<'a> {
    /// Of this kind.
    pub kind: Option<AlertKind>,
    /// Of this endpoint.
    pub endpoint_id: Option<&'a str>,
}

/// A page of alerts.
#[derive(Debug, Default)]
pub struct AlertPage {
    /// Newest first.
    pub alerts: Vec<Alert>,
    /// The id after which the search goes on, if it did not come to an end.
    pub stopped: Option<String>,
}

impl AlertFilter<'_> {
    fn expression(&self) -> (Option<String>, Item) {
        let values =
            [("kind", ":kind", self.kind.map(AlertKind::as_str)), ("endpointId", ":endpoint", self.endpoint_id)];
        let wanted = values.iter().filter_map(|(name, key, value)| value.map(|value| (*name, *key, value)));
        let (terms, values): (Vec<String>, Item) =
            wanted.map(|(name, key, value)| (format!("{name} = {key}"), (key.to_owned(), s(value)))).unzip();
        ((!terms.is_empty()).then(|| terms.join(" AND ")), values)
    }
}

/// The table of alerts.
#[derive(Debug, Clone)]
pub struct Alerts {
    db: Client,
    table: String,
}

impl Alerts {
    /// On the table with this name.
    #[must_use]
    pub fn new(db: Client, table: String) -> Self {
        Self { db, table }
    }

    /// Makes a change together with the alert that tells of it, or neither: there is no change that nobody was told of,
    /// and none that is told twice. Returns false, and stores nothing, when the condition of the change does not hold.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, or others change the same item over and over.
    pub(super) async fn tell(&self, change: Update, account: &str, alert: &Alert) -> Result<bool, StoreError> {
        for tries in 0..MAX_TRIES {
            // Many workers note how one endpoint does; DynamoDB cancels a transaction that meets another write.
            pause_before(tries).await;
            match self.tell_once(change.clone(), account, alert).await {
                Err(StoreError::Contention(_)) => {}
                told => return told,
            }
        }
        Err(StoreError::Contention(TABLE))
    }

    async fn tell_once(&self, change: Update, account: &str, alert: &Alert) -> Result<bool, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(to_item(account, alert)))
            .build()
            .map_err(StoreError::built("Put alert"))?;
        let outcome = self
            .db
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().update(change).build())
            .transact_items(TransactWriteItem::builder().put(put).build())
            .send()
            .await;
        match outcome.map_err(SdkError::into_service_error) {
            Ok(_) => {
                log(account, alert);
                Ok(true)
            }
            Err(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                let reason = cancelled.cancellation_reasons().first().and_then(|reason| reason.code());
                if reason == Some("ConditionalCheckFailed") { Ok(false) } else { Err(StoreError::Contention(TABLE)) }
            }
            Err(other) => Err(StoreError::operation("TransactWriteItems alert", other)),
        }
    }

    /// Alerts of one shard that are not published, oldest first, at most `limit` of them, each with its account.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn unpublished(&self, shard: Shard, limit: i32) -> Result<Vec<(String, Alert)>, StoreError> {
        let output = self
            .db
            .query()
            .table_name(&self.table)
            .index_name(tables::BY_UNPUBLISHED)
            .key_condition_expression("unpublished = :shard")
            .expression_attribute_values(":shard", s(shard.key()))
            .limit(limit)
            .send()
            .await
            .map_err(StoreError::call("Query unpublished alerts"))?;
        let mut alerts = Vec::with_capacity(output.items().len());
        for key in output.items() {
            let key = Reader { table: TABLE, item: key };
            let (account, id) = (key.string("pk")?, key.string("sk")?);
            let call = self.db.get_item().table_name(&self.table).key("pk", s(&account)).key("sk", s(&id));
            let found = call.consistent_read(true).send().await.map_err(StoreError::call("GetItem alert"))?;
            // The index lags: one that was published meanwhile is left out.
            let alert = found.item().filter(|item| item.contains_key("unpublished"));
            if let Some(item) = alert {
                match (Reader { table: TABLE, item }).json("alert") {
                    Ok(alert) => alerts.push((account, alert)),
                    Err(error) => {
                        tracing::error!(error = %causes(&error), alert_id = id, "an alert can't be read, and is not published");
                    }
                }
            }
        }
        Ok(alerts)
    }

    /// Notes that an alert was published.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn published(&self, account: &str, id: &str) -> Result<(), StoreError> {
        let outcome = self
            .db
            .update_item()
            .table_name(&self.table)
            .key("pk", s(account))
            .key("sk", s(id))
            .update_expression("REMOVE unpublished")
            .condition_expression("attribute_exists(pk)")
            .send()
            .await;
        match outcome.map_err(SdkError::into_service_error) {
            // Its time has passed meanwhile.
            Ok(_) | Err(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
            Err(other) => Err(StoreError::operation("UpdateItem alert", other)),
        }
    }

    /// The account's alerts that `filter` wants, newest first, after the id `after`: `limit` of them or some more, or
    /// fewer when the search ended early.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn page(
        &self,
        account: &str,
        filter: &AlertFilter<'_>,
        after: Option<&str>,
        limit: i32,
    ) -> Result<AlertPage, StoreError> {
        let mut page = AlertPage { alerts: Vec::new(), stopped: after.map(str::to_owned) };
        let examined = if *filter == AlertFilter::default() { limit } else { EXAMINED };
        for _ in 0..MAX_QUERIES {
            let range = page.stopped.as_deref().map_or_else(IdRange::default, |after| IdRange::default().before(after));
            if range.is_empty() {
                page.stopped = None;
                break;
            }
            let (alerts, stopped) = self.query(account, filter, range, examined).await?;
            page.alerts.extend(alerts);
            page.stopped = stopped;
            if page.stopped.is_none() || page.alerts.len() >= usize::try_from(limit).unwrap_or_default() {
                break;
            }
        }
        Ok(page)
    }

    async fn query(
        &self,
        account: &str,
        filter: &AlertFilter<'_>,
        range: IdRange,
        examined: i32,
    ) -> Result<(Vec<Alert>, Option<String>), StoreError> {
        let (low, high) = range.keys("alr_");
        let (expression, values) = filter.expression();
        let output = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
            .set_filter_expression(expression)
            .set_expression_attribute_values(Some(values))
            .expression_attribute_values(":pk", s(account))
            .expression_attribute_values(":low", s(low))
            .expression_attribute_values(":high", s(high))
            .scan_index_forward(false)
            .limit(examined)
            .send()
            .await
            .map_err(StoreError::call("Query alerts"))?;
        let alerts = output.items().iter().map(|item| Reader { table: TABLE, item }.json("alert"));
        let stopped = output.last_evaluated_key().and_then(|key| Reader { table: TABLE, item: key }.opt_text("sk"));
        Ok((alerts.collect::<Result<_, _>>()?, stopped.map(str::to_owned)))
    }
}

/// The local system has nobody to publish to: there the log is where a person sees an alert.
fn log(account: &str, alert: &Alert) {
    tracing::warn!(
        account,
        alert_id = alert.id,
        endpoint_id = alert.endpoint_id,
        delivery_id = alert.delivery_id,
        status_code = alert.last_status_code,
        "alert: {message}",
        message = alert.message,
    );
}

fn to_item(account: &str, alert: &Alert) -> Item {
    Item::from([
        ("pk".to_owned(), s(account)),
        ("sk".to_owned(), s(&alert.id)),
        ("kind".to_owned(), s(alert.kind.as_str())),
        ("endpointId".to_owned(), s(&alert.endpoint_id)),
        ("alert".to_owned(), json(alert)),
        ("unpublished".to_owned(), s(Shard::of(ulid_of(&alert.id).unwrap_or_default()).key())),
        ("expiresAt".to_owned(), n(alert.created_at.as_second() + RETENTION_SECONDS)),
    ])
}
