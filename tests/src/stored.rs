//! The items of the tables: for what no call of the API shows.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use domain::alert::Alert;
use domain::delivery::{Delivery, DeliveryTask, FanOutTask};
use local::System;
use serde_json::{Value, json};
use store::tables;
use store::tables::Table;

type Item = HashMap<String, AttributeValue>;

/// Every item of a table.
pub(crate) async fn scan(system: &System, table: Table) -> Vec<Item> {
    let db = aws_sdk_dynamodb::Client::new(system.sdk_config());
    db.scan().table_name(table.name).into_paginator().items().send().collect::<Result<_, _>>().await.unwrap()
}

/// Every item that contains an account's id, as JSON, in a stable order.
pub(crate) async fn items(system: &System, account: &str) -> Vec<Value> {
    let mut items = Vec::new();
    for table in tables::ALL {
        let all = scan(system, *table).await.into_iter();
        let all = all.map(|item| {
            let mut item: Value = serde_dynamo::from_item(without_bytes(item)).unwrap();
            item.sort_all_objects();
            item
        });
        let own = all.filter(|item| item.to_string().contains(account));
        items.extend(own.map(|item| json!({ "table": table.name, "item": item })));
    }
    items.sort_by_key(ToString::to_string);
    items
}

/// The item with deflated attributes by their length: JSON has no bytes.
fn without_bytes(item: Item) -> Item {
    let readable = |value| match value {
        AttributeValue::B(bytes) => AttributeValue::S(format!("{} bytes", bytes.as_ref().len())),
        value => value,
    };
    item.into_iter().map(|(name, value)| (name, readable(value))).collect()
}

/// Every delivery, oldest first, with its attempts, read as the deliverer reads them.
pub(crate) async fn deliveries(system: &System) -> Vec<Delivery> {
    let (environment, items) = (system.environment(), scan(system, tables::DELIVERIES).await);
    let (store, events) = (environment.deliveries().unwrap(), environment.events().unwrap());
    let endpoints = environment.endpoints().unwrap();
    let is_delivery = |item: &&Item| item.contains_key("deliveries") || item.contains_key("endpoint");
    let tasks: Vec<DeliveryTask> = items.iter().filter(is_delivery).flat_map(tasks).collect();
    let mut deliveries = Vec::with_capacity(tasks.len());
    for tasks in tasks.chunks(10) {
        let work = store.work(tasks, &events, &endpoints).await.unwrap();
        deliveries.extend(tasks.iter().filter_map(|task| work.delivery(task).unwrap().cloned()));
    }
    deliveries.sort_by(|one, other| one.id.cmp(&other.id));
    deliveries
}

/// Every alert of an account, oldest first, and no pointers to them.
pub(crate) async fn alerts(system: &System, account: &str) -> Vec<Alert> {
    let items = scan(system, tables::ALERTS).await;
    let own = items.iter().filter(|item| text(item, "pk") == account && item.contains_key("alert"));
    let mut alerts: Vec<Alert> = own.map(|item| serde_json::from_str(text(item, "alert")).unwrap()).collect();
    alerts.sort_by_key(|alert| alert.created_at);
    alerts
}

/// Replaces an attribute of an item, and returns its old value.
pub(crate) async fn replace(
    system: &System,
    table: Table,
    (pk, sk): (&str, &str),
    attribute: &str,
    value: AttributeValue,
) -> AttributeValue {
    let db = aws_sdk_dynamodb::Client::new(system.sdk_config());
    let call = db.update_item().table_name(table.name).key("pk", text_value(pk)).key("sk", text_value(sk));
    let call = call.update_expression("SET #name = :value").condition_expression("attribute_exists(#name)");
    let call = call.expression_attribute_names("#name", attribute).expression_attribute_values(":value", value);
    let old = call.return_values(ReturnValue::AllOld).send().await.unwrap();
    old.attributes.unwrap().remove(attribute).unwrap()
}

fn text_value(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// Deletes every item of a table.
pub(crate) async fn empty(system: &System, table: Table) {
    let db = aws_sdk_dynamodb::Client::new(system.sdk_config());
    for item in scan(system, table).await {
        let keys = std::iter::once(table.partition).chain(table.sort);
        let key = keys.map(|name| (name.to_owned(), item[name].clone())).collect();
        db.delete_item().table_name(table.name).set_key(Some(key)).send().await.unwrap();
    }
}

/// Tasks with the keys of the deliveries in an item; the rest of them is not used to read these.
fn tasks(item: &Item) -> Vec<DeliveryTask> {
    let (account, sort_key) = (text(item, "pk").to_owned(), text(item, "sk").to_owned());
    let due = jiff::Timestamp::UNIX_EPOCH;
    if let Some(AttributeValue::M(entries)) = item.get("deliveries") {
        let shared = FanOutTask {
            account,
            outbox_id: "-".to_owned(),
            event_id: sort_key.split('#').next().unwrap().to_owned(),
            shared: sort_key.clone(),
            endpoint_ids: entries.keys().cloned().collect(),
            due,
        };
        return shared.tasks();
    }
    vec![DeliveryTask {
        account,
        delivery_id: sort_key,
        outbox_id: "-".to_owned(),
        shared: None,
        endpoint_id: "-".to_owned(),
        attempt_count: 0,
        series: 0,
        paced: false,
        due,
    }]
}

fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item[name].as_s().unwrap()
}
