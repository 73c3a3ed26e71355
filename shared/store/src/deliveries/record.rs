//! What came of an attempt: the one update that records it.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use domain::alert::Alert;
use domain::delivery::{Attempt, Delivery, DeliveryStatus, LastAttempt};
use jiff::Timestamp;

use super::Deliveries;
use super::conditions::{IS_UNCLAIMED, IS_UNFINISHED, unclaimed, unfinished};
use super::shared::Entry;
use super::stored::{account_status, due};
use crate::StoreError;
use crate::alerts::Alerts;
use crate::item::{Item, json, n, s};

/// An item holds the latest attempts and no more: people may send a delivery again as often as they like.
const MAX_ATTEMPTS_KEPT: usize = 25;

/// What an attempt makes of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The status that the delivery has from now on.
    pub status: DeliveryStatus,
    /// The attempt; `None` when none was made, because the delivery has ended, or waits for its endpoint or in
    /// the line of its pace.
    pub attempt: Option<Attempt>,
    /// When the next attempt is due; `None` when the delivery is final.
    pub next_attempt_at: Option<Timestamp>,
    /// Whether the next attempt stands in the line of its endpoint's pace.
    pub paced: bool,
    /// When the claim on this attempt ends, if whoever records it has made one.
    pub claim: Option<Timestamp>,
    /// When this is recorded.
    pub now: Timestamp,
}

