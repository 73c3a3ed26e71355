//! The alert that rolls up the failures of an endpoint: how it grows, is published, recovers and is resolved.
//!
//! Whoever changes it has read it, and says so by its revision. What is refused is read and tried again, by the same call
//! or by the next sweep.

use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use domain::alert::{Alert, AlertStatus};
use jiff::Timestamp;

use super::open::{Pointer, is_unresolved, unless_damaged};
use super::{Alerts, TABLE, to_item};
use crate::StoreError;
use crate::conditional::unless_refused;
use crate::item::{n, s};
use crate::transaction::transact;

/// How many failures are rolled up at a time: with the alert, its pointer and the alert before it they fit into one
/// transaction.
pub const MAX_ROLLED: usize = 90;
/// How often a recovery is tried when other changes get in its way.
const MAX_TRIES: usize = 5;

/// Of a failure: it is still one of its own.
const IS_SINGLE: &str = "attribute_exists(unpublished) AND attribute_not_exists(revision)";

impl Alerts {
    /// Rolls up failures of one endpoint, oldest first and [`MAX_ROLLED`] at most: into the alert that is open for it, or
    /// into the first of them, which is open from then on. Those that failed before the latest alert was resolved belong to
    /// that, and later ones are left then. The others are deleted, in one transaction, so that each counts once. Returns
    /// the alert; `None`, and nothing is stored, when it or one of them was changed meanwhile. Reads the
    /// pointer and the alert; all that it writes counts twice, and the index entries once.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn roll_up(
        &self,
        account: &str,
        failures: &[Alert],
        now: Timestamp,
    ) -> Result<Option<Alert>, StoreError> {
        let Some(first) = failures.first() else { return Ok(None) };
        let pointer = self.pointer(account, first.endpoint_id.as_deref().unwrap_or_default()).await?;
        let before = match &pointer {
            Some(pointer) => unless_damaged(self.get(account, &pointer.alert_id).await)?,
            None => None,
        };
        let mut items = Vec::with_capacity(failures.len() + 3);
        let (alert, rolled) = match before {
            Some(mut alert) if goes_on(&alert, first.created_at) => {
                let later = failures.iter().position(|failure| !goes_on(&alert, failure.created_at));
                let own = failures.get(..later.unwrap_or(failures.len())).unwrap_or_default();
                alert.roll_up(own);
                items.push(self.replace(account, &mut alert)?);
                (alert, own)
            }
            before => {
                if let Some(mut over) = before.filter(is_unresolved) {
                    set_status(&mut over, AlertStatus::Resolved, now);
                    items.push(self.replace(account, &mut over)?);
                }
                let Some(alert) = Alert::rolled_up(failures) else { return Ok(None) };
                items.push(put(self.put(account, &alert).condition_expression(IS_SINGLE))?);
                (alert, failures.get(1..).unwrap_or_default())
            }
        };
        items.push(self.point_to(account, &alert, pointer.as_ref())?);
        for failure in rolled {
            items.push(self.drop_single(account, failure)?);
        }
        let stored = transact(&self.db, items, "TransactWriteItems rolled alerts", TABLE).await?;
        Ok(stored.then_some(alert))
    }

    /// Records what people were told of an alert that rolls up failures. Returns false, and stores nothing, when it has
    /// changed meanwhile: they are told again.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn told(&self, account: &str, alert: &Alert, now: Timestamp) -> Result<bool, StoreError> {
        let mut alert = alert.clone();
        if let Some(rolling) = &mut alert.rolling {
            rolling.tell(now);
        }
        self.replace_alone(account, &mut alert).await
    }

    /// Notes in the open alert of an endpoint, if there is one, that it accepted a delivery at `at`. Returns the alert
    /// unless it knew that.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, or other changes get in the way each of the five times that it is tried.
    pub async fn recovered(&self, account: &str, endpoint: &str, at: Timestamp) -> Result<Option<Alert>, StoreError> {
        for _ in 0..MAX_TRIES {
            let Some(mut alert) = self.open_at(account, endpoint).await? else { return Ok(None) };
            if !alert.recover(at) {
                return Ok(None);
            }
            if self.replace_alone(account, &mut alert).await? {
                return Ok(Some(alert));
            }
        }
        Err(StoreError::Contention(TABLE))
    }

    /// Gives an alert that rolls up failures another status, as it was read. Returns the alert; `None`, and nothing is stored, when it has changed meanwhile, or another one is open for its
    /// endpoint.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn set_status(
        &self,
        account: &str,
        alert: &Alert,
        status: AlertStatus,
        now: Timestamp,
    ) -> Result<Option<Alert>, StoreError> {
        let mut alert = alert.clone();
        set_status(&mut alert, status, now);
        let replaced = self.replace(account, &mut alert)?;
        let replaceable = self.replaceable(account, &alert).await?;
        let items = vec![replaced, self.point_to(account, &alert, replaceable.as_ref())?];
        let stored = transact(&self.db, items, "TransactWriteItems alert's status", TABLE).await?;
        Ok(stored.then_some(alert))
    }

    /// The pointer of the alert's endpoint, if what it points to is resolved or has expired.
    async fn replaceable(&self, account: &str, alert: &Alert) -> Result<Option<Pointer>, StoreError> {
        let endpoint = alert.endpoint_id.as_deref().unwrap_or_default();
        let Some(pointer) = self.pointer(account, endpoint).await? else { return Ok(None) };
        let found = unless_damaged(self.get(account, &pointer.alert_id).await)?;
        Ok((!found.is_some_and(|alert| is_unresolved(&alert))).then_some(pointer))
    }

    /// Stores an alert in place of the one that it was read as.
    fn replace(&self, account: &str, alert: &mut Alert) -> Result<TransactWriteItem, StoreError> {
        let seen = seen(alert);
        let call = self.put(account, alert).condition_expression("revision = :seen");
        put(call.expression_attribute_values(":seen", n(seen)))
    }

    /// The same alone. Returns false when it has changed meanwhile.
    async fn replace_alone(&self, account: &str, alert: &mut Alert) -> Result<bool, StoreError> {
        let seen = seen(alert);
        let outcome = self
            .db
            .put_item()
            .table_name(&self.table)
            .set_item(Some(to_item(account, alert, self.kept)))
            .condition_expression("revision = :seen")
            .expression_attribute_values(":seen", n(seen))
            .send()
            .await;
        Ok(unless_refused(outcome, "PutItem rolled alert")?.is_some())
    }

    fn put(&self, account: &str, alert: &Alert) -> PutBuilder {
        Put::builder().table_name(&self.table).set_item(Some(to_item(account, alert, self.kept)))
    }

    fn drop_single(&self, account: &str, failure: &Alert) -> Result<TransactWriteItem, StoreError> {
        let delete = Delete::builder().table_name(&self.table).key("pk", s(account)).key("sk", s(&failure.id));
        let delete = delete.condition_expression(IS_SINGLE).build();
        let delete = delete.map_err(StoreError::built("Delete alert"))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }
}

fn goes_on(alert: &Alert, at: Timestamp) -> bool {
    alert.rolling.as_ref().is_some_and(|rolling| rolling.goes_on(at))
}

/// The revision that an alert was read with. It has another one from now on.
fn seen(alert: &mut Alert) -> u64 {
    let Some(rolling) = &mut alert.rolling else { return 0 };
    let seen = rolling.revision;
    rolling.revision += 1;
    seen
}

fn set_status(alert: &mut Alert, status: AlertStatus, now: Timestamp) {
    if let Some(rolling) = &mut alert.rolling {
        rolling.set_status(status, now);
    }
}

fn put(call: PutBuilder) -> Result<TransactWriteItem, StoreError> {
    let put = call.build().map_err(StoreError::built("Put rolled alert"))?;
    Ok(TransactWriteItem::builder().put(put).build())
}
