//! Slots: which record has a natural key.
//!
//! The slot of a number is the item under the id that follows from it ([`ids::record_id`]). It is the record itself as
//! long as nothing but that record ever had the number.
//!
//! | the slot | whose number it is |
//! |---|---|
//! | is not there | nobody's, and it never was anybody's |
//! | has `leads` | that record's, whether it lives or was deleted; whatever else the item holds |
//! | has a record with this number | that record's |
//! | has a record with another number, or nothing | nobody's: it was given up |
//!
//! Whoever takes, gives up or deletes a number writes its slot, on the condition that it is as it was read: so of two at
//! once one wins. A slot is never deleted, so that no id is given twice: what is left of a deleted record, or of a number
//! that was given up, is an item of some 100 bytes.

use domain::ids;
use domain::models::Kind;
use jiff::Timestamp;

use super::key::ItemKey;
use super::update::ItemUpdate;
use crate::item::{Item, s};

/// The slot of a number as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    kind: Kind,
    /// The id that follows from the number.
    id: String,
    /// What it holds; `None` when it is not there.
    used: Option<Used>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Used {
    leads: Option<String>,
    /// The natural key of the record that lies here.
    number: Option<String>,
}

impl Slot {
    /// The key of the slot of `number`.
    pub(super) fn key_of(account: &str, kind: Kind, number: &str) -> ItemKey {
        ItemKey::record(&ids::record_id(kind, account, number))
    }

    pub(super) fn read(account: &str, kind: Kind, number: &str, item: Option<&Item>) -> Self {
        let text = |item: &Item, name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        let used = item.map(|item| Used { leads: text(item, "leads"), number: text(item, "number") });
        Self { kind, id: ids::record_id(kind, account, number), used }
    }

    /// The key of this slot.
    pub(super) fn key(&self) -> ItemKey {
        ItemKey::record(&self.id)
    }

    /// The id of the record that has `number`.
    pub(super) fn owner(&self, number: &str) -> Option<&str> {
        let used = self.used.as_ref()?;
        let own = || used.number.as_deref().is_some_and(|here| here.eq_ignore_ascii_case(number));
        used.leads.as_deref().or_else(|| own().then_some(&self.id))
    }

    /// The id of a new record with this number: the one that follows from it, unless the slot was ever used.
    #[must_use]
    pub fn id_of_new(&self, now: Timestamp) -> String {
        match self.used {
            None => self.id.clone(),
            Some(_) => ids::new_id(self.kind.model().prefix, now),
        }
    }

    /// Whether it is the item of the record with this id.
    pub(super) fn is_of(&self, id: &str) -> bool {
        self.id == id
    }

    /// Gives the number to the record with this id, if the slot is as it was read.
    pub(super) fn lead_to(&self, id: &str) -> ItemUpdate {
        let mut update = ItemUpdate::default();
        if self.is_of(id) {
            update.remove("leads");
        } else {
            update.set("leads = :leads").value(":leads", s(id));
        }
        match &self.used {
            None => update.on("attribute_not_exists(pk)"),
            Some(Used { leads: Some(leads), .. }) => update.on("leads = :led").value(":led", s(leads)),
            Some(Used { leads: None, number: Some(number) }) => update
                .on("attribute_not_exists(leads) AND #number = :numbered")
                .name("#number", "number")
                .value(":numbered", s(number)),
            Some(Used { leads: None, number: None }) => update
                .on("attribute_exists(pk) AND attribute_not_exists(leads) AND attribute_not_exists(#number)")
                .name("#number", "number"),
        };
        update
    }

    /// Takes a number away from the record with this id, whose slot is another item.
    pub(super) fn give_up(id: &str) -> ItemUpdate {
        let mut update = ItemUpdate::default();
        update.remove("leads").on("leads = :left").value(":left", s(id));
        update
    }
}
