//! API keys and accounts. Of a key only the SHA-256 is stored.
//!
//! Each key has two items: `HASH#<sha-256>` · `-` is what authentication reads, `KEY#<account>` · key id is what the
//! account's people list. Both are written in one transaction, together with the count of keys that manage keys, which
//! is part of the account's own item, `ACC` · account, and the entry of the audit log. Portal links are in `links`.

mod accounts;
mod links;
mod rotation;
mod transaction;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::account::Account;
use domain::api_key::{ApiKey, KeyHash};
use domain::audit::{Action, Change, Snapshot};
use jiff::{SignedDuration, Timestamp};

use crate::audit::Log;
use crate::conditional::unless_refused;
use crate::item::{Item, Reader, key, s};
use crate::{Client, StoreError};
use transaction::{Transacted, is_last};

pub use accounts::AccountPage;
pub(crate) use links::{FRAMES, LINKS};
pub use links::{LinkPage, Linked};
pub use rotation::{Rotated, Rotation};

const TABLE: &str = "api keys";
/// The partition key of the accounts.
pub(crate) const ACCOUNTS: &str = "ACC";
/// How often a change is tried when others change the same key.
const MAX_TRIES: usize = 5;

/// The table of API keys and accounts.
#[derive(Debug, Clone)]
pub struct ApiKeys {
    db: Client,
    table: String,
}

/// One page of an account's keys.
#[derive(Debug, Default)]
pub struct Page {
    /// Newest first.
    pub keys: Vec<ApiKey>,
    /// The id after which the next page begins, if there is one.
    pub next: Option<String>,
}

/// What came of an attempt to change a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// The key as it is now.
    Done(Box<ApiKey>),
    /// There is no such key.
    NotFound,
    /// Nothing is changed: the account would have no key left that manages keys.
    Last,
}

/// What came of an attempt to delete a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// The key is deleted.
    Gone,
    /// There was no such key.
    NotFound,
    /// Nothing is deleted: it is the account's last key that manages keys.
    Last,
}

impl ApiKeys {
    pub(crate) fn new(db: Client, table: String) -> Self {
        Self { db, table }
    }

