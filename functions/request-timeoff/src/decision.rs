//! Who decided a request, and when.

use domain::defect::{DefectCode, Defects};
use domain::models::Kind;
use domain::references::Reference;
use domain::resource::Change;
use domain::rules::fields::{Sent, given, object, set, value};
use serde_json::{Map, Value};

use crate::status;

/// The reference to the approver.
pub(crate) fn approver(decision: &Map<String, Value>) -> Option<Reference> {
    Reference::of(Kind::Employee, decision, "decision.", "byEmployee")
}

/// A decision can only be sent for a request that is approved or denied. What is stored of an approval stays when the
/// time off is cancelled later.
pub(crate) fn refuse_unless_decided(change: &Change<'_>, defects: &mut Defects) {
    if given(change.sent, "decision") && !status::of(&change.record).is_decided() {
        let message = "is only allowed when status is approved or denied";
        defects.push("decision", DefectCode::ConflictingFields, message);
    }
}

/// Completes the decision of a decided request: the approver under both names, and the time.
///
/// The time is set to now only once: a decision that is sent again without a time keeps the one that is stored, so that
/// sending the same body again changes nothing.
pub(crate) fn settle(change: &mut Change<'_>, defects: &mut Defects) {
    let status = status::of(&change.record);
    if !status.is_decided() {
        return;
    }
    let mut decision = object(&change.record, "decision").cloned().unwrap_or_default();
    if change.news("decision").is_mentioned()
        && let Some(reference) = approver(&decision)
        && let Some(employee) = change.references.resolve(&reference, defects)
    {
        set(&mut decision, "byEmployeeId", employee.id.as_str());
        set(&mut decision, "byEmployeeNumber", employee.number.as_str());
    }
    if !Sent::of(&decision, "at").is_mentioned() {
        let before = change.stored.filter(|stored| status::of(stored) == status);
        let known = before.and_then(|stored| value(object(stored, "decision")?, "at"));
        let at = known.cloned().unwrap_or_else(|| change.now.to_string().into());
        set(&mut decision, "at", at);
    }
    change.set("decision", decision);
}

#[cfg(test)]
mod tests;
