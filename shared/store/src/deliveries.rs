//! Deliveries with their attempts.
//!
//! An unfinished delivery stands in the sparse index `by-due`, spread over shards, with the time at which the sweeper
//! looks after it; the one write that makes it final takes it out.

mod list;
mod overdue;
mod recording;
mod release;
mod series;
mod stored;

use std::collections::HashMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{KeysAndAttributes, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use domain::alert::Alert;
use domain::clock::SKEW;
use domain::delivery::{Attempt, CLAIM, Delivery, DeliveryStatus, DeliveryTask};
use domain::endpoint::Endpoint;
use domain::outbox::Outbox;
use futures_util::future::join_all;
use jiff::Timestamp;

use super::Client;
use super::alerts::Alerts;
use super::events::read_outbox;
use super::item::{Item, Reader, n, s};
use super::{StoreError, endpoints};
use recording::{Recording, is_recorded, recording};
use stored::{read, to_item};

pub use list::{DeliveryPage, Filter};
pub use overdue::{DueSpan, Overdue};

const TABLE: &str = "deliveries";
/// Up to this many new deliveries are stored one by one, side by side: in a transaction each would cost twice as much.
const FEW: usize = 10;
/// A transaction holds at most 100 items.
pub const MAX_CREATED_AT_ONCE: usize = 100;
/// How long after its due time a delivery counts as lost, and gets another message. The old one may still come: from then on
/// every attempt is claimed, the first one too.
pub const GRACE_SECONDS: i64 = 300;

/// The table of deliveries.
#[derive(Debug, Clone)]
pub struct Deliveries {
    db: Client,
    table: String,
}

/// What an attempt makes of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Where it stands now.
    pub status: DeliveryStatus,
    /// The attempt, unless none was made (`cancelled`).
    pub attempt: Option<Attempt>,
    /// When the next one is due.
    pub next_attempt_at: Option<Timestamp>,
    /// When the claim ends that whoever records this has on the next attempt, if there is one.
    pub claim: Option<Timestamp>,
    /// When this is recorded.
    pub now: Timestamp,
}

/// What a batch of tasks needs, read in one call. An item that can't be read, such as one that a newer version has
/// written, fails the tasks that need it and no others.
#[derive(Debug, Default)]
pub struct Work {
    deliveries: HashMap<String, Result<Delivery, StoreError>>,
    outboxes: HashMap<(String, String), Result<Outbox, StoreError>>,
    endpoints: HashMap<(String, String), Result<Endpoint, StoreError>>,
}

impl Work {
    /// The delivery of a task, if there is one.
    ///
    /// # Errors
    /// When it can't be read; likewise below.
    pub fn delivery(&self, task: &DeliveryTask) -> Result<Option<&Delivery>, StoreError> {
        self.deliveries.get(&task.delivery_id).map(Result::as_ref).transpose().map_err(Clone::clone)
    }

    /// The outbox item with its event.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn outbox(&self, task: &DeliveryTask) -> Result<Option<&Outbox>, StoreError> {
        self.outboxes
            .get(&(task.account.clone(), task.outbox_id.clone()))
            .map(Result::as_ref)
            .transpose()
            .map_err(Clone::clone)
    }

    /// Its endpoint.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn endpoint(&self, task: &DeliveryTask) -> Result<Option<&Endpoint>, StoreError> {
        self.endpoints
            .get(&(task.account.clone(), task.endpoint_id.clone()))
            .map(Result::as_ref)
            .transpose()
            .map_err(Clone::clone)
    }
}

impl Deliveries {
    /// On the table with this name.
    #[must_use]
    pub fn new(db: Client, table: String) -> Self {
        Self { db, table }
    }

    /// Stores new deliveries, at most [`MAX_CREATED_AT_ONCE`]; those that exist already stay as they are. Says of each
    /// whether it is new, or why it could not be stored: the others may have been.
    pub async fn create(&self, deliveries: &[Delivery]) -> Vec<Result<bool, StoreError>> {
        if deliveries.len() <= FEW {
            return join_all(deliveries.iter().map(|delivery| self.create_one(delivery))).await;
        }
        match self.create_together(deliveries).await {
            Ok(existing) => deliveries.iter().map(|delivery| Ok(!existing.contains(&delivery.id))).collect(),
            Err(error) => vec![Err(error); deliveries.len()],
        }
    }

