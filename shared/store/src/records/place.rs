//! The item of a record under its natural key: made, moved to another key, replaced in place.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use domain::models::Kind;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::commit::{Commit, TOMBSTONE_SECONDS, version};
use super::{Records, Stored};
use crate::item::{json, n, s};
use crate::{StoreError, body};

/// A natural key that a record can move to has no record, or a tombstone.
const IS_FREE: &str = "attribute_not_exists(pk) OR attribute_exists(deletedAt)";
/// There is neither a record nor a tombstone.
const IS_NEW: &str = "attribute_not_exists(pk)";
/// The tombstone is as it was read: another tombstone, or a later deletion of the same record, may forbid the change.
pub(super) const IS_THAT_TOMBSTONE: &str = "body = :read AND attribute_exists(deletedAt)";
/// The record is as it was read, including the sender's clock.
const UNCHANGED: &str = "body = :read AND attribute_not_exists(deletedAt)";

impl Records {
    /// The put of a new record. One with the number of a deleted work order gets the orders under that, since they name
    /// their parent by its number.
    pub(super) fn create(
        &self,
        commit: &Commit<'_>,
        pk: AttributeValue,
        tombstone: Option<&Stored>,
    ) -> Result<TransactWriteItem, StoreError> {
        let children = tombstone.filter(|_| commit.kind == Kind::WorkOrder);
        let put = whole(commit, pk)
            .item("orders", orders(children))
            .item("leaves", AttributeValue::M(HashMap::new()))
            .item("leaveRevision", n(0));
        self.finish_put(match tombstone {
            None => put.condition_expression(IS_NEW),
            Some(tombstone) => {
                put.condition_expression(IS_THAT_TOMBSTONE).expression_attribute_values(":read", tombstone.read.body())
            }
        })
    }

    /// The put of a record that moves to another natural key, with its calendar.
    pub(super) fn move_to(
        &self,
        commit: &Commit<'_>,
        pk: AttributeValue,
        stored: &Stored,
    ) -> Result<TransactWriteItem, StoreError> {
        let leaves = stored.leaves.iter().map(|leave| (leave.id.clone(), json(leave))).collect();
        let put = whole(commit, pk)
            .item("orders", orders(Some(stored)))
            .item("leaves", AttributeValue::M(leaves))
            .item("leaveRevision", n(stored.leave_revision));
        self.finish_put(put.condition_expression(IS_FREE))
    }

    /// The deletion of the old item of a record that moves to another natural key, if neither the record nor its
    /// calendar, which moves with it, has changed.
    pub(super) fn delete_moved(&self, pk: AttributeValue, stored: &Stored) -> Result<TransactWriteItem, StoreError> {
        let delete = Delete::builder()
            .table_name(&self.table)
            .key("pk", pk)
            .condition_expression(format!("{UNCHANGED} AND orders = :orders AND leaveRevision = :leaves"))
            .expression_attribute_values(":read", stored.read.body())
            .expression_attribute_values(":orders", orders(Some(stored)))
            .expression_attribute_values(":leaves", n(stored.leave_revision))
            .build()
            .map_err(StoreError::built("Delete record"))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// The update of a record under the same natural key; its calendar, which other records' transactions write, stays
    /// as it is. A deletion, or a change that depends on the orders in the calendar, is conditional on them: there may
    /// be more by now.
    pub(super) fn replace(
        &self,
        commit: &Commit<'_>,
        pk: AttributeValue,
        stored: &Stored,
        gone: Option<Timestamp>,
    ) -> Result<TransactWriteItem, StoreError> {
        let mut expression = "SET body = :body, version = :version, #number = :number".to_owned();
        let mut condition = UNCHANGED.to_owned();
        let mut update = Update::builder()
            .expression_attribute_names("#number", "number")
            .expression_attribute_values(":number", s(commit.number()))
            .expression_attribute_values(":body", body_of(commit.body))
            .expression_attribute_values(":version", n(version(commit.body)))
            .expression_attribute_values(":read", stored.read.body());
        if commit.holds_calendar || gone.is_some() {
            condition.push_str(" AND orders = :orders");
            update = update.expression_attribute_values(":orders", orders(Some(stored)));
        }
        if let Some(now) = gone {
            expression.push_str(", deletedAt = :gone, expiresAt = :ttl");
            update = update
                .expression_attribute_values(":gone", s(domain::clock::rfc3339(now)))
                .expression_attribute_values(":ttl", n(now.as_second() + TOMBSTONE_SECONDS));
        }
        let update = update
            .update_expression(expression)
            .condition_expression(condition)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        self.finish_update(update, pk)
    }
}

/// A record's item without its calendar. If the condition does not hold, the cancellation reason has the present item.
fn whole(commit: &Commit<'_>, pk: AttributeValue) -> PutBuilder {
    Put::builder()
        .item("pk", pk)
        .item("id", s(commit.id()))
        .item("number", s(commit.number()))
        .item("version", n(version(commit.body)))
        .item("body", body_of(commit.body))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
}

/// The attribute for a record.
pub(super) fn body_of(record: &Map<String, Value>) -> AttributeValue {
    body::attribute(&domain::json::write(record))
}

/// The orders in a record's calendar, as the attribute `orders`.
fn orders(of: Option<&Stored>) -> AttributeValue {
    AttributeValue::M(of.into_iter().flat_map(|stored| &stored.bookings).map(|b| (b.id.clone(), json(b))).collect())
}
