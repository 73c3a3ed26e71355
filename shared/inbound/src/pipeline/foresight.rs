//! What a dry run would have stored. A record of the same batch that comes later finds it in the place of what is stored.

use std::collections::HashMap;

use domain::models::Kind;
use domain::resource::{Action, CalendarEdit};
use domain::rules::fields::text;
use domain::trail::Trail;
use serde_json::Value;
use store::records::{Found, RecordKey, SealedTaxId, Snapshot, Stored};

use super::decision::Plan;
use super::lookup::Loaded;
use super::request::Run;

/// What there would be by now, under every key that leads to it.
#[derive(Debug, Default)]
pub(super) struct Foresight {
    /// By natural key; `None` where a record would have given it up.
    records: HashMap<RecordKey, Option<Stored>>,
    by_id: HashMap<String, Stored>,
    tax_ids: HashMap<String, SealedTaxId>,
}

impl Foresight {
    /// Puts what is foreseen for these keys into the place of what was found.
    pub(super) fn replace(&self, keys: &[RecordKey], found: &mut Found) {
        for key in keys {
            match key {
                RecordKey::Number(..) => match self.records.get(key) {
                    Some(Some(stored)) => _ = found.records.insert(key.clone(), stored.clone()),
                    Some(None) => _ = found.records.remove(key),
                    None => {}
                },
                RecordKey::Id(id) => {
                    found.by_id.extend(self.by_id.get(id).map(|stored| (id.clone(), stored.clone())));
                }
                RecordKey::TaxId(id) => {
                    found.tax_ids.extend(self.tax_ids.get(id).map(|tax_id| (id.clone(), tax_id.clone())));
                }
            }
        }
    }

    fn hold(&mut self, kind: Kind, stored: Stored) {
        self.by_id.insert(stored.id.clone(), stored.clone());
        self.records.insert(RecordKey::number(kind, &stored.number), Some(stored));
    }
}

impl Loaded {
    /// Takes `plan` for done: it is in the place of `known`, if there is that, and `calendar` is edited.
    pub(super) fn foresee(&mut self, run: &Run<'_>, plan: Plan, known: Option<&Stored>, calendar: Vec<CalendarEdit>) {
        let kind = run.parsed.kind;
        let is_deleted = plan.action == Action::Deleted;
        let field = |name: &str| text(&plan.body, name).unwrap_or_default().to_owned();
        let (id, number) = (field("id"), field(kind.model().key));
        if let Some(known) = known {
            self.foresight.records.insert(RecordKey::number(kind, &known.number), None);
        }
        self.foresight.tax_ids.extend(plan.tax_id.map(|tax_id| (id.clone(), tax_id)));
        let stored = Stored {
            id,
            number,
            version: plan.body.get("version").and_then(Value::as_u64).unwrap_or_default(),
            body: plan.body,
            trail: Trail::default(),
            read: Snapshot::default(),
            deleted: is_deleted,
            deleted_at: is_deleted.then_some(run.received_at),
            bookings: known.map(|known| known.bookings.clone()).unwrap_or_default(),
            leaves: known.map(|known| known.leaves.clone()).unwrap_or_default(),
            leave_revision: known.map_or(0, |known| known.leave_revision),
        };
        self.foresight.hold(kind, stored);
        for edit in calendar {
            self.foresee_edit(edit);
        }
    }

    fn foresee_edit(&mut self, edit: CalendarEdit) {
        let holder = edit.holder();
        let kind = holder.kind;
        let foreseen = self.foresight.records.get(&RecordKey::number(kind, &holder.number));
        let current = foreseen.map_or_else(|| self.with_number(kind, &holder.number), Option::as_ref);
        let Some(mut stored) = current.cloned() else { return };
        match edit {
            CalendarEdit::Hold { .. } => {}
            CalendarEdit::Book { booking, .. } => put(&mut stored.bookings, booking, |one| &one.id),
            CalendarEdit::Unbook { order_id, .. } => stored.bookings.retain(|one| one.id != order_id),
            CalendarEdit::Leave { leave, .. } => put(&mut stored.leaves, leave, |one| &one.id),
            CalendarEdit::Unleave { leave_id, .. } => stored.leaves.retain(|one| one.id != leave_id),
        }
        self.foresight.hold(kind, stored);
    }
}

/// Adds an entry, or replaces the one with its id.
fn put<T>(entries: &mut Vec<T>, entry: T, id: impl Fn(&T) -> &String) {
    entries.retain(|known| id(known) != id(&entry));
    entries.push(entry);
}
