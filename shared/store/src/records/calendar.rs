//! Calendars: which open orders an employee or a vendor is booked for (`orders`), and when an employee is off
//! (`leaves`), in attributes of their record item. A work order's item has the orders under it in `orders`.

use domain::models::Kind;
use domain::resource::CalendarEdit;
use telemetry::causes::causes;

use super::key::ItemKey;
use super::update::ItemUpdate;
use super::{Commit, RecordKey, Records, Seen};
use crate::StoreError;
use crate::conditional::unless_refused;
use crate::item::{json, n, s};

/// All edits of one calendar together.
pub(super) struct Calendar {
    pub(super) kind: Kind,
    /// Where its holder lies.
    pub(super) key: ItemKey,
    pub(super) update: ItemUpdate,
}

impl Records {
    /// Best effort: a holder that was deleted or has changed is passed over, and an error is logged.
    pub(super) async fn tidy_calendar(&self, account: &str, calendar: &Calendar) {
        if let Err(error) = self.write_calendar(account, calendar).await {
            tracing::warn!(error = %causes(&error), "a calendar was left as it is");
        }
    }

    /// Returns false, and changes nothing, when the holder was deleted or has changed.
    pub(super) async fn write_calendar(&self, account: &str, calendar: &Calendar) -> Result<bool, StoreError> {
        let outcome = self
            .db
            .update_item()
            .table_name(&self.table)
            .key("pk", s(calendar.key.pk(account)))
            .update_expression(calendar.update.expression())
            .condition_expression(calendar.update.condition())
            .set_expression_attribute_names(calendar.update.names())
            .set_expression_attribute_values(calendar.update.values())
            .send()
            .await;
        Ok(unless_refused(outcome, "UpdateItem calendar")?.is_some())
    }
}

/// The edits of a commit, by calendar.
pub(super) fn calendars(commit: &Commit<'_>) -> Vec<Calendar> {
    let mut by_holder: Vec<(Kind, &Seen, Vec<&CalendarEdit>)> = Vec::new();
    for edit in commit.calendar {
        let holder = edit.holder();
        let Some(seen) = commit.seen.get(&RecordKey::number(holder.kind, &holder.number)) else { continue };
        match by_holder.iter_mut().find(|(_, known, _)| known.key == seen.key) {
            Some((.., edits)) => edits.push(edit),
            None => by_holder.push((holder.kind, seen, vec![edit])),
        }
    }
    let of = |(kind, seen, edits): (Kind, &Seen, Vec<&CalendarEdit>)| {
        let mut clauses = Clauses::default();
        for (i, edit) in edits.into_iter().enumerate() {
            clauses.add(i, edit);
        }
        Calendar { kind, key: seen.key.clone(), update: clauses.finish(seen) }
    };
    by_holder.into_iter().map(of).collect()
}

/// The clauses of an update as they are gathered.
#[derive(Default)]
struct Clauses {
    update: ItemUpdate,
    /// Whether it changes leaves, which have a revision of their own.
    leaves: bool,
    /// Whether it depends on the version of the holder.
    adopts: bool,
}

impl Clauses {
    fn add(&mut self, i: usize, edit: &CalendarEdit) {
        let (map, id, value) = match edit {
            CalendarEdit::Hold { .. } => {
                // A write, not a check, which would need a permission of its own.
                self.update.set("version = version");
                self.adopts = true;
                return;
            }
            CalendarEdit::Book { booking, .. } => ("orders", &booking.id, Some(json(booking))),
            CalendarEdit::Unbook { order_id, .. } => ("orders", order_id, None),
            CalendarEdit::Leave { leave, .. } => ("leaves", &leave.id, Some(json(leave))),
            CalendarEdit::Unleave { leave_id, .. } => ("leaves", leave_id, None),
        };
        self.leaves |= map == "leaves";
        self.adopts |= edit.holder().kind == Kind::WorkOrder && value.is_some();
        self.update.name(format!("#i{i}"), id);
        match value {
            Some(value) => self.update.set(format!("{map}.#i{i} = :v{i}")).value(format!(":v{i}"), value),
            None => self.update.remove(format!("{map}.#i{i}")),
        };
    }

    /// The holder must exist; and be as it was `seen`, where the edits depend on that.
    fn finish(mut self, seen: &Seen) -> ItemUpdate {
        self.update.on("attribute_exists(body) AND attribute_not_exists(deletedAt)");
        if self.leaves {
            self.update.set("leaveRevision = leaveRevision + :one").value(":one", n(1));
            self.update.on("leaveRevision = :seen").value(":seen", n(seen.leave_revision));
        }
        if self.adopts {
            self.update.on("version = :version").value(":version", n(seen.version));
        }
        self.update
    }
}
