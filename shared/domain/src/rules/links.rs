//! Storing references under both names: `{stem}Id` and `{stem}Number`, of the body and of its lists.
//!
//! A body that sends one half replaces both: after `projectNumber` alone, the stored `projectId` must neither be kept nor
//! compared with it. A reference that the body does not mention stays as it is.

use serde_json::{Map, Value};

use crate::defect::{DefectCode, Defects};
use crate::models::{EmployeeStatus, Kind, VendorStatus};
use crate::references::{Reference, References, Referent};
use crate::resource::Change;
use crate::rules::fields::{given, items, items_mut, set, text};

/// A reference that was sent and found.
#[derive(Debug, Clone, Copy)]
pub struct Link<'r> {
    /// What it points at.
    pub to: &'r Referent,
    /// Whether the stored record had another reference here, or none.
    pub new: bool,
}

/// Stores what the body says of a top-level reference. `None` when it does not mention it, clears it, or is wrong.
pub fn settle<'r>(change: &mut Change<'r>, kind: Kind, stem: &str, defects: &mut Defects) -> Option<Link<'r>> {
    let (id, number) = (format!("{stem}Id"), format!("{stem}Number"));
    if !change.news(&id).is_mentioned() && !change.news(&number).is_mentioned() {
        return None;
    }
    let Some(reference) = Reference::of(kind, change.sent, "", stem) else {
        change.remove(&id);
        change.remove(&number);
        return None;
    };
    let references = change.references;
    let to = references.resolve(&reference, defects)?;
    let new = change.stored_text(&id) != Some(to.id.as_str());
    change.set(&id, to.id.as_str());
    change.set(&number, to.number.as_str());
    Some(Link { to, new })
}

/// Stores what the body says of the references in the objects of `list`, when it sends that list.
pub fn settle_items(change: &mut Change<'_>, list: &str, kind: Kind, stem: &str, defects: &mut Defects) {
    if !change.news(list).is_mentioned() {
        return;
    }
    for (index, item) in items_mut(&mut change.record, list) {
        let Some(reference) = Reference::of(kind, item, &format!("{list}[{index}]."), stem) else { continue };
        if let Some(to) = change.references.resolve(&reference, defects) {
            set(item, &format!("{stem}Id"), to.id.as_str());
            set(item, &format!("{stem}Number"), to.number.as_str());
        }
    }
}

/// Why a referent can't be newly assigned, as a message: employees must be active, vendors must not be inactive or blocked.
#[must_use]
pub fn unable(referent: &Referent) -> Option<&'static str> {
    match referent.kind {
        Kind::Employee => match EmployeeStatus::of(&referent.fields)? {
            EmployeeStatus::Terminated => Some("names an employee who is terminated"),
            EmployeeStatus::Inactive => Some("names an employee who is inactive"),
            EmployeeStatus::Active => None,
        },
        Kind::Vendor => match VendorStatus::of(&referent.fields)? {
            VendorStatus::Inactive => Some("names a vendor that is inactive"),
            VendorStatus::Blocked => Some("names a vendor that is blocked"),
            VendorStatus::Pending | VendorStatus::Active => None,
        },
        Kind::WorkOrder | Kind::Project | Kind::TimeOff => None,
    }
}

/// Reports `inactive_reference` for each new reference in `list` that can't be assigned. Those with the ids `before` were
/// assigned already and stay, whatever their status is now.
pub fn check_able(change: &Change<'_>, list: &str, kind: Kind, stem: &str, before: &[&str], defects: &mut Defects) {
    for reference in of_items(change.sent, list, kind, stem) {
        let by_id = reference.id.as_deref().and_then(|id| change.references.by_id(kind, id));
        let by_number = || change.references.by_number(kind, reference.number.as_deref()?);
        if let Some(referent) = by_id.or_else(by_number).filter(|referent| !before.contains(&referent.id.as_str()))
            && let Some(message) = unable(referent)
        {
            defects.push(reference.field(), DefectCode::InactiveReference, message);
        }
    }
}

/// The field by which `record` makes a reference, valid or not: `{stem}Number`, or else `{stem}Id`.
#[must_use]
pub fn named_by(record: &Map<String, Value>, stem: &str) -> Option<String> {
    ["Number", "Id"].into_iter().map(|half| format!("{stem}{half}")).find(|field| given(record, field))
}

/// The references that the objects of `list` make.
pub fn of_items(record: &Map<String, Value>, list: &str, kind: Kind, stem: &str) -> impl Iterator<Item = Reference> {
    items(record, list).filter_map(move |(index, item)| Reference::of(kind, item, &format!("{list}[{index}]."), stem))
}

/// The referent of a settled reference of `record`; `None` when it was not read. (A stored reference that was not read is
/// among `references` with no fields.) Found by id, because numbers can change.
#[must_use]
pub fn target<'r>(
    references: &'r References,
    record: &Map<String, Value>,
    kind: Kind,
    stem: &str,
) -> Option<&'r Referent> {
    references.by_id(kind, text(record, &format!("{stem}Id"))?).filter(|referent| !referent.fields.is_empty())
}
