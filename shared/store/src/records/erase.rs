//! Records as an erasure goes through them: all of an account, tombstones among them.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::models::Kind;
use serde_json::{Map, Value};

use super::key::ItemKey;
use super::place::body_of;
use super::{Records, TABLE};
use crate::StoreError;
use crate::backoff::pause_before;
use crate::conditional::unless_refused;
use crate::item::{Item, Reader, s};
use crate::walk::{self, Span};

/// How often a record is written that others change.
const MAX_TRIES: u32 = 8;

/// A record or a tombstone.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The resource.
    pub kind: Kind,
    /// The id of the record.
    pub id: String,
    /// The record as the API shows it.
    pub body: Map<String, Value>,
    /// Whether it is a tombstone.
    pub deleted: bool,
    pk: String,
    read: AttributeValue,
}

/// A part of an account's records.
#[derive(Debug)]
pub struct KeptPage {
    /// In no order.
    pub records: Vec<Kept>,
    /// Where the next part begins; `None` at the end.
    pub next: Option<Place>,
}

/// A place among the records.
#[derive(Debug, Clone)]
pub struct Place(Item);

impl Kept {
    /// `None` for what is left of a record, a card, and a tax id.
    fn read(item: &Item) -> Result<Option<Self>, StoreError> {
        let reader = Reader { table: TABLE, item };
        let Some(read) = item.get("body").cloned() else { return Ok(None) };
        let id = reader.string("id")?;
        Ok(Some(Self {
            kind: Kind::of_id(&id).ok_or_else(|| reader.unreadable("id"))?,
            body: reader.body("body")?,
            deleted: item.contains_key("deletedAt"),
            pk: reader.string("pk")?,
            id,
            read,
        }))
    }
}

impl Records {
    /// Records and tombstones of an account, behind the previous part's `next`. Reads 1 MB of the table at most, whosever
    /// it is: the whole table in the end.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn all(&self, account: &str, next: Option<Place>) -> Result<KeptPage, StoreError> {
        let span = Span::Prefix(format!("{account}#"));
        let part = walk::part(&self.db, &self.table, &span, next.map(|Place(key)| key)).await?;
        let read = part.items.iter().filter_map(|item| Kept::read(item).transpose());
        Ok(KeptPage { records: read.collect::<Result<_, _>>()?, next: part.next.map(Place) })
    }

    /// Stores a record as `change` leaves it, under its version: what is erased is no change of the sender's. `change` is
    /// called again when somebody else changes the record meanwhile; what it does not change, as it says, is not written.
    /// Returns whether it was changed.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, the item can't be read, or others change it over and over.
    pub async fn rewrite(
        &self,
        kept: &Kept,
        change: impl Fn(&mut Map<String, Value>) -> bool,
    ) -> Result<bool, StoreError> {
        let mut seen = kept.clone();
        for tries in 0..MAX_TRIES {
            pause_before(tries).await;
            let mut body = seen.body.clone();
            if !change(&mut body) {
                return Ok(false);
            }
            let call = self.db.update_item().table_name(&self.table).key("pk", s(&seen.pk));
            let call = call.update_expression("SET body = :body").condition_expression("body = :read");
            let call = call.expression_attribute_values(":body", body_of(&body));
            let call = call.expression_attribute_values(":read", seen.read.clone());
            if unless_refused(call.send().await, "UpdateItem record")?.is_some() {
                return Ok(true);
            }
            let call = self.db.get_item().table_name(&self.table).key("pk", s(&seen.pk)).consistent_read(true);
            let found = call.send().await.map_err(StoreError::call("GetItem record"))?;
            match found.item().map(Kept::read).transpose()?.flatten() {
                Some(now) => seen = now,
                None => return Ok(false),
            }
        }
        Err(StoreError::Contention(TABLE))
    }

    /// Deletes a tombstone before its 30 days are over. Returns whether there was one.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn delete_tombstone(&self, account: &str, id: &str) -> Result<bool, StoreError> {
        let pk = s(ItemKey::tombstone(id).pk(account));
        let call =
            self.db.delete_item().table_name(&self.table).key("pk", pk).condition_expression("attribute_exists(pk)");
        Ok(unless_refused(call.send().await, "DeleteItem tombstone")?.is_some())
    }
}
