//! Records: one scenario for each resource, since each has a function of its own, and those that touch several items.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::world::World;
use crate::crew::with;

/// Creates a work order.
pub(in super::super) async fn create(world: &mut World, number: &str) {
    let body = json!({ "workOrderNumber": number, "title": "New" });
    world.inbound("workorder", body, &["workorder.created"]).await;
}

pub(super) async fn burst(world: &mut World) {
    for number in ["WO-1", "WO-2", "WO-3"] {
        create(world, number).await;
    }
}

/// Two at once, and the time in which the line of a subscriber with a pace is over.
pub(super) async fn two(world: &mut World) {
    create(world, "WO-1").await;
    create(world, "WO-2").await;
    world.app.drain().await;
    world.app.advance(Duration::from_secs(3)).await;
}

/// Sends a batch, and what of it has failed in another one, until nothing has.
pub(super) async fn batch(world: &mut World) {
    const TRIES: usize = 8;
    let order = |number: &str, title: &str| json!({ "workOrderNumber": number, "title": title });
    let mut records = vec![order("WO-1", "New"), order("WO-2", "New"), order("WO-1", "Changed")];
    for round in 0..TRIES {
        let (path, key) = ("/api/webhook/workorder/batch", format!("batch-{round}"));
        let reply = world.ask("POST", path, Some(&key), &json!({ "records": records })).await.reply;
        if !matches!(reply.status, 200 | 207) {
            world.wrong.push(format!("{path} was answered {}: {}", reply.status, reply.text));
            break;
        }
        let results = reply.body["results"].as_array().map(Vec::as_slice).unwrap_or_default();
        let has_failed = |result: &Value| result["status"].as_u64() >= Some(500);
        if let Some(refused) = results.iter().find(|result| result["status"] != 200 && !has_failed(result)) {
            world.wrong.push(format!("a record was refused: {refused}"));
        }
        let failed: Vec<Value> = records
            .iter()
            .zip(results)
            .filter(|(_, result)| has_failed(result))
            .map(|(record, _)| record.clone())
            .collect();
        records = failed;
        if records.is_empty() {
            break;
        }
        world.app.advance(Duration::from_secs(2)).await;
    }
    if !records.is_empty() {
        world.wrong.push(format!("{} records were not accepted in {TRIES} rounds", records.len()));
    }
    world.expect(&["workorder.created", "workorder.created", "workorder.updated"]);
}

/// Each of a crowd gets it.
pub(super) async fn fan_out(world: &mut World) {
    create(world, "WO-1").await;
    world.settle().await;
    let Some((receiver, count)) = &world.crowd else { return };
    let ids: BTreeSet<String> =
        receiver.requests().iter().map(|request| request.header("x-webhook-id").to_owned()).collect();
    if ids.len() != *count {
        world.wrong.push(format!("it came to {} of {count} subscribers", ids.len()));
    }
}

/// Sends these bodies about one record one after the other, each with the events that it raises.
async fn life<const N: usize>(world: &mut World, resource: &str, key: Value, steps: [(Value, &[&str]); N]) {
    for (body, events) in steps {
        world.inbound(resource, with(key.clone(), body), events).await;
        world.app.advance(Duration::from_secs(2)).await;
    }
}

pub(super) async fn work_order(world: &mut World) {
    let steps: [(Value, &[&str]); 4] = [
        (json!({ "title": "New" }), &["workorder.created"]),
        (json!({ "title": "Changed" }), &["workorder.updated"]),
        (json!({ "title": "Changed" }), &[]),
        (json!({ "operation": "delete" }), &["workorder.deleted"]),
    ];
    life(world, "workorder", json!({ "workOrderNumber": "WO-1" }), steps).await;
}

pub(super) async fn project(world: &mut World) {
    let steps: [(Value, &[&str]); 3] = [
        (json!({ "name": "New" }), &["project.created"]),
        (json!({ "name": "New", "status": "completed" }), &["project.updated", "project.completed"]),
        (json!({ "name": "New", "status": "completed" }), &[]),
    ];
    life(world, "project", json!({ "projectNumber": "P-1" }), steps).await;
}

