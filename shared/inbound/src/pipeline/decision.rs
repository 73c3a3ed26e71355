//! What a request makes of the record that it finds: create, update or delete, decided by the resource's rules.

use domain::clock::rfc3339;
use domain::defect::{DefectCode, Defects};
use domain::events::EventDraft;
use domain::ids;
use domain::models::Kind;
use domain::rejection::{ConflictCode, Rejection};
use domain::resource::{Action, CalendarEdit, Deletion, FoundBy, Merged, Resource, Settled, Upsert, Warning};
use domain::rules::fields::text;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use store::records::{RecordKey, SealedTaxId, Stored};

use super::lookup::Loaded;
use super::request::Run;
use super::tax_id;
use crate::problem::Problem;

/// A field of tombstones whose `sourceUpdatedAt` is the time of the deletion.
const HAS_CLOCK_OF_DELETION: &str = "hasClockOfDeletion";

/// What is to be stored, and answered.
pub(super) struct Plan {
    pub(super) action: Action,
    pub(super) body: Map<String, Value>,
    pub(super) tax_id: Option<SealedTaxId>,
    pub(super) calendar: Vec<CalendarEdit>,
    /// Whether the commit is conditional on the record's own calendar being as it was read.
    pub(super) holds_calendar: bool,
    pub(super) events: Vec<EventDraft>,
    pub(super) warnings: Vec<Warning>,
}

/// Plans a new record, in the place of a `tombstone` with its number if there is one.
pub(super) async fn create<R: Resource>(
    run: &Run<'_>,
    loaded: &mut Loaded,
    tombstone: Option<&Stored>,
) -> Result<Plan, Problem> {
    let defects = run.parsed.defects_of_new::<R>();
    if !defects.is_empty() {
        return Err(Problem::invalid(defects));
    }
    if run.parsed.if_version.is_some() {
        return Err(version_conflict("There is no such record, so it has no version."));
    }
    let slot = run.parsed.number.as_deref().and_then(|number| loaded.slot(R::MODEL.kind, number));
    let id = slot.map_or_else(|| ids::new_id(R::MODEL.prefix, run.now), |slot| slot.id_of_new(run.now));
    let tax_id = tax_id::sealed(run, &id, loaded).await?;
    let upsert = upsert(run, &id, None);
    let Merged { news, record } = upsert.merge::<R>();
    let holds_calendar = R::needs_own_calendar(None, &record);
    if let Some(tombstone) = tombstone.filter(|_| holds_calendar) {
        loaded.read(&run.parts.records, run.account(), orders(tombstone)).await?;
    }
    let references = loaded.references(&[]);
    let bookings = tombstone.map_or(&[][..], |tombstone| &tombstone.bookings);
    let change = upsert.change::<R>(&news, record, &references, bookings);
    Ok(plan(upsert.settle::<R>(change, tax_id.is_some())?, tax_id))
}

/// The stored record with the body merged over it, which does not change the spelling of keys unless an id found the
/// record; `None` when the body is older than what is stored.
pub(super) async fn update<R: Resource>(
    run: &Run<'_>,
    loaded: &mut Loaded,
    stored: &Stored,
) -> Result<Option<Plan>, Problem> {
    check_version(run, stored)?;
    check_external_ref(run, stored)?;
    if is_stale(run, stored) {
        return Ok(None);
    }
    let upsert = upsert(run, &stored.id, Some(stored));
    let Merged { news, record } = upsert.merge::<R>();
    let defects = run.parsed.defects_of_merged::<R>(&record);
    if !defects.is_empty() {
        return Err(Problem::invalid(defects));
    }
    let trusted = R::references(&stored.body);
    if R::needs_stored_references(&stored.body, &record) {
        loaded.read_references(&run.parts.records, run.account(), &trusted).await?;
    }
    let holds_calendar = R::needs_own_calendar(Some(&stored.body), &record);
    if holds_calendar {
        loaded.read(&run.parts.records, run.account(), orders(stored)).await?;
    }
    let tax_id = tax_id::sealed(run, &stored.id, loaded).await?;
    let references = loaded.references(&trusted);
    let change = upsert.change::<R>(&news, record, &references, &stored.bookings);
    let mut settled = upsert.settle::<R>(change, tax_id.is_some())?;
    settled.calendar = loaded.drop_reassigned(settled.calendar, &trusted, &R::references(&run.parsed.sent));
    let holds_calendar = holds_calendar && settled.action == Action::Updated;
    Ok(Some(Plan { holds_calendar, ..plan(settled, tax_id) }))
}

