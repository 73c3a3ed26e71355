//! The transactions that keep a key's two items and the account's count of managing keys in step.
//!
//! The order of the items is part of it: a key's item by account, its item by hash, then the account.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem, Update};
use domain::account::Account;
use domain::api_key::ApiKey;

use super::{ACCOUNTS, ApiKeys, account_key, hash_key};
use crate::StoreError;
use crate::item::{json, n, s};

/// A key stays this long after its expiry, so that its people still see what happened.
const KEPT_SECONDS: i64 = 86_400;
/// Where the account stands among the items.
const ACCOUNT_INDEX: usize = 2;

/// What came of a transaction.
pub(super) enum Transacted {
    /// All of it is stored.
    Done,
    /// Nothing is: for each item, whether its condition did not hold. None of them when another transaction was in the
    /// way.
    Refused(Vec<bool>),
}

/// Whether only the account's count of managing keys was against it.
pub(super) fn is_last(refused: &[bool]) -> bool {
    refused.iter().position(|refused| *refused) == Some(ACCOUNT_INDEX)
}

impl ApiKeys {
    /// Both items of a new key.
    pub(super) fn new_key(&self, account: &Account, key: &ApiKey) -> Result<Vec<TransactWriteItem>, StoreError> {
        let put = |pk: String, sk: &str| {
            let put = Put::builder().table_name(&self.table).item("pk", s(pk)).item("sk", s(sk)).item("key", json(key));
            match key.expires_at {
                Some(at) => put.item("expiresAt", n(at.as_second() + KEPT_SECONDS)),
                None => put,
            }
        };
        let by_account = put(account_key(&account.id), &key.id);
        let by_hash = put(hash_key(&key.hash), "-").item("account", json(account));
        let build = |put: aws_sdk_dynamodb::types::builders::PutBuilder| {
            let put = put.condition_expression("attribute_not_exists(pk)").build();
            put.map(|put| TransactWriteItem::builder().put(put).build())
        };
        let items = [by_account, by_hash].into_iter().map(build).collect::<Result<_, _>>();
        items.map_err(StoreError::built("Put API key"))
    }

    /// Writes a changed key over one of its items, if that still holds the JSON text `seen`; without `seen`, if it is
    /// there. Its last use stays.
    pub(super) fn overwrite(
        &self,
        pk: String,
        sk: &str,
        key: &ApiKey,
        seen: Option<String>,
    ) -> Result<TransactWriteItem, StoreError> {
        let stored = ApiKey { last_used_at: None, ..key.clone() };
        let mut update = Update::builder()
            .table_name(&self.table)
            .key("pk", s(pk))
            .key("sk", s(sk))
            .expression_attribute_names("#key", "key")
            .expression_attribute_values(":key", json(&stored));
        update = match key.expires_at {
            Some(at) => update
                .update_expression("SET #key = :key, expiresAt = :ttl")
                .expression_attribute_values(":ttl", n(at.as_second() + KEPT_SECONDS)),
            None => update.update_expression("SET #key = :key REMOVE expiresAt"),
        };
        update = match seen {
            Some(seen) => update.condition_expression("#key = :seen").expression_attribute_values(":seen", s(seen)),
            None => update.condition_expression("attribute_exists(pk)"),
        };
        let update = update.build().map_err(StoreError::built("Update API key"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Deletes one of a key's items, under the same conditions.
    pub(super) fn erase(&self, pk: String, sk: &str, seen: Option<String>) -> Result<TransactWriteItem, StoreError> {
        let delete = Delete::builder().table_name(&self.table).key("pk", s(pk)).key("sk", s(sk));
        let delete = match seen {
            Some(seen) => delete
                .condition_expression("#key = :seen")
                .expression_attribute_names("#key", "key")
                .expression_attribute_values(":seen", s(seen)),
            None => delete.condition_expression("attribute_exists(pk)"),
        };
        let delete = delete.build().map_err(StoreError::built("Delete API key"))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// Counts keys that manage keys, up or down but never down to none; nothing to do for 0.
    pub(super) fn count_managers(&self, account: &str, by: i8) -> Result<Option<TransactWriteItem>, StoreError> {
        if by == 0 {
            return Ok(None);
        }
        let mut update = Update::builder()
            .table_name(&self.table)
            .key("pk", s(ACCOUNTS))
            .key("sk", s(account))
            .update_expression("ADD managers :by")
            .expression_attribute_values(":by", n(by));
        if by < 0 {
            update = update.condition_expression("managers > :one").expression_attribute_values(":one", n(1));
        }
        let update = update.build().map_err(StoreError::built("Update account"))?;
        Ok(Some(TransactWriteItem::builder().update(update).build()))
    }

    pub(super) async fn transact(&self, items: Vec<TransactWriteItem>) -> Result<Transacted, StoreError> {
        let outcome = self.db.transact_write_items().set_transact_items(Some(items)).send().await;
        match outcome.map_err(aws_sdk_dynamodb::error::SdkError::into_service_error) {
            Ok(_) => Ok(Transacted::Done),
            Err(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                let refused = |code: Option<&str>| code == Some("ConditionalCheckFailed");
                let reasons = cancelled.cancellation_reasons().iter();
                Ok(Transacted::Refused(reasons.map(|reason| refused(reason.code())).collect()))
            }
            Err(other) => Err(StoreError::operation("TransactWriteItems API key", other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_last_only_when_the_key_itself_was_as_seen() {
        assert!(is_last(&[false, false, true]));
        assert!(!is_last(&[true, false, true]));
        assert!(!is_last(&[false, false]));
        assert!(!is_last(&[]));
    }
}
