//! What a batch of delivery messages needs: the deliveries, their events and their endpoints, in one read.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use domain::delivery::{Delivery, DeliveryTask};
use domain::endpoint::Endpoint;
use domain::outbox::Outbox;

use super::shared::SharedItem;
use super::stored::read;
use super::{Deliveries, TABLE};
use crate::StoreError;
use crate::batch::batch_get;
use crate::endpoints::{self, Endpoints};
use crate::events::{Events, read_outbox};
use crate::item::{Item, Reader, key};

/// `BatchGetItem` reads at most this many keys.
const BATCH: usize = 100;

/// What [`Deliveries::work`] has read. An item that can't be read, such as one that a newer version has written, fails
/// the tasks that need it and no others.
#[derive(Debug, Default)]
pub struct Work {
    /// By id, and whether they were found in an item that they share.
    deliveries: HashMap<(String, bool), Result<Delivery, StoreError>>,
    /// By account and id of the outbox item.
    outboxes: HashMap<(String, String), Result<Outbox, StoreError>>,
    /// By account and id of the endpoint.
    endpoints: HashMap<(String, String), Result<Endpoint, StoreError>>,
}

impl Work {
    /// The delivery of a task; `None` when there is none where the task says, or its retention is over.
    ///
    /// # Errors
    /// When its item can't be read.
    pub fn delivery(&self, task: &DeliveryTask) -> Result<Option<&Delivery>, StoreError> {
        found(self.deliveries.get(&(task.delivery_id.clone(), task.shared.is_some())))
    }

    /// The outbox item that holds the event of a task; `None` when its retention is over.
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

impl Work {
    /// Adds an item of the deliveries table. One that is shared and can't be read fails all of its tasks.
    fn add(&mut self, tasks: &[DeliveryTask], sort_key: String, item: &Item) {
        let sharing = || tasks.iter().filter(|task| task.shared.as_ref() == Some(&sort_key));
        if sharing().next().is_none() {
            self.deliveries.insert((sort_key, false), read(item));
            return;
        }
        match SharedItem::read(item) {
            Ok(shared) => {
                self.deliveries.extend(shared.deliveries().map(|delivery| ((delivery.id.clone(), true), Ok(delivery))));
            }
            Err(error) => {
                self.deliveries.extend(sharing().map(|task| ((task.delivery_id.clone(), true), Err(error.clone()))));
            }
        }
    }
}

fn found<T>(read: Option<&Result<T, StoreError>>) -> Result<Option<&T>, StoreError> {
    read.map(Result::as_ref).transpose().map_err(Clone::clone)
}

impl Deliveries {
    /// Reads what the attempts of `tasks` need: deliveries or the items that they share, outbox items and endpoints by
    /// their keys, each item once, consistently. One call for each hundred; one read unit for each 4 KB of an item.
    ///
    /// # Errors
    /// When DynamoDB can't be reached, or leaves parts of the batch out however often it is asked.
    pub async fn work(
        &self,
        tasks: &[DeliveryTask],
        events: &Events,
        endpoints: &Endpoints,
    ) -> Result<Work, StoreError> {
        let mut wanted: Vec<(&str, Item)> = Vec::new();
        wanted.extend(
            keys(tasks, |task| task.shared.as_ref().unwrap_or(&task.delivery_id)).map(|key| (&*self.table, key)),
        );
        wanted.extend(keys(tasks, |task| &task.outbox_id).map(|key| (events.table(), key)));
        wanted.extend(keys(tasks, |task| &task.endpoint_id).map(|key| (endpoints.table(), key)));
        let mut work = Work::default();
        for batch in wanted.chunks(BATCH) {
            for (table, item) in batch_get(&self.db, by_table(batch)?, "BatchGetItem work").await? {
                let reader = Reader { table: TABLE, item: &item };
                let (account, id) = (reader.string("pk")?, reader.string("sk")?);
                if table == self.table {
                    work.add(tasks, id, &item);
                } else if table == events.table() {
                    work.outboxes.insert((account, id), read_outbox(item));
                } else {
                    work.endpoints.insert((account, id), endpoints::read(&item).map(|(_, endpoint)| endpoint));
                }
            }
        }
        Ok(work)
    }
}

/// The keys of one table, each of them once: DynamoDB refuses a batch that names a key twice.
fn keys<'a>(tasks: &'a [DeliveryTask], id: fn(&'a DeliveryTask) -> &'a String) -> impl Iterator<Item = Item> {
    let mut pairs: Vec<(&String, &String)> = tasks.iter().map(|task| (&task.account, id(task))).collect();
    pairs.sort();
    pairs.dedup();
    pairs.into_iter().map(|(account, id)| key(account, id))
}

/// A consistent read of these keys.
fn by_table(keys: &[(&str, Item)]) -> Result<HashMap<String, KeysAndAttributes>, StoreError> {
    let mut tables: HashMap<String, Vec<Item>> = HashMap::new();
    for (table, key) in keys {
        tables.entry((*table).to_owned()).or_default().push(key.clone());
    }
    let build = |(table, keys)| {
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        Ok((table, wanted.map_err(StoreError::built("BatchGetItem work"))?))
    };
    tables.into_iter().map(build).collect()
}