impl Deliveries {
    /// Records what came of an attempt, and ends the claim on it. Write units: one for an item that the delivery shares
    /// with others, as long as it arrives; for anything else it moves out, which is six or seven. Of an item of its own,
    /// one for the item, one for the entry that leaves `by-due` or two for one that moves, and one when the entry in
    /// `by-status` comes or goes.
    ///
    /// Returns false, and changes nothing, when the delivery is final already, another attempt was recorded meanwhile,
    /// or another series has begun. `delivered` is recorded in any series, as long as the delivery is unfinished. An
    /// outcome without an attempt is also refused when another worker has claimed the next attempt, or when the
    /// delivery has begun to wait for its endpoint or was released since it was read.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn record(&self, delivery: &Delivery, outcome: &Outcome) -> Result<bool, StoreError> {
        if outcome.is_of_others(delivery) {
            return Ok(false);
        }
        if delivery.shared.is_some() {
            let recorded = if outcome.fits_shared_item() {
                self.arrive(delivery, outcome).await?
            } else {
                self.move_out(delivery, outcome.seen(delivery), &after(delivery, outcome), outcome.now, None).await?
            };
            if recorded {
                return Ok(true);
            }
        }
        self.record_own(delivery, outcome).await
    }

    /// Records an outcome in the item that the delivery has of its own; false when it has none.
    async fn record_own(&self, delivery: &Delivery, outcome: &Outcome) -> Result<bool, StoreError> {
        let recording = Recording::of(delivery, outcome);
        let recorded = self
            .update_item(&delivery.account, &delivery.id)
            .update_expression(recording.expression())
            .condition_expression(recording.condition())
            .expression_attribute_names("#status", "status")
            .set_expression_attribute_values(Some(recording.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match recorded.map_err(SdkError::into_service_error) {
            Ok(_) => Ok(true),
            // When an answer is lost, the SDK sends its call again, and that one finds what the first has recorded.
            Err(UpdateItemError::ConditionalCheckFailedException(found)) => {
                Ok(found.item().is_some_and(|item| is_recorded(item, outcome)))
            }
            Err(other) => Err(StoreError::operation("UpdateItem delivery", other)),
        }
    }

    /// Records a delivery as failed, under the conditions of [`Deliveries::record`], in one transaction with its alert:
    /// there is no failure without an alert. Returns false, and stores neither, when a condition does not hold.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, or other writes meet the transaction each time that it is tried.
    pub async fn record_failed(
        &self,
        delivery: &Delivery,
        outcome: &Outcome,
        alerts: &Alerts,
        alert: &Alert,
    ) -> Result<bool, StoreError> {
        if outcome.is_of_others(delivery) {
            return Ok(false);
        }
        if delivery.shared.is_some() {
            let (seen, told) = (outcome.seen(delivery), Some((alerts, alert)));
            if self.move_out(delivery, seen, &after(delivery, outcome), outcome.now, told).await? {
                return Ok(true);
            }
        }
        let recording = Recording::of(delivery, outcome);
        let update = Update::builder()
            .table_name(&self.table)
            .key("pk", s(&delivery.account))
            .key("sk", s(&delivery.id))
            .update_expression(recording.expression())
            .condition_expression(recording.condition())
            .expression_attribute_names("#status", "status")
            .set_expression_attribute_values(Some(recording.values))
            .build()
            .map_err(StoreError::built("Update delivery"))?;
        let update = TransactWriteItem::builder().update(update).build();
        alerts.tell(vec![update], &delivery.account, alert).await
    }
}

impl Outcome {
    /// The entry of a shared item that says it; `None` when only an item of its own can.
    pub(super) fn entry(&self) -> Option<Entry> {
        let arrived = self.attempt.as_ref().filter(|_| self.status == DeliveryStatus::Delivered);
        arrived.and_then(Entry::arrived)
    }

    /// How the entry of a delivery stands that was read from a shared item and may have been claimed for this since.
    pub(super) fn seen(&self, delivery: &Delivery) -> Option<Entry> {
        self.claim.map(Entry::claimed).or_else(|| Entry::of(delivery))
    }

    /// Whether it is without an attempt while another worker makes one.
    fn is_of_others(&self, delivery: &Delivery) -> bool {
        self.attempt.is_none() && self.claim.is_none() && delivery.claimed(self.now).is_some()
    }

    /// Whether an item that the delivery shares with others can say it, as long as it is the delivery's first attempt.
    #[must_use]
    pub fn fits_shared_item(&self) -> bool {
        self.entry().is_some()
    }
}

/// `delivery`, of which no attempt is recorded, after `outcome`.
fn after(delivery: &Delivery, outcome: &Outcome) -> Delivery {
    let waits = outcome.attempt.is_none() && outcome.next_attempt_at.is_some();
    Delivery {
        shared: None,
        status: outcome.status,
        attempt_count: delivery.attempt_count + u32::from(outcome.attempt.is_some()),
        next_attempt_at: outcome.next_attempt_at,
        claimed_until: None,
        waiting_since: (waits && !outcome.paced).then_some(outcome.now),
        paced: outcome.paced,
        completed_at: outcome.next_attempt_at.is_none().then_some(outcome.now),
        last_attempt: outcome.attempt.as_ref().map(LastAttempt::from),
        attempts: outcome.attempt.iter().cloned().collect(),
        ..delivery.clone()
    }
}

/// The update that records an outcome, by its clauses.
struct Recording {
    set: Vec<&'static str>,
    remove: Vec<&'static str>,
    condition: Vec<&'static str>,
    values: Item,
}

impl Recording {
    fn of(delivery: &Delivery, outcome: &Outcome) -> Self {
        let mut recording = Self {
            set: vec!["#status = :status"],
            remove: vec!["claimedUntil"],
            condition: vec![IS_UNFINISHED],
            values: unfinished(),
        };
        recording.value(":status", s(outcome.status.as_str()));
        recording.attempt(delivery, outcome);
        recording.index_entries(delivery, outcome);
        recording.conditions(delivery, outcome);
        recording
    }

    fn expression(&self) -> String {
        format!("SET {} REMOVE {}", self.set.join(", "), self.remove.join(", "))
    }

    fn condition(&self) -> String {
        self.condition.join(" AND ")
    }

    fn value(&mut self, name: &str, value: AttributeValue) {
        self.values.insert(name.to_owned(), value);
    }

    /// Adds the attempt; without one, the delivery stands in line, or has begun to wait for its endpoint, unless it is final or
    /// waits already.
    fn attempt(&mut self, delivery: &Delivery, outcome: &Outcome) {
        if let Some(attempt) = &outcome.attempt {
            self.set.extend(["attemptCount = attemptCount + :one", "lastAttempt = :last"]);
            self.remove.extend(["waitingSince", "paced"]);
            self.value(":one", n(1));
            self.value(":last", json(&LastAttempt::from(attempt)));
            let (change, attempts) = with_attempt(delivery, attempt);
            self.set.push(change);
            self.value(":attempts", AttributeValue::L(attempts));
        } else if outcome.paced {
            self.set.push("paced = :paced");
            self.remove.push("waitingSince");
            self.value(":paced", AttributeValue::Bool(true));
        } else if delivery.waiting_since.is_none_or(|since| since > outcome.now) && outcome.next_attempt_at.is_some() {
            self.set.push("waitingSince = :now");
            self.remove.push("paced");
            self.value(":now", s(outcome.now.to_string()));
        }
    }

    /// Puts the delivery where `by-status` and `by-due` have it from now on, or takes it out of them.
    fn index_entries(&mut self, delivery: &Delivery, outcome: &Outcome) {
        if outcome.status.is_rare() {
            self.set.push("accountStatus = :accountStatus");
            self.value(":accountStatus", s(account_status(&delivery.account, outcome.status)));
        } else {
            self.remove.push("accountStatus");
        }
        if let Some(next) = outcome.next_attempt_at {
            self.set.extend(["nextAttemptAt = :next", "dueAt = :due"]);
            self.value(":next", s(next.to_string()));
            self.value(":due", n(due(next, outcome.now)));
        } else {
            self.set.push("completedAt = :completed");
            self.remove.extend(["nextAttemptAt", "dueShard", "dueAt"]);
            self.value(":completed", s(outcome.now.to_string()));
        }
    }

    /// That it arrived counts, whatever was recorded or begun meanwhile, as long as the delivery is unfinished.
    /// Anything else is out of date then.
    fn conditions(&mut self, delivery: &Delivery, outcome: &Outcome) {
        if outcome.status != DeliveryStatus::Delivered {
            self.condition.extend(["attemptCount = :seen", "series = :series"]);
            self.value(":seen", n(delivery.attempt_count));
            self.value(":series", n(delivery.series));
        }
        if outcome.attempt.is_none() {
            self.as_it_was_read(delivery, outcome);
        }
    }

    /// For an outcome without an attempt: no other worker has claimed the next attempt, and since the delivery was read
    /// it has neither begun to wait for its endpoint nor been released.
    fn as_it_was_read(&mut self, delivery: &Delivery, outcome: &Outcome) {
        if let Some(ours) = outcome.claim {
            self.condition.push("claimedUntil = :claim");
            self.value(":claim", n(ours.as_millisecond()));
        } else {
            self.condition.push(IS_UNCLAIMED);
            self.values.extend(unclaimed(outcome.now));
        }
        if let Some(since) = delivery.waiting_since {
            self.condition.push("waitingSince = :since");
            self.value(":since", s(since.to_string()));
        } else {
            self.condition.push("attribute_not_exists(waitingSince)");
        }
    }
}

/// The clause that adds `attempt` at the end of the list, with its value. A full list loses its oldest entries.
fn with_attempt(delivery: &Delivery, attempt: &Attempt) -> (&'static str, Vec<AttributeValue>) {
    let kept = &delivery.attempts;
    if kept.len() < MAX_ATTEMPTS_KEPT {
        return ("attempts = list_append(attempts, :attempts)", vec![json(attempt)]);
    }
    let latest = kept[kept.len() + 1 - MAX_ATTEMPTS_KEPT..].iter().chain([attempt]);
    ("attempts = :attempts", latest.map(json).collect())
}

/// Whether `outcome` is what was recorded last. Two attempts that ran in parallel may look alike; the time of the next
/// one tells them apart, since each was given its own jitter.
fn is_recorded(item: &Item, outcome: &Outcome) -> bool {
    let is = |name: &str, at: Timestamp| item.get(name) == Some(&s(at.to_string()));
    let Some(attempt) = &outcome.attempt else {
        let waits = outcome.next_attempt_at.is_some_and(|next| is("nextAttemptAt", next));
        let held = if outcome.paced { item.contains_key("paced") } else { is("waitingSince", outcome.now) };
        return waits && held && !item.contains_key("claimedUntil");
    };
    let attempts = item.get("attempts").and_then(|value| value.as_l().ok());
    attempts.and_then(|attempts| attempts.last()) == Some(&json(attempt))
        && outcome.next_attempt_at.is_none_or(|next| is("nextAttemptAt", next))
}
