//! The one transaction of an inbound request: record, card, calendars, tax id and events, all or nothing.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::{PutBuilder, UpdateBuilder};
use aws_sdk_dynamodb::types::error::TransactionCanceledException;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
use domain::models::Kind;
use domain::outbox::Outbox;
use domain::resource::CalendarEdit;
use domain::rules::fields::text;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::calendar::calendars;
use super::{RecordKey, Records, SealedTaxId, Stored, TABLE};
use crate::StoreError;
use crate::item::{Reader, json, n, s};

/// How many calendars a transaction changes at most: it holds 100 items, and some are needed for record, card, tax id
/// and events.
const MAX_CALENDARS: usize = 85;
/// A tombstone is kept 30 days.
pub(super) const TOMBSTONE_SECONDS: i64 = 30 * 86_400;

/// What happens to the record.
#[derive(Debug)]
pub enum RecordWrite<'a> {
    /// It is new. A tombstone with its natural key is replaced.
    Create(Option<&'a Stored>),
    /// It replaces this record, under the same natural key or another.
    Update(&'a Stored),
    /// This record becomes a tombstone.
    Delete(&'a Stored),
}

/// Everything that one inbound request writes.
#[derive(Debug)]
pub struct Commit<'a> {
    /// The account that the record belongs to.
    pub account: &'a str,
    /// The resource.
    pub kind: Kind,
    /// When the request is decided.
    pub now: Timestamp,
    /// What happens to the record.
    pub write: RecordWrite<'a>,
    /// The record as it is to be stored, with `id` and `version`; for a deletion, as it was.
    pub body: &'a Map<String, Value>,
    /// The tax id of a vendor, if it has changed.
    pub tax_id: Option<&'a SealedTaxId>,
    /// Changes of other records' calendars.
    pub calendar: &'a [CalendarEdit],
    /// Whether the commit is conditional on the orders in the record's own calendar, as every deletion is.
    pub holds_calendar: bool,
    /// The holders of the calendars, as they were when they were read.
    pub seen: &'a HashMap<RecordKey, Seen>,
    /// The events that the request raises.
    pub outboxes: &'a [Outbox],
}

impl Commit<'_> {
    /// The record's id.
    pub(super) fn id(&self) -> &str {
        text(self.body, "id").unwrap_or_default()
    }

    /// The record's natural key, as it was sent.
    pub(super) fn number(&self) -> &str {
        text(self.body, self.kind.model().key).unwrap_or_default()
    }
}

/// How a record was when it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Its version.
    pub version: u64,
    /// Its [`Stored::leave_revision`].
    pub leave_revision: u64,
}

/// What came of a transaction.
#[derive(Debug)]
pub enum Committed {
    /// All of it is stored.
    Done,
    /// Nothing is stored: the record has changed since it was read. This is what its item holds now, if there is one; a
    /// create gets the record that exists already.
    Lost(Option<Box<Stored>>),
    /// Nothing is stored: something else changed meanwhile. Read again and decide again.
    Again,
}

impl Records {
    /// Stores all of `commit` in one transaction, or nothing: two write units for each KB of each item. Conditions: the
    /// record and the holders of calendars are as they were read. Of more than 85 calendars, those that are left over
    /// are written by themselves, before it or after it.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn commit(&self, commit: &Commit<'_>) -> Result<Committed, StoreError> {
        let mut calendars = calendars(commit);
        // With more people than a transaction holds, bookings are written before it and removals after it. A booking
        // only ever warns, or is checked against the order itself, so one without an order does no harm. A parent order
        // is different: its calendar decides, so its edit is always part of the transaction.
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
        items.extend(self.events.put(commit.outboxes, commit.now).await?);
        match self.db.transact_write_items().set_transact_items(Some(items)).send().await {
            Ok(_) => {
                for (holder, edit) in &after {
                    self.tidy_calendar(commit.account, holder, edit).await;
                }
                Ok(Committed::Done)
            }
            Err(error) => match error.into_service_error() {
                TransactWriteItemsError::TransactionCanceledException(cancelled) => outcome_of(&cancelled),
                TransactWriteItemsError::TransactionInProgressException(_) => Ok(Committed::Again),
                other => Err(StoreError::operation("TransactWriteItems record", other)),
            },
        }
    }

    /// The record first, so that its cancellation reason is the first; then card and tax id.
    fn record_items(&self, commit: &Commit<'_>) -> Result<Vec<TransactWriteItem>, StoreError> {
        let (id, number) = (commit.id(), commit.number());
        let key = |key: RecordKey| s(key.text(commit.account));
        let own = RecordKey::number(commit.kind, number);
        let gone = matches!(commit.write, RecordWrite::Delete(_)).then_some(commit.now);
        let mut items = Vec::with_capacity(4);
        match &commit.write {
            RecordWrite::Create(tombstone) => items.push(self.create(commit, key(own), *tombstone)?),
            RecordWrite::Update(stored) if RecordKey::number(commit.kind, &stored.number) != own => {
                items.push(self.move_to(commit, key(own), stored)?);
                items.push(self.delete_moved(key(RecordKey::number(commit.kind, &stored.number)), stored)?);
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
            .item("id", s(commit.id()))
            .item("number", s(commit.number()))
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

/// The outcome of a transaction that was cancelled. If the condition of the record's own item did not hold, the reason
/// has that item; any other condition means that what was read is out of date.
fn outcome_of(cancelled: &TransactionCanceledException) -> Result<Committed, StoreError> {
    match cancelled.cancellation_reasons().first() {
        Some(reason) if reason.code() == Some("ConditionalCheckFailed") => {
            let stored = reason.item().map(|item| Stored::read(Reader { table: TABLE, item })).transpose()?;
            Ok(Committed::Lost(stored.map(Box::new)))
        }
        _ => match StoreError::cancelled("TransactWriteItems record", TABLE, cancelled) {
            StoreError::Contention(_) => Ok(Committed::Again),
            refused => Err(refused),
        },
    }
}

pub(super) fn version(body: &Map<String, Value>) -> u64 {
    body.get("version").and_then(Value::as_u64).unwrap_or(1)
}
