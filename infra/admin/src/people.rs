//! `people erase`: erases an employee.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::ids;
use domain::models::Kind;
use domain::outbox::Outbox;
use domain::person::Person;
use serde_json::{Map, Value, json};
use store::range::IdRange;
use store::records::{Commit, Committed, Kept, RecordKey, RecordWrite, Records, Stored};
use store::tables::{DELIVERIES, EVENTS, IDEMPOTENCY, RECORDS};

use crate::arguments::ErasePerson;
use crate::aws::Aws;
use crate::erase::{LEFT, confirm};
use crate::failure::Failure;
use crate::output::{Report, columns};

/// How many outbox items are read at a time.
const PAGE: i32 = 500;
/// How often a record is deleted that others change.
const MAX_TRIES: usize = 8;

/// An erasure under way.
struct Erasure<'a> {
    aws: &'a Aws,
    account: &'a str,
    records: Records,
    person: Person,
    counts: Counts,
}

/// What was removed and what was changed.
#[derive(Debug, Default)]
struct Counts {
    removed: BTreeMap<&'static str, usize>,
    changed: BTreeMap<&'static str, usize>,
}

/// Erases an employee: its record, its time off, its names and contact data wherever else they are. The record becomes a
/// tombstone first, so that nothing new refers to the employee while the same command, when it is interrupted, still finds
/// what to look for; the tombstone is the last that goes.
pub(crate) async fn erase(aws: &Aws, wanted: &ErasePerson) -> Result<Report, Failure> {
    confirm(&wanted.employee, &wanted.confirm)?;
    let (account, records) = (wanted.account.id.as_str(), aws.environment.records()?);
    let stored = find(aws, &records, account, &wanted.employee).await?;
    let person =
        stored.as_ref().map_or_else(|| Person::without_record(&wanted.employee), |stored| Person::of(&stored.body));
    let mut erasure = Erasure { aws, account, records, person, counts: Counts::default() };
    if let Some(stored) = &stored {
        erasure.delete(Kind::Employee, &stored.id).await?;
    }
    // Requests under way may have read the record before.
    tokio::time::sleep(aws.settle).await;
    erasure.leave_out_shared().await?;
    erasure.erase_events().await?;
    erasure.erase_answers().await?;
    erasure.erase_records().await?;
    if let Some(stored) = &stored {
        erasure.delete_tombstone(&stored.id).await?;
    }
    erasure.report(stored.is_some())
}

/// The employee's record or its tombstone, by number or id.
async fn find(aws: &Aws, records: &Records, account: &str, employee: &str) -> Result<Option<Stored>, Failure> {
    let id = RecordKey::Id(employee.to_owned());
    let number = RecordKey::number(Kind::Employee, employee);
    let is_id = ids::is_id(employee, Kind::Employee.model().prefix);
    let wanted = if is_id { &id } else { &number };
    let mut found = records.fetch(account, std::slice::from_ref(wanted)).await.map_err(aws.on(RECORDS))?;
    Ok(if is_id { found.by_id.remove(employee) } else { found.records.remove(wanted) })
}

