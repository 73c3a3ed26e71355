//! The state machine of work orders: `docs/contract.md#states-of-a-work-order`.

use domain::defect::{DefectCode, Defects};
pub(crate) use domain::models::WorkOrderStatus as Status;
use domain::rejection::{ConflictCode, Rejection};
use domain::resource::Change;
use domain::rules::fields::given;
use domain::words::either;
use jiff::Timestamp;

use crate::rules::require_start;
use crate::window::instant;

/// One cell of the matrix: what happens on the way from one status to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Not allowed.
    Refused,
    /// No event but `created` or `updated`.
    Plain,
    /// Work starts, if it has never started before.
    Starts,
    /// Work starts, if it has never started before, and is done at once.
    StartsAndCompletes,
    /// Work is done.
    Completes,
    /// Work will not be done.
    Cancels,
    /// A completed order is reopened.
    Reopens,
}

impl Step {
    /// Whether `workorder.started` follows, if the order was never started before.
    pub(crate) const fn starts(self) -> bool {
        matches!(self, Self::Starts | Self::StartsAndCompletes)
    }

    /// Whether `workorder.completed` follows.
    pub(crate) const fn completes(self) -> bool {
        matches!(self, Self::Completes | Self::StartsAndCompletes)
    }

    /// The step from `from` (`None`: the order is new) to `to`.
    pub(crate) const fn between(from: Option<Status>, to: Status) -> Self {
        let row = match from {
            None => 0,
            Some(status) => status as usize + 1,
        };
        MATRIX[row][to as usize]
    }
}

/// The contract's matrix: rows new and then [`Status::ALL`], columns [`Status::ALL`].
const MATRIX: [[Step; 6]; 7] = {
    const NO: Step = Step::Refused;
    const OK: Step = Step::Plain;
    const S: Step = Step::Starts;
    const SD: Step = Step::StartsAndCompletes;
    const D: Step = Step::Completes;
    const X: Step = Step::Cancels;
    const R: Step = Step::Reopens;
    [
        [OK, OK, S, NO, SD, NO],
        [OK, OK, S, OK, SD, X],
        [OK, OK, S, OK, SD, X],
        [NO, OK, OK, OK, D, X],
        [OK, OK, S, OK, SD, X],
        [NO, NO, R, NO, OK, NO],
        [OK, OK, NO, NO, NO, OK],
    ]
};

/// Stores the status that is meant: the one that was sent, or else the one that follows from the start.
///
/// A new order, or one whose status is cleared, is `scheduled` when it has a start. When the body leaves the status
/// alone, taking the start from a scheduled order unschedules it, and giving its first start to one that nobody called
/// `unscheduled` schedules it: who plans in two requests gets what one request would have made. A start that merely
/// moves changes no status, and an order that was sent as `unscheduled` stays so.
pub(crate) fn settle_intended(change: &mut Change<'_>, defects: &mut Defects) {
    let has_start = given(&change.record, "scheduledStart");
    let start_on_file = change.stored.is_some_and(|stored| given(stored, "scheduledStart"));
    let by_start = if has_start { Status::Scheduled } else { Status::Unscheduled };
    if Status::of(change.body) == Some(Status::Scheduled) && !has_start {
        require_start(&change.record, defects);
        return;
    }
    if change.is_stated("status") {
        return;
    }
    let follows_start = match Status::of(&change.record) {
        None => true,
        Some(Status::Scheduled) => !has_start,
        Some(Status::Unscheduled) => has_start && !start_on_file && change.may_be_ours("status"),
        Some(_) => false,
    };
    if follows_start {
        change.set("status", by_start.as_str());
    }
}

/// The step that the change takes. A new record with a status that it can't begin with is a defect of the body.
///
/// # Errors
/// `invalid_state_transition` (409) where the matrix refuses the step.
pub(crate) fn step(change: &Change<'_>, defects: &mut Defects) -> Result<Step, Rejection> {
    let before = change.stored.and_then(Status::of);
    let Some(after) = Status::of(&change.record) else {
        defects.push("status", DefectCode::InvalidValue, "is not a status of work orders");
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
            let detail = format!("A work order can't go from {from} to {after}.");
            Err(Rejection::conflict(ConflictCode::InvalidStateTransition, detail))
        }
        _ => Ok(step),
    }
}

/// What the step says about the actual times and the reason of a cancellation.
///
/// A missing time is now, unless the other one was sent and lies on the wrong side of now: then it is that one.
/// An order that is taken up again after its cancellation loses the reason, so that the next one needs its own.
pub(crate) fn settle_actual_times(change: &mut Change<'_>, step: Step) {
    let now = change.now;
    if step == Step::Reopens {
        change.remove("actualEnd");
    }
    let was_cancelled = change.stored.and_then(Status::of) == Some(Status::Cancelled);
    let taken_up = was_cancelled && Status::of(&change.record) != Some(Status::Cancelled);
    if taken_up && !given(change.sent, "cancellationReason") {
        change.remove("cancellationReason");
    }
    if step.starts() {
        let latest = instant(&change.record, "actualEnd").unwrap_or(Timestamp::MAX);
        change.set_default("actualStart", now.min(latest).to_string());
    }
    if step.completes() {
        let earliest = instant(&change.record, "actualStart").unwrap_or(Timestamp::MIN);
        change.set_default("actualEnd", now.max(earliest).to_string());
    }
}

#[cfg(test)]
mod tests;
