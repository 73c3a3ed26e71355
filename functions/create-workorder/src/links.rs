//! The references of a work order. Its parent order is in [`crate::parent`].

use domain::defect::{DefectCode, Defects};
use domain::models::{Kind, ProjectStatus};
use domain::references::Reference;
use domain::resource::Change;
use domain::rules::fields::{items, text};
use domain::rules::links;
use domain::rules::links::{Link, of_items, settle_items};
use serde_json::{Map, Value};

use crate::lines::{self, ASSIGNMENTS};
use crate::parent;

/// The lists whose objects point at employees or vendors.
const LISTS: [(&str, Kind, &str); 4] = [
    (ASSIGNMENTS, Kind::Employee, "employee"),
    (ASSIGNMENTS, Kind::Vendor, "vendor"),
    ("materials", Kind::Vendor, "vendor"),
    ("equipment", Kind::Vendor, "vendor"),
];

/// Every reference that `record` makes.
pub(crate) fn all(record: &Map<String, Value>) -> Vec<Reference> {
    let project = Reference::of(Kind::Project, record, "", "project");
    let lines = LISTS.into_iter().flat_map(|(list, kind, stem)| of_items(record, list, kind, stem));
    project.into_iter().chain(parent::reference(record)).chain(lines).collect()
}

/// Stores what was sent under both names. Returns the project that was sent.
pub(crate) fn settle<'r>(change: &mut Change<'r>, defects: &mut Defects) -> Option<Link<'r>> {
    let project = links::settle(change, Kind::Project, "project", defects);
    if change.stored.is_none()
        && let Some(link) = project
        && matches!(ProjectStatus::of(&link.to.fields), Some(ProjectStatus::Completed | ProjectStatus::Cancelled))
        && let Some(reference) = Reference::of(Kind::Project, change.sent, "", "project")
    {
        defects.push(reference.field(), DefectCode::InactiveReference, "names a project that is closed");
    }
    parent::settle(change, defects);
    for (list, kind, stem) in LISTS {
        settle_items(change, list, kind, stem, defects);
    }
    check_active(change, defects);
    if defects.is_empty() && change.news(ASSIGNMENTS).is_mentioned() {
        lines::check_duplicates(&change.record, defects);
    }
    project
}

/// Reports newly assigned employees and vendors who can't be assigned.
fn check_active(change: &Change<'_>, defects: &mut Defects) {
    for (kind, stem) in [(Kind::Employee, "employee"), (Kind::Vendor, "vendor")] {
        let before = change.stored.map(|stored| assigned_ids(stored, stem)).unwrap_or_default();
        links::check_able(change, ASSIGNMENTS, kind, stem, &before, defects);
    }
}

/// `{stem}Id` of the assignments, each once, in their order.
pub(crate) fn assigned_ids<'a>(record: &'a Map<String, Value>, stem: &str) -> Vec<&'a str> {
    let field = format!("{stem}Id");
    let mut ids = Vec::new();
    for id in items(record, ASSIGNMENTS).filter_map(|(_, line)| text(line, &field)) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

#[cfg(test)]
mod tests;
