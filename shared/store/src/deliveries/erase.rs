//! Deliveries that are erased: those of events that hold data of a person, and answers that name it.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::delivery::Attempt;

use super::shared::event_of;
use super::{Deliveries, TABLE};
use crate::StoreError;
use crate::backoff::pause_before;
use crate::batch::batch_delete;
use crate::conditional::unless_refused;
use crate::erasing::{Mode, Tally};
use crate::item::{Item, Reader, json};
use crate::tables::DELIVERIES;
use crate::walk::{self, Span, key_of};

/// How often a delivery is written whose attempts others record.
const MAX_TRIES: u32 = 8;

impl Deliveries {
    /// Deletes an account's deliveries of these events, and of the others what of answers `is_personal`. Counts
    /// items: each is a delivery, or all of an event that share one. Messages that are still queued for them lead nowhere,
    /// and are dropped. Reads all deliveries of the account.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, or attempts are recorded over and over.
    pub async fn erase(
        &self,
        account: &str,
        event_ids: &HashSet<String>,
        mode: Mode,
        is_personal: impl Fn(&str) -> bool,
    ) -> Result<Tally, StoreError> {
        let (span, mut next, mut tally) = (Span::Partition(account.to_owned()), None, Tally::default());
        loop {
            let part = walk::part(&self.db, &self.table, &span, next).await?;
            let (gone, kept): (Vec<Item>, Vec<Item>) =
                part.items.into_iter().partition(|item| event_ids.contains(event_id(item)));
            let keys = gone.iter().map(|item| key_of(DELIVERIES, item)).collect::<Result<Vec<_>, _>>()?;
            if mode == Mode::Erase {
                batch_delete(&self.db, &self.table, &keys, "BatchWriteItem deliveries").await?;
            }
            tally.removed += keys.len();
            for item in kept {
                tally.changed(self.erase_answers(item, mode, &is_personal).await)?;
            }
            next = part.next;
            if next.is_none() {
                return Ok(tally);
            }
        }
    }

    /// Returns whether there was one.
    async fn erase_answers(
        &self,
        mut item: Item,
        mode: Mode,
        is_personal: impl Fn(&str) -> bool,
    ) -> Result<bool, StoreError> {
        for tries in 0..MAX_TRIES {
            pause_before(tries).await;
            let Some((seen, rest)) = without_answers(&item, &is_personal)? else { return Ok(false) };
            if mode == Mode::Count || self.replace_attempts(&item, seen, &rest).await? {
                return Ok(true);
            }
            let call = self.db.get_item().table_name(&self.table).consistent_read(true);
            let found = call.set_key(Some(key_of(DELIVERIES, &item)?)).send().await;
            match found.map_err(StoreError::call("GetItem delivery"))?.item {
                Some(now) => item = now,
                None => return Ok(false),
            }
        }
        Err(StoreError::Contention(TABLE))
    }

    /// Returns false when an attempt was recorded meanwhile.
    async fn replace_attempts(&self, item: &Item, seen: &AttributeValue, rest: &[Attempt]) -> Result<bool, StoreError> {
        let reader = Reader { table: TABLE, item };
        let call = self
            .update_item(reader.text("pk")?, reader.text("sk")?)
            .update_expression("SET attempts = :attempts")
            .condition_expression("attempts = :seen")
            .expression_attribute_values(":attempts", AttributeValue::L(rest.iter().map(json).collect()))
            .expression_attribute_values(":seen", seen.clone());
        Ok(unless_refused(call.send().await, "UpdateItem delivery")?.is_some())
    }
}

/// The attempts as they are stored, and without what of their answers `is_personal`; `None` if there is nothing of that.
fn without_answers(
    item: &Item,
    is_personal: impl Fn(&str) -> bool,
) -> Result<Option<(&AttributeValue, Vec<Attempt>)>, StoreError> {
    let Some(stored) = item.get("attempts") else { return Ok(None) };
    let unreadable = || Reader { table: TABLE, item }.unreadable("attempts");
    let read = |value: &AttributeValue| serde_json::from_str::<Attempt>(value.as_s().ok()?).ok();
    let attempts = stored.as_l().map_err(|_| unreadable())?.iter().map(|value| read(value).ok_or_else(unreadable));
    let mut attempts = attempts.collect::<Result<Vec<_>, _>>()?;
    let mut is_changed = false;
    for attempt in &mut attempts {
        is_changed |= attempt.response_body.take_if(|body| is_personal(body)).is_some();
        let headers = attempt.response_headers.len();
        attempt.response_headers.retain(|_, value| !is_personal(value));
        is_changed |= attempt.response_headers.len() < headers;
    }
    Ok(is_changed.then_some((stored, attempts)))
}

/// The event that an item of a delivery, or of several, is about; empty for another item.
fn event_id(item: &Item) -> &str {
    let reader = Reader { table: TABLE, item };
    reader.opt_text("eventId").unwrap_or_else(|| event_of(reader.opt_text("sk").unwrap_or_default()))
}
