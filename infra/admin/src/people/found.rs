//! What is found of an employee that is to be erased.

use domain::ids;
use domain::models::Kind;
use domain::person::Person;
use store::records::{Kept, RecordKey, Records, Stored};
use store::tables::RECORDS;

use crate::aws::Aws;
use crate::failure::Failure;

/// What an employee is known by.
pub(super) enum Found {
    /// Its record, or the tombstone of one.
    Record(Box<Stored>),
    /// The copy that an erasure has kept.
    Copy(Kept),
    /// Nothing: there is the id only.
    Nothing(String),
}

impl Found {
    /// What there is of an employee, by number or id. A number leads to nobody once it has no record and no tombstone: what
    /// still says the number may be about somebody else, who had it before.
    pub(super) async fn of(aws: &Aws, records: &Records, account: &str, employee: &str) -> Result<Self, Failure> {
        let is_id = ids::is_id(employee, Kind::Employee.model().prefix);
        let key = if is_id { RecordKey::Id(employee.to_owned()) } else { RecordKey::number(Kind::Employee, employee) };
        let mut found = records.fetch(account, std::slice::from_ref(&key)).await.map_err(aws.on(RECORDS))?;
        let stored = if is_id { found.by_id.remove(employee) } else { found.records.remove(&key) };
        if let Some(stored) = stored {
            return Ok(Self::Record(Box::new(stored)));
        }
        if !is_id {
            return Err(Failure::Impossible(format!(
                "there is no employee with this number in account {account}; one that was deleted more than 30 days ago, or \
                 whose number another has had since, is found by its id"
            )));
        }
        let copy = records.kept_for_erasure(account, employee).await.map_err(aws.on(RECORDS))?;
        Ok(copy.map_or_else(|| Self::Nothing(employee.to_owned()), Self::Copy))
    }

    pub(super) fn id(&self) -> &str {
        match self {
            Self::Record(stored) => &stored.id,
            Self::Copy(kept) => &kept.id,
            Self::Nothing(id) => id,
        }
    }

    pub(super) fn person(&self) -> Person {
        match self {
            Self::Record(stored) => Person::of(&stored.body),
            Self::Copy(kept) => Person::of(&kept.body),
            Self::Nothing(id) => Person::with_id(id),
        }
    }
}
