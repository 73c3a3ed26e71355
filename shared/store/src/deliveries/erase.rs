//! Deliveries that are erased: those of events that hold data of a person, and answers that name it.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::delivery::Attempt;

use super::shared::event_of;
use super::{Deliveries, TABLE};
use crate::StoreError;
use crate::batch::batch_delete;
use crate::conditional::unless_refused;
use crate::item::{Item, Reader, json};
use crate::tables::DELIVERIES;
use crate::walk::{self, Span, key_of};

/// What an erasure has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Items that were deleted: each a delivery, or all of an event that share one.
    pub deleted: usize,
    /// Deliveries whose attempts have lost an answer's body.
    pub changed: usize,
}

impl Deliveries {
    /// Deletes an account's deliveries of these events, and of the others the bodies of answers which `is_personal`. Messages
    /// that are still queued for them lead nowhere, and are dropped. Reads all deliveries of the account.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, an attempt can't be read, or one is recorded at the same moment.
    pub async fn erase(
        &self,
        account: &str,
        event_ids: &HashSet<String>,
        is_personal: impl Fn(&str) -> bool,
    ) -> Result<Erased, StoreError> {
        let (span, mut next, mut erased) = (Span::Partition(account.to_owned()), None, Erased::default());
        loop {
            let part = walk::part(&self.db, &self.table, &span, next).await?;
            let (gone, kept): (Vec<&Item>, Vec<&Item>) =
                part.items.iter().partition(|item| event_ids.contains(event_id(item)));
            let keys = gone.iter().map(|item| key_of(DELIVERIES, item)).collect::<Result<Vec<_>, _>>()?;
            batch_delete(&self.db, &self.table, &keys, "BatchWriteItem deliveries").await?;
            erased.deleted += keys.len();
            for item in kept {
                erased.changed += usize::from(self.erase_answers(item, &is_personal).await?);
            }
            next = part.next;
            if next.is_none() {
                return Ok(erased);
            }
        }
    }

    /// Returns whether there was one.
    async fn erase_answers(&self, item: &Item, is_personal: impl Fn(&str) -> bool) -> Result<bool, StoreError> {
        let reader = Reader { table: TABLE, item };
        let Some(stored) = item.get("attempts") else { return Ok(false) };
        let unreadable = || reader.unreadable("attempts");
        let read = |value: &AttributeValue| serde_json::from_str::<Attempt>(value.as_s().ok()?).ok();
        let attempts = stored.as_l().map_err(|_| unreadable())?.iter().map(|value| read(value).ok_or_else(unreadable));
        let mut attempts = attempts.collect::<Result<Vec<_>, _>>()?;
        let mut is_changed = false;
        for attempt in &mut attempts {
            is_changed |= attempt.response_body.take_if(|body| is_personal(body)).is_some();
        }
        if !is_changed {
            return Ok(false);
        }
        let call = self
            .update_item(reader.text("pk")?, reader.text("sk")?)
            .update_expression("SET attempts = :attempts")
            .condition_expression("attempts = :seen")
            .expression_attribute_values(":attempts", AttributeValue::L(attempts.iter().map(json).collect()))
            .expression_attribute_values(":seen", stored.clone());
        unless_refused(call.send().await, "UpdateItem delivery")?.ok_or(StoreError::Contention(TABLE))?;
        Ok(true)
    }
}

/// The event that an item of a delivery, or of several, is about; empty for another item.
fn event_id(item: &Item) -> &str {
    let reader = Reader { table: TABLE, item };
    reader.opt_text("eventId").unwrap_or_else(|| event_of(reader.opt_text("sk").unwrap_or_default()))
}
