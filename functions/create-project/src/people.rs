//! The employees whom a project names: project manager, superintendent and team.

use std::collections::HashSet;

use domain::defect::{DefectCode, Defects};
use domain::models::Kind;
use domain::references::Reference;
use domain::resource::Change;
use domain::rules::fields::{items, text};
use domain::rules::links;
use domain::rules::links::{of_items, unable};
use serde_json::{Map, Value};

/// The list of people.
const TEAM: &str = "team";
/// The posts that one person holds, as their fields begin: `projectManagerId`, `projectManagerNumber`.
const MANAGER: &str = "projectManager";
const SUPERINTENDENT: &str = "superintendent";

/// Someone whom the project names, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member<'a> {
    pub(crate) id: &'a str,
    pub(crate) role: Option<&'a str>,
    pub(crate) start: Option<&'a str>,
    pub(crate) end: Option<&'a str>,
}

/// Everyone whom a stored project names, each once, the team first: its lines say more than the posts do.
pub(crate) fn members(record: &Map<String, Value>) -> Vec<Member<'_>> {
    let team = items(record, TEAM).filter_map(|(_, line)| {
        let id = text(line, "employeeId")?;
        Some(Member { id, role: text(line, "role"), start: text(line, "startDate"), end: text(line, "endDate") })
    });
    let posts = [("projectManagerId", "project manager"), ("superintendentId", "superintendent")];
    let posts = posts.into_iter().filter_map(|(field, role)| {
        Some(Member { id: text(record, field)?, role: Some(role), start: None, end: None })
    });
    let mut seen = HashSet::new();
    team.chain(posts).filter(|member| seen.insert(member.id)).collect()
}

/// Every reference that `record` makes.
pub(crate) fn references(record: &Map<String, Value>) -> Vec<Reference> {
    let posts = [MANAGER, SUPERINTENDENT].into_iter();
    let posts = posts.filter_map(|stem| Reference::of(Kind::Employee, record, "", stem));
    posts.chain(of_items(record, TEAM, Kind::Employee, "employee")).collect()
}

/// Stores what was sent under both names. Everyone who is newly named is active.
pub(crate) fn settle(change: &mut Change<'_>, defects: &mut Defects) {
    for stem in [MANAGER, SUPERINTENDENT] {
        let Some(link) = links::settle(change, Kind::Employee, stem, defects).filter(|link| link.new) else { continue };
        if let (Some(message), Some(sent)) = (unable(link.to), Reference::of(Kind::Employee, change.sent, "", stem)) {
            defects.push(sent.field(), DefectCode::InactiveReference, message);
        }
    }
    links::settle_items(change, TEAM, Kind::Employee, "employee", defects);
    let before: Vec<_> = change.stored.into_iter().flat_map(members).map(|member| member.id).collect();
    links::check_able(change, TEAM, Kind::Employee, "employee", &before, defects);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{employee, invalid, object, send};

    fn one(field: &str, code: DefectCode) -> Vec<(String, DefectCode)> {
        vec![(field.to_owned(), code)]
    }

    #[test]
    fn everyone_is_listed_with_a_path() {
        let record =
            json!({"projectManagerNumber": "E-1", "superintendentId": "emp_two", "team": [{"employeeNumber": "E-3"}]});
        let fields: Vec<_> = references(&object(record)).iter().map(|sent| sent.field().to_owned()).collect();
        assert_eq!(fields, ["projectManagerNumber", "superintendentId", "team[0].employeeNumber"]);
    }

    #[test]
    fn people_are_stored_under_both_names() {
        let sent = json!({"name": "a", "projectManagerNumber": "e-one", "superintendentId": "emp_two",
            "team": [{"employeeNumber": "E-one", "role": "safety"}]});
        let record = send(None, sent, &[employee("one", "active"), employee("two", "active")]).expect("allowed").record;
        assert_eq!(
            (&record["projectManagerId"], &record["projectManagerNumber"]),
            (&json!("emp_one"), &json!("E-one"))
        );
        assert_eq!(record["superintendentNumber"], "E-two");
        assert_eq!(record["team"][0]["employeeId"], "emp_one");
    }

    #[test]
    fn a_new_manager_replaces_the_old_one() {
        let stored =
            json!({"name": "a", "status": "active", "projectManagerId": "emp_old", "projectManagerNumber": "E-old"});
        let sent = json!({"projectManagerId": "emp_one"});
        let record = send(Some(&stored), sent, &[employee("one", "active")]).expect("allowed").record;
        assert_eq!(record["projectManagerNumber"], "E-one");
        let record = send(Some(&stored), json!({"projectManagerNumber": null}), &[]).expect("allowed").record;
        assert!(!record.contains_key("projectManagerId") && !record.contains_key("projectManagerNumber"));
    }

    #[test]
    fn unknown_people_are_reported_together() {
        let sent = json!({"name": "a", "projectManagerNumber": "E-none", "superintendentId": "emp_one",
            "superintendentNumber": "E-two", "team": [{"employeeId": "emp_none", "role": "safety"}]});
        let defects = invalid(send(None, sent, &[employee("one", "active"), employee("two", "active")]));
        let expected = [
            ("projectManagerNumber", DefectCode::UnknownReference),
            ("superintendentNumber", DefectCode::ReferenceMismatch),
            ("team[0].employeeId", DefectCode::UnknownReference),
        ];
        assert_eq!(defects, expected.map(|(field, code)| (field.to_owned(), code)));
    }

    #[test]
    fn who_is_newly_named_is_active() {
        let outcome = |sent: Value, status: &str| send(None, sent, &[employee("one", status)]);
        for (sent, field) in [
            (json!({"name": "a", "projectManagerNumber": "E-one"}), "projectManagerNumber"),
            (json!({"name": "a", "superintendentId": "emp_one"}), "superintendentId"),
            (json!({"name": "a", "team": [{"employeeNumber": "E-one", "role": "b"}]}), "team[0].employeeNumber"),
        ] {
            outcome(sent.clone(), "active").expect(field);
            for status in ["inactive", "terminated"] {
                assert_eq!(
                    invalid(outcome(sent.clone(), status)),
                    one(field, DefectCode::InactiveReference),
                    "{status}"
                );
            }
        }
    }

    #[test]
    fn who_was_there_before_stays() {
        let stored =
            json!({"name": "a", "status": "active", "projectManagerId": "emp_one", "projectManagerNumber": "E-one"});
        let sent = json!({"projectManagerNumber": "E-one", "team": [{"employeeNumber": "E-one", "role": "adviser"}]});
        for status in ["inactive", "terminated"] {
            let outcome = send(Some(&stored), sent.clone(), &[employee("one", status)]).expect("allowed");
            assert_eq!(outcome.event_names(), ["project.updated"]);
        }
    }
}
