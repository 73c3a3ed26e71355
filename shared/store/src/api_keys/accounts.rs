//! The accounts: one partition, so that the operator's list is a query. Only people's tools read it, never a request.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::account::Account;
use domain::api_key::ApiKey;

use super::transaction::Transacted;
use super::{ACCOUNTS, ApiKeys, TABLE};
use crate::StoreError;
use crate::item::{Item, Reader, json, n, s};

/// One page of the accounts.
#[derive(Debug, Default)]
pub struct AccountPage {
    /// Newest first.
    pub accounts: Vec<Account>,
    /// Where the next page begins.
    pub next: Option<String>,
}

impl ApiKeys {
    /// Stores a new account with its first key. Returns false, and stores nothing, when there is such an account.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn create_account(&self, account: &Account, key: &ApiKey) -> Result<bool, StoreError> {
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
        match self.transact(items).await? {
            Transacted::Done => Ok(true),
            Transacted::Refused(refused) if refused.contains(&true) => Ok(false),
            Transacted::Refused(_) => Err(StoreError::Contention(TABLE)),
        }
    }

    /// The account with this id.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn account(&self, id: &str) -> Result<Option<Account>, StoreError> {
        let call = self.db.get_item().table_name(&self.table).key("pk", s(ACCOUNTS)).key("sk", s(id));
        let output = call.consistent_read(true).send().await.map_err(StoreError::call("GetItem account"))?;
        output.item().map(account).transpose()
    }

    /// At most `limit` accounts, newest first, after the id `after` if given.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn accounts(&self, after: Option<&str>, limit: i32) -> Result<AccountPage, StoreError> {
        let start = after.map(|id| Item::from([("pk".to_owned(), s(ACCOUNTS)), ("sk".to_owned(), s(id))]));
        let output = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", s(ACCOUNTS))
            .consistent_read(true)
            .scan_index_forward(false)
            .limit(limit)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(StoreError::call("Query accounts"))?;
        let accounts = output.items().iter().map(account).collect::<Result<Vec<_>, _>>()?;
        let next = output.last_evaluated_key().and_then(|_| accounts.last()).map(|account| account.id.clone());
        Ok(AccountPage { accounts, next })
    }
}

fn account(item: &Item) -> Result<Account, StoreError> {
    Reader { table: TABLE, item }.json("account")
}
