//! The one transaction of an inbound request: record, card, calendars, tax id and events, all or nothing.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::{PutBuilder, UpdateBuilder};
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason, Delete, Put, TransactWriteItem};
use domain::models::Kind;
use domain::outbox::Outbox;
use domain::resource::CalendarEdit;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::calendar::calendars;
use super::{RecordKey, Records, SealedTaxId, Stored, TABLE};
use crate::StoreError;
use crate::item::{Reader, json, n, s};

/// A transaction holds 100 items; what the record itself needs is kept free.
const MAX_CALENDARS: usize = 85;
/// A tombstone is kept 30 days.
pub(super) const TOMBSTONE_SECONDS: i64 = 30 * 86_400;

/// What happens to the record.
#[derive(Debug)]
pub enum RecordWrite<'a> {
    /// It is new, or takes the number of this tombstone.
    Create(Option<&'a Stored>),
    /// It takes the place of this one.
    Update(&'a Stored),
    /// This one becomes a tombstone.
    Delete(&'a Stored),
}

/// All that one inbound request writes.
#[derive(Debug)]
pub struct Commit<'a> {
    /// The tenant.
    pub account: &'a str,
    /// Which resource.
    pub kind: Kind,
    /// When.
    pub now: Timestamp,
    /// What happens to the record.
    pub write: RecordWrite<'a>,
    /// The record after, with `id` and `version`; as stored before for a deletion.
    pub body: &'a Map<String, Value>,
    /// A vendor's tax id, when it changed.
    pub tax_id: Option<&'a SealedTaxId>,
    /// Changes of other records' calendars.
    pub calendar: &'a [CalendarEdit],
    /// Whether it is only good while the record's own calendar is as it was read, as every deletion is.
    pub holds_calendar: bool,
    /// The holders of calendars as they were read.
    pub seen: &'a HashMap<RecordKey, Seen>,
    /// The events.
    pub outboxes: &'a [Outbox],
}

/// How a record was when it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Its version.
    pub version: u64,
    /// The revision of its leaves.
    pub leave_revision: u64,
}

/// What came of a transaction.
#[derive(Debug)]
pub enum Committed {
    /// All of it is stored.
    Done,
    /// The record was not as it was thought to be; it is like this (a create finds what is there already).
    Lost(Option<Box<Stored>>),
    /// Something else changed meanwhile: read again and decide again.
    Again,
}

