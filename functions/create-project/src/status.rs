//! The state machine of projects: `docs/contract.md#states-of-a-project`.

use domain::defect::{DefectCode, Defects};
pub(crate) use domain::models::ProjectStatus as Status;
use domain::rejection::{ConflictCode, Rejection};
use domain::resource::Change;
use domain::rules::fields::given;
use domain::words::either;
use jiff::tz::TimeZone;

/// One cell of the matrix: what happens on the way from one status to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Not allowed.
    Refused,
    /// No event but `created` or `updated`.
    Plain,
    /// The project is done.
    Completes,
    /// A completed project is reopened.
    Reopens,
}

impl Step {
    /// The step from `from` (`None`: the project is new) to `to`.
    pub(crate) const fn between(from: Option<Status>, to: Status) -> Self {
        let row = match from {
            None => 0,
            Some(status) => status as usize + 1,
        };
        MATRIX[row][to as usize]
    }
}

/// Rows new and then [`Status::ALL`], columns [`Status::ALL`].
const MATRIX: [[Step; 5]; 6] = {
    const NO: Step = Step::Refused;
    const OK: Step = Step::Plain;
    const D: Step = Step::Completes;
    const R: Step = Step::Reopens;
    [
        [OK, OK, OK, NO, NO],
        [OK, OK, OK, D, OK],
        [OK, OK, OK, D, OK],
        [OK, OK, OK, D, OK],
        [NO, R, NO, OK, NO],
        [OK, OK, NO, NO, OK],
    ]
};

/// The step that the change takes. A new record with a status that it can't begin with is a defect of the body.
///
/// # Errors
/// `invalid_state_transition` (409) where the matrix refuses the step.
pub(crate) fn step(change: &Change<'_>, defects: &mut Defects) -> Result<Step, Rejection> {
    let before = change.stored.and_then(Status::of);
    let Some(after) = Status::of(&change.record) else {
        defects.push("status", DefectCode::InvalidValue, "is not a status of projects");
        return Ok(Step::Refused);
    };
    let step = Step::between(before, after);
    match (before, step) {
        (None, Step::Refused) => {
            let is_first = |to: &Status| Step::between(None, *to) != Step::Refused;
            let first: Vec<_> = Status::ALL.into_iter().filter(is_first).map(Status::as_str).collect();
            let message = format!("must be {} at first", either(&first));
            defects.push("status", DefectCode::InvalidInitialStatus, message);
            Ok(step)
        }
        (Some(from), Step::Refused) => {
            let detail = format!("A project can't go from {from} to {after}.");
            Err(Rejection::conflict(ConflictCode::InvalidStateTransition, detail))
        }
        _ => Ok(step),
    }
}

/// A completed project ends today in its own time zone, unless it has an end date; never before its actual start. A
/// reopened project has no end, unless the body sends one: the next completion must not repeat the old date.
pub(crate) fn settle_actual_end(change: &mut Change<'_>, step: Step) {
    if step == Step::Reopens && !given(change.sent, "actualEndDate") {
        change.remove("actualEndDate");
    }
    if step == Step::Completes {
        let zone = change.text("timeZone").and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
        let today = zone.to_datetime(change.now).date().to_string();
        let started = change.text("actualStartDate").unwrap_or_default();
        let end = if today.as_str() < started { started.to_owned() } else { today };
        change.set_default("actualEndDate", end);
    }
}

#[cfg(test)]
mod tests;
