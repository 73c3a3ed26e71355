//! One request, from its body to its answer.

use std::time::Duration;

use domain::clock::whole_seconds;
use domain::defect::Defects;
use domain::events::Event;
use domain::ids::{self, Place};
use domain::models::{Kind, Operation};
use domain::outbox::{Outbox, StoredEvent};
use domain::refusal::NamedRecord;
use domain::resource::{Action, Resource};
use domain::rules::fields::text;
use jiff::Timestamp;
use lambda_http::Request;
use serde_json::Value;
use store::StoreError;
use store::records::{Commit, Committed, NewNumber, RecordWrite, Stored};

use super::Parts;
use super::control::{self, Parsed};
use super::decision::{self, Plan};
use super::lookup::Loaded;
use super::receipt::Receipt;
use crate::http::{Caller, ReadAhead, Reply, json_body};
use crate::problem::Problem;

/// How often a request is tried when others change what it read.
const MAX_TRIES: u32 = 8;
/// The most records that are read for a call that may be refused still.
const MAX_KEYS_AHEAD: usize = 10;
/// The longest pause before the second try.
const PAUSE_MILLISECONDS: u32 = 20;

/// One request, or one record of a batch.
pub(super) struct Run<'a> {
    pub(super) parts: &'a Parts,
    pub(super) caller: &'a Caller,
    pub(super) parsed: Parsed,
    /// With its fraction of a second, for ids, which sort by it, and for the time of a deletion.
    pub(super) received_at: Timestamp,
    /// In whole seconds, for records and events.
    pub(super) now: Timestamp,
    /// Whether it is only tried: nothing is stored.
    pub(super) is_dry: bool,
    /// Its place among the records of a batch.
    pub(super) place: Option<Place>,
}

/// What came of one try.
enum Step {
    Answered(Receipt),
    /// Others wrote first, and what they changed was read again.
    Again,
}

/// A body that was parsed, and what it is about.
pub(super) struct Prepared {
    parsed: Parsed,
    loaded: Result<Loaded, StoreError>,
}

impl ReadAhead for Result<Prepared, Problem> {
    fn subject(&self) -> Option<NamedRecord> {
        self.as_ref().ok().and_then(|prepared| prepared.parsed.subject.clone())
    }
}

/// Parses the body of `request` and reads what it refers to, while it is not known yet whether the caller has calls left: so
/// no more than most requests need.
pub(super) async fn prepare<R: Resource>(
    parts: &Parts,
    account: &str,
    request: &Request,
    now: Timestamp,
) -> Result<Prepared, Problem> {
    let parsed = control::parse::<R>(json_body(request)?, now)?;
    let mut loaded = Loaded::default();
    if !parsed.defects.is_empty() || Loaded::keys_for::<R>(&parsed).len() > MAX_KEYS_AHEAD {
        return Ok(Prepared { parsed, loaded: Ok(loaded) });
    }
    let read = loaded.read_for::<R>(&parts.records, account, &parsed).await;
    Ok(Prepared { parsed, loaded: read.map(|()| loaded) })
}

/// Reads what was not read ahead, decides, stores and answers. A dry run stores nothing.
pub(super) async fn run<R: Resource>(
    parts: &Parts,
    caller: &Caller,
    prepared: Prepared,
    is_dry: bool,
    now: Timestamp,
) -> Result<Reply, Problem> {
    let Prepared { parsed, loaded } = prepared;
    let run = Run { parts, caller, parsed, received_at: now, now: whole_seconds(now), is_dry, place: None };
    Ok(run.process::<R>(&mut loaded?).await?.into_reply())
}

/// Waits for other writers of the same records: longer each time, for a random time.
async fn pause(tries: u32) {
    let longest = f64::from(PAUSE_MILLISECONDS * tries);
    tokio::time::sleep(Duration::from_secs_f64(longest * ids::random_fraction() / 1000.0)).await;
}

