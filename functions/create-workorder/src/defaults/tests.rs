use super::*;
use crate::testing::{NOW, employee, object, project, send, vendor};

#[test]
fn a_new_order_shows_its_defaults() {
    let record = send(None, json!({"title": "a"}), &[]).expect("allowed").record;
    let expected = json!({"title": "a", "id": "wo_xyz789", "version": 1, "createdAt": NOW, "updatedAt": NOW,
        "status": "unscheduled", "priority": "normal", "workDays": ["mon", "tue", "wed", "thu", "fri"],
        "timeZone": "America/Chicago", "currency": "USD"});
    assert_eq!(Value::Object(record), expected);
}

#[test]
fn values_that_are_sent_are_kept() {
    let sent = json!({"title": "a", "priority": "urgent", "workDays": ["sat"], "timeZone": "Europe/Berlin",
        "currency": "EUR", "siteAddress": {"line1": "Hof 1", "country": "DE"}});
    let record = send(None, sent.clone(), &[project(json!({}))]).expect("allowed").record;
    for (field, value) in object(sent) {
        assert_eq!(record[&field], value, "{field}");
    }
}

#[test]
fn defaults_of_the_project_take_precedence_over_the_accounts() {
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
    let mut elsewhere = stored;
    elsewhere["siteAddress"] = json!({"line1": "1 Main St", "country": "US"});
    let cleared = send(Some(&elsewhere), json!({"siteAddress": null, "timeZone": null}), &[montreal]).expect("allowed");
    assert_eq!(cleared.record["siteAddress"]["country"], "CA");
    assert_eq!(cleared.record["timeZone"], "America/Toronto");
}

#[test]
fn an_address_without_country_is_in_the_accounts() {
    let record = send(None, json!({"title": "a", "siteAddress": {"line1": "1 Main St"}}), &[]).expect("allowed").record;
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
