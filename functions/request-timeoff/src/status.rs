//! The state machine of time off: `docs/contract.md#states-of-time-off`.

use domain::events::EventName;
pub(crate) use domain::models::TimeOffStatus as Status;
use domain::resource::Change;
use domain::rules::fields::value;
use serde_json::{Map, Value};

/// What a request asks for. Changing one of these restarts the approval of an open request, and is refused once the
/// request is decided or withdrawn.
const TERMS: [&str; 6] = ["type", "startDate", "endDate", "startTime", "endTime", "hours"];

/// The status of a record; a request without one is `requested`.
pub(crate) fn of(record: &Map<String, Value>) -> Status {
    Status::of(record).unwrap_or(Status::Requested)
}

/// A permitted transition of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// New, and open.
    Request,
    /// New, and approved already: by the HR system, or because no approval is needed.
    RequestApproved,
    /// The terms of an open request changed.
    Resubmit,
    /// An open request was granted.
    Approve,
    /// An open request was refused.
    Deny,
    /// An open or approved request was withdrawn.
    Cancel,
    /// Notes, tags and the like, or nothing at all.
    Annotate,
}

impl Step {
    /// The events that it raises, in order.
    pub(crate) const fn events(self) -> &'static [EventName] {
        match self {
            Self::Request | Self::Resubmit => &[EventName::TimeoffRequested],
            Self::RequestApproved => &[EventName::TimeoffRequested, EventName::TimeoffApproved],
            Self::Approve => &[EventName::TimeoffApproved],
            Self::Deny => &[EventName::TimeoffDenied],
            Self::Cancel => &[EventName::TimeoffCancelled],
            Self::Annotate => &[],
        }
    }
}

/// A change that the state machine does not permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// A request can't begin like this.
    First,
    /// The status can't go there.
    Transition,
    /// The status stays, and with it the terms.
    Terms,
}

/// The step from one state to the next; `from` is `None` for a new request.
pub(crate) fn step(from: Option<Status>, to: Status, terms_changed: bool) -> Result<Step, Refused> {
    let Some(from) = from else {
        return match to {
            Status::Requested => Ok(Step::Request),
            Status::Approved => Ok(Step::RequestApproved),
            Status::Denied | Status::Cancelled => Err(Refused::First),
        };
    };
    match (from, to) {
        (Status::Requested, Status::Requested) if terms_changed => Ok(Step::Resubmit),
        (Status::Requested, Status::Approved) => Ok(Step::Approve),
        (Status::Requested, Status::Denied) => Ok(Step::Deny),
        (Status::Requested | Status::Approved, Status::Cancelled) => Ok(Step::Cancel),
        _ if from != to => Err(Refused::Transition),
        _ if terms_changed => Err(Refused::Terms),
        _ => Ok(Step::Annotate),
    }
}

/// The step that `change` is.
pub(crate) fn step_of(change: &Change<'_>) -> Result<Step, Refused> {
    let terms_changed =
        change.stored.is_some_and(|s| TERMS.iter().any(|term| value(s, term) != value(&change.record, term)));
    step(change.stored.map(of), of(&change.record), terms_changed)
}

#[cfg(test)]
mod tests;
