//! Alerts: what a person has to be told.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};

use super::StoreError;
use super::item::{json, n, s};
use crate::alert::Alert;

/// Alerts are kept 90 days.
const RETENTION_SECONDS: i64 = 90 * 86_400;

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

    /// The write of an alert, for the transaction of what it tells of.
    pub(crate) fn write(&self, account: &str, alert: &Alert) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .item("pk", s(account))
            .item("sk", s(&alert.id))
            .item("alert", json(alert))
            .item("expiresAt", n(alert.created_at.as_second() + RETENTION_SECONDS))
            .build()
            .map_err(|e| StoreError::operation("Put alert", e))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Stores an alert.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn put(&self, account: &str, alert: &Alert) -> Result<(), StoreError> {
        self.db
            .put_item()
            .table_name(&self.table)
            .item("pk", s(account))
            .item("sk", s(&alert.id))
            .item("alert", json(alert))
            .item("expiresAt", n(alert.created_at.as_second() + RETENTION_SECONDS))
            .send()
            .await
            .map_err(StoreError::call("PutItem alert"))?;
        Ok(())
    }
}
