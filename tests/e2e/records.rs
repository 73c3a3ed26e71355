//! What lies in the tables, read past the application.

use std::collections::HashMap;
use std::io::Read as _;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::record_id;
use domain::models::Kind;
use flate2::read::DeflateDecoder;
use serde_json::Value;
use store::tables;
use tests::InboundApp;

type Item = HashMap<String, AttributeValue>;

/// The first tenant's record of `segment` with this natural key, as it is stored.
pub(crate) async fn record(app: &InboundApp, segment: &str, number: &str) -> Value {
    record_of(app, &app.account, segment, number).await
}

/// The same of another account.
pub(crate) async fn record_of(app: &InboundApp, account: &str, segment: &str, number: &str) -> Value {
    serde_json::from_str(&body(&item_of(app, account, segment, number).await["body"])).expect("JSON")
}

/// The first tenant's record with its calendar, as an item.
pub(crate) async fn item(app: &InboundApp, segment: &str, number: &str) -> Item {
    item_of(app, &app.account, segment, number).await
}

async fn item_of(app: &InboundApp, account: &str, segment: &str, number: &str) -> Item {
    let key = key(app, account, segment, number).await;
    at(app, &key).await.unwrap_or_else(|| panic!("there is no {segment} {number}"))
}

/// The item of the records table with this key.
pub(crate) async fn at(app: &InboundApp, key: &str) -> Option<Item> {
    let call = client(app).get_item().table_name(tables::RECORDS.name).key("pk", AttributeValue::S(key.to_owned()));
    call.consistent_read(true).send().await.expect("a table that can be read").item
}

fn client(app: &InboundApp) -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::new(app.system().sdk_config())
}

/// Stores `body` in the place of the record's, as another release of the functions may have stored it.
pub(crate) async fn put_body(app: &InboundApp, segment: &str, number: &str, body: &Value) {
    put(app, segment, number, "body", AttributeValue::S(body.to_string())).await;
}

/// The same for any attribute that the item has.
pub(crate) async fn put(app: &InboundApp, segment: &str, number: &str, attribute: &str, value: AttributeValue) {
    let key = AttributeValue::S(key(app, &app.account, segment, number).await);
    let call = client(app).update_item().table_name(tables::RECORDS.name).key("pk", key);
    let call = call.update_expression("SET #name = :value").condition_expression("attribute_exists(#name)");
    let call = call.expression_attribute_names("#name", attribute).expression_attribute_values(":value", value);
    call.send().await.expect("a record");
}

/// Stores an item in the records table.
pub(crate) async fn put_item(app: &InboundApp, item: Item) {
    client(app).put_item().table_name(tables::RECORDS.name).set_item(Some(item)).send().await.expect("an item");
}

/// Deletes an item of the records table.
pub(crate) async fn delete_item(app: &InboundApp, key: &str) {
    let call = client(app).delete_item().table_name(tables::RECORDS.name).key("pk", AttributeValue::S(key.to_owned()));
    call.send().await.expect("a deletion");
}

/// The key of the slot of a number.
pub(crate) fn slot_key(account: &str, segment: &str, number: &str) -> String {
    let kind = Kind::ALL.into_iter().find(|kind| kind.segment() == segment).expect("a resource");
    format!("{account}#I#{}", record_id(kind, account, number))
}

/// Where the record with this number lies, or its tombstone.
async fn key(app: &InboundApp, account: &str, segment: &str, number: &str) -> String {
    let slot = slot_key(account, segment, number);
    let Some(item) = at(app, &slot).await else { return format!("{account}#N#{segment}#{}", number.to_lowercase()) };
    let Some(leads) = item.get("leads").and_then(|id| id.as_s().ok()) else { return slot };
    let key = format!("{account}#I#{leads}");
    match at(app, &key).await {
        Some(item) if item.contains_key("body") => key,
        _ => format!("{account}#D#{leads}"),
    }
}

/// The text of a body, inflated if it is deflated.
fn body(attribute: &AttributeValue) -> String {
    match attribute {
        AttributeValue::B(bytes) => {
            let mut text = String::new();
            DeflateDecoder::new(bytes.as_ref()).read_to_string(&mut text).expect("raw deflate");
            text
        }
        other => other.as_s().expect("a body").clone(),
    }
}

/// All bodies as text, wherever they are.
fn inflate(item: &mut Item) {
    for (name, value) in item {
        match value {
            AttributeValue::B(_) if name == "body" => *value = AttributeValue::S(body(value)),
            AttributeValue::M(members) => inflate(members),
            AttributeValue::L(values) => {
                values
                    .iter_mut()
                    .filter_map(|value| match value {
                        AttributeValue::M(members) => Some(members),
                        _ => None,
                    })
                    .for_each(inflate);
            }
            _ => {}
        }
    }
}

/// Every item of a table, with its bodies as text.
pub(crate) async fn scan(app: &InboundApp, table: &str) -> Vec<Item> {
    let mut pages = client(app).scan().table_name(table).into_paginator().items().send();
    let mut items = Vec::new();
    while let Some(item) = pages.next().await {
        let mut item = item.expect("a table that can be read");
        inflate(&mut item);
        items.push(item);
    }
    items
}

/// A string attribute; empty when there is none.
pub(crate) fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}
