//! Claims: one worker at a time may make the next attempt.

use domain::delivery::Delivery;
use jiff::Timestamp;

use super::Deliveries;
use super::conditions::{IS_UNCLAIMED, IS_UNFINISHED, unclaimed, unfinished};
use crate::StoreError;
use crate::conditional::unless_refused;
use crate::item::n;

impl Deliveries {
    /// Claims the next attempt of `delivery` until `until`: no other worker makes it in that time, and a series that a
    /// person begins meanwhile starts after it. One write unit
    /// for each KB of its item.
    ///
    /// Returns false when the delivery is final, is claimed by another worker, or has had another attempt or a new
    /// series since it was read.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn claim(&self, delivery: &Delivery, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        if let Some(shared) = &delivery.shared {
            return match delivery.claimed(now) {
                Some(_) => Ok(false),
                None => self.claim_shared(delivery, shared, until).await,
            };
        }
        let outcome = self
            .update_item(&delivery.account, &delivery.id)
            .update_expression("SET claimedUntil = :until")
            .condition_expression(format!(
                "{IS_UNFINISHED} AND attemptCount = :seen AND series = :series AND {IS_UNCLAIMED}"
            ))
            .expression_attribute_names("#status", "status")
            .set_expression_attribute_values(Some(unfinished().into_iter().chain(unclaimed(now)).collect()))
            .expression_attribute_values(":until", n(until.as_millisecond()))
            .expression_attribute_values(":seen", n(delivery.attempt_count))
            .expression_attribute_values(":series", n(delivery.series))
            .send()
            .await;
        Ok(unless_refused(outcome, "UpdateItem claim")?.is_some())
    }
}
