//! Calendars: who is on which open order, and who is off when, in attributes of the person's or company's record item. A
//! work order's item has the orders under it in the same attribute.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use domain::models::Kind;
use domain::resource::{CalendarEdit, Holder};
use telemetry::causes::causes;

use super::{Commit, RecordKey, Records, Seen};
use crate::StoreError;
use crate::item::{Item, json, n, s};

impl Records {
    /// The write of one calendar, for the transaction of its record.
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

    /// Brings calendars up to date after a commit. Best effort: whoever is gone or has another number is passed over.
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

    /// Returns false when the holder is gone or its calendar has changed.
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
        match outcome.map_err(SdkError::into_service_error) {
            Ok(_) => Ok(true),
            Err(error) if error.is_conditional_check_failed_exception() => Ok(false),
            Err(error) => Err(StoreError::operation("UpdateItem calendar", error)),
        }
    }
}

/// One update of one calendar: all edits of a holder together, since a transaction may name an item only once.
pub(super) struct Edit {
    expression: String,
    condition: String,
    names: HashMap<String, String>,
    values: Item,
}

impl Edit {
    /// Whether nobody is booked by it.
    pub(super) fn only_removes(&self) -> bool {
        self.values.is_empty()
    }
}

/// All edits of a commit, one for each holder, whichever way its number is spelled.
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
    let (mut set, mut remove, mut leaves, mut adopts) = (Vec::new(), Vec::new(), false, false);
    let (mut names, mut values) = (HashMap::new(), HashMap::new());
    for (i, edit) in edits.iter().enumerate() {
        let (map, id, value) = match edit {
            CalendarEdit::Hold { .. } => {
                // A write, not a check, which would need a permission of its own.
                set.push("version = version".to_owned());
                adopts = true;
                continue;
            }
            CalendarEdit::Book { booking, .. } => ("orders", &booking.id, Some(json(booking))),
            CalendarEdit::Unbook { order_id, .. } => ("orders", order_id, None),
            CalendarEdit::Leave { leave, .. } => ("leaves", &leave.id, Some(json(leave))),
            CalendarEdit::Unleave { leave_id, .. } => ("leaves", leave_id, None),
        };
        leaves |= map == "leaves";
        adopts |= edit.holder().kind == Kind::WorkOrder && value.is_some();
        names.insert(format!("#i{i}"), id.clone());
        match value {
            Some(value) => {
                set.push(format!("{map}.#i{i} = :v{i}"));
                values.insert(format!(":v{i}"), value);
            }
            None => remove.push(format!("{map}.#i{i}")),
        }
    }
    let mut condition = "attribute_exists(pk) AND attribute_not_exists(deletedAt)".to_owned();
    if leaves {
        set.push("leaveRevision = leaveRevision + :one".to_owned());
        values.insert(":one".to_owned(), n(1));
        if let Some(seen) = seen {
            condition.push_str(" AND leaveRevision = :seen");
            values.insert(":seen".to_owned(), n(seen.leave_revision));
        }
    }
    if let Some(seen) = seen.filter(|_| adopts) {
        condition.push_str(" AND version = :version");
        values.insert(":version".to_owned(), n(seen.version));
    }
    let clause = |word: &str, parts: &[String]| match parts {
        [] => String::new(),
        parts => format!("{word} {} ", parts.join(", ")),
    };
    Edit { expression: clause("SET", &set) + &clause("REMOVE", &remove), condition, names, values }
}
