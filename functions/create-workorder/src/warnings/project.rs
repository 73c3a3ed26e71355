//! The order and its project.

use domain::models::Kind;
use domain::references::Referent;
use domain::resource::{Change, WarningCode};
use domain::rules::fields::{items, text};
use domain::rules::links;
use jiff::tz::TimeZone;

use crate::window::Window;

pub(super) fn add(change: &mut Change<'_>) {
    let references = change.references;
    if let Some(project) = links::target(references, &change.record, Kind::Project, "project") {
        add_dates(change, project);
        add_phase(change, project);
    }
}

/// The project's dates are days in its own time zone, both inclusive.
fn add_dates(change: &mut Change<'_>, project: &Referent) {
    let name = project.text("timeZone").unwrap_or(&change.account.time_zone);
    let (Some(window), Ok(zone)) = (Window::of_order(&change.record), TimeZone::get(name)) else { return };
    let (first, last) = window.days(&zone);
    let (first, last) = (first.to_string(), last.to_string());
    let number = &project.number;
    if let Some(start) = project.text("startDate").filter(|start| first.as_str() < *start) {
        let message = format!("is before {start}, the first day of project {number}");
        change.warn(WarningCode::OutsideProjectDates, "scheduledStart", message);
    }
    if let Some(end) = project.text("endDate").filter(|end| last.as_str() > *end) {
        let field = if window.end.is_some() { "scheduledEnd" } else { "scheduledStart" };
        let message = format!("is after {end}, the last day of project {number}");
        change.warn(WarningCode::OutsideProjectDates, field, message);
    }
}

/// A project without a list of phases takes any.
fn add_phase(change: &mut Change<'_>, project: &Referent) {
    let Some(phase) = change.text("phase").map(str::to_lowercase) else { return };
    let mut names = items(&project.fields, "phases").filter_map(|(_, phase)| text(phase, "name")).peekable();
    if names.peek().is_some() && !names.any(|name| name.to_lowercase() == phase) {
        let message = format!("is not a phase of project {}", project.number);
        change.warn(WarningCode::UnknownPhase, "phase", message);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{project, send};

    /// The warnings of an order on a job from 2 June to 31 October in Chicago.
    fn warned(order: Value) -> Vec<(WarningCode, String)> {
        let job = project(json!({"timeZone": "America/Chicago", "startDate": "2025-06-02", "endDate": "2025-10-31",
            "phases": [{"name": "Rough-in"}, {"name": "Finish"}]}));
        let mut sent = json!({"title": "a", "projectNumber": "2025-014"});
        for (field, value) in crate::testing::object(order) {
            sent[field] = value;
        }
        let outcome = send(None, sent, &[job]).expect("allowed");
        outcome.warned().into_iter().map(|(code, field)| (code, field.to_owned())).collect()
    }

    #[test]
    fn work_is_inside_the_projects_days_in_its_own_zone() {
        let outside = |field: &str| vec![(WarningCode::OutsideProjectDates, field.to_owned())];
        let order = |start: &str, end: &str| json!({"scheduledStart": start, "scheduledEnd": end});
        assert_eq!(
            warned(order("2025-06-02T05:00:00Z", "2025-11-01T05:00:00Z")),
            [],
            "midnight to midnight in Chicago"
        );
        assert_eq!(warned(order("2025-06-02T04:59:59Z", "2025-06-03T05:00:00Z")), outside("scheduledStart"));
        assert_eq!(warned(order("2025-10-30T12:00:00Z", "2025-11-01T05:00:01Z")), outside("scheduledEnd"));
        assert_eq!(warned(json!({"scheduledStart": "2025-11-03T12:00:00Z"})), outside("scheduledStart"));
        assert_eq!(warned(json!({})), []);
    }

    #[test]
    fn the_phase_is_one_of_the_projects() {
        assert_eq!(warned(json!({"phase": "rough-IN"})), []);
        assert_eq!(warned(json!({"phase": "Demolition"})), [(WarningCode::UnknownPhase, "phase".to_owned())]);
        let free = send(None, json!({"title": "a", "projectNumber": "2025-014", "phase": "x"}), &[project(json!({}))]);
        assert_eq!(free.expect("allowed").warned(), [], "a project without a list takes any phase");
    }
}
