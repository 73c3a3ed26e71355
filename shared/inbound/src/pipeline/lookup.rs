//! Reads for a request: the record itself and what it refers to, in as few calls as possible.

use std::collections::{HashMap, HashSet};

use domain::models::{Kind, WorkOrderStatus};
use domain::references::{Reference, References, Referent};
use domain::resource::{Booking, CalendarEdit, Holder, Resource};
use serde_json::Map;
use store::StoreError;
use store::records::{Found, RecordKey, Records, SealedTaxId, Seen, Slot, Stored};

use super::control::Parsed;
use super::foresight::Foresight;

/// The most work orders that one calendar holds.
const MAX_BOOKINGS: usize = 1000;

/// What was read for a request so far.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    asked: HashSet<RecordKey>,
    found: Found,
    /// What the records of a dry run before this one would have stored.
    pub(super) foresight: Foresight,
}

impl Loaded {
    /// Reads those of the keys that were not read yet: one call for each hundred.
    pub(super) async fn read(
        &mut self,
        records: &Records,
        account: &str,
        keys: impl IntoIterator<Item = RecordKey>,
    ) -> Result<(), StoreError> {
        let new: Vec<RecordKey> = keys.into_iter().filter(|key| self.asked.insert(key.clone())).collect();
        if new.is_empty() {
            return Ok(());
        }
        let mut found = records.fetch(account, &new).await?;
        self.foresight.replace(&new, &mut found);
        // Calendars are found by number, also those of people who were named by id.
        for stored in found.by_id.values().filter(|stored| !stored.deleted) {
            if let Some(kind) = Kind::of_id(&stored.id) {
                let key = RecordKey::number(kind, &stored.number);
                self.found.records.entry(key).or_insert_with(|| stored.clone());
            }
        }
        self.found.records.extend(found.records);
        self.found.slots.extend(found.slots);
        self.found.by_id.extend(found.by_id);
        self.found.tax_ids.extend(found.tax_ids);
        Ok(())
    }

    /// Forgets everything that was read, since it is out of date. What was foreseen is not.
    pub(super) fn forget(&mut self) {
        *self = Self { foresight: std::mem::take(&mut self.foresight), ..Self::default() };
    }

    /// Reads the record that the body names, and nothing else.
    pub(super) async fn read_own(
        &mut self,
        records: &Records,
        account: &str,
        parsed: &Parsed,
    ) -> Result<(), StoreError> {
        self.read(records, account, own_keys(parsed)).await
    }

    /// Reads the record that the body names and what the sent fields refer to.
    pub(super) async fn read_for<R: Resource>(
        &mut self,
        records: &Records,
        account: &str,
        parsed: &Parsed,
    ) -> Result<(), StoreError> {
        self.read(records, account, Self::keys_for::<R>(parsed)).await
    }

    /// The keys of the record that the body names and of what the sent fields refer to.
    pub(super) fn keys_for<R: Resource>(parsed: &Parsed) -> Vec<RecordKey> {
        let tax_id = parsed.id.clone().filter(|_| parsed.tax_id.is_mentioned()).map(RecordKey::TaxId);
        let references = R::references(&parsed.sent);
        own_keys(parsed).chain(tax_id).chain(references.iter().flat_map(keys_of)).collect()
    }

    /// Reads everything that a record refers to.
    pub(super) async fn read_references(
        &mut self,
        records: &Records,
        account: &str,
        references: &[Reference],
    ) -> Result<(), StoreError> {
        let keys: Vec<_> = references.iter().flat_map(keys_of).collect();
        self.read(records, account, keys).await
    }

    /// The record that the body names, by id if it has one, else by natural key. It may be a tombstone.
    pub(super) fn own(&self, parsed: &Parsed) -> Option<&Stored> {
        match &parsed.id {
            Some(id) => self.found.by_id.get(id),
            None => self.with_number(parsed.kind, parsed.number.as_deref()?),
        }
    }

