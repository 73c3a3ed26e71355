//! Alerts with something that was not published.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use domain::alert::Alert;
use telemetry::causes::causes;

use super::{Alerts, TABLE};
use crate::batch::batch_get;
use crate::conditional::unless_refused;
use crate::item::{Item, Reader, key, s};
use crate::shard::Shard;
use crate::{StoreError, tables};

/// A page of one shard.
#[derive(Debug, Default)]
pub struct Unpublished {
    /// Each with its account, oldest first.
    pub alerts: Vec<(String, Alert)>,
    /// The id behind which the next page begins; `None` at the end of the shard.
    pub next: Option<String>,
}

impl Alerts {
    /// Alerts of one shard that are not published, oldest first, behind the id `after`. Reads `limit` entries of
    /// `by-unpublished`, 100 at most, and then the alerts; one that can't be read is logged and left out.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an entry can't be read.
    pub async fn unpublished(&self, shard: Shard, after: Option<&str>, limit: i32) -> Result<Unpublished, StoreError> {
        let condition = if after.is_some() { "unpublished = :shard AND sk > :after" } else { "unpublished = :shard" };
        let output = self
            .db
            .query()
            .table_name(&self.table)
            .index_name(tables::BY_UNPUBLISHED)
            .key_condition_expression(condition)
            .set_expression_attribute_values(after.map(|after| Item::from([(":after".to_owned(), s(after))])))
            .expression_attribute_values(":shard", s(shard.key()))
            .limit(limit)
            .send()
            .await
            .map_err(StoreError::call("Query unpublished alerts"))?;
        let keys: Vec<Item> = output.items().iter().map(key_of).collect::<Result<_, _>>()?;
        let next = output.last_evaluated_key().map(|last| Reader { table: TABLE, item: last }.string("sk"));
        let mut alerts = self.read(keys).await?;
        // The index lags: what was published or rolled up meanwhile is left out.
        alerts.retain(|item| item.contains_key("unpublished"));
        let mut alerts: Vec<(String, Alert)> = alerts.iter().filter_map(readable).collect();
        alerts.sort_by(|(_, one), (_, other)| one.id.cmp(&other.id));
        Ok(Unpublished { alerts, next: next.transpose()? })
    }

    /// The items with these keys, a hundred at most, consistent and in no order.
    pub(super) async fn read(&self, keys: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        let wanted = wanted.map_err(StoreError::built("BatchGetItem alerts"))?;
        let found = batch_get(&self.db, HashMap::from([(self.table.clone(), wanted)]), "BatchGetItem alerts").await?;
        Ok(found.into_iter().map(|(_, item)| item).collect())
    }

    /// Records that an alert about one occurrence was published, which takes it out of `by-unpublished`. Nothing happens
    /// when the alert is gone: its retention was over meanwhile.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn published(&self, account: &str, id: &str) -> Result<(), StoreError> {
        let outcome = self
            .db
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(account, id)))
            .update_expression("REMOVE unpublished")
            .condition_expression("attribute_exists(pk)")
            .send()
            .await;
        unless_refused(outcome, "UpdateItem alert")?;
        Ok(())
    }
}

fn key_of(entry: &Item) -> Result<Item, StoreError> {
    let entry = Reader { table: TABLE, item: entry };
    Ok(key(entry.text("pk")?, entry.text("sk")?))
}

/// An alert with its account.
fn readable(item: &Item) -> Option<(String, Alert)> {
    let reader = Reader { table: TABLE, item };
    match reader.string("pk").and_then(|account| Ok((account, reader.json("alert")?))) {
        Ok(alert) => Some(alert),
        Err(error) => {
            let (error, alert_id) = (causes(&error), reader.opt_text("sk").unwrap_or_default());
            tracing::error!(error, alert_id, "an alert can't be read, and is not published");
            None
        }
    }
}
