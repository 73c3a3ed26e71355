//! The state machine of work orders: `docs/contract.md#states-of-a-work-order`.

use domain::defect::{DefectCode, Defects};
use domain::rejection::{ConflictCode, Rejection};
use domain::resource::Change;
use domain::rules::fields::{given, text};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::rules::require_start;
use crate::window::instant;

/// Where a work order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Unscheduled,
    Scheduled,
    InProgress,
    OnHold,
    Completed,
    Cancelled,
}

impl Status {
    /// In the order of the contract's columns.
    pub(crate) const ALL: [Self; 6] =
        [Self::Unscheduled, Self::Scheduled, Self::InProgress, Self::OnHold, Self::Completed, Self::Cancelled];

    /// The word on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Unscheduled => "unscheduled",
            Self::Scheduled => "scheduled",
            Self::InProgress => "in_progress",
            Self::OnHold => "on_hold",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of a record.
    pub(crate) fn of(record: &Map<String, Value>) -> Option<Self> {
        let word = text(record, "status")?;
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether there is work to be done: people are booked for it, and it is worth a warning.
    pub(crate) const fn is_open(self) -> bool {
        !matches!(self, Self::Completed | Self::Cancelled)
    }
}

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
    /// Work that was done goes on.
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
    if text(change.body, "status") == Some("scheduled") && !has_start {
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

/// The step that the change takes. A first status that is none is a defect of the body.
///
/// # Errors
/// `invalid_state_transition` (409) where the matrix has no way.
pub(crate) fn step(change: &Change<'_>, defects: &mut Defects) -> Result<Step, Rejection> {
    let before = change.stored.and_then(Status::of);
    let Some(after) = Status::of(&change.record) else {
        defects.push("status", DefectCode::InvalidValue, "is not a status of work orders");
        return Ok(Step::Refused);
    };
    let step = Step::between(before, after);
    match (before, step) {
        (None, Step::Refused) => {
            let message = "must be unscheduled, scheduled, in_progress or completed at first";
            defects.push("status", DefectCode::InvalidInitialStatus, message);
            Ok(step)
        }
        (Some(from), Step::Refused) => {
            let detail = format!("A work order can't go from {} to {}.", from.as_str(), after.as_str());
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
        change.record.shift_remove("actualEnd");
    }
    let taken_up = change.stored_text("status") == Some("cancelled") && change.text("status") != Some("cancelled");
    if taken_up && !given(change.sent, "cancellationReason") {
        change.record.shift_remove("cancellationReason");
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
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{NOW, conflict, invalid, send};

    /// `docs/contract.md#states-of-a-work-order`, as it stands there.
    const CONTRACT: &str = "
        | new | C | C | C,S | - | C,S,D | - |
        | unscheduled | | U | U,S | U | U,S,D | U,X |
        | scheduled | U | | U,S | U | U,S,D | U,X |
        | in_progress | - | U | | U | U,D | U,X |
        | on_hold | U | U | U,S | | U,S,D | U,X |
        | completed | - | - | U (clears actualEnd) | - | | - |
        | cancelled | U | U | - | - | - | |";

    /// An order on file with this status, that was not started before unless its status says so.
    fn on_file(status: &str) -> Value {
        let mut order = json!({"id": "wo_xyz789", "version": 1, "workOrderNumber": "WO-1", "title": "Pour slab",
            "status": status, "scheduledStart": "2025-10-19T12:00:00Z"});
        if matches!(status, "in_progress" | "completed") {
            order["actualStart"] = json!("2025-10-19T12:00:00Z");
        }
        if status == "completed" {
            order["actualEnd"] = json!("2025-10-19T20:00:00Z");
        }
        if status == "cancelled" {
            order["cancellationReason"] = json!("Rain");
        }
        order
    }

    fn request(status: &str) -> Value {
        let mut body = json!({"workOrderNumber": "WO-1", "title": "Pour the slab", "status": status,
            "scheduledStart": "2025-10-19T12:00:00Z"});
        if status == "cancelled" {
            body["cancellationReason"] = json!("Wind");
        }
        body
    }

    fn event(code: &str) -> &'static str {
        match code {
            "C" => "workorder.created",
            "U" => "workorder.updated",
            "S" => "workorder.started",
            "D" => "workorder.completed",
            "X" => "workorder.cancelled",
            other => panic!("{other} is no code of the contract's"),
        }
    }

    #[test]
    fn every_cell_of_the_contracts_matrix() {
        let mut cells = 0;
        for row in CONTRACT.trim().lines() {
            let mut columns = row.trim().trim_matches('|').split('|').map(str::trim);
            let from = columns.next().expect("a first column");
            for (to, cell) in Status::ALL.into_iter().zip(columns) {
                let stored = (from != "new").then(|| on_file(from));
                let outcome = send(stored.as_ref(), request(to.as_str()), &[]);
                let name = format!("{from} to {}", to.as_str());
                match (cell, from) {
                    ("-", "new") => {
                        let expected = [("status".to_owned(), DefectCode::InvalidInitialStatus)];
                        assert_eq!(invalid(outcome), expected, "{name}");
                    }
                    ("-", _) => assert_eq!(conflict(outcome).0, ConflictCode::InvalidStateTransition, "{name}"),
                    _ => {
                        let codes = if cell.is_empty() { "U" } else { cell.split(' ').next().expect("codes") };
                        let expected: Vec<_> = codes.split(',').map(event).collect();
                        let outcome = outcome.expect(&name);
                        assert_eq!(outcome.event_names(), expected, "{name}");
                        assert_eq!(outcome.record["status"], to.as_str(), "{name}");
                    }
                }
                cells += 1;
            }
        }
        assert_eq!(cells, 7 * 6);
    }

    #[test]
    fn work_starts_once_in_a_life() {
        for (from, to, expected) in [
            ("on_hold", "in_progress", vec!["workorder.updated"]),
            ("on_hold", "completed", vec!["workorder.updated", "workorder.completed"]),
            ("scheduled", "in_progress", vec!["workorder.updated"]),
        ] {
            let mut stored = on_file(from);
            stored["actualStart"] = json!("2025-10-18T12:00:00Z");
            let outcome = send(Some(&stored), json!({"status": to}), &[]).expect("allowed");
            assert_eq!(outcome.event_names(), expected, "{from} to {to}");
            assert_eq!(outcome.record["actualStart"], "2025-10-18T12:00:00Z");
        }
    }

    #[test]
    fn actual_times_are_now_unless_they_are_sent() {
        let done = send(Some(&on_file("scheduled")), json!({"status": "completed"}), &[]).expect("allowed");
        assert_eq!((&done.record["actualStart"], &done.record["actualEnd"]), (&json!(NOW), &json!(NOW)));

        let ended = json!({"status": "completed", "actualEnd": "2025-10-19T20:00:00Z"});
        let done = send(Some(&on_file("scheduled")), ended, &[]).expect("allowed");
        assert_eq!(done.record["actualStart"], "2025-10-19T20:00:00Z", "a start is never after the end that was sent");

        let started = json!({"status": "completed", "actualStart": "2025-10-20T18:00:00Z"});
        let done = send(Some(&on_file("scheduled")), started, &[]).expect("allowed");
        assert_eq!(done.record["actualEnd"], "2025-10-20T18:00:00Z", "an end is never before the start that was sent");
        assert_eq!(done.event_names(), ["workorder.updated", "workorder.started", "workorder.completed"]);

        let reopened = send(Some(&on_file("completed")), json!({"status": "in_progress"}), &[]).expect("allowed");
        assert!(!reopened.record.contains_key("actualEnd"));
        assert_eq!(reopened.record["actualStart"], "2025-10-19T12:00:00Z");
    }

    #[test]
    fn a_cancellation_takes_its_reason_along() {
        let again = send(Some(&on_file("cancelled")), json!({"status": "scheduled"}), &[]).expect("allowed");
        assert!(!again.record.contains_key("cancellationReason"));
        let edited = send(Some(&on_file("cancelled")), json!({"title": "Pour"}), &[]).expect("allowed");
        assert_eq!(edited.record["cancellationReason"], "Rain");
    }

    #[test]
    fn the_status_that_is_not_sent_follows_the_start() {
        let start = json!("2025-10-27T12:00:00Z");
        let status = |stored: Option<&Value>, sent: Value| {
            let outcome = send(stored, sent, &[]).expect("allowed");
            outcome.record["status"].as_str().expect("a status").to_owned()
        };
        assert_eq!(status(None, json!({"title": "a"})), "unscheduled");
        assert_eq!(status(None, json!({"title": "a", "scheduledStart": start})), "scheduled");
        assert_eq!(
            status(None, json!({"title": "a", "scheduledStart": start, "status": "unscheduled"})),
            "unscheduled"
        );

        assert_eq!(status(Some(&on_file("scheduled")), json!({"scheduledStart": null})), "unscheduled");
        assert_eq!(status(Some(&on_file("on_hold")), json!({"scheduledStart": null})), "on_hold");
        let planned = json!({"status": "unscheduled", "title": "a"});
        assert_eq!(status(Some(&planned), json!({"scheduledStart": start})), "scheduled");
        assert_eq!(status(Some(&planned), json!({"scheduledStart": start, "status": "unscheduled"})), "unscheduled");
        assert_eq!(status(Some(&on_file("unscheduled")), json!({"scheduledStart": start})), "unscheduled");
        assert_eq!(status(Some(&on_file("scheduled")), json!({"status": null, "scheduledStart": null})), "unscheduled");
    }

    #[test]
    fn scheduled_needs_a_start() {
        let missing = [("scheduledStart".to_owned(), DefectCode::MissingDependency)];
        let planned = json!({"status": "unscheduled", "title": "a"});
        assert_eq!(invalid(send(Some(&planned), json!({"status": "scheduled"}), &[])), missing);
        let both = json!({"status": "scheduled", "scheduledStart": null});
        assert_eq!(invalid(send(Some(&on_file("scheduled")), both, &[])), missing);
    }
}
