//! API keys and accounts. Of a key only the SHA-256 is stored.
//!
//! Two items a key: `HASH#<sha-256>` is what authentication reads, `KEY#<account>` + key id what the account's people
//! list. Both are written in one transaction, together with the account's count of keys that manage keys.

mod accounts;
mod rotation;
mod transaction;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use domain::account::Account;
use domain::api_key::{ApiKey, KeyHash};
use jiff::{SignedDuration, Timestamp};

use super::Client;
use super::StoreError;
use super::item::{Item, Reader, s};
use transaction::{Transacted, is_last};

pub use accounts::AccountPage;
pub use rotation::{Rotated, Rotation};

const TABLE: &str = "api keys";
/// Partition of the accounts.
const ACCOUNTS: &str = "ACC";
/// How often a change starts again when others change the same key.
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
    /// Where the next page begins.
    pub next: Option<String>,
}

/// What came of an attempt to change a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// It is like this now.
    Done(Box<ApiKey>),
    /// There is none.
    NotFound,
    /// It is the last that manages keys: it stays one.
    Last,
}

/// What came of an attempt to delete a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone.
    Gone,
    /// There was none.
    NotFound,
    /// It is the last that manages keys: it stays.
    Last,
}

impl ApiKeys {
    /// On the table with this name.
    #[must_use]
    pub fn new(db: Client, table: String) -> Self {
        Self { db, table }
    }

    /// The key with this hash and its account. Read consistently: it is remembered, and what was revoked just now must
    /// not be remembered as valid.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn by_hash(&self, hash: &KeyHash) -> Result<Option<(ApiKey, Account)>, StoreError> {
        let output = self
            .db
            .get_item()
            .table_name(&self.table)
            .key("pk", s(hash_key(hash)))
            .key("sk", s("-"))
            .consistent_read(true)
            .send()
            .await
            .map_err(StoreError::call("GetItem API key"))?;
        let Some(item) = output.item() else { return Ok(None) };
        let reader = Reader { table: TABLE, item };
        Ok(Some((reader.json("key")?, reader.json("account")?)))
    }

    /// Stores a new key of `account`.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn create(&self, account: &Account, key: &ApiKey) -> Result<(), StoreError> {
        let mut items = self.new_key(account, key)?;
        items.extend(self.count_managers(&account.id, i8::from(key.manages_keys()))?);
        match self.transact(items).await? {
            Transacted::Done => Ok(()),
            Transacted::Refused(_) => Err(StoreError::Contention(TABLE)),
        }
    }

    /// A page of an account's keys, newest first, after the id `after` if given.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn page(&self, account: &str, after: Option<&str>, limit: i32) -> Result<Page, StoreError> {
        let start = after.map(|id| Item::from([("pk".to_owned(), s(account_key(account))), ("sk".to_owned(), s(id))]));
        let output = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", s(account_key(account)))
            .consistent_read(true)
            .scan_index_forward(false)
            .limit(limit)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(StoreError::call("Query API keys"))?;
        let keys = output.items().iter().map(listed).collect::<Result<Vec<_>, _>>()?;
        let next = output.last_evaluated_key().and_then(|_| keys.last()).map(|key| key.id.clone());
        Ok(Page { keys, next })
    }

    /// One key of an account.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn get(&self, account: &str, id: &str) -> Result<Option<ApiKey>, StoreError> {
        self.item(account, id).await?.as_ref().map(listed).transpose()
    }

    /// Changes a key's name, scopes, expiry or limits, unless the account would be left without a key that manages
    /// keys. `change` is called again when somebody else changes the same key meanwhile.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, the item can't be read, or others change the key over and over.
    pub async fn update(&self, account: &str, id: &str, change: impl Fn(&mut ApiKey)) -> Result<Changed, StoreError> {
        for _ in 0..MAX_TRIES {
            let Some(item) = self.item(account, id).await? else { return Ok(Changed::NotFound) };
            let stored = listed(&item)?;
            let mut key = stored.clone();
            change(&mut key);
            if key == stored {
                return Ok(Changed::Done(Box::new(key)));
            }
            let mut items = vec![
                self.overwrite(
                    account_key(account),
                    id,
                    &key,
                    Some(Reader { table: TABLE, item: &item }.string("key")?),
                )?,
                self.overwrite(hash_key(&key.hash), "-", &key, None)?,
            ];
            let managers = i8::from(key.manages_keys()) - i8::from(stored.manages_keys());
            items.extend(self.count_managers(account, managers)?);
            match self.transact(items).await? {
                Transacted::Done => return Ok(Changed::Done(Box::new(key))),
                Transacted::Refused(refused) if is_last(&refused) => return Ok(Changed::Last),
                Transacted::Refused(_) => {}
            }
        }
        Err(StoreError::Contention(TABLE))
    }

    /// Deletes a key, unless it is the account's last that manages keys: two at once can't both be the last but one.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, the item can't be read, or others change the key over and over.
    pub async fn delete(&self, account: &str, id: &str) -> Result<Deleted, StoreError> {
        for _ in 0..MAX_TRIES {
            let Some(item) = self.item(account, id).await? else { return Ok(Deleted::NotFound) };
            let key = listed(&item)?;
            let mut items = vec![
                self.erase(account_key(account), id, Some(Reader { table: TABLE, item: &item }.string("key")?))?,
                self.erase(hash_key(&key.hash), "-", None)?,
            ];
            items.extend(self.count_managers(account, -i8::from(key.manages_keys()))?);
            match self.transact(items).await? {
                Transacted::Done => return Ok(Deleted::Gone),
                Transacted::Refused(refused) if is_last(&refused) => return Ok(Deleted::Last),
                Transacted::Refused(_) => {}
            }
        }
        Err(StoreError::Contention(TABLE))
    }

    /// Notes that a key was used, at most once a minute, however many functions see it.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn touch(&self, account: &str, id: &str, now: Timestamp) -> Result<(), StoreError> {
        let minute_ago = now - SignedDuration::from_mins(1);
        let outcome = self
            .db
            .update_item()
            .table_name(&self.table)
            .key("pk", s(account_key(account)))
            .key("sk", s(id))
            .update_expression("SET lastUsedAt = :now")
            .condition_expression(
                "attribute_exists(pk) \
                 AND (attribute_not_exists(lastUsedAt) OR lastUsedAt <= :ago OR lastUsedAt > :now)",
            )
            .expression_attribute_values(":now", s(domain::clock::rfc3339(now)))
            .expression_attribute_values(":ago", s(domain::clock::rfc3339(minute_ago)))
            .send()
            .await;
        match outcome.map_err(SdkError::into_service_error) {
            Ok(_) | Err(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
            Err(other) => Err(StoreError::operation("UpdateItem API key", other)),
        }
    }

    async fn item(&self, account: &str, id: &str) -> Result<Option<Item>, StoreError> {
        let output = self
            .db
            .get_item()
            .table_name(&self.table)
            .key("pk", s(account_key(account)))
            .key("sk", s(id))
            .consistent_read(true)
            .send()
            .await
            .map_err(StoreError::call("GetItem API key"))?;
        Ok(output.item)
    }
}

fn hash_key(hash: &KeyHash) -> String {
    format!("HASH#{hash}")
}

fn account_key(account: &str) -> String {
    format!("KEY#{account}")
}

/// A key as its account sees it, with its last use.
fn listed(item: &Item) -> Result<ApiKey, StoreError> {
    let reader = Reader { table: TABLE, item };
    Ok(ApiKey { last_used_at: reader.opt_time("lastUsedAt"), ..reader.json("key")? })
}
