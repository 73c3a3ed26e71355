//! The largest bodies that the contract allows: lists at their limits, and more items than one transaction holds.

use serde_json::{Value, json};
use tests::{InboundApp, Received, Receiver, TestApp};

use crate::crew::{EMPLOYEE, PROJECT, WORK_ORDER, employee};
use crate::expect::{accepted, events, invalid, refused};

/// Employees `E-0` to `E-(count-1)`.
async fn send_people(app: &InboundApp, count: usize) {
    for i in 0..count {
        employee(app, &format!("E-{i}"), json!({})).await;
    }
}

fn everyone(count: usize) -> Vec<Value> {
    (0..count).map(|i| json!({"employeeNumber": format!("E-{i}"), "role": "carpenter"})).collect()
}

#[tokio::test]
async fn an_order_takes_a_hundred_people() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    send_people(&app, 101).await;
    app.drain().await;
    app.endpoint(&receiver.url(), ["*"]).await;
    let order = |people: usize| json!({"workOrderNumber": "WO-1", "title": "x", "assignments": everyone(people)});
    invalid(&app.post(WORK_ORDER, order(101)).await, &["assignments too_many_items"]);

    let reply = app.post(WORK_ORDER, order(100)).await;
    accepted(&reply, "created");
    assert_eq!(events(&reply).len(), 101);
    app.drain().await;
    let bodies: Vec<Value> = receiver.requests().iter().map(Received::json).collect();
    let mut told: Vec<&str> = bodies.iter().filter_map(|body| body["data"]["employeeNumber"].as_str()).collect();
    told.sort_unstable();
    told.dedup();
    assert_eq!((bodies.len(), told.len()), (101, 100), "everyone is told of once");

    for i in [0, 50, 99] {
        let delete = json!({"employeeNumber": format!("E-{i}"), "operation": "delete"});
        refused(&app.post(EMPLOYEE, delete).await, 409, "still_referenced");
    }
    let reply = app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "assignments": []})).await;
    accepted(&reply, "updated");
    for i in [0, 50, 99] {
        let delete = json!({"employeeNumber": format!("E-{i}"), "operation": "delete"});
        accepted(&app.post(EMPLOYEE, delete).await, "deleted");
    }
    app.drain().await;
}

#[tokio::test]
async fn a_project_takes_two_hundred_people() {
    let app = InboundApp::start().await;
    send_people(&app, 200).await;
    let reply = app.post(PROJECT, json!({"projectNumber": "P-1", "name": "x", "team": everyone(200)})).await;
    accepted(&reply, "created");
    assert_eq!(events(&reply).len(), 201);
}

#[tokio::test]
async fn lists_and_texts_at_their_limits_are_accepted() {
    let app = InboundApp::start().await;
    let body = json!({
        "workOrderNumber": "W".repeat(50), "title": "x".repeat(200), "description": "é".repeat(8000),
        "materials": (0..200).map(|i| json!({"name": format!("m{i}"), "quantity": 0.0001, "unit": "ea"})).collect::<Vec<_>>(),
        "equipment": (0..50).map(|i| json!({"name": format!("e{i}")})).collect::<Vec<_>>(),
        "tags": (0..20).map(|i| format!("tag {i}")).collect::<Vec<_>>(),
        "customFields": (0..50).map(|i| (format!("f{i}"), json!("x".repeat(300)))).collect::<Value>(),
        "notToExceed": "999999999999.99",
    });
    accepted(&app.post(WORK_ORDER, body.clone()).await, "created");
    accepted(&app.post(WORK_ORDER, body).await, "unchanged");
}
