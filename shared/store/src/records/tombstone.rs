//! Changes of a tombstone after the deletion.

use serde_json::{Map, Value};

use super::place::{IS_THAT_TOMBSTONE, body_of};
use super::{Records, Stored};
use crate::StoreError;
use crate::conditional::unless_refused;
use crate::item::s;

impl Records {
    /// Replaces the body of a tombstone. Returns false, and changes nothing, when its number was given to another record,
    /// or it has another body by now. One write unit for each KB.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn update_tombstone(
        &self,
        account: &str,
        tombstone: &Stored,
        body: &Map<String, Value>,
    ) -> Result<bool, StoreError> {
        let outcome = self
            .db
            .update_item()
            .table_name(&self.table)
            .key("pk", s(tombstone.read.key.pk(account)))
            .update_expression("SET body = :body")
            .condition_expression(IS_THAT_TOMBSTONE)
            .expression_attribute_values(":read", tombstone.read.body())
            .expression_attribute_values(":body", body_of(body))
            .send()
            .await;
        Ok(unless_refused(outcome, "UpdateItem tombstone")?.is_some())
    }
}
