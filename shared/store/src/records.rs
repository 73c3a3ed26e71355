//! Records: work orders, projects, employees, vendors, time off.
//!
//! A record is one item under its natural key, so that one read tells whether it is there. Beside it stands a card under its id, with the fields that other records'
//! rules may see. The calendar of an employee or a vendor (open orders, time off) lies on its record item, in attributes
//! of its own that other records' transactions write. A work order has the orders under it in the same place.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use domain::models::Kind;
use domain::resource::{Booking, Leave};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Client;
use super::StoreError;
use super::item::{Item, Reader, s};

mod calendar;
mod commit;
mod place;
mod tombstone;

pub use commit::{Commit, Committed, RecordWrite, Seen};

const TABLE: &str = "records";
/// `BatchGetItem` reads at most this many keys.
const BATCH: usize = 100;

/// The table of records, with what raises events in their transactions.
#[derive(Debug, Clone)]
pub struct Records {
    db: Client,
    table: String,
    events: super::events::EventWriter,
}

/// A key of the records table, within an account.
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
    /// By natural key.
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
    /// Its id.
    pub id: String,
    /// Its natural key as sent.
    pub number: String,
    /// Grows by one per stored change.
    pub version: u64,
    /// The record.
    pub body: Map<String, Value>,
    /// The body letter by letter: what a write holds that decided on it. A clock can go on without a new version.
    pub written: String,
    /// Deleted: a tombstone, kept 30 days.
    pub deleted: bool,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// Open work orders of an employee or a vendor; of a work order, the orders under it.
    pub bookings: Vec<Booking>,
    /// Time off of an employee.
    pub leaves: Vec<Leave>,
    /// Grows by one per change of `leaves`: the lock of overlapping requests.
    pub leave_revision: u64,
}

/// What another record's rules may see of a record, found by id.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// Its id.
    pub id: String,
    /// Its natural key.
    pub number: String,
    /// The fields of its model's card.
    pub fields: Map<String, Value>,
    /// Deleted: a tombstone.
    pub deleted: bool,
}

/// A sealed tax id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedTaxId {
    /// The envelope.
    pub sealed: String,
    /// Keyed hash, to see changes.
    pub fingerprint: String,
    /// What may be shown.
    pub last4: String,
}

/// What a batch of keys found.
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
    /// On the table with this name; its transactions also raise `events`.
    #[must_use]
    pub fn new(db: Client, table: String, events: super::events::EventWriter) -> Self {
        Self { db, table, events }
    }

    /// Reads all `keys` of an account, consistently: one call per hundred keys.
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
        let items = super::batch_get(&self.db, wanted, "BatchGetItem records").await?;
        Ok(items.into_iter().map(|(_, item)| item).collect())
    }
}

impl Stored {
    fn read(reader: Reader<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: reader.string("id")?,
            number: reader.string("number")?,
            version: reader.number("version")?,
            body: reader.json("body")?,
            written: reader.string("body")?,
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
