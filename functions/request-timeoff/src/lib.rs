//! `POST /api/webhook/timeoff`: the rules and events of time off.
//!
//! A request asks for a window of days (or hours of one day) for one employee; what it asks for are its *terms*. The
//! status says what became of it.

use domain::defect::{DefectCode, Defects};
use domain::events::EventDraft;
use domain::models::{Model, TIME_OFF};
use domain::references::{Reference, Referent};
use domain::rejection::{ConflictCode, Rejection};
use domain::resource::{Change, Resource};
use domain::rules::fields::{Extent, object, value};
use domain::words::either;
use serde_json::{Map, Value};

mod announcement;
mod calendar;
mod decision;
mod person;
mod rules;
mod status;
#[cfg(test)]
mod testing;
mod window;

use status::{Refused, Status, Step};

/// Vacations and other absences. Never deleted: they are cancelled.
#[derive(Debug, Clone, Copy)]
pub struct TimeOff;

impl Resource for TimeOff {
    const FUNCTION: &'static str = env!("CARGO_PKG_NAME");
    const MODEL: &'static Model = &TIME_OFF;

    fn check(record: &Map<String, Value>, extent: Extent, defects: &mut Defects) {
        rules::check(record, extent, defects);
    }

    fn references(record: &Map<String, Value>) -> Vec<Reference> {
        let approver = object(record, "decision").and_then(decision::approver);
        person::reference(record).into_iter().chain(approver).collect()
    }

    /// Every change may touch the employee's calendar and needs its number, zone and approval rule.
    fn needs_stored_references(_stored: &Map<String, Value>, _merged: &Map<String, Value>) -> bool {
        true
    }

    fn settle(change: &mut Change<'_>) -> Result<(), Rejection> {
        let mut defects = Defects::default();
        change.set_default("status", Status::Requested.as_str());
        let employee = person::settle(change, &mut defects);
        decision::refuse_unless_decided(change, &mut defects);
        settle_approval_on_receipt(change, employee);
        let step = status::step_of(change);
        if step == Err(Refused::First) {
            let first = Status::ALL.into_iter().filter(|to| status::step(None, *to, false).is_ok()).map(Status::as_str);
            let message = format!("must be {} on a new request", either(&first.collect::<Vec<_>>()));
            defects.push("status", DefectCode::InvalidInitialStatus, message);
        }
        decision::settle(change, &mut defects);
        if !defects.is_empty() {
            return Err(Rejection::Invalid(defects));
        }
        person::refuse_another(change)?;
        let step = step.map_err(|refused| refused_transition(change, refused))?;
        settle_defaults(change, employee);
        settle_revision(change, step);
        calendar::settle(change, employee)
    }

    fn raise(change: &Change<'_>) -> Vec<EventDraft> {
        let Ok(step) = status::step_of(change) else {
            return Vec::new();
        };
        step.events().iter().map(|name| announcement::draft(*name, change)).collect()
    }
}

/// Where the employee needs no approval, a request is approved on receipt.
///
/// The same body sent again still has status `requested`; that does not withdraw the approval.
fn settle_approval_on_receipt(change: &mut Change<'_>, employee: Option<&Referent>) {
    let free = employee.is_some_and(|e| value(&e.fields, "timeOffApprovalRequired") == Some(&Value::Bool(false)));
    let new_or_approved = change.stored.is_none() || change.stored.and_then(Status::of) == Some(Status::Approved);
    if free && new_or_approved && Status::of(&change.record) == Some(Status::Requested) {
        change.set("status", Status::Approved.as_str());
    }
}

/// The defaults of a request. `paid` follows the type for as long as nobody has stated it: a type that turns
/// into or out of `unpaid` takes it along.
fn settle_defaults(change: &mut Change<'_>, employee: Option<&Referent>) {
    let paid = change.text("type") != Some("unpaid");
    let was_paid_type = change.stored.map(|_| change.stored_text("type") != Some("unpaid"));
    let is_stated = change.is_stated("paid") || !change.may_be_ours("paid");
    if was_paid_type.is_some_and(|was| was != paid) && !is_stated {
        change.set("paid", paid);
    }
    change.set_default("paid", paid);
    change.set_default("includeWeekends", false);
    let zone = employee.and_then(|e| e.text("timeZone")).unwrap_or(&change.account.time_zone).to_owned();
    change.set_default("timeZone", zone);
}

/// `revision` counts the submissions: 1, and one more each time the terms of an open request change.
fn settle_revision(change: &mut Change<'_>, step: Step) {
    let stored = change.stored.and_then(|stored| value(stored, "revision")).and_then(Value::as_u64).unwrap_or(1);
    change.set("revision", if step == Step::Resubmit { stored + 1 } else { stored });
}

/// The 409 of a change that the stored state forbids.
fn refused_transition(change: &Change<'_>, refused: Refused) -> Rejection {
    let from = change.stored.map_or(Status::Requested, status::of);
    let detail = match (refused, from) {
        (Refused::Terms, Status::Approved) => {
            "Approved time off can't be moved: cancel it and submit a new request.".to_owned()
        }
        (_, Status::Denied | Status::Cancelled) => format!("The request is {from}, and that is final."),
        _ => format!("A request can't go from {from} to {}.", status::of(&change.record)),
    };
    Rejection::conflict(ConflictCode::InvalidStateTransition, detail)
}

#[cfg(test)]
mod tests;
