//! The order and who is on it.

use domain::models::Kind;
use domain::references::Referent;
use domain::resource::{Change, Leave, Warning, WarningCode};
use domain::rules::fields::{items, text, value};
use domain::rules::links;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use serde_json::{Map, Value};

use super::papers;
use crate::lines::ASSIGNMENTS;
use crate::window::Window;

pub(super) fn add(change: &mut Change<'_>) {
    let mut warnings = Vec::new();
    let order = Window::of_order(&change.record);
    let zone = change.text("timeZone").and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
    for (index, line) in items(&change.record, ASSIGNMENTS) {
        let Some(window) = Window::of_line(line, order) else { continue };
        let (_, last_day) = window.days(&zone);
        let at = format!("{ASSIGNMENTS}[{index}].");
        if let Some(employee) = links::target(change.references, line, Kind::Employee, "employee") {
            let field = format!("{at}employeeNumber");
            warnings.extend(time_off(employee, window, &field));
            warnings.extend(other_orders(employee, window, change.text("id").unwrap_or_default(), &field));
            warnings.extend(papers::of_employee(employee, last_day, &field));
        }
        if let Some(vendor) = links::target(change.references, line, Kind::Vendor, "vendor") {
            warnings.extend(papers::of_vendor(vendor, last_day, &format!("{at}vendorNumber")));
        }
    }
    warnings.extend(skill_gaps(change));
    change.warnings.append(&mut warnings);
}

/// Approved time off inside the window.
fn time_off(employee: &Referent, window: Window, field: &str) -> Vec<Warning> {
    let clashes = employee.leaves.iter().filter(|leave| {
        leave.approved && absence(leave).is_some_and(|(from, to)| from < window.certain_end() && to > window.start)
    });
    clashes
        .map(|leave| warning(WarningCode::TimeOffConflict, field, format!("is off work: {}", leave.number)))
        .collect()
}

/// From when to when a leave lasts: its times on a partial day, otherwise whole days in its own time zone.
fn absence(leave: &Leave) -> Option<(Timestamp, Timestamp)> {
    let zone = TimeZone::get(&leave.time_zone).ok()?;
    let first: Date = leave.start_date.parse().ok()?;
    let last: Date = leave.end_date.parse().ok()?;
    let (from, to) = match (&leave.start_time, &leave.end_time) {
        (Some(from), Some(to)) => (first.to_datetime(from.parse().ok()?), last.to_datetime(to.parse().ok()?)),
        _ => (midnight(first), midnight(last.tomorrow().ok()?)),
    };
    Some((zone.to_timestamp(from).ok()?, zone.to_timestamp(to).ok()?))
}

fn midnight(day: Date) -> civil::DateTime {
    day.to_datetime(Time::midnight())
}

/// One person on two orders at overlapping times.
fn other_orders(employee: &Referent, window: Window, own_id: &str, field: &str) -> Vec<Warning> {
    let clashes = employee.booked_between(window.start, window.certain_end(), own_id);
    clashes
        .map(|booking| {
            warning(WarningCode::DoubleBooked, field, format!("is on work order {} at that time", booking.number))
        })
        .collect()
}

/// Each required skill is a skill or certification of somebody. Nothing is said while no employee is assigned,
/// nor when one of them was not read: the skill may be theirs.
fn skill_gaps(change: &Change<'_>) -> Vec<Warning> {
    let people = items(&change.record, ASSIGNMENTS).filter(|(_, line)| text(line, "employeeId").is_some());
    let people: Option<Vec<_>> =
        people.map(|(_, line)| links::target(change.references, line, Kind::Employee, "employee")).collect();
    let Some(people) = people.filter(|people| !people.is_empty()) else { return Vec::new() };
    let required = value(&change.record, "requiredSkills").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let gaps = required.iter().enumerate().filter(|(_, skill)| {
        let name = skill.as_str().unwrap_or_default();
        !people.iter().any(|person| holds(&person.fields, name))
    });
    gaps.map(|(index, _)| {
        let field = format!("requiredSkills[{index}]");
        warning(WarningCode::SkillGap, &field, "is held by nobody who is assigned".to_owned())
    })
    .collect()
}

fn holds(person: &Map<String, Value>, skill: &str) -> bool {
    let mut names = items(person, "skills").chain(items(person, "certifications"));
    names.any(|(_, held)| text(held, "name").is_some_and(|name| name.to_lowercase() == skill.to_lowercase()))
}

pub(super) fn warning(code: WarningCode, field: &str, message: String) -> Warning {
    Warning { code, field: field.to_owned(), message }
}

#[cfg(test)]
mod tests;
