//! What the sweeper asks: which unfinished deliveries are overdue, or wait for a time that is too far away.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use domain::delivery::Delivery;
use jiff::{SignedDuration, Timestamp};

use super::super::item::{Item, Reader, n, s};
use super::super::shard::Shard;
use super::super::{StoreError, tables};
use super::stored::read;
use super::{Deliveries, TABLE};

/// An unfinished delivery in the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overdue {
    /// The tenant.
    pub account: String,
    /// The delivery.
    pub id: String,
    /// Epoch milliseconds at which the sweeper looks after it.
    due_at: i64,
}

/// When unfinished deliveries are due that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueSpan {
    /// Then or before.
    By(Timestamp),
    /// Later.
    Beyond(Timestamp),
}

impl Deliveries {
    /// Unfinished deliveries of one shard that are due in `span`, oldest first, at most `limit`, after `seen`.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn overdue(
        &self,
        shard: Shard,
        seen: Option<Overdue>,
        span: DueSpan,
        limit: i32,
    ) -> Result<Vec<Overdue>, StoreError> {
        let start = seen.map(|seen| {
            Item::from([
                ("pk".to_owned(), s(seen.account)),
                ("sk".to_owned(), s(seen.id)),
                ("dueShard".to_owned(), s(shard.key())),
                ("dueAt".to_owned(), n(seen.due_at)),
            ])
        });
        let (is_due, at) = match span {
            DueSpan::By(at) => ("<=", at),
            DueSpan::Beyond(at) => (">", at),
        };
        let output = self
            .db
            .query()
            .table_name(&self.table)
            .index_name(tables::BY_DUE)
            .key_condition_expression(format!("dueShard = :shard AND dueAt {is_due} :at"))
            .expression_attribute_values(":shard", s(shard.key()))
            .expression_attribute_values(":at", n(at.as_millisecond()))
            .limit(limit)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(StoreError::call("Query overdue deliveries"))?;
        let items = output.items().iter().map(|item| {
            let reader = Reader { table: TABLE, item };
            Ok(Overdue { account: reader.string("pk")?, id: reader.string("sk")?, due_at: reader.number("dueAt")? })
        });
        items.collect()
    }

    /// Reserves an overdue delivery for `long`, so that the next sweep leaves it alone while its message waits in a
    /// queue. One that is due later keeps its place, unless that is further away than `farthest`. Returns the delivery,
    /// or `None` when it has moved on.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn reserve(
        &self,
        overdue: &Overdue,
        now: Timestamp,
        long: SignedDuration,
        farthest: SignedDuration,
    ) -> Result<Option<Delivery>, StoreError> {
        let soon = (now + long).as_millisecond();
        let too_far = overdue.due_at > (now + farthest).as_millisecond();
        let until = if too_far { soon } else { soon.max(overdue.due_at + 1) };
        let outcome = self
            .update_item(&overdue.account, &overdue.id)
            .update_expression("SET dueAt = :until")
            .condition_expression("dueAt = :seen")
            .expression_attribute_values(":until", n(until))
            .expression_attribute_values(":seen", n(overdue.due_at))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::AllNew)
            .send()
            .await;
        match outcome.map_err(aws_sdk_dynamodb::error::SdkError::into_service_error) {
            Ok(output) => output.attributes().map(read).transpose(),
            Err(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(None),
            Err(other) => Err(StoreError::operation("UpdateItem overdue delivery", other)),
        }
    }
}
