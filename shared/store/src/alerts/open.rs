//! Pointers to the latest alert about failures, one for each endpoint: which one its next failure belongs to, and how many
//! an account has that are not resolved. One that is resolved is pointed to still: what failed before that belongs to it.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::alert::{Alert, AlertStatus};

use telemetry::causes::causes;

use super::{AlertFilter, AlertPage, Alerts, TABLE};
use crate::StoreError;
use crate::item::{Item, Reader, key, n, s};

/// What the sort keys of pointers begin with. Ids of alerts begin otherwise, so that no list of alerts has a pointer.
const POINTER: &str = "open#";
/// How many alerts are read at a time.
const BATCH: usize = 100;

/// Which alert a pointer points to.
pub(super) struct Pointer {
    pub(super) alert_id: String,
    /// The alert's status.
    standing: String,
}

impl Alerts {
    /// The alert that is open, or acknowledged, for an endpoint. Two reads of one item, consistent.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn open_at(&self, account: &str, endpoint: &str) -> Result<Option<Alert>, StoreError> {
        let Some(pointer) = self.pointer(account, endpoint).await? else { return Ok(None) };
        let found = unless_damaged(self.get(account, &pointer.alert_id).await)?;
        Ok(found.filter(is_unresolved))
    }

    /// The pointer of an endpoint. Its alert may be gone: both expire, in no order.
    pub(super) async fn pointer(&self, account: &str, endpoint: &str) -> Result<Option<Pointer>, StoreError> {
        let call = self.db.get_item().table_name(&self.table).set_key(Some(key(account, pointer_to(endpoint))));
        let found = call.consistent_read(true).send().await.map_err(StoreError::call("GetItem open alert"))?;
        let Some(item) = found.item() else { return Ok(None) };
        let reader = Reader { table: TABLE, item };
        Ok(Some(Pointer { alert_id: reader.string("alertId")?, standing: reader.string("standing")? }))
    }

    /// The alerts with this status, newest first, after the id `after`. Reads all pointers of the account, at most one for
    /// each endpoint and 150 bytes each, and `limit` alerts.
    pub(super) async fn unresolved(
        &self,
        account: &str,
        status: AlertStatus,
        filter: &AlertFilter<'_>,
        after: Option<&str>,
        limit: i32,
    ) -> Result<AlertPage, StoreError> {
        let mut ids = self.pointed_to(account, status, filter.endpoint_id).await?;
        ids.sort_unstable_by(|one, other| other.cmp(one));
        ids.retain(|id| after.is_none_or(|after| **id < *after));
        let more = ids.split_off(ids.len().min(usize::try_from(limit).unwrap_or_default()));
        let mut alerts: Vec<Alert> = Vec::with_capacity(ids.len());
        for some in ids.chunks(BATCH) {
            for item in self.read(some.iter().map(|id| key(account, id)).collect()).await? {
                alerts.extend(unless_damaged(Reader { table: TABLE, item: &item }.json("alert").map(Some))?);
            }
        }
        alerts.retain(|alert| {
            let stands_there = alert.rolling.as_ref().is_some_and(|rolling| rolling.status == status);
            stands_there && filter.kind.is_none_or(|kind| kind == alert.kind)
        });
        alerts.sort_by(|one, other| other.id.cmp(&one.id));
        Ok(AlertPage { alerts, stopped: if more.is_empty() { None } else { ids.pop() } })
    }

    /// The ids in the pointers of an account, in no order.
    async fn pointed_to(
        &self,
        account: &str,
        status: AlertStatus,
        endpoint: Option<&str>,
    ) -> Result<Vec<String>, StoreError> {
        let pointers = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :pointer)")
            .expression_attribute_values(":pk", s(account))
            .expression_attribute_values(":pointer", s(pointer_to(endpoint.unwrap_or_default())))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let items: Result<Vec<Item>, _> = pointers.collect().await;
        let items = items.map_err(StoreError::call("Query open alerts"))?;
        let pointers = items.iter().map(|item| Reader { table: TABLE, item });
        let wanted = pointers.filter(|pointer| pointer.opt_text("standing") == Some(status.as_str()));
        wanted.map(|pointer| pointer.string("alertId")).collect()
    }

    /// Makes `alert` the one that its endpoint's next failure belongs to, unless the pointer is neither to it nor as it was
    /// `before`.
    pub(super) fn point_to(
        &self,
        account: &str,
        alert: &Alert,
        before: Option<&Pointer>,
    ) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(self.pointer_item(account, alert)))
            .condition_expression(
                "attribute_not_exists(pk) OR alertId = :id OR (alertId = :before AND standing = :standing)",
            )
            .expression_attribute_values(":id", s(&alert.id))
            .expression_attribute_values(":before", s(before.map_or(&alert.id, |before| &before.alert_id)))
            .expression_attribute_values(":standing", s(before.map_or("", |before| &before.standing)))
            .build()
            .map_err(StoreError::built("Put open alert"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Kept as long as the alert.
    fn pointer_item(&self, account: &str, alert: &Alert) -> Item {
        let rolling = alert.rolling.as_ref();
        let last_at = rolling.map_or(alert.created_at, |rolling| rolling.last_at);
        let mut item = key(account, pointer_to(endpoint_of(alert)));
        item.insert("alertId".to_owned(), s(&alert.id));
        item.insert("expiresAt".to_owned(), n((last_at + self.kept).as_second()));
        item.extend(rolling.map(|rolling| ("standing".to_owned(), s(rolling.status.as_str()))));
        item
    }
}

/// One that can't be read is none: it must not keep people from seeing the others, and from being told of what fails now.
pub(super) fn unless_damaged(found: Result<Option<Alert>, StoreError>) -> Result<Option<Alert>, StoreError> {
    match found {
        Err(error @ StoreError::Unreadable { .. }) => {
            tracing::error!(error = %causes(&error), "an open alert can't be read, and is passed over");
            Ok(None)
        }
        found => found,
    }
}

pub(super) fn is_unresolved(alert: &Alert) -> bool {
    alert.rolling.as_ref().is_some_and(|rolling| rolling.status != AlertStatus::Resolved)
}

fn pointer_to(endpoint: &str) -> String {
    format!("{POINTER}{endpoint}")
}

fn endpoint_of(alert: &Alert) -> &str {
    alert.endpoint_id.as_deref().unwrap_or_default()
}