pub(super) async fn employee(world: &mut World) {
    let person = json!({ "employeeNumber": "E-1", "firstName": "Ana", "lastName": "Li", "role": "technician" });
    let steps: [(Value, &[&str]); 4] = [
        (json!({}), &["employee.created"]),
        (json!({ "lastName": "Lu" }), &["employee.updated"]),
        (json!({ "lastName": "Lu" }), &[]),
        (json!({ "operation": "delete" }), &["employee.deleted"]),
    ];
    for (body, events) in steps {
        let body = if body["operation"].is_null() {
            with(person.clone(), body)
        } else {
            with(json!({ "employeeNumber": "E-1" }), body)
        };
        world.inbound("employee", body, events).await;
        world.app.advance(Duration::from_secs(2)).await;
    }
}

/// The tax id is sealed and has an item of its own.
pub(super) async fn vendor(world: &mut World) {
    let steps: [(Value, &[&str]); 4] = [
        (
            json!({ "name": "Sand", "vendorType": "supplier", "taxId": "12-3456789", "taxIdType": "ein" }),
            &["vendor.created"],
        ),
        (json!({ "taxId": "98-7654321", "taxIdType": "ein" }), &[]),
        (json!({ "name": "Gravel" }), &["vendor.updated"]),
        (json!({ "operation": "delete" }), &["vendor.deleted"]),
    ];
    life(world, "vendor", json!({ "vendorNumber": "V-1" }), steps).await;
}

pub(super) async fn time_off(world: &mut World) {
    let person = json!({ "employeeNumber": "E-1", "firstName": "Ana", "lastName": "Li", "role": "technician" });
    world.inbound("employee", person, &["employee.created"]).await;
    let asked = json!({
        "employeeNumber": "E-1", "type": "vacation", "startDate": "2025-12-22", "endDate": "2025-12-23",
    });
    let steps: [(Value, &[&str]); 4] = [
        (asked, &["timeoff.requested"]),
        (json!({ "status": "approved" }), &["timeoff.approved"]),
        (json!({ "status": "approved" }), &[]),
        (json!({ "status": "cancelled" }), &["timeoff.cancelled"]),
    ];
    life(world, "timeoff", json!({ "requestNumber": "TO-1" }), steps).await;
}

pub(super) async fn crew(world: &mut World) {
    for number in ["E-1", "E-2"] {
        let person = json!({ "employeeNumber": number, "firstName": "Ana", "lastName": "Li", "role": "technician" });
        world.inbound("employee", person, &["employee.created"]).await;
    }
    let window = json!({ "scheduledStart": "2025-10-22T13:00:00Z", "scheduledEnd": "2025-10-22T15:00:00Z" });
    let all = with(
        json!({ "title": "All", "assignments": [{ "employeeNumber": "E-1" }, { "employeeNumber": "E-2" }] }),
        window,
    );
    let steps: [(Value, &[&str]); 2] = [
        (all, &["workorder.created", "employee.assigned", "employee.assigned"]),
        (json!({ "assignments": [{ "employeeNumber": "E-2" }] }), &["workorder.updated"]),
    ];
    life(world, "workorder", json!({ "workOrderNumber": "WO-1" }), steps).await;
}

/// The slots of two numbers: what is renamed, deleted, and made anew.
pub(super) async fn rename(world: &mut World) {
    let body = |number: &str| json!({ "workOrderNumber": number, "title": "New" });
    let made = world.inbound("workorder", body("WO-1"), &["workorder.created"]).await;
    let id = &made["data"]["id"];
    let renamed = json!({ "id": id, "workOrderNumber": "WO-2" });
    world.inbound("workorder", renamed, &["workorder.updated"]).await;
    let next = world.inbound("workorder", body("WO-1"), &["workorder.created"]).await;
    if next["data"]["id"] == *id {
        world.wrong.push("an id was given twice".to_owned());
    }
    let deleted = json!({ "workOrderNumber": "WO-2", "operation": "delete" });
    world.inbound("workorder", deleted, &["workorder.deleted"]).await;
    world.inbound("workorder", body("WO-2"), &["workorder.created"]).await;
}
