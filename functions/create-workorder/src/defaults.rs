//! The defaults of a work order. They are stored, so that events and reads show them.

use domain::models::Kind;
use domain::resource::Change;
use domain::rules::address;
use domain::rules::fields::given;
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
/// The site address is the project's when the order is new, comes to the project, or had its own cleared. Otherwise an
/// order without address keeps none: a body that is sent again must not pick up what the project got since.
pub(crate) fn settle(change: &mut Change<'_>, project: Option<Link<'_>>) {
    let (references, account) = (change.references, change.account);
    let referent = links::target(references, &change.record, Kind::Project, "project");
    let from_project = |field: &str| referent.and_then(|project| project.fields.get(field)).cloned();

    change.set_default("priority", "normal");
    change.set_default("workDays", json!(["mon", "tue", "wed", "thu", "fri"]));
    let time_zone = from_project("timeZone").unwrap_or_else(|| account.time_zone.as_str().into());
    change.set_default("timeZone", time_zone);
    let currency = from_project("currency").unwrap_or_else(|| account.currency.as_str().into());
    change.set_default("currency", currency);
    let cleared = change.sent.get("siteAddress").is_some_and(Value::is_null);
    if (change.stored.is_none() || cleared || project.is_some_and(|link| link.new))
        && let Some(address) = from_project("siteAddress")
    {
        change.set_default("siteAddress", address);
    }
    address::settle_country(change, "siteAddress");
    settle_items(&mut change.record);
}

/// The defaults of the objects in lists. Those of a line's window are not stored: it moves with the order's.
fn settle_items(record: &mut Map<String, Value>) {
    for_each(record, ASSIGNMENTS, |line| {
        default(line, "lead", false);
        if given(line, "vendorId") {
            default(line, "headcount", 1);
        }
    });
    for_each(record, "materials", |material| default(material, "status", "planned"));
    for_each(record, "equipment", |item| {
        default(item, "quantity", 1);
        default(item, "rental", false);
    });
}

fn for_each(record: &mut Map<String, Value>, list: &str, complete: impl Fn(&mut Map<String, Value>)) {
    let items = record.get_mut(list).and_then(Value::as_array_mut);
    items.into_iter().flatten().filter_map(Value::as_object_mut).for_each(complete);
}

fn default(item: &mut Map<String, Value>, field: &str, value: impl Into<Value>) {
    item.entry(field).or_insert_with(|| value.into());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{employee, object, project, send, vendor};

    #[test]
    fn a_new_order_shows_its_defaults() {
        let record = send(None, json!({"title": "a"}), &[]).expect("allowed").record;
        let expected = json!({"title": "a", "id": "wo_xyz789", "version": 2, "updatedAt": crate::testing::NOW,
            "status": "unscheduled", "priority": "normal", "workDays": ["mon", "tue", "wed", "thu", "fri"],
            "timeZone": "America/Chicago", "currency": "USD"});
        assert_eq!(Value::Object(record), expected);
    }

    #[test]
    fn what_is_sent_is_kept() {
        let sent = json!({"title": "a", "priority": "urgent", "workDays": ["sat"], "timeZone": "Europe/Berlin",
            "currency": "EUR", "siteAddress": {"line1": "Hof 1", "country": "DE"}});
        let record = send(None, sent.clone(), &[project(json!({}))]).expect("allowed").record;
        for (field, value) in object(sent) {
            assert_eq!(record[&field], value, "{field}");
        }
    }

    #[test]
    fn the_project_comes_before_the_account() {
        let montreal = project(json!({"timeZone": "America/Toronto", "currency": "CAD",
            "siteAddress": {"line1": "275 Notre-Dame", "country": "CA"}}));
        let sent = json!({"title": "a", "projectNumber": "2025-014"});
        let record = send(None, sent.clone(), std::slice::from_ref(&montreal)).expect("allowed").record;
        assert_eq!((&record["timeZone"], &record["currency"]), (&json!("America/Toronto"), &json!("CAD")));
        assert_eq!(record["siteAddress"]["line1"], "275 Notre-Dame");

        let stored = json!({"title": "a", "status": "unscheduled", "timeZone": "UTC", "currency": "USD",
            "projectId": "proj_abc123", "projectNumber": "2025-014"});
        let again = send(Some(&stored), sent, std::slice::from_ref(&montreal)).expect("allowed").record;
        assert!(!again.contains_key("siteAddress"), "a body that is sent again picks nothing up");
        assert_eq!(again["currency"], "USD");
        let cleared =
            send(Some(&stored), json!({"siteAddress": null, "timeZone": null}), &[montreal]).expect("allowed");
        assert_eq!(cleared.record["siteAddress"]["country"], "CA");
        assert_eq!(cleared.record["timeZone"], "America/Toronto");
    }

    #[test]
    fn an_address_without_country_is_in_the_accounts() {
        let record =
            send(None, json!({"title": "a", "siteAddress": {"line1": "1 Main St"}}), &[]).expect("allowed").record;
        assert_eq!(record["siteAddress"]["country"], "US");
    }

    #[test]
    fn lines_show_their_defaults() {
        let sent = json!({"title": "a", "assignments": [{"employeeNumber": "E-one"}, {"vendorNumber": "V-two"}],
            "materials": [{"name": "rebar"}], "equipment": [{"name": "Lift"}]});
        let record = send(None, sent, &[employee("one", json!({})), vendor("two", json!({}))]).expect("allowed").record;
        let lines = &record["assignments"];
        assert_eq!((&lines[0]["lead"], lines[0].get("headcount")), (&json!(false), None));
        assert_eq!((&lines[1]["lead"], &lines[1]["headcount"]), (&json!(false), &json!(1)));
        assert_eq!(record["materials"][0]["status"], "planned");
        assert_eq!(record["equipment"][0], json!({"name": "Lift", "quantity": 1, "rental": false}));
    }

    #[test]
    fn the_stored_project_is_read_when_its_values_are_asked_for() {
        let stored = object(json!({"projectId": "proj_abc123", "timeZone": "UTC", "title": "a"}));
        let cleared = object(json!({"projectId": "proj_abc123", "title": "a"}));
        assert!(wanted_from_project(&stored, &cleared));
        assert!(!wanted_from_project(&stored, &stored));
        assert!(!wanted_from_project(&object(json!({"timeZone": "UTC"})), &Map::new()), "there is no project");
    }
}
