//! The events of time off.

use domain::events::{EventDraft, EventName};
use domain::resource::Change;
use domain::rules::fields::{object, value};
use serde_json::Map;

/// The event `name` of a settled change. The draft takes from it what the event lists, and makes the type public.
pub(crate) fn draft(name: EventName, change: &Change<'_>) -> EventDraft {
    let decision = |field: &str| {
        object(&change.record, "decision").and_then(|decision| value(decision, field)).cloned().unwrap_or_default()
    };
    let extra = Map::from_iter([
        ("decidedAt".to_owned(), decision("at")),
        ("decidedById".to_owned(), decision("byEmployeeId")),
        ("cancelledAt".to_owned(), change.now.to_string().into()),
    ]);
    EventDraft::new(name, &change.record, extra)
}

#[cfg(test)]
mod tests;
