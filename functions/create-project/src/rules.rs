//! Rules among the fields of one project.

use std::collections::HashSet;

use domain::defect::{DefectCode, Defects};
use domain::rules::address;
use domain::rules::fields::{Extent, Order, date_order, items, object, text, together};
use domain::rules::links::named_by;
use jiff::Span;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

/// The longest time from `startDate` to `endDate`, in years.
const LONGEST: i64 = 20;

/// What a budget consists of; together at most its `total`.
const BUDGET_PARTS: [&str; 6] = ["labor", "materials", "equipment", "subcontract", "other", "contingency"];

/// Checks the rules among the fields of `record`.
pub(crate) fn check(record: &Map<String, Value>, extent: Extent, defects: &mut Defects) {
    date_order(record, "", ["startDate", "endDate"], Order::NotBefore, defects);
    date_order(record, "", ["actualStartDate", "actualEndDate"], Order::NotBefore, defects);
    check_length(record, defects);
    together(record, ["dailyStartTime", "dailyEndTime"], extent, defects);
    address::check(record, "siteAddress", defects);
    check_budget(record, defects);
    check_team(record, defects);
    check_phases(record, defects);
    for (index, permit) in items(record, "permits") {
        date_order(permit, &format!("permits[{index}]."), ["issuedOn", "expiresOn"], Order::NotBefore, defects);
    }
}

fn check_length(record: &Map<String, Value>, defects: &mut Defects) {
    let date = |field: &str| text(record, field)?.parse::<Date>().ok();
    if let (Some(start), Some(end)) = (date("startDate"), date("endDate"))
        && start.checked_add(Span::new().years(LONGEST)).is_ok_and(|latest| end > latest)
    {
        defects.push("endDate", DefectCode::OutOfRange, "must be at most 20 years after startDate");
    }
}

/// The parts of a budget are at most its total.
fn check_budget(record: &Map<String, Value>, defects: &mut Defects) {
    let Some(budget) = object(record, "budget") else { return };
    let amount = |field: &str| text(budget, field)?.parse::<Decimal>().ok();
    let Some(total) = amount("total") else { return };
    let parts: Decimal = BUDGET_PARTS.into_iter().filter_map(amount).sum();
    if parts > total {
        defects.push("budget.total", DefectCode::BudgetExceeded, "must not be less than the sum of its parts");
    }
}

/// Every line names an employee, by id or by number.
fn check_team(record: &Map<String, Value>, defects: &mut Defects) {
    for (index, member) in items(record, "team") {
        let at = format!("team[{index}].");
        if named_by(member, "employee").is_none() {
            let message = "is required unless employeeId is given";
            defects.push(format!("{at}employeeNumber"), DefectCode::Required, message);
        }
        date_order(member, &at, ["startDate", "endDate"], Order::NotBefore, defects);
    }
}

/// Names are unique without regard to case: work orders name their phase.
fn check_phases(record: &Map<String, Value>, defects: &mut Defects) {
    let mut seen = HashSet::new();
    for (index, phase) in items(record, "phases") {
        let at = format!("phases[{index}].");
        if text(phase, "name").is_some_and(|name| !seen.insert(name.to_lowercase())) {
            let message = "is the name of another phase (case is ignored)";
            defects.push(format!("{at}name"), DefectCode::DuplicateItem, message);
        }
        date_order(phase, &at, ["startDate", "endDate"], Order::NotBefore, defects);
    }
}

#[cfg(test)]
mod tests;
