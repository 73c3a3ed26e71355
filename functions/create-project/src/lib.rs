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
use domain::rules::fields::Extent;
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

    fn check(record: &Map<String, Value>, extent: Extent, defects: &mut Defects) {
        rules::check(record, extent, defects);
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
mod tests;
