//! The health of endpoints: what deliveries record of it, and its transitions, each of which is told in an alert.
//!
//! A transition is one transaction with its alert. One whose condition does not hold changes nothing and tells nobody:
//! another worker has made it already, or the endpoint was deleted.

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use domain::alert::Alert;
use domain::endpoint::{Endpoint, EndpointStatus, FAILING_AFTER, LastError};
use jiff::Timestamp;

use super::{Endpoints, changed, status};
use crate::StoreError;
use crate::alerts::Alerts;
use crate::conditional::unless_refused;
use crate::item::{Item, n, s};

/// What an endpoint has accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Success {
    /// A delivery of its own schedule.
    Delivery,
    /// A replay or a test send: it shows that the endpoint works, and does not count as traffic.
    Probe,
}

impl Success {
    /// The clause that a success sets, with its values.
    fn set(self, now: Timestamp) -> (&'static str, Item) {
        let zero = (":zero".to_owned(), n(0));
        match self {
            Self::Delivery => (
                "SET consecutiveFailures = :zero, lastSuccessAt = :now",
                Item::from([zero, (":now".to_owned(), s(now.to_string()))]),
            ),
            Self::Probe => ("SET consecutiveFailures = :zero", Item::from([zero])),
        }
    }
}

/// A failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure<'a> {
    /// Whether the first attempt of a delivery failed: it is one more consecutive failure then.
    pub counts: bool,
    /// What it was.
    pub error: Option<&'a LastError>,
}

/// Why an endpoint is disabled because of what it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause<'a> {
    /// It answered 410, which is also recorded as a failure.
    Gone(Failure<'a>),
    /// Every attempt has failed for days; the failures are recorded already.
    FailedForDays,
}

impl Cause<'_> {
    /// The `disabledReason` that the API shows.
    const fn reason(self) -> &'static str {
        match self {
            Self::Gone(_) => "the endpoint answered 410 Gone",
            Self::FailedForDays => "every attempt has failed for 5 days",
        }
    }
}

/// What a failure changes. [`failure`] has its values.
const FAILED: &str = "lastFailureAt = :now, lastError = :error, firstFailureAt = if_not_exists(firstFailureAt, :now) \
                      ADD consecutiveFailures :by, failedDays :day";

/// The values of [`FAILED`]; a failure that does not count leaves the number of consecutive failures as it is.
fn failure(Failure { counts, error }: Failure<'_>, now: Timestamp) -> Item {
    // The calendar day (UTC), counted from 1970, as a set: it grows once a day, whichever failure comes first.
    let day = now.as_second().div_euclid(86_400).to_string();
    Item::from([
        (":now".to_owned(), s(now.to_string())),
        (":error".to_owned(), error.map_or(AttributeValue::Null(true), |error| s(error.to_string()))),
        (":by".to_owned(), n(u8::from(counts))),
        (":day".to_owned(), AttributeValue::Ns(vec![day])),
    ])
}

