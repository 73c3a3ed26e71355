//! What lies in the tables, read past the application.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use shared::store::tables;
use tests::TestApp;

type Item = HashMap<String, AttributeValue>;

/// The record of `segment` with this natural key, as it is stored.
pub(crate) async fn record(app: &TestApp, segment: &str, number: &str) -> Value {
    let end = format!("#N#{segment}#{}", number.to_lowercase());
    let item = scan(app, tables::RECORDS.name).await.into_iter().find(|item| text(item, "pk").ends_with(&end));
    let item = item.unwrap_or_else(|| panic!("there is no {segment} {number}"));
    serde_json::from_str(text(&item, "body")).expect("JSON")
}

/// Every item of a table.
pub(crate) async fn scan(app: &TestApp, table: &str) -> Vec<Item> {
    let client = aws_sdk_dynamodb::Client::new(app.system().sdk_config());
    let mut pages = client.scan().table_name(table).into_paginator().items().send();
    let mut items = Vec::new();
    while let Some(item) = pages.next().await {
        items.push(item.expect("a table that can be read"));
    }
    items
}

/// A string attribute; empty when there is none.
pub(crate) fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}
