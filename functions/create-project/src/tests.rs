use domain::rejection::ConflictCode;
use domain::resource::testing::check_fixtures;
use serde_json::json;

use super::*;
use crate::testing::{HARNESS, conflict, send};

#[test]
fn amounts_keep_their_currency_or_are_sent_again() {
    let stored = json!({"name": "a", "status": "active", "currency": "USD", "contractValue": "5.00",
        "budget": {"total": "4.00"}, "phases": [{"name": "b", "budget": "1.00", "status": "not_started"}]});
    let fields = |sent: Value| {
        let refused = conflict(send(Some(&stored), sent, &[]));
        assert_eq!(refused.code, ConflictCode::ImmutableField);
        refused.fields()
    };
    assert_eq!(fields(json!({"currency": "CAD"})), ["contractValue", "budget", "phases"]);
    assert_eq!(fields(json!({"currency": "CAD", "contractValue": "6.00", "budget": null})), ["phases"]);
    let again = json!({"currency": "CAD", "contractValue": "6.00", "budget": null, "phases": []});
    assert_eq!(send(Some(&stored), again, &[]).expect("allowed").record["currency"], "CAD");
    send(Some(&stored), json!({"currency": "USD"}), &[]).expect("it is the same currency");
    let free = json!({"name": "a", "status": "active", "currency": "USD", "phases": [{"name": "b"}]});
    send(Some(&free), json!({"currency": "CAD"}), &[]).expect("there are no amounts");
}

#[test]
fn the_contracts_bodies_have_the_defects_that_it_names() {
    assert_eq!(check_fixtures(&HARNESS, "project"), 4);
}