    /// The record with this natural key, if it was read and exists. It may be a tombstone.
    pub(super) fn with_number(&self, kind: Kind, number: &str) -> Option<&Stored> {
        self.found.records.get(&RecordKey::number(kind, number))
    }

    /// The slot of this natural key, if it was read.
    pub(super) fn slot(&self, kind: Kind, number: &str) -> Option<&Slot> {
        self.found.slots.get(&RecordKey::number(kind, number))
    }

    /// The sealed tax id of a vendor, if it was read and exists.
    pub(super) fn tax_id(&self, vendor_id: &str) -> Option<&SealedTaxId> {
        self.found.tax_ids.get(vendor_id)
    }

    /// Those of `bookings` whose work order is still open, which was read.
    pub(super) fn still_open(&self, bookings: &[Booking]) -> Vec<Booking> {
        let open = |booking: &&Booking| {
            self.found.by_id.get(&booking.id).is_some_and(|order| {
                !order.deleted && WorkOrderStatus::of(&order.body).is_none_or(WorkOrderStatus::is_open)
            })
        };
        bookings.iter().filter(open).cloned().collect()
    }

    /// Everything that was found, as references. `trusted` are references of the stored record: they stay valid whether they
    /// were read or not.
    pub(super) fn references(&self, trusted: &[Reference]) -> References {
        let mut references = References::default();
        for (key, stored) in &self.found.records {
            if let RecordKey::Number(kind, _) = key
                && !stored.deleted
            {
                references.insert(referent(*kind, stored));
            }
        }
        for stored in self.found.by_id.values().filter(|stored| !stored.deleted) {
            if let Some(kind) = Kind::of_id(&stored.id) {
                references.insert(referent(kind, stored));
            }
        }
        for reference in trusted {
            if let (Some(id), Some(number)) = (&reference.id, &reference.number) {
                let (kind, id, number) = (reference.kind, id.clone(), number.clone());
                let (fields, bookings, leaves) = (Map::new(), Vec::new(), Vec::new());
                references.insert(Referent { kind, id, number, fields, bookings, leaves });
            }
        }
        references
    }

    /// How each record was that was read and is not deleted.
    pub(super) fn seen(&self) -> HashMap<RecordKey, Seen> {
        let living = self.found.records.iter().filter(|(_, stored)| !stored.deleted);
        living.map(|(key, stored)| (key.clone(), stored.seen())).collect()
    }

    /// Puts `edits` under the numbers that people have now: a record may remember an earlier one.
    pub(super) fn use_current_numbers(&self, edits: &mut [CalendarEdit], remembered: &[Reference]) {
        for holder in edits.iter_mut().map(CalendarEdit::holder_mut) {
            let is_it = |of: &&Reference| names(of, holder);
            let id = remembered.iter().find(is_it).and_then(|of| of.id.as_ref());
            if let Some(stored) = id.and_then(|id| self.found.by_id.get(id)) {
                holder.number.clone_from(&stored.number);
            }
        }
    }

    /// Leaves out edits of a calendar that belongs to somebody else: to a person who was given the number of the deleted one
    /// that `remembered` means. People in `sent` are meant as they are now.
    pub(super) fn drop_reassigned(
        &self,
        edits: Vec<CalendarEdit>,
        remembered: &[Reference],
        sent: &[Reference],
    ) -> Vec<CalendarEdit> {
        let is_stranger = |holder: &Holder| {
            let now = self.with_number(holder.kind, &holder.number);
            let meant = remembered.iter().find(|of| names(of, holder)).and_then(|of| of.id.as_ref());
            now.zip(meant).is_some_and(|(now, meant)| now.id != *meant) && !sent.iter().any(|of| names(of, holder))
        };
        edits.into_iter().filter(|edit| !is_stranger(edit.holder())).collect()
    }

