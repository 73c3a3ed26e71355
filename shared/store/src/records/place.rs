//! A record's own items: made, replaced, deleted; and its number given to it or taken away. One that lies under its number
//! still is moved under its id by whatever changes it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
use domain::ids;
use domain::models::Kind;
use serde_json::{Map, Value};

use super::commit::{Commit, NewNumber, RecordWrite};
use super::key::ItemKey;
use super::slot::Slot;
use super::update::{ItemUpdate, Writes};
use super::{Records, Stored};
use crate::item::{TRAIL, b, json, n, s};
use crate::{StoreError, body};

/// A tombstone is kept 30 days.
pub(super) const TOMBSTONE_SECONDS: i64 = 30 * 86_400;
/// For so long the key under which a record lay says that it was moved, to whoever reads both at that moment.
const MOVED_SECONDS: i64 = 3600;

/// There is nothing under the id.
const IS_NEW: &str = "attribute_not_exists(pk)";
/// Under the id there is no more than a card.
const IS_NOT_MOVED: &str = "attribute_not_exists(body)";
/// The tombstone is as it was read: a later deletion of the same record may forbid the change.
pub(super) const IS_THAT_TOMBSTONE: &str = "body = :read AND attribute_exists(deletedAt)";
/// The record is as it was read, including the sender's clock.
const UNCHANGED: &str = "body = :read AND attribute_not_exists(deletedAt)";
/// Its calendar is as it was read, too.
const CALENDAR_UNCHANGED: &str = "orders = :orders AND leaveRevision = :leaves";

impl Records {
    /// The writes of the record itself.
    pub(super) fn own_items(&self, commit: &Commit<'_>, writes: &mut Writes) -> Result<(), StoreError> {
        match &commit.write {
            RecordWrite::Create(number) => self.create(commit, number, writes),
            RecordWrite::Update(stored, number) if stored.read.key.is_old() => {
                self.mark_moved(commit, stored, writes)?;
                let put = with_calendar(whole(commit, &ItemKey::record(commit.id())), stored);
                writes.push(self.finish_put(put.condition_expression(IS_NOT_MOVED))?);
                self.take_number(commit, number.as_ref(), stored, writes)
            }
            RecordWrite::Update(stored, number) => {
                writes.update(ItemKey::record(&stored.id), replaced(commit, stored));
                if number.is_some() {
                    give_up(commit, stored, writes);
                }
                self.take_number(commit, number.as_ref(), stored, writes)
            }
            RecordWrite::Delete(stored) => self.delete(commit, stored, writes),
        }
    }

    /// A new record. One with the number of a deleted work order gets the orders under that, since they name their parent
    /// by its number.
    fn create(&self, commit: &Commit<'_>, number: &NewNumber<'_>, writes: &mut Writes) -> Result<(), StoreError> {
        let id = commit.id();
        let children = number.tombstone.filter(|_| commit.kind == Kind::WorkOrder);
        let put = whole(commit, &ItemKey::record(id))
            .item("orders", orders(children))
            .item("leaves", AttributeValue::M(HashMap::new()))
            .item("leaveRevision", n(0));
        writes.push(self.finish_put(put.condition_expression(IS_NEW))?);
        if !number.slot.is_of(id) {
            writes.update(number.slot.key(), number.slot.lead_to(id));
        }
        self.replace_tombstone(commit, number, writes)
    }

    /// Gives the record the number that is new for it, or its own one in the new form.
    fn take_number(
        &self,
        commit: &Commit<'_>,
        number: Option<&NewNumber<'_>>,
        stored: &Stored,
        writes: &mut Writes,
    ) -> Result<(), StoreError> {
        if let Some(slot) = number.map(|number| number.slot).or(stored.read.slot.as_ref()) {
            writes.update(slot.key(), slot.lead_to(&stored.id));
        }
        number.map_or(Ok(()), |number| self.replace_tombstone(commit, number, writes))
    }

    /// Deletes the tombstone of the number that a record gets, if it is as it was read.
    fn replace_tombstone(
        &self,
        commit: &Commit<'_>,
        number: &NewNumber<'_>,
        writes: &mut Writes,
    ) -> Result<(), StoreError> {
        let Some(tombstone) = number.tombstone else { return Ok(()) };
        let delete = Delete::builder()
            .table_name(&self.table)
            .key("pk", s(tombstone.read.key.pk(commit.account)))
            .condition_expression(IS_THAT_TOMBSTONE)
            .expression_attribute_values(":read", tombstone.read.body())
            .build()
            .map_err(StoreError::built("Delete tombstone"))?;
        writes.push(TransactWriteItem::builder().delete(delete).build());
        Ok(())
    }

