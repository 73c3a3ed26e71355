//! A record's currency can only change together with all of its amounts.

use serde_json::{Map, Value};

use crate::defect::{DefectCode, Defects};
use crate::rejection::{ConflictCode, Rejection};
use crate::resource::Change;
use crate::rules::fields::{Sent, given, items};

/// Where a resource holds money: a top-level field, or a field of the objects in a top-level list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Money {
    /// `notToExceed`, or a whole object of amounts such as `budget`.
    Field(&'static str),
    /// `materials[].unitCost`: the list and the field of its items.
    Items(&'static str, &'static str),
}

impl Money {
    /// The top-level field that has to be sent to replace the amount.
    const fn field(self) -> &'static str {
        match self {
            Self::Field(field) | Self::Items(field, _) => field,
        }
    }

    fn is_in(self, record: &Map<String, Value>) -> bool {
        match self {
            Self::Field(field) => given(record, field),
            Self::Items(list, field) => items(record, list).any(|(_, item)| given(item, field)),
        }
    }
}

/// Compares the settled currency with the stored one.
///
/// # Errors
/// `immutable_field` (409) that names the fields which the body would have had to send.
pub fn check_unchanged(change: &Change<'_>, money: &[Money]) -> Result<(), Rejection> {
    let Some(stored) = change.stored else { return Ok(()) };
    let before = change.stored_text("currency");
    if before.is_none() || before == change.text("currency") {
        return Ok(());
    }
    let mut errors = Defects::default();
    for amount in
        money.iter().filter(|amount| amount.is_in(stored) && !Sent::of(change.body, amount.field()).is_mentioned())
    {
        errors.push(amount.field(), DefectCode::MissingDependency, "must be sent again with a new currency");
    }
    if errors.is_empty() {
        return Ok(());
    }
    let detail = "currency can't change while amounts in the old one are stored: send them again with it.".to_owned();
    Err(Rejection::Conflict { code: ConflictCode::ImmutableField, detail, errors })
}
