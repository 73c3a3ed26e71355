//! Endpoints created and deleted. Each has a claim on its subscription, an item `<account>#subscriptions` · hash of
//! URL, events and projects: of two calls that subscribe to the same at the same moment, only one creates an endpoint.
//! A claim whose endpoint was deleted or has changed may be taken over.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use domain::audit::{Action, Change, Snapshot};
use domain::endpoint::{Endpoint, Subscription};

use super::{Endpoints, TABLE, read, sealed_headers, status};
use crate::StoreError;
use crate::audit::Log;
use crate::backoff::pause_before;
use crate::conditional::unless_refused;
use crate::item::{Reader, json, key, n, s};
use crate::transaction::transact;

/// How often a transaction is tried that meets another one.
const MAX_TRIES: u32 = 8;

/// What came of [`Endpoints::create`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Creation {
    /// The endpoint is stored.
    Done,
    /// It is not: the subscription was claimed for the endpoint with this id.
    ClaimedFor(String),
}

impl Endpoints {
    /// Stores a new endpoint and claims its subscription in one transaction, unless the subscription is claimed for
    /// another endpoint. A claim for the endpoint `passed_over` does not count: the caller knows that it has another
    /// subscription by now. The endpoint's id is new, so that the same call once more, after a lost answer, changes
    /// nothing.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, or other transactions meet this one each of the eight times that it is tried.
    pub async fn create(
        &self,
        account: &str,
        endpoint: &Endpoint,
        passed_over: Option<&str>,
        log: Log<'_>,
    ) -> Result<Creation, StoreError> {
        let subscription = Subscription::of(endpoint).key();
        let new = Change::Created(Snapshot::of_endpoint(endpoint, log.author.now));
        let entry = log.put(account, Action::EndpointCreated, &endpoint.id, &new)?;
        for tries in 0..MAX_TRIES {
            pause_before(tries).await;
            if self.try_create(account, endpoint, (&subscription, passed_over), entry.clone()).await? {
                return Ok(Creation::Done);
            }
            // Without a holder, the transaction met another one, or the claim was deleted just now.
            match self.holder(account, &subscription).await? {
                Some(holder) if holder == endpoint.id => return Ok(Creation::Done),
                Some(holder) if Some(&*holder) != passed_over => return Ok(Creation::ClaimedFor(holder)),
                _ => {}
            }
        }
        Err(StoreError::Contention(TABLE))
    }

    /// Deletes an endpoint, and its claim before it. Returns whether there was one: also when it was gone at a second try, since
    /// the answer to the first may have been lost.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, or others change the endpoint over and over; the same call once more does the rest.
    pub async fn delete(&self, account: &str, id: &str, log: Log<'_>) -> Result<bool, StoreError> {
        for tries in 0..MAX_TRIES {
            pause_before(tries).await;
            let Some(item) = self.item(account, id).await? else { return Ok(tries > 0) };
            // One that can't be read is deleted all the same. Its claim may be taken over.
            let old = read(&item).ok().map(|(_, endpoint)| endpoint);
            if let Some(endpoint) = &old {
                self.delete_claim(account, endpoint).await?;
            }
            let snapshot = old.as_ref().map(|old| Snapshot::of_endpoint(old, log.author.now));
            let entry = log.put(account, Action::EndpointDeleted, id, &Change::Deleted(snapshot))?;
            let items = vec![self.deletion(account, id, old.map(|old| old.version))?, entry];
            if transact(&self.db, items, "TransactWriteItems endpoint", TABLE).await? {
                return Ok(true);
            }
        }
        Err(StoreError::Contention(TABLE))
    }

    /// The deletion of an endpoint, if it has this version still; without one, if it exists.
    fn deletion(&self, account: &str, id: &str, seen: Option<u64>) -> Result<TransactWriteItem, StoreError> {
        let delete = Delete::builder().table_name(&self.table).key("pk", s(account)).key("sk", s(id));
        let delete = match seen {
            Some(seen) => delete.condition_expression("version = :seen").expression_attribute_values(":seen", n(seen)),
            None => delete.condition_expression("attribute_exists(pk)"),
        };
        let delete = delete.build().map_err(StoreError::built("Delete endpoint"))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// Returns false when the subscription is claimed for another endpoint, or the transaction met another one.
    async fn try_create(
        &self,
        account: &str,
        endpoint: &Endpoint,
        (subscription, passed_over): (&str, Option<&str>),
        entry: TransactWriteItem,
    ) -> Result<bool, StoreError> {
        let claim = self
            .put(claims_of(account), subscription)
            .item("endpointId", s(&endpoint.id))
            .condition_expression("attribute_not_exists(pk) OR endpointId = :passed_over")
            .expression_attribute_values(":passed_over", s(passed_over.unwrap_or("none")));
        let mut put = self
            .put(account, &endpoint.id)
            .item("endpoint", json(endpoint))
            .item("sealedHeaders", sealed_headers(endpoint))
            .item("version", n(endpoint.version))
            .item("status", status(endpoint.status))
            .item("consecutiveFailures", n(0));
        if let Some(reason) = &endpoint.disabled_reason {
            put = put.item("disabledReason", s(reason));
        }
        if let Some(at) = endpoint.disabled_at {
            put = put.item("disabledAt", s(at.to_string()));
        }
        let items = vec![built(claim)?, built(put)?, entry];
        let outcome = self.db.transact_write_items().set_transact_items(Some(items)).send().await;
        match outcome.map_err(SdkError::into_service_error) {
            Ok(_) => Ok(true),
            Err(TransactWriteItemsError::TransactionCanceledException(_)) => Ok(false),
            Err(other) => Err(StoreError::operation("TransactWriteItems endpoint", other)),
        }
    }

    /// The id of the endpoint that a subscription is claimed for.
    async fn holder(&self, account: &str, subscription: &str) -> Result<Option<String>, StoreError> {
        let output = self
            .db
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key(claims_of(account), subscription)))
            .consistent_read(true)
            .send()
            .await
            .map_err(StoreError::call("GetItem claim"))?;
        output.item().map(|item| Reader { table: TABLE, item }.string("endpointId")).transpose()
    }

    /// Deletes the claim on an endpoint's subscription, if it is for this endpoint.
    async fn delete_claim(&self, account: &str, endpoint: &Endpoint) -> Result<(), StoreError> {
        let outcome = self
            .db
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key(claims_of(account), Subscription::of(endpoint).key())))
            .condition_expression("endpointId = :id")
            .expression_attribute_values(":id", s(&endpoint.id))
            .send()
            .await;
        unless_refused(outcome, "DeleteItem claim")?;
        Ok(())
    }

    fn put(&self, pk: impl Into<String>, sk: &str) -> PutBuilder {
        Put::builder().table_name(&self.table).item("pk", s(pk)).item("sk", s(sk))
    }
}

/// The partition key of an account's claims: not that of its endpoints, which are listed by theirs.
fn claims_of(account: &str) -> String {
    format!("{account}#subscriptions")
}

fn built(put: PutBuilder) -> Result<TransactWriteItem, StoreError> {
    let put = put.build().map_err(StoreError::built("Put endpoint"))?;
    Ok(TransactWriteItem::builder().put(put).build())
}
