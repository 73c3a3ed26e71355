//! The control fields of a body (`docs/contract.md#control-fields`) and its first checks, which need nothing but the body.

use domain::defect::{DefectCode, Defects};
use domain::json;
use domain::models::{self, CONTROL, Kind, Operation};
use domain::refusal::NamedRecord;
use domain::resource::Resource;
use domain::rules::fields::{Extent, Sent, text};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::problem::Problem;

/// A parsed body. Not `Debug`: it may hold a tax id.
pub(super) struct Parsed {
    pub(super) kind: Kind,
    pub(super) operation: Operation,
    pub(super) id: Option<String>,
    pub(super) number: Option<String>,
    /// The record as the body calls it, also where it is not clear what to do with it.
    pub(super) subject: Option<NamedRecord>,
    pub(super) if_version: Option<u64>,
    pub(super) source_updated_at: Option<Timestamp>,
    /// A vendor's tax id, taken out of everything else.
    pub(super) tax_id: Sent<Value>,
    /// The fields that were sent, without the control fields.
    pub(super) sent: Map<String, Value>,
    /// The defects that it has independently of what is stored.
    pub(super) defects: Defects,
}

const TAX_ID: &str = "taxId";
/// How far a sender's clock may be ahead of ours. With one that is further ahead, everything that others send later would look
/// old.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// Parses a body and finds the defects that it has independently of what is stored.
pub(super) fn parse<R: Resource>(body: &[u8], now: Timestamp) -> Result<Parsed, Problem> {
    let body = json::parse_object(body)?;
    let mut defects = Defects::default();
    let mut sent = models::parse_record(R::MODEL, body, &mut defects);
    let source_updated_at = text(&sent, "sourceUpdatedAt").and_then(|at| at.parse().ok());
    check_clock(source_updated_at, now, &mut defects);
    let operation = text(&sent, "operation").and_then(Operation::parse).unwrap_or(Operation::Upsert);
    // Without a valid key or operation it is not known which record is meant, or what to do with it.
    let is_unclear = defects.iter().any(|defect| matches!(defect.field.as_str(), "id" | "operation"));
    let defects = match operation {
        Operation::Delete => only_key(R::MODEL.key, &sent, defects),
        _ => checked::<R>(defects, &sent, Extent::Part),
    };
    let named = |field: &str| text(&sent, field).filter(|_| !is_unclear).map(str::to_owned);
    let (id, number) = (named("id"), named(R::MODEL.key));
    let subject = text(&sent, R::MODEL.key).map(|number| NamedRecord::new(R::MODEL.kind, number));
    let if_version = sent.get("ifVersion").and_then(Value::as_u64);
    let tax_id = match sent.remove(TAX_ID) {
        None => Sent::Absent,
        Some(Value::Null) => Sent::Cleared,
        Some(value) => Sent::Value(value),
    };
    for control in CONTROL {
        sent.remove(control);
    }
    let kind = R::MODEL.kind;
    Ok(Parsed { kind, operation, id, number, subject, if_version, source_updated_at, tax_id, sent, defects })
}

impl Parsed {
    /// Whether the body names its record validly.
    pub(super) const fn names_record(&self) -> bool {
        self.id.is_some() || self.number.is_some()
    }

    /// The defects of a new record made from this body, with everything that it lacks.
    pub(super) fn defects_of_new<R: Resource>(&self) -> Defects {
        let record = self.with_tax_id(self.sent.clone());
        checked::<R>(models::missing_on_create(R::MODEL, &record), &record, Extent::Whole)
    }

    /// The defects of the stored record with the body merged over it.
    pub(super) fn defects_of_merged<R: Resource>(&self, merged: &Map<String, Value>) -> Defects {
        checked::<R>(models::check_merged(R::MODEL, merged), &self.with_tax_id(merged.clone()), Extent::Whole)
    }

    /// The record as its own rules see it: with the tax id, which is stored apart.
    fn with_tax_id(&self, mut record: Map<String, Value>) -> Map<String, Value> {
        if let Sent::Value(tax_id) = &self.tax_id {
            record.insert(TAX_ID.to_owned(), tax_id.clone());
        }
        record
    }
}

/// `defects`, and what the rules between fields find in the fields that have none.
fn checked<R: Resource>(mut defects: Defects, record: &Map<String, Value>, extent: Extent) -> Defects {
    let mut found = Defects::default();
    R::check(record, extent, &mut found);
    defects.append_for_clean_fields(found);
    defects
}

/// A sender's clock can't be far ahead of ours.
fn check_clock(sent: Option<Timestamp>, now: Timestamp, defects: &mut Defects) {
    let Some(ahead) = sent.map(|sent| sent.duration_since(now)).filter(|ahead| *ahead > CLOCK_TOLERANCE) else {
        return;
    };
    let message = format!("is {} ahead of our clock; at most 5 minutes are accepted", in_words(ahead));
    defects.push("sourceUpdatedAt", DefectCode::OutOfRange, message);
}

/// A time span in the unit that suits it, rounded down.
fn in_words(span: SignedDuration) -> String {
    let (minutes, hours) = (span.as_mins(), span.as_hours());
    match hours {
        48.. => format!("{} days", hours / 24),
        2.. => format!("{hours} hours"),
        _ => format!("{minutes} minutes and {} seconds", span.as_secs() % 60),
    }
}

/// A deletion takes the key (or id), `operation`, the lock and the sender's clock. Other fields are refused, since they would be
/// ignored silently.
fn only_key(key: &str, sent: &Map<String, Value>, mut defects: Defects) -> Defects {
    let mut found = Defects::default();
    for field in sent.keys().filter(|field| *field != key && !CONTROL.contains(&field.as_str())) {
        let message =
            format!("can't be sent with operation delete, which takes {key} or id, ifVersion and sourceUpdatedAt only");
        found.push(field, DefectCode::ConflictingFields, message);
    }
    defects.append_for_clean_fields(found);
    defects
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_may_be_five_minutes_ahead_and_no_more() {
        let now: Timestamp = "2026-01-05T10:00:00.5Z".parse().expect("a time");
        let found = |sent: &str| {
            let mut defects = Defects::default();
            check_clock(Some(sent.parse().expect(sent)), now, &mut defects);
            defects.iter().map(|defect| (defect.code, defect.message.clone())).next()
        };
        assert_eq!(found("2001-01-05T10:00:00Z"), None);
        assert_eq!(found("2026-01-05T10:05:00.5Z"), None);
        for (sent, ahead) in [
            ("2026-01-05T10:05:00.500000001Z", "5 minutes and 0 seconds"),
            ("2026-01-05T11:00:30.5Z", "60 minutes and 30 seconds"),
            ("2026-01-05T15:59:00Z", "5 hours"),
            ("2026-01-25T10:00:01Z", "20 days"),
        ] {
            let message = format!("is {ahead} ahead of our clock; at most 5 minutes are accepted");
            assert_eq!(found(sent), Some((DefectCode::OutOfRange, message)), "{sent}");
        }
    }
}
