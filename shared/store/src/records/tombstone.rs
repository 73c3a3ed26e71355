//! What a tombstone learns after the deletion.

use aws_sdk_dynamodb::error::SdkError;
use domain::models::Kind;
use serde_json::{Map, Value};

use super::place::IS_THAT_TOMBSTONE;
use super::{RecordKey, Records, Stored};
use crate::StoreError;
use crate::item::{json, s};

impl Records {
    /// Replaces the body of a tombstone. False when the number has a record again or another tombstone, or this one has
    /// another body by now.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn update_tombstone(
        &self,
        account: &str,
        kind: Kind,
        tombstone: &Stored,
        body: &Map<String, Value>,
    ) -> Result<bool, StoreError> {
        let outcome = self
            .db
            .update_item()
            .table_name(&self.table)
            .key("pk", s(RecordKey::number(kind, &tombstone.number).text(account)))
            .update_expression("SET body = :body")
            .condition_expression(IS_THAT_TOMBSTONE)
            .expression_attribute_values(":read", s(tombstone.written.as_str()))
            .expression_attribute_values(":body", json(body))
            .send()
            .await;
        match outcome.map_err(SdkError::into_service_error) {
            Ok(_) => Ok(true),
            Err(error) if error.is_conditional_check_failed_exception() => Ok(false),
            Err(error) => Err(StoreError::operation("UpdateItem tombstone", error)),
        }
    }
}
