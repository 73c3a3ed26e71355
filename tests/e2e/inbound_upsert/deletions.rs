//! Deletions and what they leave.

use serde_json::json;
use tests::InboundApp;

use crate::crew::{PROJECT, TIME_OFF, VENDOR, WORK_ORDER, id, project, vendor, with, work_order};
use crate::expect::{accepted, events, invalid, refused};
use crate::records::record;

#[tokio::test]
async fn a_deletion_leaves_a_tombstone_and_its_number_can_be_used_again() {
    let app = InboundApp::start().await;
    let first = id(&work_order(&app, "WO-1", json!({})).await);
    let delete = json!({"workOrderNumber": "WO-1", "operation": "delete"});
    let deleted = app.post(WORK_ORDER, delete.clone()).await;
    let data = accepted(&deleted, "deleted");
    assert_eq!(
        (&data["id"], &data["version"], events(&deleted)),
        (&json!(first), &json!(2), vec!["workorder.deleted"])
    );
    let again = app.post(WORK_ORDER, delete.clone()).await;
    accepted(&again, "unchanged");
    assert_eq!(events(&again), [""; 0]);
    refused(&app.post(WORK_ORDER, json!({"id": first, "title": "x"})).await, 404, "not_found");
    refused(&app.post(WORK_ORDER, with(delete.clone(), json!({"workOrderNumber": "WO-9"}))).await, 404, "not_found");

    let second = work_order(&app, "WO-1", json!({})).await;
    assert_eq!(
        (accepted(&second, "created")["version"].clone(), events(&second)),
        (json!(1), vec!["workorder.created"])
    );
    assert_ne!(id(&second), first);
    refused(&app.post(WORK_ORDER, json!({"id": first, "operation": "update"})).await, 404, "not_found");
    let old = app.post(WORK_ORDER, json!({"id": first, "operation": "delete"})).await;
    assert!(old.status == 404 || old.body["action"] == "unchanged", "the new record is another one: {}", old.text);
    assert_eq!(record(&app, "workorder", "WO-1").await["id"], id(&second));
}

#[tokio::test]
async fn a_deleted_vendor_can_not_be_referred_to() {
    let app = InboundApp::start().await;
    let known = id(&vendor(&app, "V-1", json!({})).await);
    accepted(&app.post(VENDOR, json!({"id": known, "operation": "delete"})).await, "deleted");
    for reference in [json!({"vendorNumber": "V-1"}), json!({"vendorId": known})] {
        let line = with(json!({"name": "pipe", "quantity": 1, "unit": "lf"}), reference.clone());
        let reply = app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "title": "x", "materials": [line]})).await;
        let (field, _) = reference.as_object().and_then(|map| map.iter().next()).expect("one member");
        invalid(&reply, &[&format!("materials[0].{field} unknown_reference")]);
    }
}

#[tokio::test]
async fn a_deletion_takes_no_field_but_the_key() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-1", json!({})).await;
    let delete = json!({"workOrderNumber": "WO-1", "operation": "delete", "priority": "high"});
    invalid(&app.post(WORK_ORDER, delete).await, &["priority conflicting_fields"]);
}

#[tokio::test]
async fn projects_and_time_off_can_not_be_deleted() {
    let app = InboundApp::start().await;
    project(&app, "2025-014", json!({})).await;
    let reply = app.post(PROJECT, json!({"projectNumber": "2025-014", "operation": "delete"})).await;
    invalid(&reply, &["operation invalid_value"]);
    let reply = app.post(TIME_OFF, json!({"requestNumber": "TO-1", "operation": "delete"})).await;
    invalid(&reply, &["operation invalid_value"]);
}
