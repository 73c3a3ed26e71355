//! The control fields of a body (contract section 2.8) and its first, body-only checks.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::resource::Resource;
use crate::defect::{DefectCode, Defects};
use crate::json;
use crate::models::Kind;
use crate::problem::Problem;
use crate::schema;

/// What the sender wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Upsert,
    Create,
    Update,
    Delete,
}

/// A body that is clean as far as it can be told without reading anything. Not `Debug`: it may hold a tax id.
pub(super) struct Parsed {
    pub(super) kind: Kind,
    pub(super) operation: Operation,
    pub(super) id: Option<String>,
    pub(super) number: Option<String>,
    pub(super) if_version: Option<u64>,
    pub(super) source_updated_at: Option<Timestamp>,
    /// A vendor's tax id, taken out of everything else. The outer `None` is "not sent", the inner one "cleared".
    #[expect(clippy::option_option, reason = "not sent and cleared are two things")]
    pub(super) tax_id: Option<Option<String>>,
    /// The fields that were sent, without the control fields.
    pub(super) sent: Map<String, Value>,
    /// What would be wrong if this made a new record.
    pub(super) as_new: Defects,
}

const TAX_ID: &str = "taxId";
/// How far a sender's clock may be ahead of ours. One that is further ahead would make everything that others send later
/// look old.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// Parses and checks a body as far as it goes without reading anything.
pub(super) fn parse<R: Resource>(body: &[u8], now: Timestamp) -> Result<Parsed, Problem> {
    let body = json::parse_object(body)?;
    let mut defects = Defects::default();
    let mut sent = schema::parse_record(R::MODEL, body, &mut defects);
    let source_updated_at = text(&sent, "sourceUpdatedAt").and_then(|at| at.parse().ok());
    check_clock(source_updated_at, now, &mut defects);
    let operation = match text(&sent, "operation").as_deref() {
        Some("create") => Operation::Create,
        Some("update") => Operation::Update,
        Some("delete") => Operation::Delete,
        _ => Operation::Upsert,
    };
    let (id, number) = (text(&sent, "id"), text(&sent, R::MODEL.key));
    let mut as_new = schema::missing_on_create(R::MODEL, &sent);
    if operation == Operation::Delete {
        as_new = Defects::default();
        only_key(R::MODEL.key, &sent, &mut defects);
    } else {
        R::check(&sent, true, &mut as_new);
        R::check(&sent, false, &mut defects);
    }
    if !defects.is_empty() {
        // What is certainly new is told all that a new record lacks, so that it need not come back field by field.
        let names_none = id.is_none() && number.is_none() && !defects.iter().any(|defect| defect.field == "id");
        let certainly_new = operation == Operation::Create || names_none;
        return Err(Problem::invalid(if certainly_new { union(defects, as_new) } else { defects }));
    }
    if operation == Operation::Create && !as_new.is_empty() {
        return Err(Problem::invalid(as_new));
    }
    let if_version = sent.get("ifVersion").and_then(Value::as_u64);
    let tax_id = sent.remove(TAX_ID).map(|value| value.as_str().map(str::to_owned));
    for control in ["operation", "id", "ifVersion", "sourceUpdatedAt"] {
        sent.remove(control);
    }
    let kind = R::MODEL.kind;
    Ok(Parsed { kind, operation, id, number, if_version, source_updated_at, tax_id, sent, as_new })
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

/// A deletion takes the key (or id), `operation`, the lock and the sender's clock; anything else would be dropped without a
/// word.
fn only_key(key: &str, sent: &Map<String, Value>, defects: &mut Defects) {
    let allowed = ["operation", "id", "ifVersion", "sourceUpdatedAt", key];
    for field in sent.keys().filter(|field| !allowed.contains(&field.as_str())) {
        let message =
            format!("can't be sent with operation delete, which takes {key} or id, ifVersion and sourceUpdatedAt only");
        defects.push(field, DefectCode::ConflictingFields, message);
    }
}

/// Both, each defect once.
fn union(mut all: Defects, more: Defects) -> Defects {
    for defect in more.into_sorted() {
        if !all.iter().any(|known| known.field == defect.field) {
            all.push(defect.field, defect.code, defect.message);
        }
    }
    all
}

fn text(body: &Map<String, Value>, field: &str) -> Option<String> {
    body.get(field).and_then(Value::as_str).map(str::to_owned)
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
