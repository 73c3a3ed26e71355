//! Projects: their rules, state machine and events.

mod announcement;
mod defaults;
mod people;
mod rules;
mod status;
#[cfg(test)]
mod testing;

use domain::defect::Defects;
use domain::events::EventDraft;
use domain::models::{Model, PROJECT};
use domain::references::Reference;
use domain::rejection::Rejection;
use domain::resource::{Change, Resource};
use domain::rules::currency;
use domain::rules::currency::Money;
use serde_json::{Map, Value};

/// What work orders belong to: a building, a renovation, a contract.
#[derive(Debug, Clone, Copy)]
pub struct Project;

/// Where a project holds money.
const MONEY: [Money; 3] = [Money::Field("contractValue"), Money::Field("budget"), Money::Items("phases", "budget")];

impl Resource for Project {
    const FUNCTION: &'static str = env!("CARGO_PKG_NAME");
    const MODEL: &'static Model = &PROJECT;
    const RECORDED: &'static [&'static str] = &["actualEndDate"];

    fn check(record: &Map<String, Value>, whole: bool, defects: &mut Defects) {
        rules::check(record, whole, defects);
    }

    fn references(record: &Map<String, Value>) -> Vec<Reference> {
        people::references(record)
    }

    /// Everything that is wrong with the body comes first and at once (400), then what the stored state forbids (409).
    fn settle(change: &mut Change<'_>) -> Result<(), Rejection> {
        let mut defects = Defects::default();
        people::settle(change, &mut defects);
        defaults::settle(change);
        let step = status::step(change, &mut defects);
        if !defects.is_empty() {
            return Err(Rejection::Invalid(defects));
        }
        status::settle_actual_end(change, step?);
        currency::check_unchanged(change, &MONEY)
    }

    fn raise(change: &Change<'_>) -> Vec<EventDraft> {
        announcement::of_change(change)
    }
}

#[cfg(test)]
mod tests {
    use domain::rejection::ConflictCode;
    use serde_json::json;

    use super::*;
    use crate::testing::{conflict, object, pairs, send};

    #[test]
    fn amounts_keep_their_currency_or_are_sent_again() {
        let stored = json!({"name": "a", "status": "active", "currency": "USD", "contractValue": "5.00",
            "budget": {"total": "4.00"}, "phases": [{"name": "b", "budget": "1.00", "status": "not_started"}]});
        let fields = |sent: Value| {
            let (code, fields) = conflict(send(Some(&stored), sent, &[]));
            assert_eq!(code, ConflictCode::ImmutableField);
            fields
        };
        assert_eq!(fields(json!({"currency": "CAD"})), ["contractValue", "budget", "phases"]);
        assert_eq!(fields(json!({"currency": "CAD", "contractValue": "6.00", "budget": null})), ["phases"]);
        let again = json!({"currency": "CAD", "contractValue": "6.00", "budget": null, "phases": []});
        assert_eq!(send(Some(&stored), again, &[]).expect("allowed").record["currency"], "CAD");
        send(Some(&stored), json!({"currency": "USD"}), &[]).expect("it is the same currency");
        let free = json!({"name": "a", "status": "active", "currency": "USD", "phases": [{"name": "b"}]});
        send(Some(&free), json!({"currency": "CAD"}), &[]).expect("there are no amounts");
    }

    /// The contract's bodies with one defect each, in the directory that the whole workspace tests with.
    #[test]
    fn the_contracts_fixtures() {
        let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures");
        let read = |path: &str| -> Value {
            let text = std::fs::read_to_string(format!("{fixtures}/{path}")).expect(path);
            serde_json::from_str(&text).expect(path)
        };
        let defects = |body: Value| {
            let mut defects = Defects::default();
            let record = domain::models::parse_record(&PROJECT, object(body), &mut defects);
            defects.append(domain::models::missing_on_create(&PROJECT, &record));
            Project::check(&record, true, &mut defects);
            pairs(&defects)
        };
        for name in ["minimal", "typical"] {
            assert_eq!(defects(read(&format!("project/valid/{name}.json"))), [], "{name}");
        }
        let mut invalid = 0;
        for (path, expected) in object(read("expected.json")).iter().filter(|(path, _)| path.starts_with("project/")) {
            let found = defects(read(path));
            let [(field, code)] = &found[..] else { panic!("{path}: {found:?}") };
            assert_eq!((json!(field), json!(code)), (expected["field"].clone(), expected["code"].clone()), "{path}");
            invalid += 1;
        }
        assert_eq!(invalid, 4);
    }
}
