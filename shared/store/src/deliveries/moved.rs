//! How a delivery gets an item of its own.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use domain::alert::Alert;
use domain::delivery::Delivery;
use jiff::Timestamp;

use super::shared::{ENTRIES, Entry};
use super::stored::to_item;
use super::{Deliveries, TABLE};
use crate::StoreError;
use crate::alerts::Alerts;
use crate::item::s;
use crate::transaction::transact;

impl Deliveries {
    /// Moves a delivery from the item that it shares with others, where its entry was `seen`, into an item of its own, as `own`
    /// says, in one transaction with the alert if one is given. Two write units for each KB of the shared item, two for
    /// its own, and one for each index that its own is in. If `own` has a next attempt, it is planned at `now`.
    ///
    /// Returns false, and changes nothing, when its entry has changed since it was read.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, or other writes meet the transaction each time that it is tried.
    pub(super) async fn move_out(
        &self,
        delivery: &Delivery,
        seen: Option<Entry>,
        own: &Delivery,
        now: Timestamp,
        alert: Option<(&Alerts, &Alert)>,
    ) -> Result<bool, StoreError> {
        // Only what was read from a shared item can move out of it.
        let (Some(shared), Some(seen)) = (&delivery.shared, seen) else { return Ok(false) };
        let leave = Update::builder()
            .table_name(&self.table)
            .key("pk", s(&delivery.account))
            .key("sk", s(shared))
            .update_expression("SET #entries.#endpoint = :own")
            .condition_expression("#entries.#endpoint = :seen")
            .expression_attribute_names("#entries", ENTRIES)
            .expression_attribute_names("#endpoint", &delivery.endpoint_id)
            .expression_attribute_values(":own", Entry::Own.value())
            .expression_attribute_values(":seen", seen.value())
            .build()
            .map_err(StoreError::built("Update shared deliveries"))?;
        let own = self.put_new(to_item(own, now, self.kept))?;
        let items = vec![TransactWriteItem::builder().update(leave).build(), own];
        match alert {
            Some((alerts, alert)) => alerts.tell(items, &delivery.account, alert).await,
            None => transact(&self.db, items, "TransactWriteItems delivery", TABLE).await,
        }
    }
}
