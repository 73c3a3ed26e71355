//! Requests at the same moment: what may only happen once happens once.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::{InboundApp, Receiver, Reply, Tenant, TestApp};

use crate::crew::{EMPLOYEE, TIME_OFF, WORK_ORDER, employee, id, ok, work_order};
use crate::expect::{accepted, refused};
use crate::records::record;

/// Sends all bodies at once, each over a connection of its own.
async fn at_once(app: &Tenant, path: &'static str, bodies: Vec<Value>) -> Vec<Reply> {
    let sent: Vec<_> =
        bodies.into_iter().map(|body| tokio::spawn(app.request("POST", path).json(&body).send())).collect();
    let mut replies = Vec::with_capacity(sent.len());
    for reply in sent {
        replies.push(reply.await.expect("a request that was answered"));
    }
    replies
}

fn actions(replies: &[Reply]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for reply in replies {
        *counts.entry(reply.body["action"].as_str().unwrap_or(reply.code())).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn one_of_many_creates_wins_and_the_others_find_it() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    let body = json!({"workOrderNumber": "WO-1", "title": "Pour slab", "priority": "high"});
    let replies = at_once(&app, WORK_ORDER, vec![body; 20]).await;
    assert_eq!(actions(&replies), BTreeMap::from([("created", 1), ("unchanged", 19)]));
    let first = id(&replies[0]);
    assert!(replies.iter().all(|reply| id(reply) == first));
    app.drain().await;
    assert_eq!(receiver.only().json()["event"], "workorder.created");
}

#[tokio::test]
async fn different_bodies_at_once_are_a_create_and_updates_of_it() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    let bodies = (0..8).map(|i| json!({"workOrderNumber": "WO-1", "title": format!("title {i}")})).collect();
    let replies = at_once(&app, WORK_ORDER, bodies).await;
    assert_eq!(actions(&replies), BTreeMap::from([("created", 1), ("updated", 7)]));
    let mut versions: Vec<_> = replies.iter().filter_map(|reply| reply.body["data"]["version"].as_u64()).collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=8).collect::<Vec<_>>());
    app.drain().await;
    let events: Vec<Value> = receiver.requests().iter().map(tests::Received::json).collect();
    assert_eq!(events.iter().filter(|event| event["event"] == "workorder.created").count(), 1);
    assert_eq!(events.len(), 8);
}

#[tokio::test]
async fn one_of_many_strict_creates_wins() {
    let app = InboundApp::start().await;
    let body = json!({"workOrderNumber": "WO-1", "title": "Pour slab", "operation": "create"});
    let replies = at_once(&app, WORK_ORDER, vec![body; 10]).await;
    assert_eq!(actions(&replies), BTreeMap::from([("already_exists", 9), ("created", 1)]));
}

#[tokio::test]
async fn one_of_many_updates_of_one_version_wins() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-1", json!({})).await;
    let bodies = (0..6).map(|i| json!({"workOrderNumber": "WO-1", "title": format!("title {i}"), "ifVersion": 1}));
    let replies = at_once(&app, WORK_ORDER, bodies.collect()).await;
    assert_eq!(actions(&replies), BTreeMap::from([("updated", 1), ("version_conflict", 5)]));
}

#[tokio::test]
async fn updates_of_different_fields_at_once_lose_nothing() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-1", json!({})).await;
    let fields = ["phase", "trade", "workType", "customerReference"];
    let bodies = fields.iter().map(|field| json!({"workOrderNumber": "WO-1", *field: "x"})).collect();
    let replies = at_once(&app, WORK_ORDER, bodies).await;
    assert_eq!(actions(&replies), BTreeMap::from([("updated", 4)]));
    let stored = record(&app, "workorder", "WO-1").await;
    assert!(fields.iter().all(|field| stored[*field] == "x"), "{stored}");
    assert_eq!(stored["version"], 5);
}

#[tokio::test]
async fn one_of_many_overlapping_requests_for_time_off_wins() {
    let app = InboundApp::start().await;
    employee(&app, "E-1", json!({})).await;
    let bodies = (0..8).map(|i| {
        json!({"requestNumber": format!("TO-{i}"), "employeeNumber": "E-1", "type": "vacation",
            "startDate": "2025-12-22", "endDate": format!("2025-12-{}", 22 + i)})
    });
    let replies = at_once(&app, TIME_OFF, bodies.collect()).await;
    assert_eq!(actions(&replies), BTreeMap::from([("created", 1), ("overlap", 7)]));
}

#[tokio::test]
async fn requests_that_do_not_overlap_are_all_accepted() {
    let app = InboundApp::start().await;
    employee(&app, "E-1", json!({})).await;
    let bodies = (0..6).map(|i| {
        let day = format!("2025-12-{}", 10 + i);
        json!({"requestNumber": format!("TO-{i}"), "employeeNumber": "E-1", "type": "vacation", "startDate": day, "endDate": day})
    });
    let replies = at_once(&app, TIME_OFF, bodies.collect()).await;
    assert_eq!(actions(&replies), BTreeMap::from([("created", 6)]));
}

#[tokio::test]
async fn a_deletion_and_an_assignment_at_once_leave_no_order_with_a_person_who_is_gone() {
    let app = InboundApp::start().await;
    for round in 0..5 {
        let (person, order) = (format!("E-{round}"), format!("WO-{round}"));
        employee(&app, &person, json!({})).await;
        let assign = json!({"workOrderNumber": order, "title": "x", "assignments": [{"employeeNumber": person}]});
        let delete = json!({"employeeNumber": person, "operation": "delete"});
        let (assigned, deleted) =
            tokio::join!(at_once(&app, WORK_ORDER, vec![assign]), at_once(&app, EMPLOYEE, vec![delete]));
        if deleted[0].status == 200 {
            refused(&assigned[0], 400, "validation_failed");
        } else {
            refused(&deleted[0], 409, "still_referenced");
            accepted(&assigned[0], "created");
        }
    }
}

#[tokio::test]
async fn a_number_that_two_records_move_to_goes_to_one() {
    let app = InboundApp::start().await;
    let mut moves = Vec::new();
    for number in ["WO-1", "WO-2", "WO-3"] {
        let known = id(&work_order(&app, number, json!({})).await);
        moves.push(json!({"id": known, "workOrderNumber": "WO-9"}));
    }
    let replies = at_once(&app, WORK_ORDER, moves).await;
    assert_eq!(actions(&replies), BTreeMap::from([("already_exists", 2), ("updated", 1)]));
    ok(app.post(WORK_ORDER, json!({"workOrderNumber": "WO-9", "priority": "low"})).await);
}

#[tokio::test]
async fn a_person_who_gets_another_number_while_being_assigned_loses_no_booking() {
    let app = InboundApp::start().await;
    for round in 0..5 {
        let (person, order) = (format!("E-{round}"), format!("WO-{round}"));
        let known = id(&employee(&app, &person, json!({})).await);
        let assign = json!({"workOrderNumber": order, "title": "x", "assignments": [{"employeeNumber": person}]});
        let rename = json!({"id": known, "employeeNumber": format!("N-{round}")});
        let (assigned, renamed) =
            tokio::join!(at_once(&app, WORK_ORDER, vec![assign]), at_once(&app, EMPLOYEE, vec![rename]));
        accepted(&renamed[0], "updated");
        let deleted = app.post(EMPLOYEE, json!({"id": known, "operation": "delete"})).await;
        if assigned[0].status == 200 {
            refused(&deleted, 409, "still_referenced");
        } else {
            refused(&assigned[0], 400, "validation_failed");
            accepted(&deleted, "deleted");
        }
    }
}
