//! How endpoints do: what deliveries note, and the transitions that a person is told of.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, Update};
use domain::alert::Alert;
use domain::endpoint::{Endpoint, EndpointStatus, FAILING_AFTER};
use jiff::Timestamp;

use super::super::StoreError;
use super::super::alerts::Alerts;
use super::super::item::{n, s};
use super::{Endpoints, changed, status};

/// What it was that an endpoint took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Success {
    /// A delivery on its own account.
    Delivery,
    /// A replay or a test: it shows that the endpoint works, and is no traffic.
    Probe,
}

impl Success {
    /// What is set in any case; `:now` for [`Success::Delivery`] alone.
    const fn set(self) -> &'static str {
        match self {
            Self::Delivery => "SET consecutiveFailures = :zero, lastSuccessAt = :now",
            Self::Probe => "SET consecutiveFailures = :zero",
        }
    }
}

/// Why an endpoint is disabled because of what it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It answered 410, which is noted as a failure. `counts`: whether it is one delivery more that failed.
    Gone {
        /// See [`Endpoints::note_failure`].
        counts: bool,
    },
    /// Every attempt has failed for days; they are noted already.
    FailedForDays,
}

impl Cause {
    /// Its `disabledReason`.
    const fn reason(self) -> &'static str {
        match self {
            Self::Gone { .. } => "the endpoint answered 410 Gone",
            Self::FailedForDays => "every attempt has failed for 5 days",
        }
    }
}

/// What a failure changes.
const FAILED: &str = "lastFailureAt = :now, firstFailureAt = if_not_exists(firstFailureAt, :now) \
                      ADD consecutiveFailures :by, failedDays :day";

impl Endpoints {
    /// Counts a delivery whose first attempt failed (`counts`), or just notes the time of a failure. Returns the
    /// endpoint as it is then, or `None` when it is gone.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn note_failure(
        &self,
        account: &str,
        id: &str,
        counts: bool,
        now: Timestamp,
    ) -> Result<Option<Endpoint>, StoreError> {
        let outcome = self
            .update_item(account, id)
            .update_expression(format!("SET {FAILED}"))
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":now", s(now.to_string()))
            .expression_attribute_values(":by", n(u8::from(counts)))
            .expression_attribute_values(":day", day(now))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        changed(outcome.map(|output| output.attributes).map_err(SdkError::into_service_error))
    }

    /// Notes a success. Returns false when the endpoint counts as failing, and has to [recover](Self::recover), or is
    /// gone.
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
        let mut call = self
            .update_item(account, id)
            .update_expression(format!("{} REMOVE firstFailureAt, failedDays", success.set()))
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(failingSince)")
            .expression_attribute_values(":zero", n(0));
        if success == Success::Delivery {
            call = call.expression_attribute_values(":now", s(now.to_string()));
        }
        let outcome = call.return_values(ReturnValue::AllNew).send().await;
        let noted = changed(outcome.map(|output| output.attributes).map_err(SdkError::into_service_error))?;
        Ok(noted.is_some())
    }

    /// Notes a success of a failing endpoint, with its alert. Nothing happens when it does not fail any more.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn recover(
        &self,
        account: &str,
        id: &str,
        success: Success,
        now: Timestamp,
        (alerts, alert): (&Alerts, &Alert),
    ) -> Result<(), StoreError> {
        let mut update = self
            .transition(account, id)
            .update_expression(format!("{} REMOVE failingSince, firstFailureAt, failedDays", success.set()))
            .condition_expression("attribute_exists(failingSince)")
            .expression_attribute_values(":zero", n(0));
        if success == Success::Delivery {
            update = update.expression_attribute_values(":now", s(now.to_string()));
        }
        alerts.tell(built(update)?, account, alert).await?;
        Ok(())
    }

    /// Marks an endpoint as failing since `now`, with its alert. Nothing happens when it was so already.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn mark_failing(
        &self,
        account: &str,
        id: &str,
        now: Timestamp,
        (alerts, alert): (&Alerts, &Alert),
    ) -> Result<(), StoreError> {
        let update = self
            .transition(account, id)
            .update_expression("SET failingSince = :now")
            .condition_expression(
                "attribute_exists(pk) AND attribute_not_exists(failingSince) AND consecutiveFailures >= :limit",
            )
            .expression_attribute_values(":now", s(now.to_string()))
            .expression_attribute_values(":limit", n(FAILING_AFTER));
        alerts.tell(built(update)?, account, alert).await?;
        Ok(())
    }

    /// Marks an endpoint whose deliveries can't be signed as failing, with its alert, once in each time that it fails:
    /// also when it failed before because of what it answered. Nothing happens when that was told already, or it is gone.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn mark_unsigned(
        &self,
        account: &str,
        id: &str,
        now: Timestamp,
        (alerts, alert): (&Alerts, &Alert),
    ) -> Result<(), StoreError> {
        // `unsignedSince` is of this time that it fails if it is that time's `failingSince`, whoever ends that.
        let update = self
            .transition(account, id)
            .update_expression(
                "SET failingSince = if_not_exists(failingSince, :now), unsignedSince = if_not_exists(failingSince, :now)",
            )
            .condition_expression(
                "attribute_exists(pk) AND (attribute_not_exists(failingSince) OR attribute_not_exists(unsignedSince) \
                 OR unsignedSince <> failingSince)",
            )
            .expression_attribute_values(":now", s(now.to_string()));
        alerts.tell(built(update)?, account, alert).await?;
        Ok(())
    }

    /// Disables an endpoint because of what it answers, with its alert. Nothing happens when it is disabled already or
    /// gone, or when its people have changed it since `seen` was read: what it answered was not about that.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn disable(
        &self,
        account: &str,
        seen: &Endpoint,
        cause: Cause,
        now: Timestamp,
        (alerts, alert): (&Alerts, &Alert),
    ) -> Result<(), StoreError> {
        let disabled = "#status = :disabled, disabledReason = :reason, disabledAt = :now";
        let mut update = self
            .transition(account, &seen.id)
            .condition_expression("#status = :enabled AND version = :seen")
            .expression_attribute_values(":seen", n(seen.version))
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":disabled", status(EndpointStatus::Disabled))
            .expression_attribute_values(":enabled", status(EndpointStatus::Enabled))
            .expression_attribute_values(":reason", s(cause.reason()))
            .expression_attribute_values(":now", s(now.to_string()));
        update = match cause {
            Cause::FailedForDays => update.update_expression(format!("SET {disabled}")),
            Cause::Gone { counts } => update
                .update_expression(format!("SET {disabled}, {FAILED}"))
                .expression_attribute_values(":by", n(u8::from(counts)))
                .expression_attribute_values(":day", day(now)),
        };
        alerts.tell(built(update)?, account, alert).await?;
        Ok(())
    }

    fn transition(&self, account: &str, id: &str) -> UpdateBuilder {
        Update::builder().table_name(&self.table).key("pk", s(account)).key("sk", s(id))
    }
}

/// The calendar day (UTC), counted from 1970, as a set: it grows once a day, whoever adds a failure first.
fn day(now: Timestamp) -> AttributeValue {
    AttributeValue::Ns(vec![now.as_second().div_euclid(86_400).to_string()])
}

fn built(update: UpdateBuilder) -> Result<Update, StoreError> {
    update.build().map_err(StoreError::built("Update endpoint"))
}
