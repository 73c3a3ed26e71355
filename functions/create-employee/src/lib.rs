//! `POST /api/webhook/employee`: the rules and events of employees.

use domain::defect::Defects;
use domain::events::{EventDraft, EventName, changed_fields};
use domain::models::{EMPLOYEE, EmployeeStatus, Kind, Model};
use domain::references::Reference;
use domain::rejection::{ConflictCode, Rejection};
use domain::resource::{Change, Deletion, Resource};
use domain::rules::currency;
use domain::rules::currency::Money;
use domain::rules::fields::Extent;
use domain::rules::{address, fields};
use serde_json::{Map, Value};

mod rules;
mod supervisor;
#[cfg(test)]
mod testing;

/// The people who do the work. Termination is a status; deletion takes the record away.
#[derive(Debug, Clone, Copy)]
pub struct Employee;

/// Where an employee holds money.
const MONEY: [Money; 2] = [Money::Field("hourlyCostRate"), Money::Field("hourlyBillRate")];

impl Resource for Employee {
    const FUNCTION: &'static str = env!("CARGO_PKG_NAME");
    const MODEL: &'static Model = &EMPLOYEE;

    fn check(record: &Map<String, Value>, extent: Extent, defects: &mut Defects) {
        rules::check(record, extent, defects);
    }

    fn references(record: &Map<String, Value>) -> Vec<Reference> {
        Reference::of(Kind::Employee, record, "", "supervisor").into_iter().collect()
    }

    fn settle(change: &mut Change<'_>) -> Result<(), Rejection> {
        let mut defects = Defects::default();
        supervisor::settle(change, &mut defects);
        settle_rehire(change);
        rules::check_employment_dates(&change.record, &mut defects);
        if !defects.is_empty() {
            return Err(Rejection::Invalid(defects));
        }
        settle_defaults(change);
        currency::check_unchanged(change, &MONEY)
    }

    fn raise(change: &Change<'_>) -> Vec<EventDraft> {
        let extra = skill_names(&change.record);
        match change.stored {
            None => vec![EventDraft::new(EventName::EmployeeCreated, &change.record, extra)],
            Some(stored) if changed_fields(&EMPLOYEE, stored, &change.record).is_empty() => Vec::new(),
            Some(stored) => {
                let before = skill_names(stored);
                vec![EventDraft::updated(EventName::EmployeeUpdated, stored, &change.record, before, extra)]
            }
        }
    }

    fn delete(deletion: &mut Deletion<'_>) -> Result<Vec<EventDraft>, Rejection> {
        if !deletion.open_orders.is_empty() {
            let numbers: Vec<&str> = deletion.open_orders.iter().map(|order| order.number.as_str()).collect();
            let detail = format!("The employee is still on open work orders: {}.", numbers.join(", "));
            return Err(Rejection::conflict(ConflictCode::StillReferenced, detail));
        }
        let extra = Map::from_iter([("deletedAt".to_owned(), deletion.now.to_string().into())]);
        Ok(vec![EventDraft::new(EventName::EmployeeDeleted, deletion.stored, extra)])
    }
}

/// A rehire clears `terminationDate`, unless the body sends one: that is the date of the next termination.
fn settle_rehire(change: &mut Change<'_>) {
    let was_terminated = change.stored.and_then(EmployeeStatus::of) == Some(EmployeeStatus::Terminated);
    let announced = fields::given(change.sent, "terminationDate");
    let is_terminated = EmployeeStatus::of(&change.record) == Some(EmployeeStatus::Terminated);
    if was_terminated && !is_terminated && !announced {
        change.remove("terminationDate");
    }
}

/// Stores the defaults, so that a later change of the account's defaults does not affect existing records.
fn settle_defaults(change: &mut Change<'_>) {
    change.set_default("status", EmployeeStatus::Active.as_str());
    change.set_default("employmentType", "full_time");
    change.set_default("timeZone", change.account.time_zone.as_str());
    change.set_default("workDays", vec!["mon", "tue", "wed", "thu", "fri"]);
    change.set_default("hoursPerDay", 8);
    change.set_default("timeOffApprovalRequired", true);
    if fields::given(&change.record, "hourlyCostRate") || fields::given(&change.record, "hourlyBillRate") {
        change.set_default("currency", change.account.currency.as_str());
    }
    address::settle_country(change, "address");
}

/// `skills` as events carry them: the names alone.
fn skill_names(record: &Map<String, Value>) -> Map<String, Value> {
    if !fields::given(record, "skills") {
        return Map::new();
    }
    let names =
        fields::items(record, "skills").filter_map(|(_, skill)| fields::value(skill, "name")).cloned().collect();
    Map::from_iter([("skills".to_owned(), Value::Array(names))])
}

#[cfg(test)]
mod tests;
