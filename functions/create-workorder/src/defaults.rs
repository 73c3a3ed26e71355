//! The defaults of a work order. They are stored, so that events and reads show them.

use domain::models::Kind;
use domain::resource::Change;
use domain::rules::address;
use domain::rules::fields::{Sent, given, items_mut, set_default, value};
use domain::rules::links;
use domain::rules::links::Link;
use serde_json::{Map, Value, json};

use crate::lines::ASSIGNMENTS;

/// Fields that fall back to the project's.
const FROM_PROJECT: [&str; 3] = ["timeZone", "currency", "siteAddress"];

/// Whether a field was cleared that falls back to the project's, so that the stored project has to be read.
pub(crate) fn wanted_from_project(stored: &Map<String, Value>, merged: &Map<String, Value>) -> bool {
    given(merged, "projectId") && FROM_PROJECT.iter().any(|field| given(stored, field) && !given(merged, field))
}

/// Fills in what is absent. `project` is the one that was sent.
///
/// The site address is taken from the project when the order is new, is moved to the project, or had its own cleared.
/// Otherwise an order without an address stays without: a body that is sent again must not pick up an address that the
/// project was given since.
pub(crate) fn settle(change: &mut Change<'_>, project: Option<Link<'_>>) {
    let (references, account) = (change.references, change.account);
    let referent = links::target(references, &change.record, Kind::Project, "project");
    let from_project = |field: &str| referent.and_then(|project| value(&project.fields, field)).cloned();

    change.set_default("priority", "normal");
    change.set_default("workDays", json!(["mon", "tue", "wed", "thu", "fri"]));
    let time_zone = from_project("timeZone").unwrap_or_else(|| account.time_zone.as_str().into());
    change.set_default("timeZone", time_zone);
    let currency = from_project("currency").unwrap_or_else(|| account.currency.as_str().into());
    change.set_default("currency", currency);
    let cleared = change.news("siteAddress") == Sent::Cleared;
    if (change.stored.is_none() || cleared || project.is_some_and(|link| link.new))
        && let Some(address) = from_project("siteAddress")
    {
        change.set_default("siteAddress", address);
    }
    address::settle_country(change, "siteAddress");
    settle_items(&mut change.record);
}

/// The defaults of the objects in lists. The start and end of a line get none, so that they follow the order's.
fn settle_items(record: &mut Map<String, Value>) {
    for (_, line) in items_mut(record, ASSIGNMENTS) {
        set_default(line, "lead", false);
        if given(line, "vendorId") {
            set_default(line, "headcount", 1);
        }
    }
    for (_, material) in items_mut(record, "materials") {
        set_default(material, "status", "planned");
    }
    for (_, item) in items_mut(record, "equipment") {
        set_default(item, "quantity", 1);
        set_default(item, "rental", false);
    }
}

#[cfg(test)]
mod tests;
