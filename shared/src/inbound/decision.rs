//! What a request makes of the record that it finds: create, update or delete, decided by the resource's rules.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::lookup::Knowledge;
use super::pipeline::Run;
use super::references::References;
use super::resource::{CalendarEdit, Change, Deletion, Resource, Warning};
use super::tax_id;
use crate::clock::rfc3339;
use crate::events::{EventDraft, changed_fields};
use crate::ids;
use crate::models::merge;
use crate::problem::{ConflictCode, Problem, Rejection};
use crate::schema;
use crate::store::records::{RecordKey, SealedTaxId, Stored};

/// What is to be stored, and answered.
pub(super) struct Plan {
    pub(super) action: &'static str,
    pub(super) body: Map<String, Value>,
    pub(super) tax_id: Option<SealedTaxId>,
    pub(super) calendar: Vec<CalendarEdit>,
    pub(super) events: Vec<EventDraft>,
    pub(super) warnings: Vec<Warning>,
}

/// A new record.
pub(super) async fn create<R: Resource>(run: &Run<'_>, knowledge: &mut Knowledge) -> Result<Plan, Problem> {
    if !run.parsed.as_new.is_empty() {
        return Err(Problem::invalid(run.parsed.as_new.clone()));
    }
    if run.parsed.if_version.is_some() {
        return Err(version_conflict("There is no such record, so it has no version."));
    }
    let id = ids::new_id(R::MODEL.prefix, run.now);
    let tax_id = tax_id::sealed(run.inbound, run.account(), &id, &run.parsed, knowledge).await?;
    let references = knowledge.references(&[]);
    let merged = merge(R::MODEL, &Map::new(), &run.parsed.sent);
    let mut change = change(run, None, merged, &id, &references);
    R::settle(&mut change)?;
    stamp(&mut change.record, 1, &rfc3339(run.now), run.now);
    let events = R::raise(&change);
    Ok(plan("created", change, tax_id, events))
}

/// The stored record with the body merged over it; `None` when the body is older than what is stored.
pub(super) async fn update<R: Resource>(
    run: &Run<'_>,
    knowledge: &mut Knowledge,
    stored: &Stored,
) -> Result<Option<Plan>, Problem> {
    check_version(run, stored)?;
    if is_stale(run, stored) {
        return Ok(None);
    }
    let merged = merge(R::MODEL, &stored.body, &run.parsed.sent);
    check_whole::<R>(run, &merged)?;
    let trusted = R::references(&stored.body);
    if R::needs_stored_references(&stored.body, &merged) {
        knowledge.read_references(&run.inbound.records, run.account(), &trusted).await?;
    }
    let tax_id = tax_id::sealed(run.inbound, run.account(), &stored.id, &run.parsed, knowledge).await?;
    let references = knowledge.references(&trusted);
    let mut change = change(run, Some(&stored.body), merged, &stored.id, &references);
    R::settle(&mut change)?;
    let changed = !changed_fields(R::MODEL, &stored.body, &change.record).is_empty();
    if !changed && tax_id.is_none() {
        return Ok(Some(unchanged(run, stored, change)));
    }
    let created_at = text(&stored.body, "createdAt").unwrap_or_default().to_owned();
    stamp(&mut change.record, stored.version + 1, &created_at, run.now);
    // A tax id alone raises no event: no receiver may learn of it.
    let events = if changed { R::raise(&change) } else { Vec::new() };
    let calendar = std::mem::take(&mut change.calendar);
    change.calendar = knowledge.without_strangers(calendar, &trusted, &R::references(&run.parsed.sent));
    Ok(Some(plan("updated", change, tax_id, events)))
}