impl Erasure<'_> {
    /// Makes a record a tombstone, as its deletion would, whoever refers to it.
    async fn delete(&self, kind: Kind, id: &str) -> Result<(), Failure> {
        let (key, none) = (RecordKey::Id(id.to_owned()), HashMap::new());
        for _ in 0..MAX_TRIES {
            let found =
                self.records.fetch(self.account, std::slice::from_ref(&key)).await.map_err(self.aws.on(RECORDS))?;
            let Some(stored) = found.by_id.get(id).filter(|stored| !stored.deleted) else { return Ok(()) };
            let commit = Commit {
                account: self.account,
                kind,
                now: self.aws.now,
                write: RecordWrite::Delete(stored),
                body: &stored.body,
                tax_id: None,
                calendar: &[],
                holds_calendar: true,
                seen: &none,
                outboxes: &[],
            };
            if self.records.commit(&commit).await.map_err(self.aws.on(RECORDS))? == Committed::Done {
                return Ok(());
            }
        }
        Err(Failure::Impossible("a record of the person is changed over and over; run the command again".to_owned()))
    }

    async fn delete_tombstone(&mut self, id: &str) -> Result<(), Failure> {
        let gone = self.records.delete_tombstone(self.account, id).await.map_err(self.aws.on(RECORDS))?;
        self.counts.remove("records", usize::from(gone));
        Ok(())
    }

    /// What the person shares with living colleagues is theirs too.
    async fn leave_out_shared(&mut self) -> Result<(), Failure> {
        let mut next = None;
        loop {
            let page = self.records.all(self.account, next).await.map_err(self.aws.on(RECORDS))?;
            let colleagues = page.records.iter().filter(|kept| kept.kind == Kind::Employee && !kept.deleted);
            for kept in colleagues {
                if !self.person.owns(kept.kind, &kept.body) {
                    self.person.leave_out_shared(&kept.body);
                }
            }
            next = page.next;
            if next.is_none() {
                return Ok(());
            }
        }
    }

    /// The deliveries first: what is left of them is found by the events.
    async fn erase_events(&mut self) -> Result<(), Failure> {
        let (mut outboxes, mut ids) = (Vec::new(), HashSet::new());
        let (events, mut range) = (self.aws.environment.events()?, IdRange::default());
        loop {
            let survey = events.survey(self.account, range, PAGE).await.map_err(self.aws.on(EVENTS))?;
            for (_, outbox) in survey.outboxes {
                let outbox = outbox.map_err(self.aws.on(EVENTS))?;
                let own = self.own_events(&outbox);
                if !own.is_empty() {
                    ids.extend(own);
                    outboxes.push(outbox);
                }
            }
            match survey.stopped {
                Some(last) => range = range.behind(&last),
                None => break,
            }
        }
        let deliveries = self.aws.environment.deliveries()?;
        let erased = deliveries.erase(self.account, &ids, |text| self.person.is_mentioned_in(text)).await;
        let erased = erased.map_err(self.aws.on(DELIVERIES))?;
        self.counts.remove("deliveries", erased.deleted);
        self.counts.change("deliveries", erased.changed);
        for outbox in &outboxes {
            events.erase(outbox, &ids, self.aws.now).await.map_err(self.aws.on(EVENTS))?;
        }
        self.counts.remove("events", ids.len());
        Ok(())
    }

    fn own_events(&self, outbox: &Outbox) -> Vec<String> {
        let own = outbox.events.iter().filter(|event| self.person.is_in_event(event.name.group(), &event.body));
        own.map(|event| event.id.clone()).collect()
    }

    async fn erase_answers(&mut self) -> Result<(), Failure> {
        let answers = self.aws.environment.idempotency()?;
        let erased = answers.erase(self.account, |text| self.person.is_mentioned_in(text)).await;
        self.counts.remove("answers", erased.map_err(self.aws.on(IDEMPOTENCY))?);
        Ok(())
    }

    /// Time off goes, other records lose what names the person.
    async fn erase_records(&mut self) -> Result<(), Failure> {
        let mut next = None;
        loop {
            let page = self.records.all(self.account, next).await.map_err(self.aws.on(RECORDS))?;
            for kept in &page.records {
                self.erase_record(kept).await?;
            }
            next = page.next;
            if next.is_none() {
                return Ok(());
            }
        }
    }

    async fn erase_record(&mut self, kept: &Kept) -> Result<(), Failure> {
        let is_own = self.person.owns(kept.kind, &kept.body);
        match kept.kind {
            // Its own record goes at the end.
            Kind::Employee if is_own => Ok(()),
            Kind::TimeOff if is_own => {
                self.delete(Kind::TimeOff, &kept.id).await?;
                self.delete_tombstone(&kept.id).await
            }
            kind => {
                let change = |body: &mut Map<String, Value>| self.person.erase_from(kind, body);
                let changed = self.records.rewrite(kept, change).await.map_err(self.aws.on(RECORDS))?;
                self.counts.change("records", usize::from(changed));
                Ok(())
            }
        }
    }

    fn report(self, was_found: bool) -> Result<Report, Failure> {
        let Counts { removed, changed } = &self.counts;
        if !was_found && removed.values().chain(changed.values()).sum::<usize>() == 0 {
            return Err(Failure::Impossible(format!(
                "there is no employee with this number or id in account {}, and nothing is left of one",
                self.account
            )));
        }
        let of = |counts: &BTreeMap<_, usize>, kind| counts.get(kind).copied().unwrap_or_default().to_string();
        let row = |kind: &'static str| [kind.to_owned(), of(removed, kind), of(changed, kind)];
        let rows = ["records", "events", "deliveries", "answers"].map(row);
        let json = json!({
            "account": self.account, "employee": self.person.id(), "removed": removed, "changed": changed,
        });
        let mut report = Report::new(json, columns(["KIND", "REMOVED", "CHANGED"], &rows)).with_note(LEFT);
        if !was_found {
            report =
                report.with_note("There is no record of the employee: names and contact data were not looked for.");
        }
        Ok(report)
    }
}

impl Counts {
    fn remove(&mut self, kind: &'static str, count: usize) {
        *self.removed.entry(kind).or_default() += count;
    }

    fn change(&mut self, kind: &'static str, count: usize) {
        *self.changed.entry(kind).or_default() += count;
    }
}
