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
/// Stems of the fields for roles that one person holds: `projectManagerId`, `projectManagerNumber`.
const MANAGER: &str = "projectManager";
const SUPERINTENDENT: &str = "superintendent";

/// An employee whom the project names, with role and dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member<'a> {
    pub(crate) id: &'a str,
    pub(crate) role: Option<&'a str>,
    pub(crate) start: Option<&'a str>,
    pub(crate) end: Option<&'a str>,
}

/// Everyone whom a stored project names, each once. The team comes first, because its lines have a role and dates.
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
mod tests;
