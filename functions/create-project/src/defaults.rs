//! The defaults of a project. They are stored, so that events and reads show them.

use domain::resource::Change;
use domain::rules::address;
use domain::rules::fields::{items_mut, set_default};
use serde_json::{Map, Value, json};

use crate::status::Status;

/// Fills in what is absent: on creation, and what an update cleared.
pub(crate) fn settle(change: &mut Change<'_>) {
    let account = change.account;
    change.set_default("status", Status::Planning.as_str());
    change.set_default("timeZone", account.time_zone.as_str());
    change.set_default("currency", account.currency.as_str());
    change.set_default("workDays", json!(["mon", "tue", "wed", "thu", "fri"]));
    change.set_default("prevailingWage", false);
    change.set_default("unionJob", false);
    address::settle_country(change, "siteAddress");
    set_in_items(&mut change.record, "team", "allocationPercent", &json!(100));
    set_in_items(&mut change.record, "phases", "status", &json!("not_started"));
}

fn set_in_items(record: &mut Map<String, Value>, list: &str, field: &str, value: &Value) {
    for (_, item) in items_mut(record, list) {
        set_default(item, field, value.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, employee, object, send};

    #[test]
    fn a_new_project_shows_its_defaults() {
        let record = send(None, json!({"name": "a"}), &[]).expect("allowed").record;
        let expected = json!({"name": "a", "id": "proj_abc123", "version": 1, "createdAt": NOW, "updatedAt": NOW, "status": "planning",
            "timeZone": "America/Chicago", "currency": "USD", "workDays": ["mon", "tue", "wed", "thu", "fri"],
            "prevailingWage": false, "unionJob": false});
        assert_eq!(Value::Object(record), expected);
    }

    #[test]
    fn values_that_are_sent_are_kept() {
        let sent = json!({"name": "a", "status": "active", "timeZone": "America/Toronto", "currency": "CAD",
            "workDays": ["sat"], "prevailingWage": true, "unionJob": true,
            "siteAddress": {"line1": "275 Notre-Dame", "country": "CA"},
            "phases": [{"name": "Rough-in", "status": "completed"}]});
        let record = send(None, sent.clone(), &[]).expect("allowed").record;
        for (field, value) in object(sent) {
            assert_eq!(record[&field], value, "{field}");
        }
    }

    #[test]
    fn lists_and_addresses_show_their_defaults() {
        let sent = json!({"name": "a", "siteAddress": {"line1": "1 Main St"}, "phases": [{"name": "Rough-in"}],
            "team": [{"employeeNumber": "E-one", "role": "b"}]});
        let record = send(None, sent, &[employee("one", "active")]).expect("allowed").record;
        assert_eq!(record["siteAddress"]["country"], "US");
        assert_eq!(record["phases"][0]["status"], "not_started");
        assert_eq!(record["team"][0]["allocationPercent"], 100);
    }
}