    /// Stores all that are new or none; returns the ids of those that exist already.
    async fn create_together(&self, deliveries: &[Delivery]) -> Result<Vec<String>, StoreError> {
        let mut existing: Vec<String> = Vec::new();
        loop {
            let new: Vec<&Delivery> = deliveries.iter().filter(|d| !existing.contains(&d.id)).collect();
            if new.is_empty() {
                return Ok(existing);
            }
            let items = new.iter().map(|delivery| self.put_new(delivery)).collect::<Result<Vec<_>, _>>()?;
            match self.db.transact_write_items().set_transact_items(Some(items)).send().await {
                Ok(_) => return Ok(existing),
                Err(error) => match error.into_service_error() {
                    TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                        let before = existing.len();
                        let reasons = new.iter().zip(cancelled.cancellation_reasons());
                        let there = reasons.filter(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"));
                        existing.extend(there.map(|(delivery, _)| delivery.id.clone()));
                        if existing.len() == before {
                            return Err(StoreError::Contention(TABLE));
                        }
                    }
                    other => return Err(StoreError::operation("TransactWriteItems deliveries", other)),
                },
            }
        }
    }

    /// Stores one; returns false when it exists already.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn create_one(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        let outcome = self
            .db
            .put_item()
            .table_name(&self.table)
            .set_item(Some(to_item(delivery)))
            .condition_expression(IS_NEW)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match outcome.map_err(SdkError::into_service_error) {
            Ok(_) => Ok(true),
            // When an answer is lost, the SDK sends its call again, and that one finds what the first has stored.
            Err(PutItemError::ConditionalCheckFailedException(found)) => Ok(found.item == Some(to_item(delivery))),
            Err(other) => Err(StoreError::operation("PutItem delivery", other)),
        }
    }

    /// Reads what the attempts of `tasks` need (at most ten): deliveries, events and endpoints, in one call.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn work(
        &self,
        tasks: &[DeliveryTask],
        events: &super::events::Events,
        endpoints: &endpoints::Endpoints,
    ) -> Result<Work, StoreError> {
        if tasks.is_empty() {
            // DynamoDB refuses a call that asks for nothing.
            return Ok(Work::default());
        }
        let keys = |id: fn(&DeliveryTask) -> &String| {
            let mut pairs: Vec<(&String, &String)> = tasks.iter().map(|task| (&task.account, id(task))).collect();
            pairs.sort();
            pairs.dedup();
            let keys = pairs
                .into_iter()
                .map(|(pk, sk)| HashMap::from([("pk".to_owned(), s(pk.as_str())), ("sk".to_owned(), s(sk.as_str()))]));
            KeysAndAttributes::builder()
                .set_keys(Some(keys.collect()))
                .consistent_read(true)
                .build()
                .map_err(StoreError::built("BatchGetItem work"))
        };
        let wanted = HashMap::from([
            (self.table.clone(), keys(|task| &task.delivery_id)?),
            (events.table().to_owned(), keys(|task| &task.outbox_id)?),
            (endpoints.table().to_owned(), keys(|task| &task.endpoint_id)?),
        ]);
        let mut work = Work::default();
        for (table, item) in super::batch_get(&self.db, wanted, "BatchGetItem work").await? {
            let key = Reader { table: TABLE, item: &item };
            let (account, id) = (key.string("pk")?, key.string("sk")?);
            if table == self.table {
                work.deliveries.insert(id, read(&item));
            } else if table == events.table() {
                work.outboxes.insert((account, id), read_outbox(item));
            } else {
                work.endpoints.insert((account, id), endpoints::read(&item).map(|(_, endpoint)| endpoint));
            }
        }
        Ok(work)
    }

    /// Claims the next attempt of `delivery` until `until`: no other worker makes it at the same time, and a series that
    /// a person begins meanwhile starts after it. Returns false when it is claimed already, or out of date.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn claim(&self, delivery: &Delivery, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        let outcome = self
            .update_item(&delivery.account, &delivery.id)
            .update_expression("SET claimedUntil = :until")
            .condition_expression(format!(
                "{IS_UNFINISHED} AND attemptCount = :seen AND series = :series AND {IS_UNCLAIMED}"
            ))
            .expression_attribute_names("#status", "status")
            .set_expression_attribute_values(Some(unfinished().into_iter().chain(unclaimed(now)).collect()))
            .expression_attribute_values(":until", n(until.as_millisecond()))
            .expression_attribute_values(":seen", n(delivery.attempt_count))
            .expression_attribute_values(":series", n(delivery.series))
            .send()
            .await;
        held(outcome, "UpdateItem claim")
    }

    /// Records what became of an attempt. Returns false, and changes nothing, when the delivery is final already,
    /// another attempt was recorded meanwhile, or another series has begun. That it arrived counts in any series.
    /// What is not of an attempt leaves the delivery alone too when somebody else has claimed the next one, or it has begun
    /// to wait for its endpoint or was released since it was read.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn record(&self, delivery: &Delivery, outcome: &Outcome) -> Result<bool, StoreError> {
        let Recording { expression, condition, values } = recording(delivery, outcome);
        let recorded = self
            .update_item(&delivery.account, &delivery.id)
            .update_expression(expression)
            .condition_expression(condition)
            .expression_attribute_names("#status", "status")
            .set_expression_attribute_values(Some(values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match recorded.map_err(SdkError::into_service_error) {
            Ok(_) => Ok(true),
            // When an answer is lost, the SDK sends its call again, and that one finds what the first has recorded.
            Err(UpdateItemError::ConditionalCheckFailedException(found)) => {
                Ok(found.item().is_some_and(|item| is_recorded(item, outcome)))
            }
            Err(other) => Err(StoreError::operation("UpdateItem delivery", other)),
        }
    }

    /// The same for a delivery that has failed, in one transaction with its alert: there is no failure that nobody was
    /// told of.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn record_failed(
        &self,
        delivery: &Delivery,
        outcome: &Outcome,
        alerts: &Alerts,
        alert: &Alert,
    ) -> Result<bool, StoreError> {
        let Recording { expression, condition, values } = recording(delivery, outcome);
        let update = Update::builder()
            .table_name(&self.table)
            .key("pk", s(&delivery.account))
            .key("sk", s(&delivery.id))
            .update_expression(expression)
            .condition_expression(condition)
            .expression_attribute_names("#status", "status")
            .set_expression_attribute_values(Some(values))
            .build()
            .map_err(StoreError::built("Update delivery"))?;
        alerts.tell(update, &delivery.account, alert).await
    }

    fn update_item(&self, account: &str, id: &str) -> UpdateItemFluentBuilder {
        self.db.update_item().table_name(&self.table).key("pk", s(account)).key("sk", s(id))
    }

    fn put_new(&self, delivery: &Delivery) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(to_item(delivery)))
            .condition_expression(IS_NEW)
            .build()
            .map_err(StoreError::built("Put delivery"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

/// There is no such delivery.
const IS_NEW: &str = "attribute_not_exists(pk)";

/// Whether the condition of an update held.
fn held(outcome: Result<UpdateItemOutput, SdkError<UpdateItemError>>, call: &'static str) -> Result<bool, StoreError> {
    match outcome.map_err(SdkError::into_service_error) {
        Ok(_) => Ok(true),
        Err(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
        Err(other) => Err(StoreError::operation(call, other)),
    }
}

/// The delivery is unfinished.
const IS_UNFINISHED: &str = "#status IN (:pending, :retrying)";

/// The values that [`IS_UNFINISHED`] compares with.
fn unfinished() -> Item {
    [(":pending", DeliveryStatus::Pending), (":retrying", DeliveryStatus::Retrying)]
        .map(|(name, status)| (name.to_owned(), s(status.as_str())))
        .into()
}

/// Nobody has the next attempt for itself.
const IS_UNCLAIMED: &str = "(attribute_not_exists(claimedUntil) OR claimedUntil <= :ms OR claimedUntil > :ahead)";

/// The values that [`IS_UNCLAIMED`] compares with.
fn unclaimed(now: Timestamp) -> Item {
    // No claim of now ends so late as `ahead`: it is left of a clock that ran ahead.
    [(":ms", now), (":ahead", now + CLAIM + SKEW)].map(|(name, at)| (name.to_owned(), n(at.as_millisecond()))).into()
}
