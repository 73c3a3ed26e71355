//! Reading records by number and by id, round after round.
//!
//! A batch is no snapshot: of two items that one transaction wrote, one may be read before it and the other after it. So
//! where one item leads to another, the other is read in a later round, and is then at least as new as the first.

use std::collections::HashMap;

use domain::models::Kind;

use super::key::ItemKey;
use super::slot::Slot;
use super::{Found, RecordKey, SealedTaxId, Stored, TABLE};
use crate::StoreError;
use crate::item::{Item, Reader};

/// Why a key is not resolved yet.
enum Stop {
    /// This item has to be read, or read again.
    Unread(ItemKey),
    Unreadable(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Unreadable(error)
    }
}

/// An item, or that there is none: the round in which it was last read, and the first of those in which it was as it is.
struct Known {
    first: usize,
    round: usize,
    item: Option<Item>,
}

/// The items that were read for a call so far.
pub(super) struct Lookup<'a> {
    account: &'a str,
    round: usize,
    items: HashMap<ItemKey, Known>,
}

impl<'a> Lookup<'a> {
    pub(super) fn new(account: &'a str) -> Self {
        Self { account, round: 0, items: HashMap::new() }
    }

    /// The items that are read first for `key`. A record that nobody has changed since ids were derived lies under its
    /// number still.
    pub(super) fn first(&self, key: &RecordKey) -> Vec<ItemKey> {
        match key {
            RecordKey::Number(kind, number) => {
                vec![Slot::key_of(self.account, *kind, number), ItemKey::old(*kind, number)]
            }
            RecordKey::Id(id) => vec![ItemKey::record(id)],
            RecordKey::TaxId(id) => vec![ItemKey::tax_id(id)],
        }
    }

    /// Takes what a round has read of `wanted`, by partition key.
    pub(super) fn take(&mut self, wanted: impl IntoIterator<Item = ItemKey>, mut read: HashMap<String, Item>) {
        self.round += 1;
        for key in wanted {
            let item = read.remove(&key.pk(self.account));
            let before = self.items.get(&key).filter(|known| known.item == item);
            let first = before.map_or(self.round, |known| known.first);
            self.items.insert(key, Known { first, round: self.round, item });
        }
    }

    /// Puts what `key` leads to into `found`; or returns the item that has to be read before.
    pub(super) fn resolve(&self, key: &RecordKey, found: &mut Found) -> Result<Option<ItemKey>, StoreError> {
        let outcome = match key {
            RecordKey::Number(kind, number) => self.by_number(*kind, number).map(|(slot, record)| {
                found.slots.insert(key.clone(), slot);
                found.records.extend(record.map(|record| (key.clone(), record)));
            }),
            RecordKey::Id(id) => {
                self.by_id(id, 0).map(|record| found.by_id.extend(record.map(|record| (id.clone(), record))))
            }
            RecordKey::TaxId(id) => {
                self.tax_id(id).map(|tax_id| found.tax_ids.extend(tax_id.map(|tax_id| (id.clone(), tax_id))))
            }
        };
        match outcome {
            Ok(()) => Ok(None),
            Err(Stop::Unread(key)) => Ok(Some(key)),
            Err(Stop::Unreadable(error)) => Err(error),
        }
    }

    /// The item as it was read in round `since` or later, and the last round in which it was read.
    fn item(&self, key: ItemKey, since: usize) -> Result<(Option<&Item>, usize), Stop> {
        match self.items.get(&key).filter(|known| known.round >= since) {
            Some(known) => Ok((known.item.as_ref(), known.round)),
            None => Err(Stop::Unread(key)),
        }
    }

    /// The first of the latest rounds in which the item was as it is.
    fn unchanged_since(&self, key: &ItemKey) -> usize {
        self.items.get(key).map_or(0, |known| known.first)
    }

    /// The slot of a number, and the record or tombstone that has the number.
    fn by_number(&self, kind: Kind, number: &str) -> Result<(Slot, Option<Stored>), Stop> {
        let key = Slot::key_of(self.account, kind, number);
        let (item, round) = self.item(key.clone(), 0)?;
        let slot = Slot::read(self.account, kind, number, item);
        let record = match (slot.owner(number), item) {
            (Some(owner), Some(item)) if slot.is_of(owner) => self.at_id(owner, item, round)?,
            // Two slots may lead to each other: each was read before what it leads to as long as it has not changed.
            (Some(owner), _) => self.by_id(owner, self.unchanged_since(&key) + 1)?,
            (None, _) => self.old(kind, number, &slot)?,
        };
        // One that was given another number since the slot was read does not count: writes will notice.
        Ok((slot, record.filter(|record| record.number.eq_ignore_ascii_case(number))))
    }

    fn old(&self, kind: Kind, number: &str, slot: &Slot) -> Result<Option<Stored>, Stop> {
        let key = ItemKey::old(kind, number);
        let (Some(item), round) = self.item(key.clone(), 0)? else { return Ok(None) };
        match moved_to(item) {
            Some(id) => self.by_id(id, round + 1),
            None => Ok(Some(Stored::read(reader(item), key, Some(slot.clone()))?)),
        }
    }

    /// The record or tombstone with this id, as it was in round `since` or later.
    fn by_id(&self, id: &str, since: usize) -> Result<Option<Stored>, Stop> {
        match self.item(ItemKey::record(id), since)? {
            (Some(item), round) => self.at_id(id, item, round),
            (None, _) => Ok(None),
        }
    }

    /// What `item`, under `id`, is or leads to: the record, its card in the old form, or what is left of it.
    fn at_id(&self, id: &str, item: &Item, round: usize) -> Result<Option<Stored>, Stop> {
        if item.contains_key("body") {
            return Ok(Some(Stored::read(reader(item), ItemKey::record(id), None)?));
        }
        if item.contains_key("card") {
            return self.of_card(id, item, round);
        }
        let key = ItemKey::tombstone(id);
        let (Some(item), _) = self.item(key.clone(), round + 1)? else { return Ok(None) };
        Ok(Some(Stored::read(reader(item), key, None)?))
    }

    /// The record or tombstone of a card, which is under its number, or was moved here since.
    fn of_card(&self, id: &str, card: &Item, round: usize) -> Result<Option<Stored>, Stop> {
        let number = reader(card).text("number")?;
        let Some(kind) = Kind::of_id(id) else { return Ok(None) };
        let key = ItemKey::old(kind, number);
        let (item, read) = self.item(key.clone(), 0)?;
        match item {
            Some(item) if moved_to(item) == Some(id) && round <= read => self.by_id(id, read + 1),
            Some(item) if reader(item).opt_text("id") == Some(id) => {
                let (slot, _) = self.item(Slot::key_of(self.account, kind, number), 0)?;
                let slot = Slot::read(self.account, kind, number, slot);
                Ok(Some(Stored::read(reader(item), key, Some(slot))?))
            }
            _ => Ok(None),
        }
    }

    fn tax_id(&self, id: &str) -> Result<Option<SealedTaxId>, Stop> {
        let (item, _) = self.item(ItemKey::tax_id(id), 0)?;
        Ok(item.map(|item| SealedTaxId::read(reader(item))).transpose()?)
    }
}

/// The id under which a record lies now that lay here, under its number.
fn moved_to(item: &Item) -> Option<&str> {
    reader(item).opt_text("leads")
}

fn reader(item: &Item) -> Reader<'_> {
    Reader { table: TABLE, item }
}

#[cfg(test)]
mod tests;
