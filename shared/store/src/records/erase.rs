//! Records as the erasure of a person goes through them: all of an account, with tombstones and cards.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::models::Kind;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::key::ItemKey;
use super::place::{TOMBSTONE_SECONDS, body_of};
use super::{Records, Stored, TABLE};
use crate::StoreError;
use crate::backoff::pause_before;
use crate::conditional::unless_refused;
use crate::item::{Item, Reader, n, s};
use crate::walk::{self, Span};

/// How often a record is written that others change.
const MAX_TRIES: u32 = 8;
/// A card that says nothing: what leads from it to the record is beside it.
const BLANK_CARD: &str = "{}";

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

/// The card of a record that lies under its number still.
#[derive(Debug, Clone)]
pub struct Card {
    /// The id of the record.
    pub id: String,
    /// What it says of the record: JSON.
    pub text: String,
    pk: String,
}

/// A part of an account's records.
#[derive(Debug, Default)]
pub struct KeptPage {
    /// In no order.
    pub records: Vec<Kept>,
    /// Those that say anything.
    pub cards: Vec<Card>,
    /// Items that can't be read.
    pub unreadable: Vec<StoreError>,
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

    /// Whether it is the copy that an erasure has kept.
    #[must_use]
    pub fn is_copy(&self) -> bool {
        ItemKey::erasure(&self.id).is_of(&self.pk)
    }

    /// Where the record is now: where it was read, under its id, or under that of its tombstone.
    fn places(&self) -> [String; 3] {
        let account = self.pk.split('#').next().unwrap_or_default();
        [self.pk.clone(), ItemKey::record(&self.id).pk(account), ItemKey::tombstone(&self.id).pk(account)]
    }
}

impl Card {
    /// `None` for anything else, and for a card that says nothing.
    fn read(item: &Item) -> Option<Self> {
        let text = |name: &str| Reader { table: TABLE, item }.opt_text(name).map(str::to_owned);
        let card = text("card").filter(|card| card != BLANK_CARD)?;
        Some(Self { id: text("id").unwrap_or_default(), text: card, pk: text("pk")? })
    }
}

impl Records {
    /// Records, tombstones and cards of an account, behind the previous part's `next`. Reads 1 MB of the table at most,
    /// whosever it is: the whole table in the end. A record that moves meanwhile may not be in any part.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn all(&self, account: &str, next: Option<Place>) -> Result<KeptPage, StoreError> {
        let span = Span::Prefix(format!("{account}#"));
        let part = walk::part(&self.db, &self.table, &span, next.map(|Place(key)| key)).await?;
        let mut page = KeptPage { next: part.next.map(Place), ..KeptPage::default() };
        for item in &part.items {
            match Kept::read(item) {
                Ok(kept) => page.records.extend(kept),
                Err(error) => page.unreadable.push(error),
            }
            page.cards.extend(Card::read(item));
        }
        Ok(page)
    }

    /// Keeps a copy of a record for an erasure, under a key that nothing else reads: a tombstone that also outlives a new
    /// record with the number. It lasts as long as one.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn keep_for_erasure(&self, account: &str, stored: &Stored, now: Timestamp) -> Result<(), StoreError> {
        let call = self.db.put_item().table_name(&self.table);
        let call = call.item("pk", s(ItemKey::erasure(&stored.id).pk(account)));
        let call = call.item("id", s(&stored.id)).item("body", body_of(&stored.body));
        let call = call.item("deletedAt", s(domain::clock::rfc3339(now)));
        let call = call.item("expiresAt", n(now.as_second() + TOMBSTONE_SECONDS));
        call.send().await.map_err(StoreError::call("PutItem erasure"))?;
        Ok(())
    }

    /// The copy of the record with this id that an erasure has kept.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn kept_for_erasure(&self, account: &str, id: &str) -> Result<Option<Kept>, StoreError> {
        self.kept_at(&ItemKey::erasure(id).pk(account)).await
    }

    async fn kept_at(&self, pk: &str) -> Result<Option<Kept>, StoreError> {
        let call = self.db.get_item().table_name(&self.table).key("pk", s(pk)).consistent_read(true);
        let found = call.send().await.map_err(StoreError::call("GetItem record"))?;
        Ok(found.item().map(Kept::read).transpose()?.flatten())
    }

    /// Stores a record as `change` leaves it, under its version: what is erased is no change of the sender's. `change` is
    /// called again when somebody else changes, moves or deletes the record meanwhile; what it does not change, as it says,
    /// is not written. Returns whether it was changed.
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
            if self.replace_body(&seen, &body).await? {
                return Ok(true);
            }
            match self.found_again(&seen).await? {
                Some(now) => seen = now,
                None => return Ok(false),
            }
        }
        Err(StoreError::Contention(TABLE))
    }

    /// Returns false when it is not as it was read.
    async fn replace_body(&self, seen: &Kept, body: &Map<String, Value>) -> Result<bool, StoreError> {
        let call = self.db.update_item().table_name(&self.table).key("pk", s(&seen.pk));
        let call = call.update_expression("SET body = :body").condition_expression("body = :read");
        let call = call.expression_attribute_values(":body", body_of(body));
        let call = call.expression_attribute_values(":read", seen.read.clone());
        Ok(unless_refused(call.send().await, "UpdateItem record")?.is_some())
    }

    async fn found_again(&self, seen: &Kept) -> Result<Option<Kept>, StoreError> {
        for pk in seen.places() {
            let found = self.kept_at(&pk).await?.filter(|found| found.id == seen.id);
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Deletes a tombstone, of the old form too, or the copy of an erasure, before its 30 days are over; for a record that was
    /// read before it was deleted, what has become of it. Returns whether there was one.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn delete_tombstone(&self, kept: &Kept) -> Result<bool, StoreError> {
        for pk in kept.places() {
            let call = self.db.delete_item().table_name(&self.table).key("pk", s(pk));
            let call = call.condition_expression("id = :id AND attribute_exists(deletedAt)");
            let call = call.expression_attribute_values(":id", s(&kept.id));
            if unless_refused(call.send().await, "DeleteItem tombstone")?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Leaves nothing on a card but where the record is.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn blank(&self, card: &Card) -> Result<bool, StoreError> {
        let call = self.db.update_item().table_name(&self.table).key("pk", s(&card.pk));
        let call = call.update_expression("SET card = :blank").condition_expression("card = :read");
        let call = call.expression_attribute_values(":blank", s(BLANK_CARD));
        let call = call.expression_attribute_values(":read", s(&card.text));
        Ok(unless_refused(call.send().await, "UpdateItem card")?.is_some())
    }
}