impl Endpoints {
    /// Records a failure. One write unit for each KB. Returns the endpoint as it is then, or `None` when it was deleted.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn note_failure(
        &self,
        account: &str,
        id: &str,
        what: Failure<'_>,
        now: Timestamp,
    ) -> Result<Option<Endpoint>, StoreError> {
        let call = self
            .update_item(account, id)
            .update_expression(format!("SET {FAILED}"))
            .condition_expression("attribute_exists(pk)")
            .set_expression_attribute_values(Some(failure(what, now)));
        changed(call).await
    }

    /// Records that an attempt takes long, unless another worker has done so since the endpoint was read. One write unit
    /// for each KB.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn note_slow(&self, account: &str, endpoint: &Endpoint, now: Timestamp) -> Result<(), StoreError> {
        let seen = endpoint.health.last_slow_at;
        let call = self
            .update_item(account, &endpoint.id)
            .update_expression("SET lastSlowAt = :now")
            .condition_expression(match seen {
                None => "attribute_exists(pk) AND attribute_not_exists(lastSlowAt)",
                Some(_) => "lastSlowAt = :seen",
            })
            .expression_attribute_values(":now", s(now.to_string()));
        let call = match seen {
            Some(seen) => call.expression_attribute_values(":seen", s(seen.to_string())),
            None => call,
        };
        unless_refused(call.send().await, "UpdateItem slow endpoint").map(drop)
    }

    /// Records a success. One write unit for each KB. Returns false, and records nothing, when the endpoint is failing
    /// and has to [recover](Self::recover), or was deleted.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn note_success(
        &self,
        account: &str,
        id: &str,
        success: Success,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (set, values) = success.set(now);
        let call = self
            .update_item(account, id)
            .update_expression(format!("{set} REMOVE firstFailureAt, failedDays"))
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(failingSince)")
            .set_expression_attribute_values(Some(values));
        Ok(changed(call).await?.is_some())
    }

    /// Records the success of a failing endpoint, which is healthy from then on, with its alert. Nothing happens when
    /// it is not failing any more.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, or other writes meet the transaction each time that it is tried.
    pub async fn recover(
        &self,
        account: &str,
        id: &str,
        success: Success,
        now: Timestamp,
        alerts: (&Alerts, &Alert),
    ) -> Result<(), StoreError> {
        let (set, values) = success.set(now);
        let update = Update::builder()
            .update_expression(format!("{set} REMOVE failingSince, firstFailureAt, failedDays"))
            .condition_expression("attribute_exists(failingSince)")
            .set_expression_attribute_values(Some(values));
        self.transition(account, id, update, alerts).await
    }

    /// Marks an endpoint as failing since `now`, with its alert. Nothing happens when it is failing already, has fewer
    /// than [`FAILING_AFTER`] consecutive failures by now, or was deleted.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, or other writes meet the transaction each time that it is tried.
    pub async fn mark_failing(
        &self,
        account: &str,
        id: &str,
        now: Timestamp,
        alerts: (&Alerts, &Alert),
    ) -> Result<(), StoreError> {
        let update = Update::builder()
            .update_expression("SET failingSince = :now")
            .condition_expression(
                "attribute_exists(pk) AND attribute_not_exists(failingSince) AND consecutiveFailures >= :limit",
            )
            .expression_attribute_values(":now", s(now.to_string()))
            .expression_attribute_values(":limit", n(FAILING_AFTER));
        self.transition(account, id, update, alerts).await
    }

    /// Marks an endpoint whose deliveries can't be signed as failing, with its alert, once for each time that it fails:
    /// also when it was failing already because of what it answered. Nothing happens when that was told already, or the
    /// endpoint was deleted.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, or other writes meet the transaction each time that it is tried.
    pub async fn mark_unsigned(
        &self,
        account: &str,
        id: &str,
        now: Timestamp,
        alerts: (&Alerts, &Alert),
    ) -> Result<(), StoreError> {
        // `unsignedSince` belongs to the present failure if it equals `failingSince`; whoever ends the failure need not
        // remove it.
        let update = Update::builder()
            .update_expression(
                "SET failingSince = if_not_exists(failingSince, :now), \
                 unsignedSince = if_not_exists(failingSince, :now)",
            )
            .condition_expression(
                "attribute_exists(pk) AND (attribute_not_exists(failingSince) OR attribute_not_exists(unsignedSince) \
                 OR unsignedSince <> failingSince)",
            )
            .expression_attribute_values(":now", s(now.to_string()));
        self.transition(account, id, update, alerts).await
    }

    /// Disables an endpoint because of what it answers, with its alert. Nothing happens when it is disabled already,
    /// was deleted, or was changed by its people since `seen` was read: its answers were not about what it is now.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, or other writes meet the transaction each time that it is tried.
    pub async fn disable(
        &self,
        account: &str,
        seen: &Endpoint,
        cause: Cause<'_>,
        now: Timestamp,
        alerts: (&Alerts, &Alert),
    ) -> Result<(), StoreError> {
        let disabled = "SET #status = :disabled, disabledReason = :reason, disabledAt = :now";
        let (expression, values) = match cause {
            Cause::FailedForDays => (disabled.to_owned(), Item::from([(":now".to_owned(), s(now.to_string()))])),
            Cause::Gone(what) => (format!("{disabled}, {FAILED}"), failure(what, now)),
        };
        let update = Update::builder()
            .update_expression(expression)
            .condition_expression("#status = :enabled AND version = :seen")
            .expression_attribute_names("#status", "status")
            .set_expression_attribute_values(Some(values))
            .expression_attribute_values(":seen", n(seen.version))
            .expression_attribute_values(":disabled", status(EndpointStatus::Disabled))
            .expression_attribute_values(":enabled", status(EndpointStatus::Enabled))
            .expression_attribute_values(":reason", s(cause.reason()));
        self.transition(account, &seen.id, update, alerts).await
    }

    /// Makes `update` of one endpoint, with the alert that tells of it.
    async fn transition(
        &self,
        account: &str,
        id: &str,
        update: UpdateBuilder,
        (alerts, alert): (&Alerts, &Alert),
    ) -> Result<(), StoreError> {
        let update = update.table_name(&self.table).key("pk", s(account)).key("sk", s(id)).build();
        let update = update.map_err(StoreError::built("Update endpoint"))?;
        alerts.tell(vec![TransactWriteItem::builder().update(update).build()], account, alert).await?;
        Ok(())
    }
}
