//! The state machine of projects: `docs/contract.md#states-of-a-project`.

use domain::defect::{DefectCode, Defects};
use domain::rejection::{ConflictCode, Rejection};
use domain::resource::Change;
use domain::rules::fields::{given, text};
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

/// Where a project stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Planning,
    Active,
    OnHold,
    Completed,
    Cancelled,
}

impl Status {
    /// In the order of the contract's columns.
    pub(crate) const ALL: [Self; 5] = [Self::Planning, Self::Active, Self::OnHold, Self::Completed, Self::Cancelled];

    /// The word on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Planning => "planning",
            Self::Active => "active",
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
}

/// One cell of the matrix: what happens on the way from one status to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Not allowed.
    Refused,
    /// No event but `created` or `updated`.
    Plain,
    /// The project is done.
    Completes,
    /// A project that was done goes on.
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

/// The step that the change takes. A first status that is none is a defect of the body.
///
/// # Errors
/// `invalid_state_transition` (409) where the matrix has no way.
pub(crate) fn step(change: &Change<'_>, defects: &mut Defects) -> Result<Step, Rejection> {
    let before = change.stored.and_then(Status::of);
    let Some(after) = Status::of(&change.record) else {
        defects.push("status", DefectCode::InvalidValue, "is not a status of projects");
        return Ok(Step::Refused);
    };
    let step = Step::between(before, after);
    match (before, step) {
        (None, Step::Refused) => {
            let message = "must be planning, active or on_hold at first";
            defects.push("status", DefectCode::InvalidInitialStatus, message);
            Ok(step)
        }
        (Some(from), Step::Refused) => {
            let detail = format!("A project can't go from {} to {}.", from.as_str(), after.as_str());
            Err(Rejection::conflict(ConflictCode::InvalidStateTransition, detail))
        }
        _ => Ok(step),
    }
}

/// A completed project ends today, in its own time zone, unless it says otherwise; never before its actual start. One
/// that is taken up again has no end, unless the body sends one: the next completion must not repeat the old date.
pub(crate) fn settle_actual_end(change: &mut Change<'_>, step: Step) {
    if step == Step::Reopens && !given(change.sent, "actualEndDate") {
        change.record.shift_remove("actualEndDate");
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
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{conflict, invalid, send};

    /// The contract's table, with changes that leave the status as it is: columns planning, active, `on_hold`, completed,
    /// cancelled.
    const CONTRACT: &str = "
        | new | C | C | C | - | - |
        | planning | U | U | U | U,D | U |
        | active | U | U | U | U,D | U |
        | on_hold | U | U | U | U,D | U |
        | completed | - | U | - | U | - |
        | cancelled | U | U | - | - | U |";

    fn on_file(status: &str) -> Value {
        json!({"id": "proj_abc123", "projectNumber": "2025-014", "name": "Riverside", "status": status,
            "timeZone": "America/Chicago", "currency": "USD", "version": 1})
    }

    #[test]
    fn every_cell_of_the_contracts_matrix() {
        let mut cells = 0;
        for row in CONTRACT.trim().lines() {
            let mut columns = row.trim().trim_matches('|').split('|').map(str::trim);
            let from = columns.next().expect("a first column");
            for (to, cell) in Status::ALL.into_iter().zip(columns) {
                let stored = (from != "new").then(|| on_file(from));
                let sent = json!({"projectNumber": "2025-014", "name": "Riverside Medical", "status": to.as_str()});
                let outcome = send(stored.as_ref(), sent, &[]);
                let name = format!("{from} to {}", to.as_str());
                let expected = match (cell, from) {
                    ("-", "new") => {
                        let expected = [("status".to_owned(), DefectCode::InvalidInitialStatus)];
                        assert_eq!(invalid(outcome), expected, "{name}");
                        cells += 1;
                        continue;
                    }
                    ("-", _) => {
                        assert_eq!(conflict(outcome).0, ConflictCode::InvalidStateTransition, "{name}");
                        cells += 1;
                        continue;
                    }
                    ("C", _) => vec!["project.created"],
                    ("U", _) => vec!["project.updated"],
                    ("U,D", _) => vec!["project.updated", "project.completed"],
                    (other, _) => panic!("{other} is no code of the contract's"),
                };
                let outcome = outcome.expect(&name);
                assert_eq!(outcome.event_names(), expected, "{name}");
                assert_eq!(outcome.record["status"], to.as_str(), "{name}");
                cells += 1;
            }
        }
        assert_eq!(cells, 6 * 5);
    }

    #[test]
    fn a_completed_project_ends_today_in_its_own_zone() {
        let end = |stored: Value, sent: Value| {
            let outcome = send(Some(&stored), sent, &[]).expect("allowed");
            outcome.record["actualEndDate"].as_str().expect("a date").to_owned()
        };
        assert_eq!(end(on_file("active"), json!({"status": "completed"})), "2026-09-25");
        assert_eq!(end(on_file("active"), json!({"status": "completed", "timeZone": "UTC"})), "2026-09-26");
        let sent = json!({"status": "completed", "actualEndDate": "2026-09-01"});
        assert_eq!(end(on_file("active"), sent), "2026-09-01");
        let mut late = on_file("active");
        late["actualStartDate"] = json!("2026-10-01");
        assert_eq!(end(late, json!({"status": "completed"})), "2026-10-01", "never before the start");
    }

    #[test]
    fn a_reopened_project_has_no_end() {
        let mut stored = on_file("completed");
        stored["actualEndDate"] = json!("2026-09-01");
        let reopened = send(Some(&stored), json!({"status": "active"}), &[]).expect("allowed").record;
        assert!(!reopened.contains_key("actualEndDate"));
        let sent = json!({"status": "active", "actualEndDate": "2026-12-01"});
        assert_eq!(send(Some(&stored), sent, &[]).expect("allowed").record["actualEndDate"], "2026-12-01");
        let renamed = send(Some(&stored), json!({"name": "b"}), &[]).expect("allowed").record;
        assert_eq!(renamed["actualEndDate"], "2026-09-01");
    }
}
