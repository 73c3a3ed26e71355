//! The transactions that keep a key's two items and the account's count of managing keys in step.
//!
//! The order of the items matters, since the reasons of a refusal come in it: a key's item by account, its item by
//! hash, then the account. The entry of the audit log, which nothing can refuse, is the last.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem, Update};
use domain::account::Account;
use domain::api_key::ApiKey;

use super::{ACCOUNTS, ApiKeys, TABLE, account_key, hash_key};
use crate::StoreError;
use crate::item::{json, n, s};

/// How long a key or a portal link is kept after its expiry, so that its people still see what happened.
pub(super) const KEPT_SECONDS: i64 = 86_400;
const CALL: &str = "TransactWriteItems API key";
/// Where the account stands among the items.
const ACCOUNT_INDEX: usize = 2;

/// What came of a transaction.
pub(super) enum Transacted {
    /// All of it is stored.
    Done,
    /// Nothing is stored: for each item, whether its condition did not hold. All false when the transaction met another
    /// one.
    Refused(Vec<bool>),
}

/// Whether nothing but the account's count of managing keys was against it.
pub(super) fn is_last(refused: &[bool]) -> bool {
    refused.iter().position(|refused| *refused) == Some(ACCOUNT_INDEX)
}

impl ApiKeys {
    /// The puts of both items of a new key, each if there is no such item.
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
        let build = |put: PutBuilder| {
            let put = put.condition_expression("attribute_not_exists(pk)").build();
            put.map(|put| TransactWriteItem::builder().put(put).build())
        };
        let items = [by_account, by_hash].into_iter().map(build).collect::<Result<_, _>>();
        items.map_err(StoreError::built("Put API key"))
    }

    /// The update of one of a key's items, if that still holds the JSON text `seen`; without `seen`, if it exists. The
    /// last use stays as it is.
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

    /// The deletion of one of a key's items, under the same conditions.
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

    /// The update of the account's count of keys that manage keys, which never goes down to 0; `None` when `by` is 0.
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
        match outcome.map_err(SdkError::into_service_error) {
            Ok(_) => Ok(Transacted::Done),
            Err(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                if let refused @ StoreError::Refused { .. } = StoreError::cancelled(CALL, TABLE, &cancelled) {
                    return Err(refused);
                }
                let refused = |code: Option<&str>| code == Some("ConditionalCheckFailed");
                let reasons = cancelled.cancellation_reasons().iter();
                Ok(Transacted::Refused(reasons.map(|reason| refused(reason.code())).collect()))
            }
            Err(other) => Err(StoreError::operation(CALL, other)),
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
