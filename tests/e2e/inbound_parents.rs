//! Work orders that are parts of others: one level, held from both ends.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use tests::{InboundApp, Tenant};

use crate::crew::{WORK_ORDER, id, work_order};
use crate::expect::{accepted, invalid};
use crate::records::{item, put};

const CONFLICT: &str = "parentWorkOrderNumber conflicting_fields";

fn under(number: &str, parent: impl Into<Value>) -> Value {
    json!({"workOrderNumber": number, "title": "Pour slab", "parentWorkOrderNumber": parent.into()})
}

async fn gets_no_parent(app: &Tenant, number: &str) {
    invalid(&app.post(WORK_ORDER, under(number, "WO-C")).await, &[CONFLICT]);
}

/// WO-A with WO-B under it, and WO-C.
async fn family() -> InboundApp {
    let app = InboundApp::start().await;
    work_order(&app, "WO-A", json!({})).await;
    work_order(&app, "WO-C", json!({})).await;
    accepted(&app.post(WORK_ORDER, under("WO-B", "wo-a")).await, "created");
    gets_no_parent(&app, "wo-A").await;
    app
}

#[tokio::test]
async fn an_order_that_lost_its_last_child_can_get_a_parent() {
    for left in
        [under("WO-B", Value::Null), under("WO-B", "WO-C"), json!({"workOrderNumber": "wo-b", "operation": "delete"})]
    {
        let app = family().await;
        accepted(&app.post(WORK_ORDER, under("WO-D", "WO-A")).await, "created");
        app.post(WORK_ORDER, left).await.expect(200);
        gets_no_parent(&app, "WO-A").await;
        accepted(&app.post(WORK_ORDER, under("WO-D", "")).await, "updated");
        accepted(&app.post(WORK_ORDER, under("WO-A", "WO-C")).await, "updated");
    }
}

#[tokio::test]
async fn renumbering_either_end_keeps_them_together() {
    let app = family().await;
    let (parent, child) =
        (id(&work_order(&app, "WO-A", json!({})).await), id(&work_order(&app, "WO-B", json!({})).await));
    accepted(&app.post(WORK_ORDER, json!({"id": child, "workOrderNumber": "WO-B2"})).await, "updated");
    gets_no_parent(&app, "WO-A").await;
    accepted(&app.post(WORK_ORDER, json!({"id": parent, "workOrderNumber": "WO-A2"})).await, "updated");
    gets_no_parent(&app, "WO-A2").await;
    accepted(&app.post(WORK_ORDER, under("WO-B2", "WO-A")).await, "unchanged");
    accepted(&app.post(WORK_ORDER, under("WO-B2", Value::Null)).await, "updated");
    accepted(&app.post(WORK_ORDER, under("WO-A2", "WO-C")).await, "updated");
}

#[tokio::test]
async fn a_parent_that_is_deleted_and_made_anew_has_the_orders_that_name_it() {
    let app = family().await;
    let delete = json!({"workOrderNumber": "WO-A", "operation": "delete"});
    accepted(&app.post(WORK_ORDER, delete.clone()).await, "deleted");
    gets_no_parent(&app, "WO-A").await;
    work_order(&app, "WO-A", json!({})).await;
    gets_no_parent(&app, "WO-A").await;
    accepted(&app.post(WORK_ORDER, delete).await, "deleted");
    accepted(&app.post(WORK_ORDER, under("WO-B", "WO-C")).await, "updated");
    accepted(&app.post(WORK_ORDER, under("WO-A", "WO-C")).await, "created");
}

#[tokio::test]
async fn an_order_keeps_the_parent_that_it_has() {
    let app = family().await;
    accepted(&app.post(WORK_ORDER, under("WO-B", "WO-A")).await, "unchanged");
    let with_more = json!({"workOrderNumber": "WO-B", "parentWorkOrderNumber": "WO-A", "phase": "Rough-in"});
    accepted(&app.post(WORK_ORDER, with_more).await, "updated");
    invalid(&app.post(WORK_ORDER, under("WO-E", "WO-B")).await, &[CONFLICT]);
}

/// As many as a list holds, by orders that are long gone.
#[tokio::test]
async fn an_order_joins_a_parent_whose_list_is_full() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-A", json!({})).await;
    let booking =
        |i: usize| AttributeValue::S(json!({"id": format!("wo_{i}"), "number": format!("WO-{i}")}).to_string());
    let full: HashMap<_, _> = (0..1000).map(|i| (format!("wo_{i}"), booking(i))).collect();
    put(&app, "workorder", "WO-A", "orders", AttributeValue::M(full.clone())).await;
    accepted(&app.post(WORK_ORDER, under("WO-B", "WO-A")).await, "created");
    assert_eq!(item(&app, "workorder", "WO-A").await["orders"], AttributeValue::M(full));
    invalid(&app.post(WORK_ORDER, under("WO-E", "WO-B")).await, &[CONFLICT]);
}

#[tokio::test]
async fn of_a_child_and_a_parent_at_once_one_is_accepted() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-C", json!({})).await;
    for round in 0..6 {
        let (middle, child) = (format!("WO-A{round}"), format!("WO-B{round}"));
        work_order(&app, &middle, json!({})).await;
        let [up, down] = [under(&middle, "WO-C"), under(&child, middle.as_str())]
            .map(|body| tokio::spawn(app.request("POST", WORK_ORDER).json(&body).send()));
        let (up, down) = (up.await.expect("an answer"), down.await.expect("an answer"));
        match (up.status, down.status) {
            (200, _) => invalid(&down, &[CONFLICT]),
            (_, 200) => invalid(&up, &[CONFLICT]),
            _ => panic!("{}\n{}", up.text, down.text),
        }
    }
}
