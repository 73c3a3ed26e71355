//! Records: work orders, projects, employees, vendors, time off.
//!
//! A record is one item under its natural key, so that one read tells whether it exists. Beside it there is a card
//! under its id, with the fields that the rules of other records may see. The calendar of an employee or a vendor (open
//! orders, time off) is part of its record item, in attributes of its own that other records' transactions write. A
//! work order has the orders under it in the same attribute.
//!
//! | file | holds |
//! |---|---|
//! | `commit` | the transaction of an inbound request |
//! | `place` | the item under the natural key: created, moved to another key, replaced |
//! | `calendar` | changes of calendars, within that transaction or after it |
//! | `tombstone` | what a deleted record's item may still learn |

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use domain::models::Kind;
use domain::resource::{Booking, Leave};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::batch::batch_get;
use crate::events::EventWriter;
use crate::item::{Item, Reader, s};
use crate::{Client, StoreError};

mod calendar;
mod commit;
mod place;
mod tombstone;

pub use commit::{Commit, Committed, RecordWrite, Seen};

const TABLE: &str = "records";
/// `BatchGetItem` reads at most this many keys.
const BATCH: usize = 100;

/// The table of records, and the writer of the events that their transactions raise.
#[derive(Debug, Clone)]
pub struct Records {
    db: Client,
    table: String,
    events: EventWriter,
}

/// The key of an item of the records table, within an account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RecordKey {
    /// A record by its natural key, compared without regard to case.
    Number(Kind, String),
    /// The card of a record by its id.
    Id(String),
    /// The sealed tax id of the vendor with this id.
    TaxId(String),
}

impl RecordKey {
    /// The key of a record by its natural key, in whatever case it is spelled.
    #[must_use]
    pub fn number(kind: Kind, number: &str) -> Self {
        Self::Number(kind, number.to_lowercase())
    }

    fn text(&self, account: &str) -> String {
        match self {
            Self::Number(kind, number) => format!("{account}#N#{}#{number}", kind.segment()),
            Self::Id(id) => format!("{account}#I#{id}"),
            Self::TaxId(id) => format!("{account}#T#{id}"),
        }
    }
}

/// A record as it is stored, with its calendar.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// The id of the record.
    pub id: String,
    /// Its natural key as it was sent.
    pub number: String,
    /// Grows by one with each stored change.
    pub version: u64,
    /// The record as the API shows it.
    pub body: Map<String, Value>,
    /// What writes that were decided on this record are conditional on.
    pub read: Snapshot,
    /// Whether the record was deleted and this is its tombstone, kept 30 days.
    pub deleted: bool,
    /// When the record was deleted.
    pub deleted_at: Option<Timestamp>,
    /// The open work orders of an employee or a vendor; for a work order, the orders under it.
    pub bookings: Vec<Booking>,
    /// The time off of an employee.
    pub leaves: Vec<Leave>,
    /// Grows by one with each change of `leaves`: an optimistic lock for overlapping requests.
    pub leave_revision: u64,
}

/// A record's item as it was read. Not its version, since the sender's clock can go on without a new one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Snapshot {
    /// The attribute `body`, as it lies there: a condition compares bytes, and a body can be stored in two forms.
    body: Option<AttributeValue>,
}

/// What the rules of other records may see of a record, found by its id.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// The id of the record.
    pub id: String,
    /// Its natural key as it was sent.
    pub number: String,
    /// The fields that its model lists as its card.
    pub fields: Map<String, Value>,
    /// Whether the record was deleted.
    pub deleted: bool,
}

/// A sealed tax id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedTaxId {
    /// The sealed value, of [`crate::seal::Sealer::seal`].
    pub sealed: String,
    /// Its keyed hash, by which a change is noticed without opening it.
    pub fingerprint: String,
    /// The last four characters, which may be shown.
    pub last4: String,
}

