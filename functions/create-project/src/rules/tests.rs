use serde_json::json;

use super::*;
use crate::testing::{Found, HARNESS};

fn found(record: impl Into<Value>, extent: Extent) -> Found {
    HARNESS.check(&record.into(), extent)
}

#[track_caller]
fn one(record: Value, field: &str, code: DefectCode) {
    assert_eq!(found(record, Extent::Whole), [(field.to_owned(), code)]);
}

#[test]
fn dates_are_in_order() {
    one(json!({"startDate": "2025-06-02", "endDate": "2025-06-01"}), "endDate", DefectCode::DateOrder);
    assert_eq!(found(json!({"startDate": "2025-06-02", "endDate": "2025-06-02"}), Extent::Whole), []);
    let actual = json!({"actualStartDate": "2025-06-02", "actualEndDate": "2025-06-01"});
    one(actual, "actualEndDate", DefectCode::DateOrder);
    for (list, from, to) in
        [("team", "startDate", "endDate"), ("phases", "startDate", "endDate"), ("permits", "issuedOn", "expiresOn")]
    {
        let item = |end: &str| json!({list: [{"employeeNumber": "E-1", from: "2025-06-02", to: end}]});
        one(item("2025-06-01"), &format!("{list}[0].{to}"), DefectCode::DateOrder);
        assert_eq!(found(item("2025-06-02"), Extent::Whole), []);
    }
}

#[test]
fn a_project_lasts_at_most_twenty_years() {
    assert_eq!(found(json!({"startDate": "2025-06-02", "endDate": "2045-06-02"}), Extent::Whole), []);
    one(json!({"startDate": "2025-06-02", "endDate": "2045-06-03"}), "endDate", DefectCode::OutOfRange);
}

#[test]
fn a_daily_shift_has_two_times() {
    one(json!({"dailyStartTime": "06:30"}), "dailyEndTime", DefectCode::MissingDependency);
    assert_eq!(found(json!({"dailyStartTime": "06:30"}), Extent::Part), []);
    let cleared = json!({"dailyStartTime": "06:30", "dailyEndTime": null});
    assert_eq!(found(cleared, Extent::Part), [("dailyEndTime".to_owned(), DefectCode::MissingDependency)]);
}

#[test]
fn the_parts_of_a_budget_do_not_exceed_it() {
    let budget = |total: &str, other: &str| {
        json!({"budget": {"total": total, "labor": "10.10", "materials": "20.20", "equipment": "0.30",
            "subcontract": "1", "contingency": "0.40", "other": other}})
    };
    assert_eq!(found(budget("35.00", "3.00"), Extent::Whole), []);
    one(budget("35.00", "3.01"), "budget.total", DefectCode::BudgetExceeded);
    one(budget("999999999999.99", "999999999999.99"), "budget.total", DefectCode::BudgetExceeded);
    assert_eq!(found(json!({"budget": {"total": "0"}}), Extent::Whole), []);
}

#[test]
fn every_line_of_the_team_names_somebody() {
    let team = json!({"team": [{"employeeId": "emp_one"}, {"employeeNumber": "E-2"}, {"role": "foreman"}]});
    one(team, "team[2].employeeNumber", DefectCode::Required);
}

#[test]
fn phase_names_are_unique() {
    let phases = json!({"phases": [{"name": "Rough-in"}, {"name": "Finish"}, {"name": "ROUGH-IN"}]});
    one(phases, "phases[2].name", DefectCode::DuplicateItem);
}

#[test]
fn the_address_has_a_street_or_coordinates() {
    one(json!({"siteAddress": {"city": "Austin"}}), "siteAddress.line1", DefectCode::Required);
}
