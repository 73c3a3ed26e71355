//! Deliveries with their attempts.
//!
//! An unfinished delivery stands in the sparse index `by-due`, spread over shards, with the time at which the sweeper
//! looks after it; the one write that makes it final takes it out.

mod list;
mod overdue;
mod series;
mod stored;

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Put, TransactWriteItem, Update};
use jiff::Timestamp;

use super::Client;
use super::alerts::Alerts;
use super::events::Outbox;
use super::item::{Item, json, n, s};
use super::{StoreError, endpoints};
use crate::alert::Alert;
use crate::delivery::{Attempt, Delivery, DeliveryStatus, DeliveryTask, LastAttempt};
use crate::endpoint::Endpoint;
use stored::{due, read, to_item};

pub use list::{DeliveryPage, Filter};
pub use overdue::Overdue;

const TABLE: &str = "deliveries";
/// A transaction holds at most 100 items.
pub const MAX_CREATED_AT_ONCE: usize = 100;
/// How long after its due time a delivery counts as lost: longer than a message that is being worked on stays hidden.
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
    /// When this is recorded.
    pub now: Timestamp,
}

/// What a batch of tasks needs, read in one call.
#[derive(Debug, Default)]
pub struct Work {
    /// Deliveries by id.
    pub deliveries: HashMap<String, Delivery>,
    /// Outbox items by account and id.
    pub outboxes: HashMap<(String, String), Outbox>,
    /// Endpoints by account and id.
    pub endpoints: HashMap<(String, String), Endpoint>,
}

impl Deliveries {
    /// On the table with this name.
    #[must_use]
    pub fn new(db: Client, table: String) -> Self {
        Self { db, table }
    }

    /// Stores new deliveries, at most [`MAX_CREATED_AT_ONCE`]; those that exist already stay as they are. Returns the
    /// ids of those that existed.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn create(&self, deliveries: &[Delivery]) -> Result<Vec<String>, StoreError> {
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
                    other => return Err(StoreError::operation("TransactWriteItems deliveries", &other)),
                },
            }
        }
    }

    /// Reads what the attempts of `tasks` need (at most ten): deliveries, events and endpoints, in one call.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn work(
        &self,
        tasks: &[DeliveryTask],
        events: &super::events::Events,
        endpoints: &endpoints::Endpoints,
    ) -> Result<Work, StoreError> {
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
        let mut pending = Some(HashMap::from([
            (self.table.clone(), keys(|task| &task.delivery_id)?),
            (events.table().to_owned(), keys(|task| &task.outbox_id)?),
            (endpoints.table().to_owned(), keys(|task| &task.endpoint_id)?),
        ]));
        let mut work = Work::default();
        while let Some(request) = pending.take().filter(|request| !request.is_empty()) {
            let output = self
                .db
                .batch_get_item()
                .set_request_items(Some(request))
                .send()
                .await
                .map_err(StoreError::call("BatchGetItem work"))?;
            for (table, items) in output.responses.into_iter().flatten() {
                for item in items {
                    if table == self.table {
                        let delivery = read(&item)?;
                        work.deliveries.insert(delivery.id.clone(), delivery);
                    } else if table == events.table() {
                        let outbox = Outbox::from_item(item)?;
                        work.outboxes.insert((outbox.account.clone(), outbox.id.clone()), outbox);
                    } else {
                        let (account, endpoint) = endpoints::read(&item)?;
                        work.endpoints.insert((account, endpoint.id.clone()), endpoint);
                    }
                }
            }
            pending = output.unprocessed_keys;
            super::pause_if(pending.as_ref()).await;
        }
        Ok(work)
    }

    /// Records what became of an attempt. Returns false, and changes nothing, when the delivery is final already,
    /// another attempt was recorded meanwhile, or another series has begun. That it arrived counts in any series.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn record(&self, delivery: &Delivery, outcome: &Outcome) -> Result<bool, StoreError> {
        let Recording { expression, condition, values } = recording(delivery, outcome);
        let outcome = self
            .db
            .update_item()
            .table_name(&self.table)
            .key("pk", s(&delivery.account))
            .key("sk", s(&delivery.id))
            .update_expression(expression)
            .condition_expression(condition)
            .expression_attribute_names("#status", "status")
            .set_expression_attribute_values(Some(values))
            .send()
            .await;
        match outcome.map_err(aws_sdk_dynamodb::error::SdkError::into_service_error) {
            Ok(_) => Ok(true),
            Err(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
            Err(other) => Err(StoreError::operation("UpdateItem delivery", &other)),
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

    fn put_new(&self, delivery: &Delivery) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(to_item(delivery)))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(StoreError::built("Put delivery"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

/// The delivery is unfinished and no attempt was recorded since it was read.
const IS_CURRENT: &str = "attemptCount = :seen AND #status IN (:pending, :retrying)";

/// The update that records an outcome.
struct Recording {
    expression: String,
    condition: String,
    values: Item,
}

fn recording(delivery: &Delivery, outcome: &Outcome) -> Recording {
    let made = u32::from(outcome.attempt.is_some());
    let mut set = vec!["#status = :status", "attemptCount = :count"];
    let mut values = HashMap::from([
        (":seen".to_owned(), n(delivery.attempt_count)),
        (":count".to_owned(), n(delivery.attempt_count + made)),
        (":pending".to_owned(), s(DeliveryStatus::Pending.as_str())),
        (":retrying".to_owned(), s(DeliveryStatus::Retrying.as_str())),
        (":status".to_owned(), s(outcome.status.as_str())),
    ]);
    if let Some(attempt) = &outcome.attempt {
        set.extend(["attempts = list_append(attempts, :attempt)", "lastAttempt = :last"]);
        values.insert(":attempt".to_owned(), AttributeValue::L(vec![json(attempt)]));
        values.insert(":last".to_owned(), json(&LastAttempt::from(attempt)));
    }
    let mut remove = "";
    if let Some(next) = outcome.next_attempt_at {
        set.extend(["nextAttemptAt = :next", "dueAt = :due"]);
        values.insert(":next".to_owned(), s(next.to_string()));
        values.insert(":due".to_owned(), n(due(next)));
    } else {
        set.push("completedAt = :completed");
        values.insert(":completed".to_owned(), s(outcome.now.to_string()));
        remove = " REMOVE nextAttemptAt, dueShard, dueAt";
    }
    let mut condition = IS_CURRENT.to_owned();
    if outcome.status != DeliveryStatus::Delivered {
        condition.push_str(" AND series = :series");
        values.insert(":series".to_owned(), n(delivery.series));
    }
    Recording { expression: format!("SET {}{remove}", set.join(", ")), condition, values }
}