    /// The record becomes a tombstone under a key of its own, which is deleted after 30 days. What is left under its id
    /// stays. It holds only if its calendar is as it was read: there may be more orders by now.
    fn delete(&self, commit: &Commit<'_>, stored: &Stored, writes: &mut Writes) -> Result<(), StoreError> {
        let tombstone = with_calendar(whole(commit, &ItemKey::tombstone(&stored.id)), stored)
            .item("deletedAt", s(domain::clock::rfc3339(commit.now)))
            .item("expiresAt", n(commit.now.as_second() + TOMBSTONE_SECONDS));
        writes.push(self.finish_put(tombstone)?);
        let key = ItemKey::record(&stored.id);
        if stored.read.key.is_old() {
            self.mark_moved(commit, stored, writes)?;
            let left = Put::builder().item("pk", s(key.pk(commit.account)));
            writes.push(self.finish_put(left.condition_expression(IS_NOT_MOVED))?);
            return self.take_number(commit, None, stored, writes);
        }
        let mut update = ItemUpdate::default();
        update.on(UNCHANGED).value(":read", stored.read.body());
        update.on("orders = :orders").value(":orders", orders(Some(stored)));
        for name in ["id", "body", "version", TRAIL, "orders", "leaves", "leaveRevision"] {
            update.remove(name);
        }
        update.remove("#number").name("#number", "number");
        if ids::record_id(commit.kind, commit.account, &stored.number) == stored.id {
            update.set("leads = :leads").value(":leads", s(&stored.id));
        }
        writes.update(key, update);
        Ok(())
    }

    /// What takes the place of a record under its number: where it was moved to. It holds only if neither the record nor
    /// its calendar, which moves with it, has changed.
    fn mark_moved(&self, commit: &Commit<'_>, stored: &Stored, writes: &mut Writes) -> Result<(), StoreError> {
        let put = Put::builder()
            .item("pk", s(stored.read.key.pk(commit.account)))
            .item("leads", s(&stored.id))
            .item("expiresAt", n(commit.now.as_second() + MOVED_SECONDS))
            .condition_expression(format!("{UNCHANGED} AND {CALENDAR_UNCHANGED}"))
            .expression_attribute_values(":read", stored.read.body())
            .expression_attribute_values(":orders", orders(Some(stored)))
            .expression_attribute_values(":leaves", n(stored.leave_revision));
        writes.push(self.finish_put(put)?);
        Ok(())
    }

    pub(super) fn finish_put(&self, put: PutBuilder) -> Result<TransactWriteItem, StoreError> {
        let put = put.table_name(&self.table).build().map_err(StoreError::built("Put record"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

/// The update of a record; its calendar, which other records' transactions write, stays as it is. A change that depends on
/// the orders in it is conditional on them.
fn replaced(commit: &Commit<'_>, stored: &Stored) -> ItemUpdate {
    let mut update = ItemUpdate::default();
    update.set("body = :body").value(":body", body_of(commit.body));
    update.set("version = :newVersion").value(":newVersion", n(version(commit.body)));
    update.set("#number = :number").name("#number", "number").value(":number", s(commit.number()));
    if let Some(trail) = commit.new_trail() {
        update.set("trail = :trail").value(":trail", b(trail.to_bytes()));
    }
    update.on(UNCHANGED).value(":read", stored.read.body());
    if commit.holds_calendar {
        update.on("orders = :orders").value(":orders", orders(Some(stored)));
    }
    update
}

/// Takes the record's old number away. Where its slot is the record's own item, the new number there is enough.
fn give_up(commit: &Commit<'_>, stored: &Stored, writes: &mut Writes) {
    let slot = Slot::key_of(commit.account, commit.kind, &stored.number);
    if slot != ItemKey::record(&stored.id) {
        writes.update(slot, Slot::give_up(&stored.id));
    }
}

/// A record's item without its calendar.
fn whole(commit: &Commit<'_>, key: &ItemKey) -> PutBuilder {
    let put = Put::builder()
        .item("pk", s(key.pk(commit.account)))
        .item("id", s(commit.id()))
        .item("number", s(commit.number()))
        .item("version", n(version(commit.body)))
        .item("body", body_of(commit.body));
    match commit.trail() {
        trail if trail.is_empty() => put,
        trail => put.item(TRAIL, b(trail.to_bytes())),
    }
}

fn with_calendar(put: PutBuilder, stored: &Stored) -> PutBuilder {
    let leaves = stored.leaves.iter().map(|leave| (leave.id.clone(), json(leave))).collect();
    put.item("orders", orders(Some(stored)))
        .item("leaves", AttributeValue::M(leaves))
        .item("leaveRevision", n(stored.leave_revision))
}

/// The attribute for a record.
pub(super) fn body_of(record: &Map<String, Value>) -> AttributeValue {
    body::attribute(&domain::json::write(record))
}

/// The orders in a record's calendar, as the attribute `orders`.
fn orders(of: Option<&Stored>) -> AttributeValue {
    AttributeValue::M(of.into_iter().flat_map(|stored| &stored.bookings).map(|b| (b.id.clone(), json(b))).collect())
}

fn version(body: &Map<String, Value>) -> u64 {
    body.get("version").and_then(Value::as_u64).unwrap_or(1)
}