/// What [`Records::fetch`] has found; a key without an item is missing.
#[derive(Debug, Default)]
pub struct Found {
    /// Records by natural key.
    pub records: HashMap<RecordKey, Stored>,
    /// Cards by id.
    pub cards: HashMap<String, Card>,
    /// Tax ids by vendor id.
    pub tax_ids: HashMap<String, SealedTaxId>,
}

impl Records {
    pub(crate) fn new(db: Client, table: String, events: EventWriter) -> Self {
        Self { db, table, events }
    }

    /// Reads the items of all `keys` of an account, consistently: one call for each hundred keys, one read unit for
    /// each 4 KB of an item, or for an item that does not exist.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn fetch(&self, account: &str, keys: &[RecordKey]) -> Result<Found, StoreError> {
        let mut found = Found::default();
        let by_text: HashMap<String, &RecordKey> = keys.iter().map(|key| (key.text(account), key)).collect();
        let texts: Vec<&String> = by_text.keys().collect();
        for chunk in texts.chunks(BATCH) {
            for item in self.fetch_items(chunk).await? {
                let reader = Reader { table: TABLE, item: &item };
                match by_text.get(reader.text("pk")?) {
                    Some(key @ RecordKey::Number(..)) => {
                        found.records.insert((*key).clone(), Stored::read(reader)?);
                    }
                    Some(RecordKey::Id(id)) => {
                        found.cards.insert(id.clone(), Card::read(reader)?);
                    }
                    Some(RecordKey::TaxId(id)) => {
                        found.tax_ids.insert(id.clone(), SealedTaxId::read(reader)?);
                    }
                    None => {}
                }
            }
        }
        Ok(found)
    }

    async fn fetch_items(&self, keys: &[&String]) -> Result<Vec<Item>, StoreError> {
        let keys = keys.iter().map(|key| HashMap::from([("pk".to_owned(), s(key.as_str()))]));
        let request = KeysAndAttributes::builder()
            .set_keys(Some(keys.collect()))
            .consistent_read(true)
            .build()
            .map_err(StoreError::built("BatchGetItem records"))?;
        let wanted = HashMap::from([(self.table.clone(), request)]);
        let items = batch_get(&self.db, wanted, "BatchGetItem records").await?;
        Ok(items.into_iter().map(|(_, item)| item).collect())
    }
}

impl Snapshot {
    /// The value of `:read`.
    fn body(&self) -> AttributeValue {
        self.body.clone().unwrap_or(AttributeValue::Null(true))
    }
}

impl Stored {
    fn read(reader: Reader<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: reader.string("id")?,
            number: reader.string("number")?,
            version: reader.number("version")?,
            body: reader.body("body")?,
            read: Snapshot { body: reader.item.get("body").cloned() },
            deleted: reader.opt_text("deletedAt").is_some(),
            deleted_at: reader.opt_time("deletedAt"),
            bookings: entries(reader, "orders")?,
            leaves: entries(reader, "leaves")?,
            leave_revision: reader.opt_number("leaveRevision").unwrap_or_default(),
        })
    }
}

impl Card {
    fn read(reader: Reader<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: reader.string("id")?,
            number: reader.string("number")?,
            fields: reader.json("card")?,
            deleted: reader.opt_text("deletedAt").is_some(),
        })
    }
}

impl SealedTaxId {
    fn read(reader: Reader<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            sealed: reader.string("sealed")?,
            fingerprint: reader.string("fingerprint")?,
            last4: reader.string("last4")?,
        })
    }
}

/// The entries of a calendar: a map of id to JSON text.
fn entries<T: serde::de::DeserializeOwned>(reader: Reader<'_>, name: &str) -> Result<Vec<T>, StoreError> {
    let Some(AttributeValue::M(map)) = reader.item.get(name) else { return Ok(Vec::new()) };
    let parse = |value: &AttributeValue| value.as_s().ok().and_then(|text| serde_json::from_str(text).ok());
    map.values().map(|value| parse(value).ok_or_else(|| reader.unreadable(name))).collect()
}
