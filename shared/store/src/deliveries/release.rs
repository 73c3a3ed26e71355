//! Deliveries that waited for a disabled endpoint, once it is enabled again, or for the pace of one that takes more now.

use domain::delivery::Delivery;
use jiff::Timestamp;

use super::Deliveries;
use super::conditions::{IS_UNCLAIMED, IS_UNFINISHED, unclaimed, unfinished};
use super::stored::due;
use crate::StoreError;
use crate::conditional::unless_refused;
use crate::item::{n, s};

impl Deliveries {
    /// Makes the next attempt of a delivery that waits for its endpoint, or stands in line, due at `now`. The message by which it
    /// would have come again is still on its way; one attempt is made, since whichever message comes first claims it. Three
    /// write units: the item, and an entry in `by-due` that moves.
    ///
    /// Returns false when the delivery does not wait, or an attempt was claimed or recorded since it was read.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn release(&self, delivery: &Delivery, now: Timestamp) -> Result<bool, StoreError> {
        let (waits, also) = if delivery.paced {
            ("attribute_exists(paced)", "")
        } else {
            // If the endpoint is disabled again before the attempt, the wait begins anew.
            ("attribute_exists(waitingSince)", ", waitingSince = :now")
        };
        let outcome = self
            .update_item(&delivery.account, &delivery.id)
            .update_expression(format!("SET nextAttemptAt = :now, dueAt = :due{also}"))
            .condition_expression(format!(
                "{IS_UNFINISHED} AND attemptCount = :seen AND series = :series AND {waits} AND {IS_UNCLAIMED}"
            ))
            .expression_attribute_names("#status", "status")
            .set_expression_attribute_values(Some(unfinished().into_iter().chain(unclaimed(now)).collect()))
            .expression_attribute_values(":now", s(now.to_string()))
            .expression_attribute_values(":due", n(due(now, now)))
            .expression_attribute_values(":seen", n(delivery.attempt_count))
            .expression_attribute_values(":series", n(delivery.series))
            .send()
            .await;
        Ok(unless_refused(outcome, "UpdateItem release")?.is_some())
    }
}