    /// The key with this hash, and its account, from the item `HASH#...`. Read consistently: callers remember it, and a
    /// key that was revoked just now must not be remembered as valid. One read unit.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn by_hash(&self, hash: &KeyHash) -> Result<Option<(ApiKey, Account)>, StoreError> {
        let Some(item) = self.one(hash_key(hash), "-", "GetItem API key").await? else { return Ok(None) };
        let reader = Reader { table: TABLE, item: &item };
        Ok(Some((reader.json("key")?, reader.json("account")?)))
    }

    /// Stores a new key of `account`: both its items, and one more in the account's count if it manages keys.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, or the transaction meets another one.
    pub async fn create(&self, account: &Account, key: &ApiKey, log: Log<'_>) -> Result<(), StoreError> {
        let mut items = self.new_key(account, key)?;
        items.extend(self.count_managers(&account.id, i8::from(key.manages_keys()))?);
        items.push(created(log, &account.id, key)?);
        match self.transact(items).await? {
            Transacted::Done => Ok(()),
            Transacted::Refused(_) => Err(StoreError::Contention(TABLE)),
        }
    }

    /// A page of an account's keys, newest first, after the id `after` if given. One query, consistent.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn page(&self, account: &str, after: Option<&str>, limit: i32) -> Result<Page, StoreError> {
        let (items, more) = self.newest(account_key(account), after, limit, "Query API keys").await?;
        let keys = items.iter().map(listed).collect::<Result<Vec<_>, _>>()?;
        let next = keys.last().filter(|_| more).map(|key| key.id.clone());
        Ok(Page { keys, next })
    }

    /// The items of one partition, newest first, after the sort key `after`, and whether there may be more.
    async fn newest(
        &self,
        pk: String,
        after: Option<&str>,
        limit: i32,
        call: &'static str,
    ) -> Result<(Vec<Item>, bool), StoreError> {
        let output = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", s(&pk))
            .consistent_read(true)
            .scan_index_forward(false)
            .limit(limit)
            .set_exclusive_start_key(after.map(|id| key(pk, id)))
            .send()
            .await
            .map_err(StoreError::call(call))?;
        let more = output.last_evaluated_key().is_some();
        Ok((output.items.unwrap_or_default(), more))
    }

    /// One key of an account, read consistently; `None` when there is none. One read unit.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn get(&self, account: &str, id: &str) -> Result<Option<ApiKey>, StoreError> {
        self.item(account, id).await?.as_ref().map(listed).transpose()
    }

    /// Changes a key's name, scopes, expiry or limits, in both its items, unless the account would be left without a
    /// key that manages keys. `change` is called again when somebody else changes the same key meanwhile.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, the item can't be read, or others change the key over and over.
    pub async fn update(
        &self,
        account: &str,
        id: &str,
        change: impl Fn(&mut ApiKey),
        log: Log<'_>,
    ) -> Result<Changed, StoreError> {
        for _ in 0..MAX_TRIES {
            let Some(item) = self.item(account, id).await? else { return Ok(Changed::NotFound) };
            let stored = listed(&item)?;
            let mut key = stored.clone();
            change(&mut key);
            if key == stored {
                return Ok(Changed::Done(Box::new(key)));
            }
            let seen = Reader { table: TABLE, item: &item }.string("key")?;
            let mut items = vec![
                self.overwrite(account_key(account), id, &key, Some(seen))?,
                self.overwrite(hash_key(&key.hash), "-", &key, None)?,
            ];
            let managers = i8::from(key.manages_keys()) - i8::from(stored.manages_keys());
            items.extend(self.count_managers(account, managers)?);
            let updated = Change::Updated(Snapshot::of_key(&stored), Snapshot::of_key(&key));
            items.push(log.put(account, Action::KeyUpdated, id, &updated)?);
            match self.transact(items).await? {
                Transacted::Done => return Ok(Changed::Done(Box::new(key))),
                Transacted::Refused(refused) if is_last(&refused) => return Ok(Changed::Last),
                Transacted::Refused(_) => {}
            }
        }
        Err(StoreError::Contention(TABLE))
    }

    /// Deletes a key, unless it is the account's last that manages keys. The account counts them, so that two deletions
    /// at once can't leave it with none.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, the item can't be read, or others change the key over and over.
    pub async fn delete(&self, account: &str, id: &str, log: Log<'_>) -> Result<Deleted, StoreError> {
        for _ in 0..MAX_TRIES {
            let Some(item) = self.item(account, id).await? else { return Ok(Deleted::NotFound) };
            let key = listed(&item)?;
            let seen = Reader { table: TABLE, item: &item }.string("key")?;
            let mut items =
                vec![self.erase(account_key(account), id, Some(seen))?, self.erase(hash_key(&key.hash), "-", None)?];
            items.extend(self.count_managers(account, -i8::from(key.manages_keys()))?);
            let deleted = Change::Deleted(Some(Snapshot::of_key(&key)));
            items.push(log.put(account, Action::KeyDeleted, id, &deleted)?);
            match self.transact(items).await? {
                Transacted::Done => return Ok(Deleted::Gone),
                Transacted::Refused(refused) if is_last(&refused) => return Ok(Deleted::Last),
                Transacted::Refused(_) => {}
            }
        }
        Err(StoreError::Contention(TABLE))
    }

    /// Records that a key was used, at most once a minute, however many functions see it: a write unit each time, also
    /// when the condition refuses it. Nothing happens when the key was deleted.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn touch(&self, account: &str, id: &str, now: Timestamp) -> Result<(), StoreError> {
        let minute_ago = now - SignedDuration::from_mins(1);
        let outcome = self
            .db
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(account_key(account), id)))
            .update_expression("SET lastUsedAt = :now")
            .condition_expression(
                "attribute_exists(pk) \
                 AND (attribute_not_exists(lastUsedAt) OR lastUsedAt <= :ago OR lastUsedAt > :now)",
            )
            .expression_attribute_values(":now", s(domain::clock::rfc3339(now)))
            .expression_attribute_values(":ago", s(domain::clock::rfc3339(minute_ago)))
            .send()
            .await;
        unless_refused(outcome, "UpdateItem API key")?;
        Ok(())
    }

    async fn item(&self, account: &str, id: &str) -> Result<Option<Item>, StoreError> {
        self.one(account_key(account), id, "GetItem API key").await
    }

    /// One item, read consistently.
    async fn one(&self, pk: String, sk: &str, call: &'static str) -> Result<Option<Item>, StoreError> {
        let get = self.db.get_item().table_name(&self.table).set_key(Some(key(pk, sk))).consistent_read(true);
        Ok(get.send().await.map_err(StoreError::call(call))?.item)
    }
}

/// The entry of a new key.
fn created(log: Log<'_>, account: &str, key: &ApiKey) -> Result<TransactWriteItem, StoreError> {
    log.put(account, Action::KeyCreated, &key.id, &Change::Created(Snapshot::of_key(key)))
}

fn hash_key(hash: &KeyHash) -> String {
    format!("HASH#{hash}")
}

fn account_key(account: &str) -> String {
    format!("KEY#{account}")
}

/// A key from its item `KEY#...`, with its last use.
fn listed(item: &Item) -> Result<ApiKey, StoreError> {
    let reader = Reader { table: TABLE, item };
    Ok(ApiKey { last_used_at: reader.opt_time("lastUsedAt"), ..reader.json("key")? })
}
