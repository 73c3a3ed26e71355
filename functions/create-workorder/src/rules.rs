//! Rules among the fields of one work order. Those of its assignments are in [`crate::lines`].

use domain::defect::{DefectCode, Defects};
use domain::rules::address;
use domain::rules::fields::{Extent, Order, date_order, given, items, missing, needs, text, together};
use jiff::SignedDuration;
use serde_json::{Map, Value};

use crate::status::Status;
use crate::window::instant;

/// The longest time from `scheduledStart` to `scheduledEnd`.
const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);

/// Checks the rules among the fields of `record`.
pub(crate) fn check(record: &Map<String, Value>, extent: Extent, defects: &mut Defects) {
    check_schedule(record, extent, defects);
    check_status(record, extent, defects);
    check_parent(record, defects);
    date_order(record, "", ["actualStart", "actualEnd"], Order::NotBefore, defects);
    together(record, ["dailyStartTime", "dailyEndTime"], extent, defects);
    address::check(record, "siteAddress", defects);
    for (index, item) in items(record, "equipment") {
        date_order(item, &format!("equipment[{index}]."), ["startDate", "endDate"], Order::NotBefore, defects);
    }
}

fn check_schedule(record: &Map<String, Value>, extent: Extent, defects: &mut Defects) {
    needs(record, "scheduledEnd", "scheduledStart", extent, defects);
    date_order(record, "", ["scheduledStart", "scheduledEnd"], Order::After, defects);
    if let (Some(start), Some(end)) = (instant(record, "scheduledStart"), instant(record, "scheduledEnd"))
        && end.duration_since(start) > LONGEST
    {
        defects.push("scheduledEnd", DefectCode::OutOfRange, "must be at most 366 days after scheduledStart");
    }
}

/// What a status needs. Whether an order that is stored already keeps `scheduled` without a start depends on whether
/// the body asks for it: that is settled with the state machine.
fn check_status(record: &Map<String, Value>, extent: Extent, defects: &mut Defects) {
    let on_file = given(record, "version");
    match Status::of(record) {
        Some(Status::Scheduled) if !on_file && missing(record, "scheduledStart", extent) => {
            require_start(record, defects);
        }
        Some(Status::Cancelled) if missing(record, "cancellationReason", extent) => {
            defects.push("cancellationReason", DefectCode::Required, "is required when status is cancelled");
        }
        _ => {}
    }
}

/// Reports a `scheduled` order without a start, unless its `scheduledEnd` has reported that already.
pub(crate) fn require_start(record: &Map<String, Value>, defects: &mut Defects) {
    if text(record, "scheduledEnd").is_none() {
        let message = "is required when status is scheduled";
        defects.push("scheduledStart", DefectCode::MissingDependency, message);
    }
}

fn check_parent(record: &Map<String, Value>, defects: &mut Defects) {
    if let (Some(own), Some(parent)) = (text(record, "workOrderNumber"), text(record, "parentWorkOrderNumber"))
        && own.eq_ignore_ascii_case(parent)
    {
        defects.push("parentWorkOrderNumber", DefectCode::SelfReference, "must be another work order");
    }
}

#[cfg(test)]
mod tests;
