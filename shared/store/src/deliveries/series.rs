//! Series of attempts: a delivery has one at a time, and a new one replaces what the old one had planned.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use domain::delivery::{Attempt, Delivery, DeliveryStatus, LastAttempt, Trigger};
use jiff::Timestamp;

use super::Deliveries;
use super::shared::Entry;
use super::stored::{account_status, due, read, shard_of};
use crate::StoreError;
use crate::conditional::unless_refused;
use crate::item::{json, n, s};

impl Deliveries {
    /// Begins a new series of attempts, whatever status the delivery has. The first attempt is due at `now`, or when
    /// the claim on an attempt that is under way ends: two are never made in parallel, and [`Self::record_beside`]
    /// brings it forward. From then on messages of the old series are dropped.
    ///
    /// Returns the delivery as it is then, or `None` when it has changed since it was read: an attempt was claimed or
    /// recorded, or another series has begun.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn begin_series(
        &self,
        delivery: &Delivery,
        trigger: Trigger,
        now: Timestamp,
    ) -> Result<Option<Delivery>, StoreError> {
        if delivery.shared.is_some() {
            return self.begin_series_apart(delivery, trigger, now).await;
        }
        let claimed = delivery.claimed_until;
        let same_claim =
            if claimed.is_some() { "claimedUntil = :claimed" } else { "attribute_not_exists(claimedUntil)" };
        let mut call = self
            .series(delivery, delivery.attempt_count, delivery.claimed(now).unwrap_or(now))
            .update_expression(
                "SET #status = :retrying, accountStatus = :accountStatus, series = :next, seriesStart = :count, \
                 #trigger = :trigger, nextAttemptAt = :now, dueShard = :shard, dueAt = :due \
                 REMOVE completedAt, waitingSince, paced",
            )
            .condition_expression(format!(
                "attemptCount = :count AND series = :series AND #status = :status AND {same_claim}"
            ))
            .expression_attribute_names("#trigger", "trigger")
            .expression_attribute_values(":next", n(delivery.series + 1))
            .expression_attribute_values(
                ":accountStatus",
                s(account_status(&delivery.account, DeliveryStatus::Retrying)),
            )
            .expression_attribute_values(":trigger", s(trigger.as_str()))
            .expression_attribute_values(":shard", s(shard_of(&delivery.id).key()))
            .expression_attribute_values(":status", s(delivery.status.as_str()));
        if let Some(claimed) = claimed {
            call = call.expression_attribute_values(":claimed", n(claimed.as_millisecond()));
        }
        changed(call).await
    }

    /// Begins the first further series of a delivery that shares an item: it moves out with that.
    async fn begin_series_apart(
        &self,
        delivery: &Delivery,
        trigger: Trigger,
        now: Timestamp,
    ) -> Result<Option<Delivery>, StoreError> {
        let own = Delivery {
            shared: None,
            status: DeliveryStatus::Retrying,
            series: delivery.series + 1,
            series_start: delivery.attempt_count,
            trigger,
            next_attempt_at: Some(now),
            completed_at: None,
            ..delivery.clone()
        };
        Ok(self.move_out(delivery, Entry::of(delivery), &own, now, None).await?.then_some(own))
    }

    /// Adds an attempt of an old series that was under way when the present one began, and makes the first attempt of
    /// the present series due at `now`. Returns the delivery as it is then, or `None` when there is no new series or it
    /// has an attempt already.
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
                 seriesStart = :count, nextAttemptAt = :now, dueAt = :due REMOVE claimedUntil",
            )
            .condition_expression("attemptCount = :seen AND series > :series AND #status = :retrying")
            .expression_attribute_values(":seen", n(delivery.attempt_count))
            .expression_attribute_values(":last", json(&LastAttempt::from(attempt)))
            .expression_attribute_values(":attempt", AttributeValue::L(vec![json(attempt)]));
        changed(call).await
    }

    /// What both updates share: a series that begins at `now`, after `count` attempts.
    fn series(&self, delivery: &Delivery, count: u32, now: Timestamp) -> UpdateItemFluentBuilder {
        self.update_item(&delivery.account, &delivery.id)
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":retrying", s(DeliveryStatus::Retrying.as_str()))
            .expression_attribute_values(":series", n(delivery.series))
            .expression_attribute_values(":count", n(count))
            .expression_attribute_values(":now", s(now.to_string()))
            .expression_attribute_values(":due", n(due(now, now)))
            .return_values(ReturnValue::AllNew)
    }
}

async fn changed(call: UpdateItemFluentBuilder) -> Result<Option<Delivery>, StoreError> {
    let output = unless_refused(call.send().await, "UpdateItem series")?;
    output.and_then(|output| output.attributes).as_ref().map(read).transpose()
}
