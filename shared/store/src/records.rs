//! Records: work orders, projects, employees, vendors, time off.
//!
//! A record is one item under its id. The id of the first record with a natural key follows from that
//! ([`domain::ids::record_id`]), so that one read by number finds the record; see [`Slot`] for numbers that were changed or
//! used again. The calendar of an employee or a vendor (open orders, time off) is part of its record item, in attributes of
//! its own that other records' transactions write. A work order has the orders under it in the same attribute. A deleted
//! record is a tombstone under a key of its own, for 30 days.
//!
//! An account's older records lie under their number, with a card under their id that says the number. They are found like
//! the others, and moved by whatever changes them.
//!
//! | file | holds |
//! |---|---|
//! | `key` | the keys of items |
//! | `lookup` | reading by number and by id |
//! | `slot` | which record has a number |
//! | `commit` | the transaction of an inbound request |
//! | `place` | the record's own items in it |
//! | `calendar` | changes of calendars, within that transaction or after it |
//! | `update` | updates as they are gathered, one for each item |
//! | `tombstone` | what a deleted record's item may still learn |
//! | `erase` | all records of an account, for the erasure of a person |

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use domain::models::Kind;
use domain::resource::{Booking, Leave};
use domain::trail::Trail;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::batch::batch_get;
use crate::events::EventWriter;
use crate::item::{Item, Reader, TRAIL, s};
use crate::{Client, StoreError};

mod calendar;
mod commit;
mod erase;
mod key;
mod lookup;
mod place;
mod slot;
mod tombstone;
mod update;

pub use commit::{Commit, Committed, NewNumber, RecordWrite, Seen};
pub use erase::{Card, Kept, KeptPage, Place};
pub use slot::Slot;

use key::ItemKey;
use lookup::Lookup;

const TABLE: &str = "records";
/// An item leads to another, and that to a third: more rounds are needed only while others change them.
const MAX_ROUNDS: usize = 12;
/// `BatchGetItem` reads at most this many keys.
const BATCH: usize = 100;

/// The table of records, and the writer of the events that their transactions raise.
#[derive(Debug, Clone)]
pub struct Records {
    db: Client,
    table: String,
    events: EventWriter,
}

/// What can be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RecordKey {
    /// The record with a natural key, compared without regard to case.
    Number(Kind, String),
    /// The record with an id.
    Id(String),
    /// The sealed tax id of the vendor with this id.
    TaxId(String),
}

impl RecordKey {
    /// The record with a natural key, in whatever case it is spelled.
    #[must_use]
    pub fn number(kind: Kind, number: &str) -> Self {
        Self::Number(kind, number.to_lowercase())
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
    /// The outbox items that its changes have raised.
    pub trail: Trail,
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
    key: ItemKey,
    /// The attribute `body`, as it lies there: a condition compares bytes, and a body can be stored in two forms.
    body: Option<AttributeValue>,
    /// The slot of the number of a record that lies under its number.
    slot: Option<Slot>,
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

/// What [`Records::fetch`] has found; a key without an item is missing. A record may be a tombstone.
#[derive(Debug, Default)]
pub struct Found {
    /// Records by natural key.
    pub records: HashMap<RecordKey, Stored>,
    /// The slots of the natural keys that were asked for.
    pub slots: HashMap<RecordKey, Slot>,
    /// Records by id.
    pub by_id: HashMap<String, Stored>,
    /// Tax ids by vendor id.
    pub tax_ids: HashMap<String, SealedTaxId>,
}

impl Records {
    pub(crate) fn new(db: Client, table: String, events: EventWriter) -> Self {
        Self { db, table, events }
    }

    /// Reads what all `keys` of an account lead to, consistently: one call for each hundred items, and as many again for
    /// those that lead to another item. One read unit for each 4 KB of an item, or for an item that does not exist; a
    /// number takes two items.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, an item can't be read, or items are changed in each of twelve rounds.
    pub async fn fetch(&self, account: &str, keys: &[RecordKey]) -> Result<Found, StoreError> {
        let (mut found, mut lookup) = (Found::default(), Lookup::new(account));
        let mut open: Vec<&RecordKey> = keys.iter().collect();
        let mut wanted: HashSet<ItemKey> = keys.iter().flat_map(|key| lookup.first(key)).collect();
        for _ in 0..MAX_ROUNDS {
            if wanted.is_empty() {
                return Ok(found);
            }
            let read = self.fetch_items(account, &wanted).await?;
            lookup.take(std::mem::take(&mut wanted), read);
            let mut unresolved = Vec::new();
            for key in open {
                if let Some(item) = lookup.resolve(key, &mut found)? {
                    wanted.insert(item);
                    unresolved.push(key);
                }
            }
            open = unresolved;
        }
        Err(StoreError::Contention(TABLE))
    }

    /// The items that exist, by partition key.
    async fn fetch_items(&self, account: &str, keys: &HashSet<ItemKey>) -> Result<HashMap<String, Item>, StoreError> {
        let keys: Vec<Item> = keys.iter().map(|key| HashMap::from([("pk".to_owned(), s(key.pk(account)))])).collect();
        let mut found = HashMap::new();
        for chunk in keys.chunks(BATCH) {
            let request = KeysAndAttributes::builder()
                .set_keys(Some(chunk.to_vec()))
                .consistent_read(true)
                .build()
                .map_err(StoreError::built("BatchGetItem records"))?;
            let wanted = HashMap::from([(self.table.clone(), request)]);
            for (_, item) in batch_get(&self.db, wanted, "BatchGetItem records").await? {
                found.insert(Reader { table: TABLE, item: &item }.string("pk")?, item);
            }
        }
        Ok(found)
    }
}

impl Snapshot {
    /// The value of `:read`.
    fn body(&self) -> AttributeValue {
        self.body.clone().unwrap_or(AttributeValue::Null(true))
    }
}

impl Stored {
    fn read(reader: Reader<'_>, key: ItemKey, slot: Option<Slot>) -> Result<Self, StoreError> {
        Ok(Self {
            id: reader.string("id")?,
            number: reader.string("number")?,
            version: reader.number("version")?,
            body: reader.body("body")?,
            trail: reader.item.get(TRAIL).map_or_else(Trail::default, trail),
            read: Snapshot { key, body: reader.item.get("body").cloned(), slot },
            deleted: reader.opt_text("deletedAt").is_some(),
            deleted_at: reader.opt_time("deletedAt"),
            bookings: entries(reader, "orders")?,
            leaves: entries(reader, "leaves")?,
            leave_revision: reader.opt_number("leaveRevision").unwrap_or_default(),
        })
    }

    /// How it was when it was read, for edits of its calendar.
    #[must_use]
    pub fn seen(&self) -> Seen {
        let (version, leave_revision, key) = (self.version, self.leave_revision, self.read.key.clone());
        Seen { version, leave_revision, key }
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

fn trail(attribute: &AttributeValue) -> Trail {
    attribute.as_b().map(|bytes| Trail::from_bytes(bytes.as_ref())).unwrap_or_default()
}

/// The entries of a calendar: a map of id to JSON text.
fn entries<T: serde::de::DeserializeOwned>(reader: Reader<'_>, name: &str) -> Result<Vec<T>, StoreError> {
    let Some(AttributeValue::M(map)) = reader.item.get(name) else { return Ok(Vec::new()) };
    let parse = |value: &AttributeValue| value.as_s().ok().and_then(|text| serde_json::from_str(text).ok());
    map.values().map(|value| parse(value).ok_or_else(|| reader.unreadable(name))).collect()
}
