//! What lies in the tables, read past the application.

use std::collections::HashMap;
use std::io::Read as _;

use aws_sdk_dynamodb::types::AttributeValue;
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
    let client = aws_sdk_dynamodb::Client::new(app.system().sdk_config());
    let call = client.get_item().table_name(tables::RECORDS.name).key("pk", key(account, segment, number));
    let found = call.consistent_read(true).send().await.expect("a table that can be read");
    found.item.unwrap_or_else(|| panic!("there is no {segment} {number}"))
}

/// Stores `body` in the place of the record's, as another release of the functions may have stored it.
pub(crate) async fn put_body(app: &InboundApp, segment: &str, number: &str, body: &Value) {
    put(app, segment, number, "body", AttributeValue::S(body.to_string())).await;
}

/// The same for any attribute that the item has.
pub(crate) async fn put(app: &InboundApp, segment: &str, number: &str, attribute: &str, value: AttributeValue) {
    let client = aws_sdk_dynamodb::Client::new(app.system().sdk_config());
    let call = client.update_item().table_name(tables::RECORDS.name).key("pk", key(&app.account, segment, number));
    let call = call.update_expression("SET #name = :value").condition_expression("attribute_exists(#name)");
    let call = call.expression_attribute_names("#name", attribute).expression_attribute_values(":value", value);
    call.send().await.expect("a record");
}

fn key(account: &str, segment: &str, number: &str) -> AttributeValue {
    AttributeValue::S(format!("{account}#N#{segment}#{}", number.to_lowercase()))
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
    let client = aws_sdk_dynamodb::Client::new(app.system().sdk_config());
    let mut pages = client.scan().table_name(table).into_paginator().items().send();
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
