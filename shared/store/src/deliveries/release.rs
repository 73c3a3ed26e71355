//! What waited for a disabled endpoint, set going when that is enabled again.

use domain::delivery::Delivery;
use jiff::Timestamp;

use super::super::StoreError;
use super::super::item::{n, s};
use super::stored::due;
use super::{Deliveries, IS_UNCLAIMED, IS_UNFINISHED, held, unclaimed, unfinished};

impl Deliveries {
    /// Makes the next attempt of a delivery due at `now` that waits for its endpoint. The message by which it would have
    /// looked again is on its way still: one attempt is made, since whichever comes first claims it. Returns false when
    /// it does not wait, or an attempt was begun or recorded since it was read.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn release(&self, delivery: &Delivery, now: Timestamp) -> Result<bool, StoreError> {
        let outcome = self
            .update_item(&delivery.account, &delivery.id)
            // Should the endpoint be disabled again before the attempt, the wait begins anew.
            .update_expression("SET nextAttemptAt = :now, dueAt = :due, waitingSince = :now")
            .condition_expression(format!(
                "{IS_UNFINISHED} AND attemptCount = :seen AND series = :series AND attribute_exists(waitingSince) \
                 AND {IS_UNCLAIMED}"
            ))
            .expression_attribute_names("#status", "status")
            .set_expression_attribute_values(Some(unfinished().into_iter().chain(unclaimed(now)).collect()))
            .expression_attribute_values(":now", s(now.to_string()))
            .expression_attribute_values(":due", n(due(now)))
            .expression_attribute_values(":seen", n(delivery.attempt_count))
            .expression_attribute_values(":series", n(delivery.series))
            .send()
            .await;
        held(outcome, "UpdateItem release")
    }
}
