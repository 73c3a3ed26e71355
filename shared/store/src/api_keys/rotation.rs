//! A key in the place of another, which goes on for a while.

use domain::account::Account;
use domain::api_key::ApiKey;
use jiff::Timestamp;

use super::transaction::Transacted;
use super::{ApiKeys, MAX_TRIES, TABLE, account_key, hash_key, listed};
use crate::StoreError;
use crate::item::Reader;

/// A key and the one that takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// With its end.
    pub old: ApiKey,
    /// Valid at once.
    pub new: ApiKey,
}

/// What came of a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// There are two keys now.
    Done(Box<Rotated>),
    /// There was no such key.
    NotFound,
    /// It has nothing to hand on.
    Refused,
}

impl ApiKeys {
    /// Puts `new` beside the key `id`, which stops working at `until` or earlier if it was to. Both or neither. The
    /// account has as many keys that manage keys as before, or one more. `new` is asked again when somebody else changes
    /// the key meanwhile; where it returns `None` nothing happens, and [`Rotation::Refused`] says so.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, the item can't be read, or others change the key over and over.
    pub async fn rotate(
        &self,
        account: &Account,
        id: &str,
        until: Timestamp,
        new: impl Fn(&ApiKey) -> Option<ApiKey>,
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
            if let Transacted::Done = self.transact(items).await? {
                return Ok(Rotation::Done(Box::new(Rotated { old, new })));
            }
        }
        Err(StoreError::Contention(TABLE))
    }
}
