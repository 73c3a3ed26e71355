//! The accounts: one partition, so that the operator's list is a query. Requests never read it, only people's tools do.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::account::Account;
use domain::api_key::ApiKey;
use domain::audit::{Action, Change, Snapshot};

use super::transaction::Transacted;
use super::{ACCOUNTS, ApiKeys, TABLE, created};
use crate::StoreError;
use crate::audit::Log;
use crate::item::{Item, Reader, json, key, n, s};

/// One page of the accounts.
#[derive(Debug, Default)]
pub struct AccountPage {
    /// Newest first.
    pub accounts: Vec<Account>,
    /// The id after which the next page begins, if there is one.
    pub next: Option<String>,
}

impl ApiKeys {
    /// Stores a new account with its first key, in one transaction. Returns false, and stores nothing, when there is an
    /// account or a key with the same id.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, or the transaction meets another one.
    pub async fn create_account(&self, account: &Account, key: &ApiKey, log: Log<'_>) -> Result<bool, StoreError> {
        let item = Put::builder()
            .table_name(&self.table)
            .item("pk", s(ACCOUNTS))
            .item("sk", s(&account.id))
            .item("account", json(account))
            .item("managers", n(u8::from(key.manages_keys())))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(StoreError::built("Put account"))?;
        let mut items = self.new_key(account, key)?;
        items.push(TransactWriteItem::builder().put(item).build());
        let new = Change::Created(Snapshot::of_account(account));
        items.push(log.put(&account.id, Action::AccountCreated, &account.id, &new)?);
        items.push(created(log, &account.id, key)?);
        match self.transact(items).await? {
            Transacted::Done => Ok(true),
            Transacted::Refused(refused) if refused.contains(&true) => Ok(false),
            Transacted::Refused(_) => Err(StoreError::Contention(TABLE)),
        }
    }

    /// The account with this id, read consistently; `None` when there is none. One read unit.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn account(&self, id: &str) -> Result<Option<Account>, StoreError> {
        let call = self.db.get_item().table_name(&self.table).set_key(Some(key(ACCOUNTS, id)));
        let output = call.consistent_read(true).send().await.map_err(StoreError::call("GetItem account"))?;
        output.item().map(account).transpose()
    }

    /// At most `limit` accounts, newest first, after the id `after` if given. One query, consistent.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn accounts(&self, after: Option<&str>, limit: i32) -> Result<AccountPage, StoreError> {
        let (items, more) = self.newest(ACCOUNTS.to_owned(), after, limit, "Query accounts").await?;
        let accounts = items.iter().map(account).collect::<Result<Vec<_>, _>>()?;
        let next = accounts.last().filter(|_| more).map(|account| account.id.clone());
        Ok(AccountPage { accounts, next })
    }
}

fn account(item: &Item) -> Result<Account, StoreError> {
    Reader { table: TABLE, item }.json("account")
}
