//! Rules among the fields of one request.

use domain::defect::{DefectCode, Defects};
use domain::rules::fields::{Extent, Order, date_order, given, missing, text, together, value};
use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::status::Status;

/// The longest span of one request, in days.
const MAX_DAYS: i32 = 366;

/// Checks the rules among the fields of `record`.
pub(crate) fn check(record: &Map<String, Value>, extent: Extent, defects: &mut Defects) {
    check_employee(record, extent, defects);
    check_span(record, defects);
    check_times(record, extent, defects);
    check_decision(record, extent, defects);
}

/// The employee is named, by id or by number.
fn check_employee(record: &Map<String, Value>, extent: Extent, defects: &mut Defects) {
    let both_missing = ["employeeId", "employeeNumber"].iter().all(|field| missing(record, field, extent));
    if both_missing {
        defects.push("employeeNumber", DefectCode::Required, "is required, unless employeeId is given");
    }
}

/// The days are in order and not too many, and the hours fit into them.
fn check_span(record: &Map<String, Value>, defects: &mut Defects) {
    let (Some(start), Some(end)) = (date(record, "startDate"), date(record, "endDate")) else {
        return;
    };
    let days = start.until(end).map_or(0, |span| span.get_days()) + 1;
    if days < 1 {
        defects.push("endDate", DefectCode::DateOrder, "must not be before startDate");
        return;
    }
    if days > MAX_DAYS {
        let message = format!("must be within {MAX_DAYS} days, startDate included");
        defects.push("endDate", DefectCode::OutOfRange, message);
    }
    if value(record, "hours").and_then(Value::as_f64).is_some_and(|hours| hours > 24.0 * f64::from(days)) {
        let message = "must be at most 24 for each day from startDate to endDate";
        defects.push("hours", DefectCode::HoursExceedSpan, message);
    }
}

/// Times come in pairs, in order, and on one day only. Normalised times are `HH:MM`: they compare as strings.
fn check_times(record: &Map<String, Value>, extent: Extent, defects: &mut Defects) {
    let times = ["startTime", "endTime"];
    together(record, times, extent, defects);
    date_order(record, "", times, Order::After, defects);
    let several_days = date(record, "startDate").zip(date(record, "endDate")).is_some_and(|(first, last)| first < last);
    if let Some(field) = times.into_iter().find(|field| several_days && given(record, field)) {
        let message = "is only allowed when startDate and endDate are the same day";
        defects.push(field, DefectCode::ConflictingFields, message);
    }
}

/// The decision on a new request goes with a decided status. That of a stored one stays when the time off is cancelled
/// later: whether the body sends another is settled with the state machine.
fn check_decision(record: &Map<String, Value>, extent: Extent, defects: &mut Defects) {
    let is_new = extent == Extent::Whole && !given(record, "version");
    // A status that is given and unknown has a defect of its own.
    let undecided = Status::of(record).map_or(!given(record, "status"), |status| !status.is_decided());
    if is_new && undecided && given(record, "decision") {
        let message = "is only allowed when status is approved or denied";
        defects.push("decision", DefectCode::ConflictingFields, message);
    }
}

/// A date field.
fn date(record: &Map<String, Value>, field: &str) -> Option<Date> {
    text(record, field)?.parse().ok()
}

#[cfg(test)]
mod tests;
