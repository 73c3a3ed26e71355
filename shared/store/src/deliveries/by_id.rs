//! Deliveries by their ids, wherever they are stored: one of its own, or one of those that share an item.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::KeysAndAttributes;
use domain::delivery::Delivery;
use domain::ids;
use domain::ids::ulid_of;

use super::shared::SharedItem;
use super::stored::read;
use super::{Deliveries, TABLE};
use crate::StoreError;
use crate::batch::batch_get;
use crate::item::{Item, Reader, key};
use crate::range::IdRange;

impl Deliveries {
    /// One delivery with its attempts, read consistently; `None` when there is none, or its retention is over. One read
    /// unit for each 4 KB, of its own item or of those that the events of its millisecond have.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or the item can't be read.
    pub async fn get(&self, account: &str, id: &str) -> Result<Option<Delivery>, StoreError> {
        if let Some(own) = self.own(account, id).await? {
            return Ok(Some(own));
        }
        let range = IdRange::default().at_the_time_of(id);
        if range.is_empty() {
            return Ok(None);
        }
        let items = self.all_shared(account, range).await?.readable();
        match items.iter().flat_map(SharedItem::deliveries).find(|delivery| delivery.id == id) {
            Some(shared) => Ok(Some(shared)),
            // It may have moved out between the two reads.
            None if !items.is_empty() => self.own(account, id).await,
            None => Ok(None),
        }
    }

    /// The delivery with this id if it has an item of its own.
    async fn own(&self, account: &str, id: &str) -> Result<Option<Delivery>, StoreError> {
        let call = self.db.get_item().table_name(&self.table).set_key(Some(key(account, id))).consistent_read(true);
        let output = call.send().await.map_err(StoreError::call("GetItem delivery"))?;
        output.item().map(read).transpose()
    }

    /// The deliveries of these events to one endpoint, without the attempts of those with an item of their own; an event
    /// without one is left out. The events should be near each other: what was raised between them is read too.
    ///
    /// # Errors
    /// When DynamoDB can't be reached or an item can't be read.
    pub async fn existing(
        &self,
        account: &str,
        endpoint_id: &str,
        event_ids: &[&str],
    ) -> Result<Vec<Delivery>, StoreError> {
        let ulids = || event_ids.iter().filter_map(|id| ulid_of(id));
        let (Some(first), Some(last)) = (ulids().min(), ulids().max()) else { return Ok(Vec::new()) };
        let shared = self.all_shared(account, IdRange::between(first, last)).await?.readable();
        let shared = shared.iter().flat_map(SharedItem::deliveries);
        let mut found: HashMap<String, Delivery> = shared
            .filter(|delivery| delivery.endpoint_id == endpoint_id)
            .map(|delivery| (delivery.id.clone(), delivery))
            .collect();
        let ids: Vec<String> = event_ids.iter().map(|id| ids::delivery_id(id, endpoint_id)).collect();
        let apart: Vec<&String> = ids.iter().filter(|id| !found.contains_key(*id)).collect();
        let mut deliveries: Vec<Delivery> = ids.iter().filter_map(|id| found.remove(id)).collect();
        for ids in apart.chunks(100) {
            let keys: Vec<Item> = ids.iter().map(|id| key(account, id.as_str())).collect();
            deliveries.extend(self.summaries(&keys).await?);
        }
        Ok(deliveries)
    }

    /// Those of these endpoints to which the event's delivery has an item of its own; read consistently.
    pub(super) async fn with_own_item(
        &self,
        account: &str,
        event_id: &str,
        endpoint_ids: &[String],
    ) -> Result<HashSet<String>, StoreError> {
        let by_id: HashMap<String, &String> =
            endpoint_ids.iter().map(|endpoint_id| (ids::delivery_id(event_id, endpoint_id), endpoint_id)).collect();
        let ids: Vec<&String> = by_id.keys().collect();
        let mut found = HashSet::new();
        for some in ids.chunks(100) {
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(some.iter().map(|id| key(account, id.as_str())).collect()))
                .projection_expression("sk")
                .consistent_read(true)
                .build()
                .map_err(StoreError::built("BatchGetItem deliveries"))?;
            let wanted = HashMap::from([(self.table.clone(), wanted)]);
            for (_, item) in batch_get(&self.db, wanted, "BatchGetItem deliveries").await? {
                let id = Reader { table: TABLE, item: &item }.text("sk")?;
                found.extend(by_id.get(id).map(|endpoint_id| (*endpoint_id).clone()));
            }
        }
        Ok(found)
    }
}