impl Run<'_> {
    pub(super) fn account(&self) -> &str {
        &self.caller.account.id
    }

    /// Reads what was not read yet, decides, stores and answers.
    pub(super) async fn process<R: Resource>(&self, loaded: &mut Loaded) -> Result<Receipt, Problem> {
        if !self.parsed.defects.is_empty() {
            return Err(self.refusal::<R>(loaded).await?);
        }
        self.read::<R>(loaded).await?;
        for tries in 1..=MAX_TRIES {
            match self.step::<R>(loaded).await? {
                Step::Answered(receipt) => return Ok(receipt),
                Step::Again => pause(tries).await,
            }
        }
        Err(Problem::contention())
    }

    /// 400 for a body with defects: those, and the defects of the record that it would make.
    async fn refusal<R: Resource>(&self, loaded: &mut Loaded) -> Result<Problem, Problem> {
        let parsed = &self.parsed;
        let mut defects = parsed.defects.clone();
        if parsed.names_record() && parsed.operation != Operation::Delete {
            loaded.read_own(&self.parts.records, self.account(), parsed).await?;
            let living = loaded.own(parsed).filter(|stored| !stored.deleted);
            defects.append_for_clean_fields(match (parsed.operation, living) {
                (Operation::Upsert | Operation::Update, Some(stored)) => decision::defects_of_update::<R>(self, stored),
                (Operation::Upsert | Operation::Create, None) if parsed.id.is_none() => parsed.defects_of_new::<R>(),
                _ => Defects::default(),
            });
        }
        Ok(Problem::invalid(defects))
    }

    async fn read<R: Resource>(&self, loaded: &mut Loaded) -> Result<(), Problem> {
        Ok(loaded.read_for::<R>(&self.parts.records, self.account(), &self.parsed).await?)
    }

    /// Decides on what was read and stores the result; `Again` when it was out of date.
    async fn step<R: Resource>(&self, loaded: &mut Loaded) -> Result<Step, Problem> {
        let stored = loaded.own(&self.parsed).cloned();
        let living = stored.as_ref().filter(|stored| !stored.deleted);
        let no_such = || Problem::not_found(self.parsed.kind.name());
        // A body that is older than the deletion must not bring the record back, whatever its operation.
        if let Some(tombstone) = stored.as_ref().filter(|stored| stored.deleted && decision::is_stale(self, stored)) {
            return Ok(Step::Answered(self.stale(&tombstone.body)));
        }
        let plan = match (self.parsed.operation, living) {
            (Operation::Delete, None) => {
                let tombstone = stored.as_ref().ok_or_else(no_such)?;
                return self.delete_again::<R>(loaded, tombstone).await;
            }
            (Operation::Delete, Some(stored)) => match decision::delete::<R>(self, loaded, stored).await? {
                Some(plan) => plan,
                None => return Ok(Step::Answered(self.stale(&stored.body))),
            },
            (Operation::Create, Some(stored)) => return Err(self.exists(stored)),
            (Operation::Update, None) => return Err(no_such()),
            (_, None) if self.parsed.id.is_some() => return Err(no_such()),
            (_, None) => decision::create::<R>(self, loaded, stored.as_ref()).await?,
            (_, Some(stored)) => match decision::update::<R>(self, loaded, stored).await? {
                Some(plan) => plan,
                None => return Ok(Step::Answered(self.stale(&stored.body))),
            },
        };
        self.store::<R>(loaded, plan, stored.as_ref()).await
    }

    /// A deletion of what is deleted already: it may have a later time, which the tombstone then keeps.
    async fn delete_again<R: Resource>(&self, loaded: &mut Loaded, tombstone: &Stored) -> Result<Step, Problem> {
        if !self.is_dry
            && let Some(body) = decision::deleted_again(self, tombstone)
            && !self.parts.records.update_tombstone(self.account(), tombstone, &body).await?
        {
            return self.again::<R>(loaded).await;
        }
        Ok(Step::Answered(self.answer(Action::Unchanged, &tombstone.body, &[], &[])))
    }

    /// Reads again, since others have written.
    async fn again<R: Resource>(&self, loaded: &mut Loaded) -> Result<Step, Problem> {
        loaded.forget();
        self.read::<R>(loaded).await?;
        Ok(Step::Again)
    }

    async fn store<R: Resource>(
        &self,
        loaded: &mut Loaded,
        plan: Plan,
        known: Option<&Stored>,
    ) -> Result<Step, Problem> {
        let stored = known.filter(|known| !known.deleted);
        if stored.is_some_and(|stored| stored.body == plan.body) && plan.tax_id.is_none() {
            return Ok(Step::Answered(self.answer(plan.action, &plan.body, &[], &plan.warnings)));
        }
        // People of the stored record may be deleted by now.
        let edits = plan.calendar.iter().filter(|edit| loaded.knows(edit.holder())).cloned();
        let calendar: Vec<_> = edits.filter_map(|edit| loaded.within_bounds(edit)).collect();
        if self.is_dry {
            self.write(loaded, &plan, stored)?;
            let receipt = self.answer(plan.action, &plan.body, &plan.events, &plan.warnings);
            loaded.foresee(self, plan, known, calendar);
            return Ok(Step::Answered(receipt));
        }
        let commit = Commit {
            account: self.account(),
            kind: self.parsed.kind,
            now: self.now,
            write: self.write(loaded, &plan, stored)?,
            body: &plan.body,
            tax_id: plan.tax_id.as_ref(),
            calendar: &calendar,
            holds_calendar: plan.holds_calendar,
            seen: &loaded.seen(),
            outboxes: &self.outboxes(&plan, known),
        };
        match self.parts.records.commit(&commit).await? {
            Committed::Done => Ok(Step::Answered(self.answer(plan.action, &plan.body, &plan.events, &plan.warnings))),
            Committed::Again => self.again::<R>(loaded).await,
        }
    }

    /// What to do with the record: in the place of `stored` if there is one, under another number if the plan has one.
    fn write<'a>(
        &self,
        loaded: &'a Loaded,
        plan: &Plan,
        stored: Option<&'a Stored>,
    ) -> Result<RecordWrite<'a>, Problem> {
        let number = text(&plan.body, self.parsed.kind.model().key).unwrap_or_default();
        match stored {
            Some(stored) if plan.action == Action::Deleted => Ok(RecordWrite::Delete(stored)),
            Some(stored) if stored.number.eq_ignore_ascii_case(number) => Ok(RecordWrite::Update(stored, None)),
            Some(stored) => Ok(RecordWrite::Update(stored, Some(self.new_number(loaded, number)?))),
            None => Ok(RecordWrite::Create(self.new_number(loaded, number)?)),
        }
    }

    /// A number that the record is to get; 409 when another record has it.
    fn new_number<'a>(&self, loaded: &'a Loaded, number: &str) -> Result<NewNumber<'a>, Problem> {
        let kind = self.parsed.kind;
        let slot = loaded.slot(kind, number).ok_or_else(Problem::contention)?;
        match loaded.with_number(kind, number) {
            Some(other) if !other.deleted => Err(self.exists(other)),
            tombstone => Ok(NewNumber { slot, tombstone }),
        }
    }

    /// The events of a plan, with ids, in as many outbox items as they need, behind those of the record, or of the deleted one
    /// that had its number.
    fn outboxes(&self, plan: &Plan, known: Option<&Stored>) -> Vec<Outbox> {
        let mut ulid = self.place.map_or_else(|| ids::new_ulid(self.received_at), Place::new_ulid);
        let project = match self.parsed.kind {
            Kind::WorkOrder => plan.body.get("projectId"),
            Kind::Project => plan.body.get("id"),
            _ => None,
        };
        let project = project.and_then(Value::as_str);
        let events = plan.events.iter().map(|draft| {
            let id = format!("evt_{ulid}");
            ulid = ulid.increment().unwrap_or(ulid);
            let event = Event { id, name: draft.name, occurred_at: self.now, data: draft.data.clone() };
            StoredEvent::new(&event, project)
        });
        let trail = known.map(|known| known.trail.clone()).unwrap_or_default();
        Outbox::split(self.account(), self.caller.origin(), events.collect(), trail)
    }
}
