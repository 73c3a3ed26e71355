//! `people erase`: erases an employee.

mod found;
mod pass;

use std::collections::HashMap;
use std::io::Write;

use domain::models::Kind;
use domain::person::Person;
use serde_json::json;
use store::erasing::Mode;
use store::records::{Commit, Committed, Kept, KeptPage, RecordKey, RecordWrite, Records, Stored};
use store::tables::RECORDS;

use crate::arguments::ErasePerson;
use crate::aws::Aws;
use crate::erasure::{MOST_PASSES, Outcome};
use crate::failure::Failure;
use crate::output::Report;

use found::Found;

/// How often a record is deleted that others change.
const MAX_TRIES: usize = 8;

/// An erasure under way.
struct Erasure<'a> {
    aws: &'a Aws,
    account: &'a str,
    /// The employee's id: also the name of this erasure, by which it can be repeated.
    id: String,
    records: Records,
    person: Person,
    mode: Mode,
}

/// Erases an employee: its record, its time off, its names and contact data wherever else they are. A copy of the record is
/// kept until the end, by which the same command finds the rest when it is interrupted, even if the employee was sent again
/// meanwhile. Says on `err` by which id the command can be repeated.
pub(crate) async fn erase(aws: &Aws, wanted: &ErasePerson, err: &mut dyn Write) -> Result<Report, Failure> {
    let (account, erasing) = (wanted.account.id.as_str(), &wanted.erasing);
    erasing.confirm(&wanted.employee)?;
    let records = aws.environment.records()?;
    let found = Found::of(aws, &records, account, &wanted.employee).await?;
    let (id, has_record) = (found.id().to_owned(), !matches!(found, Found::Nothing(_)));
    let mut erasure = Erasure { aws, account, id, records, person: found.person(), mode: erasing.mode() };
    if let (Mode::Erase, Found::Record(stored)) = (erasure.mode, &found) {
        erasure.keep(stored, err).await?;
        erasure.delete(Kind::Employee, &stored.id).await?;
    }
    // Requests under way may have read the record before.
    erasing.settle().await;
    let own = erasure.look_around().await?;
    let mut outcome = erasure.passes().await?;
    // Without the copy, nobody could look into what can't be read once it is repaired.
    if outcome.is_complete() {
        erasure.forget(&own, &mut outcome).await?;
    }
    erasure.report(outcome, has_record)
}

impl Erasure<'_> {
    async fn keep(&self, stored: &Stored, err: &mut dyn Write) -> Result<(), Failure> {
        let id = &self.id;
        // Whoever can't read it can still repeat the command by the number.
        let _ = writeln!(
            err,
            "workskedge-admin: This erasure is finished or repeated with --employee {id} --confirm {id}."
        );
        self.records.keep_for_erasure(self.account, stored, self.aws.now).await.map_err(self.aws.on(RECORDS))
    }

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

    /// Looks at all employees: what colleagues have too is not the person's own, tombstones may be of earlier records of the
    /// person, and there must be no living one. Returns the tombstones and copies of the person's records.
    async fn look_around(&mut self) -> Result<Vec<Kept>, Failure> {
        let employees = self.employees().await?;
        for kept in &employees {
            if kept.id != self.id && self.person.is_again_in(&kept.body) {
                if !kept.deleted {
                    return Err(sent_again(&kept.id));
                }
                self.person.add(&kept.body);
            }
        }
        let (own, others): (Vec<_>, Vec<_>) =
            employees.into_iter().partition(|kept| self.person.owns(Kind::Employee, &kept.body));
        for colleague in others.iter().filter(|kept| !kept.deleted) {
            self.person.leave_out_shared(&colleague.body);
        }
        Ok(own)
    }

    async fn employees(&self) -> Result<Vec<Kept>, Failure> {
        let (mut employees, mut next) = (Vec::new(), None);
        loop {
            let KeptPage { records, next: behind, .. } =
                self.records.all(self.account, next).await.map_err(self.aws.on(RECORDS))?;
            employees.extend(records.into_iter().filter(|kept| kept.kind == Kind::Employee));
            next = behind;
            if next.is_none() {
                return Ok(employees);
            }
        }
    }

    /// Goes through all tables until nothing more is found.
    async fn passes(&self) -> Result<Outcome, Failure> {
        let mut outcome = Outcome::default();
        for _ in 0..MOST_PASSES {
            let pass = self.pass().await?;
            let is_last = pass.total() == 0 || self.mode == Mode::Count;
            outcome.absorb(pass);
            if is_last {
                return Ok(outcome);
            }
        }
        let sentence = "what names the person is written over and over; run the command again";
        Err(Failure::Impossible(sentence.to_owned()))
    }

    /// Removes what the erasure was found by, if nobody has sent the employee again meanwhile. Copies go before tombstones,
    /// which are found by the number too.
    async fn forget(&self, own: &[Kept], outcome: &mut Outcome) -> Result<(), Failure> {
        if self.mode == Mode::Erase {
            self.check_again().await?;
        }
        let (copies, tombstones): (Vec<_>, Vec<_>) = own.iter().partition(|kept| kept.is_copy());
        for kept in copies.into_iter().chain(tombstones) {
            let is_gone = match self.mode {
                Mode::Count => true,
                Mode::Erase => self.records.delete_tombstone(kept).await.map_err(self.aws.on(RECORDS))?,
            };
            outcome.remove(RECORDS, usize::from(is_gone && !kept.is_copy()));
        }
        Ok(())
    }

    async fn check_again(&self) -> Result<(), Failure> {
        let Some(number) = self.person.number() else { return Ok(()) };
        let key = [RecordKey::number(Kind::Employee, number)];
        let found = self.records.fetch(self.account, &key).await.map_err(self.aws.on(RECORDS))?;
        let mut living = found.records.values().filter(|stored| !stored.deleted);
        living.find(|stored| self.person.is_again_in(&stored.body)).map_or(Ok(()), |stored| Err(sent_again(&stored.id)))
    }

    fn report(self, outcome: Outcome, has_record: bool) -> Result<Report, Failure> {
        let Self { account, id, mode, .. } = self;
        if !has_record && outcome.total() == 0 {
            let nothing = "and nothing is left of one";
            return Err(Failure::Impossible(format!("there is no employee {id} in account {account}, {nothing}")));
        }
        let mut report = outcome.report(json!({ "account": account, "employee": id }), mode);
        if !has_record {
            report =
                report.with_note("There is no record of the employee: names and contact data were not looked for.");
        }
        Ok(report)
    }
}

fn sent_again(id: &str) -> Failure {
    Failure::Impossible(format!(
        "the employee was sent again and is there as {id}, so that the erasure is not done; stop what sends it, and erase \
         {id}, which finishes both"
    ))
}
