use super::{Refused, Status, Step, of, step};

use Refused::{First, Terms, Transition};
use Step::{Annotate, Approve, Cancel, Deny, Request, RequestApproved, Resubmit};

/// The contract's table, row by row: what each status leads to (columns in the order of `Status::ALL`),
/// with the terms as they were and with changed ones.
type Row = [Result<Step, Refused>; 4];

const NEW: Row = [Ok(Request), Ok(RequestApproved), Err(First), Err(First)];

const TABLE: [(Status, Row, Row); 4] = [
    (
        Status::Requested,
        [Ok(Annotate), Ok(Approve), Ok(Deny), Ok(Cancel)],
        [Ok(Resubmit), Ok(Approve), Ok(Deny), Ok(Cancel)],
    ),
    (
        Status::Approved,
        [Err(Transition), Ok(Annotate), Err(Transition), Ok(Cancel)],
        [Err(Transition), Err(Terms), Err(Transition), Ok(Cancel)],
    ),
    (
        Status::Denied,
        [Err(Transition), Err(Transition), Ok(Annotate), Err(Transition)],
        [Err(Transition), Err(Transition), Err(Terms), Err(Transition)],
    ),
    (
        Status::Cancelled,
        [Err(Transition), Err(Transition), Err(Transition), Ok(Annotate)],
        [Err(Transition), Err(Transition), Err(Transition), Err(Terms)],
    ),
];

#[test]
fn every_step_is_the_contracts() {
    for (to, expected) in Status::ALL.into_iter().zip(NEW) {
        assert_eq!(step(None, to, false), expected, "new -> {to:?}");
    }
    for (from, same_terms, new_terms) in TABLE {
        for (index, to) in Status::ALL.into_iter().enumerate() {
            assert_eq!(step(Some(from), to, false), same_terms[index], "{from:?} -> {to:?}");
            assert_eq!(step(Some(from), to, true), new_terms[index], "{from:?} -> {to:?}, terms changed");
        }
    }
}

#[test]
fn events_of_each_step() {
    for (step, expected) in [
        (Request, &["timeoff.requested"][..]),
        (RequestApproved, &["timeoff.requested", "timeoff.approved"]),
        (Resubmit, &["timeoff.requested"]),
        (Approve, &["timeoff.approved"]),
        (Deny, &["timeoff.denied"]),
        (Cancel, &["timeoff.cancelled"]),
        (Annotate, &[]),
    ] {
        let names: Vec<_> = step.events().iter().map(|event| event.as_str()).collect();
        assert_eq!(names, expected, "{step:?}");
    }
}

#[test]
fn words_and_statuses_agree() {
    for status in Status::ALL {
        let record = serde_json::Map::from_iter([("status".to_owned(), status.as_str().into())]);
        assert_eq!(of(&record), status);
    }
    assert_eq!(of(&serde_json::Map::new()), Status::Requested);
}
