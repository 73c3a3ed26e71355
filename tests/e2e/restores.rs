//! A backup that is copied back into the tables, as `docs/operating.md` describes it: what was done since is not there, what
//! was on its way then arrives, and what had arrived is not sent again.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use store::tables::{self, Table};
use tests::{Receiver, TestApp};

use crate::crew::WORK_ORDER;
use crate::deliveries::create_work_order;
use crate::expect::{accepted, refused};
use crate::losses::OVERDUE;

type Item = HashMap<String, AttributeValue>;
/// The items of each table.
type Backup = Vec<(Table, Vec<Item>)>;

fn client(app: &TestApp) -> Client {
    Client::new(app.system().sdk_config())
}

async fn back_up(app: &TestApp) -> Backup {
    let mut backup = Vec::new();
    for table in tables::ALL {
        let items = client(app).scan().table_name(table.name).into_paginator().items().send();
        backup.push((*table, items.collect::<Result<_, _>>().await.unwrap()));
    }
    backup
}

/// Empties each table and copies the items back. Time goes by: functions that remember anything have ended.
async fn restore(app: &TestApp, backup: Backup) {
    for (table, items) in back_up(app).await {
        for item in items {
            let names = std::iter::once(table.partition).chain(table.sort);
            let key = names.map(|name| (name.to_owned(), item[name].clone())).collect();
            client(app).delete_item().table_name(table.name).set_key(Some(key)).send().await.unwrap();
        }
    }
    for (table, items) in backup {
        for item in items {
            client(app).put_item().table_name(table.name).set_item(Some(item)).send().await.unwrap();
        }
    }
    app.purge_queues().await;
    app.advance(Duration::from_mins(2)).await;
}

/// The numbers of the orders that a receiver was told of, each as often as it was.
fn told(receiver: &Receiver) -> Vec<String> {
    let requests = receiver.requests();
    let numbers = requests.iter().map(|request| request.json()["data"]["workOrderNumber"].clone());
    let mut numbers: Vec<String> = numbers.map(|number| number.as_str().unwrap().to_owned()).collect();
    numbers.sort();
    numbers
}

#[tokio::test]
async fn a_backup_that_is_copied_back_loses_nothing_and_sends_nothing_twice() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    create_work_order(&app, "WO-2").await;
    app.drain_stream().await;
    create_work_order(&app, "WO-3").await;
    let order = json!({"workOrderNumber": "WO-4", "title": "Roof"});
    let send = async || app.request("POST", WORK_ORDER).header("idempotency-key", "1").json(&order).send().await;
    let first = send().await.expect(200).body;
    let backup = back_up(&app).await;

    let later = app.tenant("Later").await;
    app.drain().await;
    create_work_order(&app, "WO-5").await;
    app.drain().await;
    assert_eq!(told(&receiver), ["WO-1", "WO-2", "WO-3", "WO-4", "WO-5"]);

    restore(&app, backup).await;
    for _ in 0..2 {
        app.drain().await;
        app.advance(OVERDUE).await;
        app.sweep().await;
    }
    app.drain().await;
    let again = ["WO-1", "WO-2", "WO-2", "WO-3", "WO-3", "WO-4", "WO-4", "WO-5"];
    assert_eq!(told(&receiver), again, "what was on its way at the backup, which does not say that it arrived since");
    let feed = app.get("/api/events").await.expect(200).body;
    let ids: BTreeSet<_> = feed["data"].as_array().unwrap().iter().map(|event| event["id"].to_string()).collect();
    assert_eq!(ids.len(), 4, "WO-5 never was");
    assert_eq!(send().await.expect(200).body["data"], first["data"], "a repeat is answered as before");
    accepted(&app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "priority": "high"})).await, "updated");
    refused(&later.get("/api/events").await, 401, "unauthorized");
    app.drain().await;
    assert_eq!(told(&receiver).len(), again.len() + 1, "the endpoint is told of what is new");
}
