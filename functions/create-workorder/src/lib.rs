//! Work orders: their rules, state machine, warnings and events.

mod announcement;
mod calendar;
mod defaults;
mod lines;
mod links;
mod parent;
mod rules;
mod status;
#[cfg(test)]
mod testing;
mod warnings;
mod window;

use domain::defect::Defects;
use domain::events::EventDraft;
use domain::models::{Model, WORK_ORDER};
use domain::references::Reference;
use domain::rejection::{ConflictCode, Rejection};
use domain::resource::{Change, Deletion, Resource};
use domain::rules::currency;
use domain::rules::currency::Money;
use domain::rules::fields::Extent;
use serde_json::{Map, Value};

use crate::status::Status;

/// A job to be done at a place and a time, and who is on it.
#[derive(Debug, Clone, Copy)]
pub struct WorkOrder;

/// Where a work order holds money.
const MONEY: [Money; 2] = [Money::Field("notToExceed"), Money::Items("materials", "unitCost")];

impl Resource for WorkOrder {
    const FUNCTION: &'static str = env!("CARGO_PKG_NAME");
    const MODEL: &'static Model = &WORK_ORDER;
    const RECORDED: &'static [&'static str] = &["actualStart", "actualEnd"];

    fn check(record: &Map<String, Value>, extent: Extent, defects: &mut Defects) {
        rules::check(record, extent, defects);
        lines::check(record, defects);
    }

    fn references(record: &Map<String, Value>) -> Vec<Reference> {
        links::all(record)
    }

    fn needs_stored_references(stored: &Map<String, Value>, merged: &Map<String, Value>) -> bool {
        warnings::concerned(stored, merged)
            || defaults::wanted_from_project(stored, merged)
            || calendar::lets_go(stored, merged)
            || parent::is_left(stored, merged)
    }

    fn needs_own_calendar(stored: Option<&Map<String, Value>>, merged: &Map<String, Value>) -> bool {
        parent::is_given(stored, merged)
    }

    /// Everything that is wrong with the body comes first and at once (400), then what the stored state forbids (409).
    fn settle(change: &mut Change<'_>) -> Result<(), Rejection> {
        let mut defects = Defects::default();
        let project = links::settle(change, &mut defects);
        defaults::settle(change, project);
        status::settle_intended(change, &mut defects);
        let step = status::step(change, &mut defects);
        if !defects.is_empty() {
            return Err(Rejection::Invalid(defects));
        }
        status::settle_actual_times(change, step?);
        currency::check_unchanged(change, &MONEY)?;
        warnings::add(change);
        change.calendar = calendar::edits(change);
        change.calendar.extend(parent::edits(change));
        Ok(())
    }

    fn raise(change: &Change<'_>) -> Vec<EventDraft> {
        announcement::of_change(change)
    }

    /// In any state but `in_progress`.
    fn delete(deletion: &mut Deletion<'_>) -> Result<Vec<EventDraft>, Rejection> {
        if Status::of(deletion.stored) == Some(Status::InProgress) {
            let detail = "A work order that is in progress can't be deleted: complete or cancel it first.";
            return Err(Rejection::conflict(ConflictCode::InvalidStateTransition, detail));
        }
        deletion.calendar = calendar::clearance(deletion.stored);
        deletion.calendar.extend(parent::clearance(deletion.stored));
        Ok(vec![announcement::of_deletion(deletion.stored, deletion.now)])
    }
}

#[cfg(test)]
mod tests;
