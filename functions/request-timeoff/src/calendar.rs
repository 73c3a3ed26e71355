//! Time off in the employee's calendar: overlaps with other time off, warnings about assignments, and the entry itself.

use domain::defect::{DefectCode, Defects};
use domain::models::Kind;
use domain::references::Referent;
use domain::rejection::{ConflictCode, Rejection};
use domain::resource::{CalendarEdit, Change, Holder, Leave, WarningCode};
use domain::rules::fields::text;
use serde_json::{Map, Value};

use crate::status::{self, Status};
use crate::window::Window;

/// Adds the request to the calendar of `employee`, or removes it.
///
/// # Errors
/// `overlap` (409) with the ids of the other requests.
pub(crate) fn settle(change: &mut Change<'_>, employee: Option<&Referent>) -> Result<(), Rejection> {
    let before = change.stored.and_then(leave_of);
    let after = leave_of(&change.record);
    if let (Some(leave), Some(employee)) = (&after, employee) {
        let window = Window::of(leave);
        if window != before.as_ref().and_then(Window::of) {
            refuse_overlap(leave, employee)?;
        }
        if leave.approved && !before.as_ref().is_some_and(|before| before.approved) {
            warn_of_assignments(change, window, employee);
        }
    }
    if before != after {
        write(change, after, employee);
    }
    Ok(())
}

/// The calendar entry of `record`; `None` when it is denied or cancelled.
fn leave_of(record: &Map<String, Value>) -> Option<Leave> {
    let status = status::of(record);
    let text = |field: &str| text(record, field).map(str::to_owned);
    status.is_booked().then_some(())?;
    Some(Leave {
        id: text("id")?,
        number: text("requestNumber")?,
        start_date: text("startDate")?,
        end_date: text("endDate")?,
        start_time: text("startTime"),
        end_time: text("endTime"),
        time_zone: text("timeZone")?,
        approved: status == Status::Approved,
    })
}

/// Time off of one person does not overlap. Checked when the window is new or moved: an edit of a note does not fail
/// for what was accepted before.
fn refuse_overlap(leave: &Leave, employee: &Referent) -> Result<(), Rejection> {
    let Some(window) = Window::of(leave) else { return Ok(()) };
    let others: Vec<&Leave> = employee
        .leaves
        .iter()
        .filter(|other| other.id != leave.id && Window::of(other).is_some_and(|o| o.overlaps(window)))
        .collect();
    if others.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = others.iter().map(|other| format!("{} ({})", other.id, other.number)).collect();
    let mut errors = Defects::default();
    for name in &names {
        errors.push("startDate", DefectCode::ConflictingFields, format!("overlaps {name}"));
    }
    let detail = format!("The employee has other time off then: {}.", names.join(", "));
    Err(Rejection::Conflict { code: ConflictCode::Overlap, detail, errors })
}

/// Warns of work orders to which the employee is assigned at that time.
fn warn_of_assignments(change: &mut Change<'_>, window: Option<Window>, employee: &Referent) {
    let Some(Window { start, end }) = window else { return };
    let numbers: Vec<&str> = employee.booked_between(start, end, "").map(|order| order.number.as_str()).collect();
    if !numbers.is_empty() {
        let message = format!("the employee is assigned to work orders then: {}", numbers.join(", "));
        change.warn(WarningCode::AssignmentConflict, "startDate", message);
    }
}

/// Adds the edit of the calendar. A deleted employee has no calendar; an edit for its stored number has no effect.
fn write(change: &mut Change<'_>, leave: Option<Leave>, employee: Option<&Referent>) {
    let number = employee.map(|e| e.number.as_str()).or_else(|| change.text("employeeNumber"));
    let of = Holder { kind: Kind::Employee, number: number.unwrap_or_default().to_owned() };
    let leave_id = change.text("id").unwrap_or_default().to_owned();
    change.calendar.push(match leave {
        Some(leave) => CalendarEdit::Leave { of, leave },
        None => CalendarEdit::Unleave { of, leave_id },
    });
}

#[cfg(test)]
mod tests;
