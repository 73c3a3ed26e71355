//! The one transaction of an inbound request: record, number, calendars, tax id and events, all or nothing.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use domain::models::Kind;
use domain::outbox::Outbox;
use domain::resource::CalendarEdit;
use domain::rules::fields::text;
use domain::trail::Trail;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::calendar::calendars;
use super::key::ItemKey;
use super::slot::Slot;
use super::update::Writes;
use super::{RecordKey, Records, SealedTaxId, Stored, TABLE};
use crate::StoreError;
use crate::item::s;

/// How many calendars a transaction changes at most: it holds 100 items, and some are needed for the record, its number,
/// tax id and events.
const MAX_CALENDARS: usize = 80;

/// What happens to the record.
#[derive(Debug)]
pub enum RecordWrite<'a> {
    /// It is new, with the id that [`Slot::id_of_new`] gave it.
    Create(NewNumber<'a>),
    /// It replaces this record; under another natural key if there is one.
    Update(&'a Stored, Option<NewNumber<'a>>),
    /// This record becomes a tombstone.
    Delete(&'a Stored),
}

/// A natural key that a record gets.
#[derive(Debug)]
pub struct NewNumber<'a> {
    /// Its slot as it was read, which no living record has.
    pub slot: &'a Slot,
    /// The tombstone that had it, which is replaced.
    pub tombstone: Option<&'a Stored>,
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
    /// Changes of other records' calendars: of those that were `seen`.
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

    /// The record's trail with what this commit adds; `None` when that is nothing.
    pub(super) fn new_trail(&self) -> Option<Trail> {
        self.outboxes.last().map(Outbox::behind)
    }

    /// The record's trail.
    pub(super) fn trail(&self) -> Trail {
        let before = match &self.write {
            RecordWrite::Create(number) => number.tombstone,
            RecordWrite::Update(stored, _) | RecordWrite::Delete(stored) => Some(*stored),
        };
        let before = before.map(|stored| stored.trail.clone()).unwrap_or_default();
        self.new_trail().unwrap_or(before)
    }

    /// The record's natural key, as it was sent.
    pub(super) fn number(&self) -> &str {
        text(self.body, self.kind.model().key).unwrap_or_default()
    }
}

/// How a record was when it was read, and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its version.
    pub version: u64,
    /// Its [`Stored::leave_revision`].
    pub leave_revision: u64,
    pub(super) key: ItemKey,
}

/// What came of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// All of it is stored.
    Done,
    /// Nothing is stored: something has changed since it was read. Read again and decide again.
    Again,
}

impl Records {
    /// Stores all of `commit` in one transaction, or nothing: two write units for each KB of each item. Conditions: the
    /// record, the number that it gets and the holders of calendars are as they were read. Of more than 80 calendars, those
    /// that are left over are written by themselves, before it or after it.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn commit(&self, commit: &Commit<'_>) -> Result<Committed, StoreError> {
        let mut calendars = calendars(commit);
        // With more people than a transaction holds, bookings are written before it and removals after it. A booking
        // only ever warns, or is checked against the order itself, so one without an order does no harm. A parent order
        // is different: its calendar decides, so its edit is always part of the transaction.
        calendars.sort_by_key(|calendar| (calendar.kind != Kind::WorkOrder, calendar.update.only_removes()));
        let beyond = calendars.split_off(calendars.len().min(MAX_CALENDARS));
        let (ahead, after): (Vec<_>, Vec<_>) = beyond.into_iter().partition(|calendar| !calendar.update.only_removes());
        for calendar in &ahead {
            if !self.write_calendar(commit.account, calendar).await? {
                return Ok(Committed::Again);
            }
        }
        let mut writes = Writes::default();
        self.own_items(commit, &mut writes)?;
        for calendar in calendars {
            writes.update(calendar.key, calendar.update);
        }
        self.tax_id_item(commit, &mut writes)?;
        let mut items = writes.into_items(&self.table, commit.account)?;
        items.extend(self.events.put(commit.outboxes, commit.now).await?);
        let committed = self.transact(items).await?;
        if committed == Committed::Done {
            for calendar in &after {
                self.tidy_calendar(commit.account, calendar).await;
            }
        }
        Ok(committed)
    }

    async fn transact(&self, items: Vec<TransactWriteItem>) -> Result<Committed, StoreError> {
        const CALL: &str = "TransactWriteItems record";
        let Err(error) = self.db.transact_write_items().set_transact_items(Some(items)).send().await else {
            return Ok(Committed::Done);
        };
        match error.into_service_error() {
            TransactWriteItemsError::TransactionInProgressException(_) => Ok(Committed::Again),
            // A condition that does not hold means that what was read is out of date.
            TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                match StoreError::cancelled(CALL, TABLE, &cancelled) {
                    StoreError::Contention(_) => Ok(Committed::Again),
                    refused => Err(refused),
                }
            }
            other => Err(StoreError::operation(CALL, other)),
        }
    }

    /// The tax id that a vendor gets, or the one that is deleted with it.
    fn tax_id_item(&self, commit: &Commit<'_>, writes: &mut Writes) -> Result<(), StoreError> {
        let pk = s(ItemKey::tax_id(commit.id()).pk(commit.account));
        if let Some(tax_id) = commit.tax_id {
            let put = Put::builder()
                .item("pk", pk)
                .item("sealed", s(&tax_id.sealed))
                .item("fingerprint", s(&tax_id.fingerprint))
                .item("last4", s(&tax_id.last4));
            writes.push(self.finish_put(put)?);
        } else if matches!(commit.write, RecordWrite::Delete(_)) && commit.kind == Kind::Vendor {
            let delete = Delete::builder().table_name(&self.table).key("pk", pk);
            let delete = delete.build().map_err(StoreError::built("Delete tax id"))?;
            writes.push(TransactWriteItem::builder().delete(delete).build());
        }
        Ok(())
    }
}