/// A tombstone in the place of the record; `None` when the body is older than what is stored.
pub(super) async fn delete<R: Resource>(
    run: &Run<'_>,
    knowledge: &mut Knowledge,
    stored: &Stored,
) -> Result<Option<Plan>, Problem> {
    check_version(run, stored)?;
    if is_stale(run, stored) {
        return Ok(None);
    }
    let orders = stored.bookings.iter().map(|booking| RecordKey::Id(booking.id.clone())).collect::<Vec<_>>();
    knowledge.read(&run.inbound.records, run.account(), orders).await?;
    let open_orders = knowledge.still_open(&stored.bookings);
    let mut deletion = Deletion { now: run.now, stored: &stored.body, open_orders: &open_orders, calendar: Vec::new() };
    let events = R::delete(&mut deletion)?;
    let mut calendar = deletion.calendar;
    if !calendar.is_empty() {
        let remembered = R::references(&stored.body);
        knowledge.read_references(&run.inbound.records, run.account(), &remembered).await?;
        knowledge.readdress(&mut calendar, &remembered);
    }
    let created_at = text(&stored.body, "createdAt").unwrap_or_default().to_owned();
    let mut body = stored.body.clone();
    note_source(run, &mut body);
    stamp(&mut body, stored.version + 1, &created_at, run.now);
    Ok(Some(Plan { action: "deleted", body, tax_id: None, calendar, events, warnings: Vec::new() }))
}

fn change<'a>(
    run: &'a Run<'_>,
    stored: Option<&'a Map<String, Value>>,
    mut record: Map<String, Value>,
    id: &str,
    references: &'a References,
) -> Change<'a> {
    record.insert("id".to_owned(), json!(id));
    note_source(run, &mut record);
    let (now, account, sent) = (run.now, &run.caller.account, &run.parsed.sent);
    Change { now, account, stored, sent, record, references, warnings: Vec::new(), calendar: Vec::new() }
}

fn plan(action: &'static str, change: Change<'_>, tax_id: Option<SealedTaxId>, events: Vec<EventDraft>) -> Plan {
    Plan { action, tax_id, events, calendar: change.calendar, warnings: change.warnings, body: change.record }
}

/// Nothing to store but, perhaps, that the sender's clock went on: an older body that comes later is then known as such.
fn unchanged(run: &Run<'_>, stored: &Stored, change: Change<'_>) -> Plan {
    let mut body = stored.body.clone();
    note_source(run, &mut body);
    let (calendar, events) = (Vec::new(), Vec::new());
    Plan { action: "unchanged", body, tax_id: None, calendar, events, warnings: change.warnings }
}

fn note_source(run: &Run<'_>, record: &mut Map<String, Value>) {
    if let Some(at) = run.parsed.source_updated_at {
        record.insert("sourceUpdatedAt".to_owned(), json!(rfc3339(at)));
    }
}

/// The record as its own rules see it: with the tax id, which is stored apart.
fn check_whole<R: Resource>(run: &Run<'_>, merged: &Map<String, Value>) -> Result<(), Problem> {
    let mut whole = merged.clone();
    if let Some(Some(tax_id)) = &run.parsed.tax_id {
        whole.insert("taxId".to_owned(), json!(tax_id));
    }
    let mut defects = schema::check_merged(R::MODEL, merged);
    R::check(&whole, true, &mut defects);
    if defects.is_empty() { Ok(()) } else { Err(Problem::invalid(defects)) }
}

/// Whether the sender's clock says that the body is older than what is stored (contract section 2.8).
pub(super) fn is_stale(run: &Run<'_>, stored: &Stored) -> bool {
    let known = text(&stored.body, "sourceUpdatedAt").and_then(|at| at.parse::<Timestamp>().ok());
    run.parsed.source_updated_at.is_some_and(|sent| known.is_some_and(|known| sent < known))
}

fn check_version(run: &Run<'_>, stored: &Stored) -> Result<(), Problem> {
    match run.parsed.if_version {
        Some(version) if version != stored.version => {
            Err(version_conflict(&format!("The stored version is {}. Read what changed, then decide.", stored.version)))
        }
        _ => Ok(()),
    }
}

fn version_conflict(detail: &str) -> Problem {
    Rejection::conflict(ConflictCode::VersionConflict, detail).into()
}

fn stamp(record: &mut Map<String, Value>, version: u64, created_at: &str, now: Timestamp) {
    record.insert("version".to_owned(), json!(version));
    record.insert("createdAt".to_owned(), json!(created_at));
    record.insert("updatedAt".to_owned(), json!(rfc3339(now)));
}

fn text<'a>(record: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    record.get(field).and_then(Value::as_str)
}