impl Records {
    /// Stores all of `commit`, or nothing.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn commit(&self, commit: &Commit<'_>) -> Result<Committed, StoreError> {
        let mut calendars = calendars(commit);
        // More people than a transaction holds: who is booked is written ahead, who leaves afterwards. A booking only
        // ever warns or is checked against the order itself, so one that is there for no order does no harm.
        // A parent order is different: it decides, so its edit is always among those of the transaction.
        calendars.sort_by_key(|(holder, edit)| (holder.kind != Kind::WorkOrder, edit.only_removes()));
        let beyond = calendars.split_off(calendars.len().min(MAX_CALENDARS));
        let (ahead, after): (Vec<_>, Vec<_>) = beyond.into_iter().partition(|(_, edit)| !edit.only_removes());
        for (holder, edit) in &ahead {
            if !self.write_calendar(commit.account, holder, edit).await? {
                return Ok(Committed::Again);
            }
        }
        let mut items = self.record_items(commit)?;
        for (holder, edit) in &calendars {
            items.push(self.calendar_item(commit.account, holder, edit)?);
        }
        for outbox in commit.outboxes {
            items.extend(self.events.put(outbox, commit.now)?);
        }
        match self.db.transact_write_items().set_transact_items(Some(items)).send().await {
            Ok(_) => {
                for (holder, edit) in &after {
                    self.tidy_calendar(commit.account, holder, edit).await;
                }
                Ok(Committed::Done)
            }
            Err(error) => match error.into_service_error() {
                TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                    lost(cancelled.cancellation_reasons())
                }
                TransactWriteItemsError::TransactionInProgressException(_) => Ok(Committed::Again),
                other => Err(StoreError::operation("TransactWriteItems record", other)),
            },
        }
    }

    /// Record first, so that its cancellation reason is the first; then card and tax id.
    fn record_items(&self, commit: &Commit<'_>) -> Result<Vec<TransactWriteItem>, StoreError> {
        let (id, number) = (text(commit.body, "id"), text(commit.body, commit.kind.model().key));
        let key = |key: RecordKey| s(key.text(commit.account));
        let own = RecordKey::number(commit.kind, number);
        let gone = matches!(commit.write, RecordWrite::Delete(_)).then_some(commit.now);
        let mut items = Vec::with_capacity(4);
        match &commit.write {
            RecordWrite::Create(tombstone) => items.push(self.create(commit, key(own), *tombstone)?),
            RecordWrite::Update(stored) if RecordKey::number(commit.kind, &stored.number) != own => {
                items.push(self.move_to(commit, key(own), stored)?);
                items.push(self.take_away(key(RecordKey::number(commit.kind, &stored.number)), stored)?);
            }
            RecordWrite::Update(stored) | RecordWrite::Delete(stored) => {
                items.push(self.replace(commit, key(own), stored, gone)?);
            }
        }
        items.push(self.put_card(commit, key(RecordKey::Id(id.to_owned())), gone)?);
        if let Some(tax_id) = commit.tax_id {
            let put = Put::builder()
                .item("pk", key(RecordKey::TaxId(id.to_owned())))
                .item("sealed", s(&tax_id.sealed))
                .item("fingerprint", s(&tax_id.fingerprint))
                .item("last4", s(&tax_id.last4));
            items.push(self.finish_put(put)?);
        } else if gone.is_some() && commit.kind == Kind::Vendor {
            let delete = Delete::builder().table_name(&self.table).key("pk", key(RecordKey::TaxId(id.to_owned())));
            let delete = delete.build().map_err(StoreError::built("Delete tax id"))?;
            items.push(TransactWriteItem::builder().delete(delete).build());
        }
        Ok(items)
    }

    fn put_card(
        &self,
        commit: &Commit<'_>,
        pk: AttributeValue,
        gone: Option<Timestamp>,
    ) -> Result<TransactWriteItem, StoreError> {
        let model = commit.kind.model();
        let fields = commit.body.iter().filter(|(name, _)| model.card.contains(&name.as_str()));
        let fields: Map<String, Value> = fields.map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut put = Put::builder()
            .item("pk", pk)
            .item("id", s(text(commit.body, "id")))
            .item("number", s(text(commit.body, model.key)))
            .item("card", json(&fields));
        if let Some(now) = gone {
            put = put
                .item("deletedAt", s(domain::clock::rfc3339(now)))
                .item("expiresAt", n(now.as_second() + TOMBSTONE_SECONDS));
        }
        self.finish_put(put)
    }

    pub(super) fn finish_put(&self, put: PutBuilder) -> Result<TransactWriteItem, StoreError> {
        let put = put.table_name(&self.table).build().map_err(StoreError::built("Put record"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    pub(super) fn finish_update(
        &self,
        update: UpdateBuilder,
        pk: AttributeValue,
    ) -> Result<TransactWriteItem, StoreError> {
        let update = update.table_name(&self.table).key("pk", pk).build();
        let update = update.map_err(StoreError::built("Update record"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

/// Which condition failed: the record's own says what is there instead, any other sends us back to reading.
fn lost(reasons: &[CancellationReason]) -> Result<Committed, StoreError> {
    match reasons.first() {
        Some(reason) if reason.code() == Some("ConditionalCheckFailed") => {
            let stored = reason.item().map(|item| Stored::read(Reader { table: TABLE, item })).transpose()?;
            Ok(Committed::Lost(stored.map(Box::new)))
        }
        _ if reasons.iter().any(|reason| reason.code() == Some("ValidationError")) => {
            let reason = reasons.iter().filter_map(CancellationReason::message).collect::<Vec<_>>().join("; ");
            Err(StoreError::Refused { call: "TransactWriteItems record", reason })
        }
        _ => Ok(Committed::Again),
    }
}

pub(super) fn text<'a>(body: &'a Map<String, Value>, field: &str) -> &'a str {
    body.get(field).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn version(body: &Map<String, Value>) -> u64 {
    body.get("version").and_then(Value::as_u64).unwrap_or(1)
}
