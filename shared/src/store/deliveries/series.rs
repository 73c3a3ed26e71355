//! Series of attempts: one at a time. A new one takes the place of what the old one had planned.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::Timestamp;

use super::super::StoreError;
use super::super::item::{json, n, s};
use super::Deliveries;
use super::stored::{due, read, shard_of};
use crate::delivery::{Attempt, Delivery, DeliveryStatus, LastAttempt, Trigger};

/// So many attempts of earlier series are kept, the last ones: people may send a delivery again as often as they like,
/// and its item has an end.
const KEPT_ATTEMPTS: usize = 20;

impl Deliveries {
    /// Begins a new series of attempts with one that is due at `now`, whatever has become of the delivery. Messages of
    /// the old series are dropped from then on. Returns the delivery as it is then, or `None` when it has changed since
    /// it was read: an attempt was recorded, or somebody else began a series.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn begin_series(
        &self,
        delivery: &Delivery,
        trigger: Trigger,
        now: Timestamp,
    ) -> Result<Option<Delivery>, StoreError> {
        let kept = &delivery.attempts[delivery.attempts.len().saturating_sub(KEPT_ATTEMPTS)..];
        let call = self
            .series(delivery, delivery.attempt_count, now)
            .update_expression(
                "SET #status = :retrying, series = :next, seriesStart = :count, #trigger = :trigger, attempts = :kept, \
                 nextAttemptAt = :now, dueShard = :shard, dueAt = :due REMOVE completedAt",
            )
            .condition_expression("attemptCount = :count AND series = :series AND #status = :status")
            .expression_attribute_names("#trigger", "trigger")
            .expression_attribute_values(":next", n(delivery.series + 1))
            .expression_attribute_values(":kept", AttributeValue::L(kept.iter().map(json).collect()))
            .expression_attribute_values(":trigger", s(trigger.as_str()))
            .expression_attribute_values(":shard", s(shard_of(&delivery.id).key()))
            .expression_attribute_values(":status", s(delivery.status.as_str()));
        changed(call).await
    }

    /// Adds an attempt of an old series that was under way when the present series began: that one begins after it.
    /// Returns the delivery as it is then, or `None` when there is no new series or it has an attempt already.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn record_beside(
        &self,
        delivery: &Delivery,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<Option<Delivery>, StoreError> {
        let call = self
            .series(delivery, delivery.attempt_count + 1, now)
            .update_expression(
                "SET attempts = list_append(attempts, :attempt), lastAttempt = :last, attemptCount = :count, \
                 seriesStart = :count, nextAttemptAt = :now, dueAt = :due",
            )
            .condition_expression("attemptCount = :seen AND series > :series AND #status = :retrying")
            .expression_attribute_values(":seen", n(delivery.attempt_count))
            .expression_attribute_values(":last", json(&LastAttempt::from(attempt)))
            .expression_attribute_values(":attempt", AttributeValue::L(vec![json(attempt)]));
        changed(call).await
    }

    /// What both changes have in common: a series that begins at `now` after `count` attempts.
    fn series(&self, delivery: &Delivery, count: u32, now: Timestamp) -> UpdateItemFluentBuilder {
        self.db
            .update_item()
            .table_name(&self.table)
            .key("pk", s(&delivery.account))
            .key("sk", s(&delivery.id))
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":retrying", s(DeliveryStatus::Retrying.as_str()))
            .expression_attribute_values(":series", n(delivery.series))
            .expression_attribute_values(":count", n(count))
            .expression_attribute_values(":now", s(now.to_string()))
            .expression_attribute_values(":due", n(due(now)))
            .return_values(ReturnValue::AllNew)
    }
}

async fn changed(call: UpdateItemFluentBuilder) -> Result<Option<Delivery>, StoreError> {
    match call.send().await.map_err(aws_sdk_dynamodb::error::SdkError::into_service_error) {
        Ok(output) => output.attributes().map(read).transpose(),
        Err(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(None),
        Err(other) => Err(StoreError::operation("UpdateItem series", &other)),
    }
}
