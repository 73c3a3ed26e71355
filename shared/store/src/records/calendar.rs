//! Calendars: which open orders an employee or a vendor is booked for (`orders`), and when an employee is off
//! (`leaves`), in attributes of their record item. A work order's item has the orders under it in `orders`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use domain::models::Kind;
use domain::resource::{CalendarEdit, Holder};
use telemetry::causes::causes;

use super::{Commit, RecordKey, Records, Seen};
use crate::StoreError;
use crate::conditional::unless_refused;
use crate::item::{Item, json, n, s};

impl Records {
    /// The update of one calendar, for the transaction of a record.
    pub(super) fn calendar_item(
        &self,
        account: &str,
        holder: &Holder,
        edit: &Edit,
    ) -> Result<TransactWriteItem, StoreError> {
        let mut update = Update::builder().update_expression(&edit.expression).condition_expression(&edit.condition);
        for (name, value) in &edit.names {
            update = update.expression_attribute_names(name, value);
        }
        for (name, value) in &edit.values {
            update = update.expression_attribute_values(name, value.clone());
        }
        self.finish_update(update, s(RecordKey::number(holder.kind, &holder.number).text(account)))
    }

    /// Brings calendars up to date after a commit, each by itself. Best effort: a holder that was deleted or has
    /// another number by now is passed over, and an error is logged.
    pub async fn tidy_calendars(&self, account: &str, edits: &[CalendarEdit]) {
        for edit in edits {
            self.tidy_calendar(account, edit.holder(), &one_edit(&[edit], None)).await;
        }
    }

    pub(super) async fn tidy_calendar(&self, account: &str, holder: &Holder, edit: &Edit) {
        if let Err(error) = self.write_calendar(account, holder, edit).await {
            tracing::warn!(error = %causes(&error), "a calendar was left as it is");
        }
    }

    /// Returns false, and changes nothing, when the holder was deleted or has changed.
    pub(super) async fn write_calendar(&self, account: &str, holder: &Holder, edit: &Edit) -> Result<bool, StoreError> {
        let outcome = self
            .db
            .update_item()
            .table_name(&self.table)
            .key("pk", s(RecordKey::number(holder.kind, &holder.number).text(account)))
            .update_expression(&edit.expression)
            .condition_expression(&edit.condition)
            .set_expression_attribute_names(Some(edit.names.clone()))
            .set_expression_attribute_values((!edit.values.is_empty()).then(|| edit.values.clone()))
            .send()
            .await;
        Ok(unless_refused(outcome, "UpdateItem calendar")?.is_some())
    }
}

/// The update of one calendar: all edits of a holder together, since a transaction may name an item only once.
pub(super) struct Edit {
    expression: String,
    condition: String,
    names: HashMap<String, String>,
    values: Item,
}

impl Edit {
    /// Whether it books nobody and adds no leave.
    pub(super) fn only_removes(&self) -> bool {
        self.values.is_empty()
    }
}

/// The edits of a commit, one for each holder, in whatever case its number is spelled.
pub(super) fn calendars(commit: &Commit<'_>) -> Vec<(Holder, Edit)> {
    let key = |holder: &Holder| RecordKey::number(holder.kind, &holder.number);
    let mut by_holder: Vec<(&Holder, Vec<&CalendarEdit>)> = Vec::new();
    for edit in commit.calendar {
        let holder = edit.holder();
        match by_holder.iter_mut().find(|(known, _)| key(known) == key(holder)) {
            Some((_, edits)) => edits.push(edit),
            None => by_holder.push((holder, vec![edit])),
        }
    }
    let of = |(holder, edits): (&Holder, Vec<&CalendarEdit>)| {
        (holder.clone(), one_edit(&edits, commit.seen.get(&key(holder)).copied()))
    };
    by_holder.into_iter().map(of).collect()
}

fn one_edit(edits: &[&CalendarEdit], seen: Option<Seen>) -> Edit {
    let mut clauses = Clauses::default();
    for (i, edit) in edits.iter().enumerate() {
        clauses.add(i, edit);
    }
    clauses.finish(seen)
}

/// The clauses of an [`Edit`] as they are gathered.
#[derive(Default)]
struct Clauses {
    set: Vec<String>,
    remove: Vec<String>,
    names: HashMap<String, String>,
    values: Item,
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
                self.set.push("version = version".to_owned());
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
        self.names.insert(format!("#i{i}"), id.clone());
        match value {
            Some(value) => {
                self.set.push(format!("{map}.#i{i} = :v{i}"));
                self.values.insert(format!(":v{i}"), value);
            }
            None => self.remove.push(format!("{map}.#i{i}")),
        }
    }

    /// The holder must exist; and be as it was `seen`, where the edits depend on that.
    fn finish(mut self, seen: Option<Seen>) -> Edit {
        let mut condition = "attribute_exists(pk) AND attribute_not_exists(deletedAt)".to_owned();
        if self.leaves {
            self.set.push("leaveRevision = leaveRevision + :one".to_owned());
            self.values.insert(":one".to_owned(), n(1));
            if let Some(seen) = seen {
                condition.push_str(" AND leaveRevision = :seen");
                self.values.insert(":seen".to_owned(), n(seen.leave_revision));
            }
        }
        if let Some(seen) = seen.filter(|_| self.adopts) {
            condition.push_str(" AND version = :version");
            self.values.insert(":version".to_owned(), n(seen.version));
        }
        let clause = |word: &str, parts: &[String]| match parts {
            [] => String::new(),
            parts => format!("{word} {} ", parts.join(", ")),
        };
        let expression = clause("SET", &self.set) + &clause("REMOVE", &self.remove);
        Edit { expression, condition, names: self.names, values: self.values }
    }
}
