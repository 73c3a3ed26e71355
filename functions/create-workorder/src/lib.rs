//! Work orders: their rules, state machine, warnings and events.

mod announcement;
mod calendar;
mod defaults;
mod lines;
mod links;
mod parent;
mod rules;
mod status;
#[cfg(test)]
mod testing;
mod warnings;
mod window;

use domain::defect::Defects;
use domain::events::EventDraft;
use domain::models::{Model, WORK_ORDER};
use domain::references::Reference;
use domain::rejection::{ConflictCode, Rejection};
use domain::resource::{Change, Deletion, Resource};
use domain::rules::currency;
use domain::rules::currency::Money;
use serde_json::{Map, Value};

use crate::status::Status;

/// A job to be done at a place and a time, and who is on it.
#[derive(Debug, Clone, Copy)]
pub struct WorkOrder;

/// Where a work order holds money.
const MONEY: [Money; 2] = [Money::Field("notToExceed"), Money::Items("materials", "unitCost")];

impl Resource for WorkOrder {
    const FUNCTION: &'static str = env!("CARGO_PKG_NAME");
    const MODEL: &'static Model = &WORK_ORDER;
    const RECORDED: &'static [&'static str] = &["actualStart", "actualEnd"];

    fn check(record: &Map<String, Value>, whole: bool, defects: &mut Defects) {
        rules::check(record, whole, defects);
        lines::check(record, defects);
    }

    fn references(record: &Map<String, Value>) -> Vec<Reference> {
        links::all(record)
    }

    fn needs_stored_references(stored: &Map<String, Value>, merged: &Map<String, Value>) -> bool {
        warnings::concerned(stored, merged)
            || defaults::wanted_from_project(stored, merged)
            || calendar::lets_go(stored, merged)
            || parent::is_left(stored, merged)
    }

    fn needs_own_calendar(stored: Option<&Map<String, Value>>, merged: &Map<String, Value>) -> bool {
        parent::is_given(stored, merged)
    }

    /// Everything that is wrong with the body comes first and at once (400), then what the stored state forbids (409).
    fn settle(change: &mut Change<'_>) -> Result<(), Rejection> {
        let mut defects = Defects::default();
        let project = links::settle(change, &mut defects);
        defaults::settle(change, project);
        status::settle_intended(change, &mut defects);
        let step = status::step(change, &mut defects);
        if !defects.is_empty() {
            return Err(Rejection::Invalid(defects));
        }
        status::settle_actual_times(change, step?);
        currency::check_unchanged(change, &MONEY)?;
        warnings::add(change);
        change.calendar = calendar::edits(change);
        change.calendar.extend(parent::edits(change));
        Ok(())
    }

    fn raise(change: &Change<'_>) -> Vec<EventDraft> {
        announcement::of_change(change)
    }

    /// In any state but `in_progress`.
    fn delete(deletion: &mut Deletion<'_>) -> Result<Vec<EventDraft>, Rejection> {
        if Status::of(deletion.stored) == Some(Status::InProgress) {
            let detail = "A work order that is in progress can't be deleted: complete or cancel it first.";
            return Err(Rejection::conflict(ConflictCode::InvalidStateTransition, detail));
        }
        deletion.calendar = calendar::clearance(deletion.stored);
        deletion.calendar.extend(parent::clearance(deletion.stored));
        Ok(vec![announcement::of_deletion(deletion.stored, deletion.now)])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{conflict, object, send};

    fn in_dollars() -> Value {
        json!({"title": "a", "status": "unscheduled", "currency": "USD", "notToExceed": "185000.00",
            "materials": [{"name": "rebar", "unitCost": "0.0525", "status": "planned"}]})
    }

    #[test]
    fn amounts_keep_their_currency_or_are_sent_again() {
        let fields = |sent: Value| {
            let (code, fields) = conflict(send(Some(&in_dollars()), sent, &[]));
            assert_eq!(code, ConflictCode::ImmutableField);
            fields
        };
        assert_eq!(fields(json!({"currency": "CAD"})), ["notToExceed", "materials"]);
        assert_eq!(fields(json!({"currency": "CAD", "notToExceed": "1.00"})), ["materials"]);
        assert_eq!(fields(json!({"currency": "CAD", "materials": []})), ["notToExceed"]);

        let again =
            json!({"currency": "CAD", "notToExceed": null, "materials": [{"name": "rebar", "unitCost": "0.07"}]});
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
            let record = domain::models::parse_record(&WORK_ORDER, object(body), &mut defects);
            WorkOrder::check(&record, true, &mut defects);
            testing::pairs(&defects)
        };
        for name in ["minimal", "typical"] {
            assert_eq!(defects(read(&format!("workorder/valid/{name}.json"))), [], "{name}");
        }
        let mut invalid = 0;
        for (path, expected) in object(read("expected.json")).iter().filter(|(path, _)| path.starts_with("workorder/"))
        {
            let found = defects(read(path));
            let [(field, code)] = &found[..] else { panic!("{path}: {found:?}") };
            assert_eq!((json!(field), json!(code)), (expected["field"].clone(), expected["code"].clone()), "{path}");
            invalid += 1;
        }
        assert_eq!(invalid, 4);
    }
}