    /// What remains of `edit` when its holder's calendar, which is one item with the holder itself, may be full. A person's gets
    /// no more bookings then, which only cost warnings; a parent order still has its condition, since it must not get a parent
    /// meanwhile.
    pub(super) fn within_bounds(&self, edit: CalendarEdit) -> Option<CalendarEdit> {
        let CalendarEdit::Book { of, booking } = &edit else { return Some(edit) };
        let stored = self.with_number(of.kind, &of.number);
        let has_room = stored.is_none_or(|stored| {
            stored.bookings.len() < MAX_BOOKINGS || stored.bookings.iter().any(|known| known.id == booking.id)
        });
        if has_room {
            return Some(edit);
        }
        (of.kind == Kind::WorkOrder).then(|| CalendarEdit::Hold { of: of.clone() })
    }

    /// Whether the calendar of `holder` was read, and so exists.
    pub(super) fn knows(&self, holder: &Holder) -> bool {
        let stored = self.with_number(holder.kind, &holder.number);
        stored.is_some_and(|stored| !stored.deleted)
    }
}

/// The keys under which the record that the body names may be.
pub(super) fn own_keys(parsed: &Parsed) -> impl Iterator<Item = RecordKey> {
    let number = parsed.number.as_deref().map(|number| RecordKey::number(parsed.kind, number));
    number.into_iter().chain(parsed.id.clone().map(RecordKey::Id))
}

/// What has to be read for a reference. By number the same call has the calendar; the id stays valid when the number changes.
fn keys_of(reference: &Reference) -> Vec<RecordKey> {
    let number = reference.number.as_deref().map(|number| RecordKey::number(reference.kind, number));
    number.into_iter().chain(reference.id.clone().map(RecordKey::Id)).collect()
}

/// Whether a reference names the holder, without regard to case.
fn names(of: &Reference, holder: &Holder) -> bool {
    let same = |number: &String| number.eq_ignore_ascii_case(&holder.number);
    of.kind == holder.kind && of.number.as_ref().is_some_and(same)
}

fn referent(kind: Kind, stored: &Stored) -> Referent {
    Referent {
        kind,
        id: stored.id.clone(),
        number: stored.number.clone(),
        fields: stored.body.clone(),
        bookings: stored.bookings.clone(),
        leaves: stored.leaves.clone(),
    }
}

#[cfg(test)]
mod tests {
    use domain::trail::Trail;
    use store::records::Snapshot;

    use super::*;

    fn order(id: usize) -> Booking {
        Booking { id: format!("wo_{id}"), number: format!("WO-{id}"), start: None, end: None }
    }

    #[test]
    fn a_full_calendar_takes_nobody_but_holds_a_parent_order() {
        for (kind, held) in [(Kind::Employee, false), (Kind::Vendor, false), (Kind::WorkOrder, true)] {
            let mut loaded = Loaded::default();
            let (key, of) = (RecordKey::number(kind, "X-1"), Holder { kind, number: "X-1".to_owned() });
            let mut stored = Stored {
                id: "x_1".to_owned(),
                number: "X-1".to_owned(),
                version: 3,
                body: Map::new(),
                trail: Trail::default(),
                read: Snapshot::default(),
                deleted: false,
                deleted_at: None,
                bookings: (1..MAX_BOOKINGS).map(order).collect(),
                leaves: Vec::new(),
                leave_revision: 0,
            };
            loaded.found.records.insert(key.clone(), stored.clone());
            let book = |id: usize| CalendarEdit::Book { of: of.clone(), booking: order(id) };
            assert_eq!(loaded.within_bounds(book(5000)), Some(book(5000)), "the last one");

            stored.bookings.push(order(0));
            loaded.found.records.insert(key, stored);
            assert_eq!(loaded.within_bounds(book(1)), Some(book(1)), "it is there already");
            let hold = held.then(|| CalendarEdit::Hold { of: of.clone() });
            assert_eq!(loaded.within_bounds(book(5000)), hold, "{kind:?}");
            let leave = CalendarEdit::Unbook { of: of.clone(), order_id: "wo_1".to_owned() };
            assert_eq!(loaded.within_bounds(leave.clone()), Some(leave));
        }
    }
}
