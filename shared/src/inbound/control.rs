//! The control fields of a body (contract section 2.8) and its first, body-only checks.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::resource::Resource;
use crate::defect::Defects;
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

/// Parses and checks a body as far as it goes without reading anything.
pub(super) fn parse<R: Resource>(body: &[u8]) -> Result<Parsed, Problem> {
    let body = json::parse_object(body)?;
    let mut defects = Defects::default();
    let mut sent = schema::parse_record(R::MODEL, body, &mut defects);
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
    let source_updated_at = text(&sent, "sourceUpdatedAt").and_then(|at| at.parse().ok());
    let tax_id = sent.remove(TAX_ID).map(|value| value.as_str().map(str::to_owned));
    for control in ["operation", "id", "ifVersion", "sourceUpdatedAt"] {
        sent.remove(control);
    }
    let kind = R::MODEL.kind;
    Ok(Parsed { kind, operation, id, number, if_version, source_updated_at, tax_id, sent, as_new })
}

/// A deletion takes the key (or id), `operation`, and the lock; anything else would be dropped without a word.
fn only_key(key: &str, sent: &Map<String, Value>, defects: &mut Defects) {
    let allowed = ["operation", "id", "ifVersion", "sourceUpdatedAt", key];
    for field in sent.keys().filter(|field| !allowed.contains(&field.as_str())) {
        let message = format!("can't be sent with operation delete, which takes {key} or id only");
        defects.push(field, crate::defect::DefectCode::ConflictingFields, message);
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
