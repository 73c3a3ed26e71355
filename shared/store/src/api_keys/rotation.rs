//! Rotation: a new key replaces another one, which works on for a while.

use domain::account::Account;
use domain::api_key::ApiKey;
use domain::audit::{Action, Change, Snapshot};
use jiff::Timestamp;

use super::transaction::Transacted;
use super::{ApiKeys, MAX_TRIES, TABLE, account_key, created, hash_key, listed};
use crate::StoreError;
use crate::audit::Log;
use crate::item::Reader;

/// A key and the one that takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// The old key, with the expiry that it has now.
    pub old: ApiKey,
    /// The new key, valid at once.
    pub new: ApiKey,
}

/// What came of a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// Both keys are stored.
    Done(Box<Rotated>),
    /// There was no such key.
    NotFound,
    /// Nothing is stored: the caller has no new key for the old one as it is.
    Refused,
}

impl ApiKeys {
    /// Stores the key that `new` makes from the key `id`, and lets the latter expire at `until`, or earlier if it was
    /// to: both in one transaction. The account has as many keys that manage keys as before, or one more. `new` is
    /// called again when somebody else changes the key meanwhile; when it returns `None`, the rotation is
    /// [`Rotation::Refused`].
    ///
    /// # Errors
    /// When DynamoDB can't be reached, the item can't be read, or others change the key over and over.
    pub async fn rotate(
        &self,
        account: &Account,
        id: &str,
        until: Timestamp,
        new: impl Fn(&ApiKey) -> Option<ApiKey>,
        log: Log<'_>,
    ) -> Result<Rotation, StoreError> {
        for _ in 0..MAX_TRIES {
            let Some(item) = self.item(&account.id, id).await? else { return Ok(Rotation::NotFound) };
            let stored = listed(&item)?;
            let seen = Reader { table: TABLE, item: &item }.string("key")?;
            let Some(new) = new(&stored) else { return Ok(Rotation::Refused) };
            let ends = stored.expires_at.map_or(until, |at| at.min(until));
            let old = ApiKey { expires_at: Some(ends), ..stored.clone() };
            let mut items = vec![
                self.overwrite(account_key(&account.id), id, &old, Some(seen))?,
                self.overwrite(hash_key(&old.hash), "-", &old, None)?,
            ];
            items.extend(self.new_key(account, &new)?);
            let managers = i8::from(new.manages_keys()) - i8::from(stored.manages_keys());
            items.extend(self.count_managers(&account.id, managers)?);
            let replaced = Snapshot::of_key(&old).with("replacedBy", &new.id);
            let rotated = Change::Updated(Snapshot::of_key(&stored), replaced);
            items.push(log.put(&account.id, Action::KeyRotated, id, &rotated)?);
            items.push(created(log, &account.id, &new)?);
            if let Transacted::Done = self.transact(items).await? {
                return Ok(Rotation::Done(Box::new(Rotated { old, new })));
            }
        }
        Err(StoreError::Contention(TABLE))
    }
}