/// Plans a tombstone in the place of the record. It keeps the sender's time of the deletion, or else the time at which the request
/// came in. `None` when the body is older than what is stored.
pub(super) async fn delete<R: Resource>(
    run: &Run<'_>,
    loaded: &mut Loaded,
    stored: &Stored,
) -> Result<Option<Plan>, Problem> {
    check_version(run, stored)?;
    if is_stale(run, stored) {
        return Ok(None);
    }
    // Orders under it may have any status.
    let open_orders = if run.parsed.kind == Kind::WorkOrder {
        Vec::new()
    } else {
        loaded.read(&run.parts.records, run.account(), orders(stored)).await?;
        loaded.still_open(&stored.bookings)
    };
    let mut deletion = Deletion { now: run.now, stored: &stored.body, open_orders: &open_orders, calendar: Vec::new() };
    let events = R::delete(&mut deletion)?;
    let mut calendar = deletion.calendar;
    if !calendar.is_empty() {
        let remembered = R::references(&stored.body);
        loaded.read_references(&run.parts.records, run.account(), &remembered).await?;
        loaded.use_current_numbers(&mut calendar, &remembered);
    }
    let created_at = text(&stored.body, "createdAt").unwrap_or_default().to_owned();
    let mut body = stored.body.clone();
    let arrival = stored_clock(stored).map_or(run.received_at, |known| known.max(run.received_at));
    note_clock(run.parsed.source_updated_at.unwrap_or(arrival), &mut body);
    body.insert(HAS_CLOCK_OF_DELETION.to_owned(), json!(true));
    stamp(&mut body, stored.version + 1, &created_at, run.now);
    let (tax_id, warnings) = (None, Vec::new());
    Ok(Some(Plan { action: Action::Deleted, body, tax_id, calendar, holds_calendar: true, events, warnings }))
}

/// The keys of the work orders in a record's calendar.
fn orders(stored: &Stored) -> Vec<RecordKey> {
    stored.bookings.iter().map(|booking| RecordKey::Id(booking.id.clone())).collect()
}

/// The body of `run` for the record with this id, which is new when nothing is `stored`.
fn upsert<'a>(run: &'a Run<'_>, id: &'a str, stored: Option<&'a Stored>) -> Upsert<'a> {
    Upsert {
        now: run.now,
        account: &run.caller.account,
        id,
        stored: stored.map(|stored| &stored.body),
        version: stored.map_or(0, |stored| stored.version),
        found_by: if run.parsed.id.is_some() { FoundBy::Id } else { FoundBy::Number },
        body: &run.parsed.sent,
        source_updated_at: run.parsed.source_updated_at,
    }
}

fn plan(settled: Settled, tax_id: Option<SealedTaxId>) -> Plan {
    let Settled { action, record, warnings, calendar, events } = settled;
    Plan { action, body: record, tax_id, calendar, holds_calendar: false, events, warnings }
}

fn note_clock(at: Timestamp, record: &mut Map<String, Value>) {
    record.insert("sourceUpdatedAt".to_owned(), json!(at.to_string()));
}

/// The defects of the record that the body would make of `stored`.
pub(super) fn defects_of_update<R: Resource>(run: &Run<'_>, stored: &Stored) -> Defects {
    run.parsed.defects_of_merged::<R>(&upsert(run, &stored.id, Some(stored)).merge::<R>().record)
}

/// Whether by the sender's clock the body is older than what is stored, or than the deletion. The clocks of two external records
/// that had the number one after the other can't be compared.
pub(super) fn is_stale(run: &Run<'_>, stored: &Stored) -> bool {
    let older = |sent: Timestamp| stored_clock(stored).is_some_and(|known| sent < known);
    run.parsed.source_updated_at.is_some_and(older) && !(stored.deleted && is_another(run, stored))
}

/// The tombstone after another deletion, at a later time of the sender's; `None` when nothing changes.
pub(super) fn deleted_again(run: &Run<'_>, tombstone: &Stored) -> Option<Map<String, Value>> {
    let later = |at: &Timestamp| stored_clock(tombstone).is_none_or(|known| *at > known);
    let at = run.parsed.source_updated_at.filter(later)?;
    let mut body = tombstone.body.clone();
    note_clock(at, &mut body);
    Some(body)
}

/// The sender's time of what is stored. In a tombstone that does not say that it is the deletion's, it may be that of the
/// last update, which an earlier release left there: the deletion is then no older than when it came in.
fn stored_clock(stored: &Stored) -> Option<Timestamp> {
    let known = text(&stored.body, "sourceUpdatedAt").and_then(|at| at.parse().ok());
    if stored.body.contains_key(HAS_CLOCK_OF_DELETION) { known } else { known.max(stored.deleted_at) }
}

/// Whether body and record are two records of one external system.
fn is_another(run: &Run<'_>, stored: &Stored) -> bool {
    let foreign = |record: &Map<String, Value>| {
        let external = record.get("externalRef")?.as_object()?;
        Some((text(external, "system")?.to_ascii_lowercase(), text(external, "id")?.to_owned()))
    };
    let both = foreign(&stored.body).zip(foreign(&run.parsed.sent));
    both.is_some_and(|((system, id), (sent_system, sent_id))| system == sent_system && id != sent_id)
}

/// Refuses two records of one external system that share a number: they would be merged silently. With the right `ifVersion` the
/// sender has seen what is stored and means it.
fn check_external_ref(run: &Run<'_>, stored: &Stored) -> Result<(), Problem> {
    if run.parsed.if_version.is_some() || !is_another(run, stored) {
        return Ok(());
    }
    let (key, id, version) = (run.parsed.kind.model().key, &stored.id, stored.version);
    let mut errors = Defects::default();
    let message = format!("is not the one that is stored with this {key}");
    errors.push("externalRef.id", DefectCode::ReferenceMismatch, message);
    let detail = format!(
        "{id} has this {key} and comes from another record of the same system. Give this one a {key} of its own, or send \
         ifVersion {version} to put it in the place of the other."
    );
    Err(Rejection::Conflict { code: ConflictCode::ExternalRefMismatch, detail, errors }.into())
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
