//! Events that are erased: those that hold data of a person.

use std::collections::HashSet;

use domain::outbox::{Outbox, StoredEvent};
use jiff::Timestamp;

use super::{Events, event_list};
use crate::StoreError;
use crate::conditional::unless_refused;
use crate::item::{key, s};

impl Events {
    /// Takes these events out of an outbox item, and deletes the item with its last. The others stay where they are; the
    /// stream brings them once more, which makes nothing twice, and tells no endpoint that was made since.
    ///
    /// A reader of the feed who has stopped within the item, in the middle of a request's events, may miss some of those
    /// behind them.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn erase(&self, outbox: &Outbox, ids: &HashSet<String>, now: Timestamp) -> Result<(), StoreError> {
        let key = key(&outbox.account, &outbox.id);
        let rest: Vec<StoredEvent> = outbox.events.iter().filter(|event| !ids.contains(&event.id)).cloned().collect();
        if rest.is_empty() {
            let call = self.db.delete_item().table_name(&self.table).set_key(Some(key));
            call.send().await.map_err(StoreError::call("DeleteItem event"))?;
            return Ok(());
        }
        let call = self
            .db
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key))
            .update_expression("SET #events = :rest, broughtAgainAt = :now")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#events", "events")
            .expression_attribute_values(":rest", event_list(&rest))
            .expression_attribute_values(":now", s(now.to_string()));
        unless_refused(call.send().await, "UpdateItem event")?;
        Ok(())
    }
}
