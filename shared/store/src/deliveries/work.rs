//! What a batch of delivery messages needs: the deliveries, their events and their endpoints, in one read.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use domain::delivery::{Delivery, DeliveryTask};
use domain::endpoint::Endpoint;
use domain::outbox::Outbox;

use super::stored::read;
use super::{Deliveries, TABLE};
use crate::StoreError;
use crate::batch::batch_get;
use crate::endpoints::{self, Endpoints};
use crate::events::{Events, read_outbox};
use crate::item::{Reader, key};

/// What [`Deliveries::work`] has read. An item that can't be read, such as one that a newer version has written, fails
/// the tasks that need it and no others.
#[derive(Debug, Default)]
pub struct Work {
    deliveries: HashMap<String, Result<Delivery, StoreError>>,
    /// By account and id of the outbox item.
    outboxes: HashMap<(String, String), Result<Outbox, StoreError>>,
    /// By account and id of the endpoint.
    endpoints: HashMap<(String, String), Result<Endpoint, StoreError>>,
}

impl Work {
    /// The delivery of a task; `None` when there is none, or its 30 days are over.
    ///
    /// # Errors
    /// When its item can't be read.
    pub fn delivery(&self, task: &DeliveryTask) -> Result<Option<&Delivery>, StoreError> {
        found(self.deliveries.get(&task.delivery_id))
    }

    /// The outbox item that holds the event of a task; `None` when its 30 days are over.
    ///
    /// # Errors
    /// When the item can't be read.
    pub fn outbox(&self, task: &DeliveryTask) -> Result<Option<&Outbox>, StoreError> {
        found(self.outboxes.get(&(task.account.clone(), task.outbox_id.clone())))
    }

    /// The endpoint of a task; `None` when it was deleted.
    ///
    /// # Errors
    /// When its item can't be read.
    pub fn endpoint(&self, task: &DeliveryTask) -> Result<Option<&Endpoint>, StoreError> {
        found(self.endpoints.get(&(task.account.clone(), task.endpoint_id.clone())))
    }
}

fn found<T>(read: Option<&Result<T, StoreError>>) -> Result<Option<&T>, StoreError> {
    read.map(Result::as_ref).transpose().map_err(Clone::clone)
}

impl Deliveries {
    /// Reads what the attempts of `tasks` need (at most ten): deliveries, outbox items and endpoints by their keys,
    /// each item once, consistently. One call; one read unit for each 4 KB of an item.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, or leaves parts of the batch out however often it is asked.
    pub async fn work(
        &self,
        tasks: &[DeliveryTask],
        events: &Events,
        endpoints: &Endpoints,
    ) -> Result<Work, StoreError> {
        if tasks.is_empty() {
            // DynamoDB refuses a call that asks for nothing.
            return Ok(Work::default());
        }
        let wanted = HashMap::from([
            (self.table.clone(), keys(tasks, |task| &task.delivery_id)?),
            (events.table().to_owned(), keys(tasks, |task| &task.outbox_id)?),
            (endpoints.table().to_owned(), keys(tasks, |task| &task.endpoint_id)?),
        ]);
        let mut work = Work::default();
        for (table, item) in batch_get(&self.db, wanted, "BatchGetItem work").await? {
            let reader = Reader { table: TABLE, item: &item };
            let (account, id) = (reader.string("pk")?, reader.string("sk")?);
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
}

/// The keys of one table, each of them once: DynamoDB refuses a batch that names a key twice.
fn keys(tasks: &[DeliveryTask], id: fn(&DeliveryTask) -> &String) -> Result<KeysAndAttributes, StoreError> {
    let mut pairs: Vec<(&String, &String)> = tasks.iter().map(|task| (&task.account, id(task))).collect();
    pairs.sort();
    pairs.dedup();
    KeysAndAttributes::builder()
        .set_keys(Some(pairs.into_iter().map(|(account, id)| key(account, id)).collect()))
        .consistent_read(true)
        .build()
        .map_err(StoreError::built("BatchGetItem work"))
}
