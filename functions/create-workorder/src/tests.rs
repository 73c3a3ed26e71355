use domain::resource::testing::check_fixtures;
use serde_json::json;

use super::*;
use crate::testing::{HARNESS, conflict, object, send};

fn in_dollars() -> Value {
    json!({"title": "a", "status": "unscheduled", "currency": "USD", "notToExceed": "185000.00",
        "materials": [{"name": "rebar", "unitCost": "0.0525", "status": "planned"}]})
}

#[test]
fn amounts_keep_their_currency_or_are_sent_again() {
    let fields = |sent: Value| {
        let refused = conflict(send(Some(&in_dollars()), sent, &[]));
        assert_eq!(refused.code, ConflictCode::ImmutableField);
        refused.fields()
    };
    assert_eq!(fields(json!({"currency": "CAD"})), ["notToExceed", "materials"]);
    assert_eq!(fields(json!({"currency": "CAD", "notToExceed": "1.00"})), ["materials"]);
    assert_eq!(fields(json!({"currency": "CAD", "materials": []})), ["notToExceed"]);

    let again = json!({"currency": "CAD", "notToExceed": null, "materials": [{"name": "rebar", "unitCost": "0.07"}]});
    assert_eq!(send(Some(&in_dollars()), again, &[]).expect("allowed").record["currency"], "CAD");
    send(Some(&in_dollars()), json!({"currency": "USD"}), &[]).expect("it is the same currency");
    let free = json!({"title": "a", "status": "unscheduled", "currency": "USD", "materials": [{"name": "rebar"}]});
    send(Some(&free), json!({"currency": "CAD"}), &[]).expect("there are no amounts");
}

#[test]
fn stored_references_are_read_when_the_rules_need_them() {
    let stored = json!({"title": "a", "status": "completed", "projectId": "proj_abc123", "currency": "USD"});
    let needs = |change: Value| {
        let (stored, mut merged) = (object(stored.clone()), object(stored.clone()));
        merged.extend(object(change));
        WorkOrder::needs_stored_references(&stored, &merged)
    };
    assert!(needs(json!({"scheduledStart": "2025-10-27T12:00:00Z"})));
    assert!(needs(json!({"scheduledEnd": "2025-10-27T12:00:00Z"})));
    assert!(needs(json!({"requiredSkills": ["crane"]})));
    assert!(needs(json!({"status": "in_progress"})), "it is opened again");
    assert!(needs(json!({"currency": null})));
    assert!(!needs(json!({"title": "b", "priority": "high"})));
}

#[test]
fn the_contracts_bodies_have_the_defects_that_it_names() {
    assert_eq!(check_fixtures(&HARNESS, "workorder"), 4);
}
