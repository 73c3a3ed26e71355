//! Which record a body is about: numbers in another case, numbers of two foreign records.

use serde_json::{Value, json};
use tests::{InboundApp, Receiver, TestApp};

use crate::crew::{EMPLOYEE, PROJECT, TIME_OFF, VENDOR, WORK_ORDER, employee, id, project, vendor, with, work_order};
use crate::expect::{accepted, defects, events, refused};
use crate::records::record;

/// `body` with the values of these fields in capitals, wherever they are.
fn in_capitals(body: &Value, fields: &[&str]) -> Value {
    match body {
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| match value.as_str() {
                Some(text) if fields.contains(&name.as_str()) => (name.clone(), json!(text.to_uppercase())),
                _ => (name.clone(), in_capitals(value, fields)),
            };
            Value::Object(members.iter().map(member).collect())
        }
        Value::Array(items) => items.iter().map(|item| in_capitals(item, fields)).collect(),
        other => other.clone(),
    }
}

/// A body of each resource whose every key is in small letters, with the fields that hold them.
fn bodies() -> [(&'static str, Value, &'static [&'static str]); 5] {
    [
        (
            EMPLOYEE,
            json!({"employeeNumber": "e-b", "firstName": "Ana", "lastName": "Ruiz", "role": "foreman", "supervisorNumber": "e-a"}),
            &["employeeNumber", "supervisorNumber"],
        ),
        (
            VENDOR,
            json!({"vendorNumber": "v-b", "name": "Rebar", "vendorType": "supplier", "externalRef": {"system": "erp", "id": "7a"}}),
            &["vendorNumber", "system"],
        ),
        (
            PROJECT,
            json!({"projectNumber": "p-b", "name": "Site", "customerNumber": "c-a", "projectManagerNumber": "e-a",
                "superintendentNumber": "e-a", "team": [{"employeeNumber": "e-a", "role": "safety"}]}),
            &["projectNumber", "customerNumber", "projectManagerNumber", "superintendentNumber", "employeeNumber"],
        ),
        (
            WORK_ORDER,
            json!({"workOrderNumber": "wo-b", "title": "Slab", "projectNumber": "p-a", "parentWorkOrderNumber": "wo-a",
                "assignments": [{"employeeNumber": "e-a"}, {"vendorNumber": "v-a"}],
                "materials": [{"name": "pipe", "quantity": 1, "unit": "lf", "vendorNumber": "v-a"}],
                "equipment": [{"name": "lift", "equipmentNumber": "q-a", "vendorNumber": "v-a"}]}),
            &[
                "workOrderNumber",
                "projectNumber",
                "parentWorkOrderNumber",
                "employeeNumber",
                "vendorNumber",
                "equipmentNumber",
            ],
        ),
        (
            TIME_OFF,
            json!({"requestNumber": "to-b", "employeeNumber": "e-a", "type": "vacation", "startDate": "2025-11-03",
                "endDate": "2025-11-04", "status": "approved", "decision": {"byEmployeeNumber": "e-a"}}),
            &["requestNumber", "employeeNumber", "byEmployeeNumber"],
        ),
    ]
}

#[tokio::test]
async fn a_number_in_another_case_is_the_same_number() {
    let app = InboundApp::start().await;
    employee(&app, "e-a", json!({})).await;
    vendor(&app, "v-a", json!({})).await;
    project(&app, "p-a", json!({})).await;
    work_order(&app, "wo-a", json!({})).await;
    for (path, body, fields) in bodies() {
        let created = app.post(path, body.clone()).await;
        accepted(&created, "created");
        let same = app.post(path, in_capitals(&body, fields)).await;
        assert_eq!(accepted(&same, "unchanged"), accepted(&created, "created"), "{path}");
        assert_eq!(events(&same), [""; 0]);
        let with_id = with(body.clone(), json!({"id": id(&created)}));
        accepted(&app.post(path, with_id).await, "unchanged");
    }
}

#[tokio::test]
async fn two_senders_that_differ_in_case_raise_one_event() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    for number in ["WO-a", "wo-A", "WO-A", "wo-a"] {
        app.post(WORK_ORDER, json!({"workOrderNumber": number, "title": "Slab"})).await.expect(200);
    }
    app.drain().await;
    assert_eq!(receiver.only().json()["data"]["workOrderNumber"], "WO-a");
}

#[tokio::test]
async fn the_spelling_of_a_number_changes_with_the_id() {
    let app = InboundApp::start().await;
    let known = id(&work_order(&app, "WO-a", json!({})).await);
    let other = app.post(WORK_ORDER, json!({"workOrderNumber": "wo-A", "title": "Wall"})).await;
    assert_eq!(accepted(&other, "updated")["workOrderNumber"], "WO-a", "the rest of the body counts");
    let respelled = app.post(WORK_ORDER, json!({"id": known, "workOrderNumber": "wo-a"})).await;
    let data = accepted(&respelled, "updated");
    assert_eq!((&data["workOrderNumber"], &data["id"], &data["version"]), (&json!("wo-a"), &json!(known), &json!(3)));
    accepted(&app.post(WORK_ORDER, json!({"workOrderNumber": "WO-A", "title": "Wall"})).await, "unchanged");
    refused(
        &app.post(WORK_ORDER, json!({"workOrderNumber": "WO-A", "operation": "create", "title": "x"})).await,
        409,
        "already_exists",
    );

    let deleted = app.post(WORK_ORDER, json!({"workOrderNumber": "WO-A", "operation": "delete"})).await;
    assert_eq!(accepted(&deleted, "deleted")["workOrderNumber"], "wo-a");
    let again = app.post(WORK_ORDER, json!({"workOrderNumber": "WO-A", "title": "Roof"})).await;
    assert_eq!(accepted(&again, "created")["workOrderNumber"], "WO-A");
}

#[tokio::test]
async fn a_reference_stays_as_it_was_spelled_when_the_other_record_is_respelled() {
    let app = InboundApp::start().await;
    let known = id(&project(&app, "p-a", json!({})).await);
    let order = json!({"workOrderNumber": "WO-1", "title": "Slab", "projectNumber": "p-a"});
    accepted(&app.post(WORK_ORDER, order.clone()).await, "created");
    accepted(&app.post(PROJECT, json!({"id": known, "projectNumber": "P-A"})).await, "updated");
    accepted(&app.post(WORK_ORDER, order).await, "unchanged");
    assert_eq!(record(&app, "workorder", "WO-1").await["projectNumber"], "p-a");
}

fn bill(number: &str, foreign: &str, extra: Value) -> Value {
    let body = json!({"vendorNumber": number, "name": foreign, "vendorType": "supplier",
        "externalRef": {"system": "quickbooks", "id": foreign}});
    with(body, extra)
}

#[tokio::test]
async fn two_foreign_records_that_share_a_number_are_not_merged() {
    let app = InboundApp::start().await;
    let known = id(&app.post(VENDOR, bill("V-1", "a56", json!({}))).await);
    for body in [
        bill("V-1", "57", json!({})),
        bill("v-1", "A56", json!({"externalRef": {"system": "QuickBooks", "id": "A56"}})),
        bill("V-1", "57", json!({"id": known})),
        bill("V-1", "57", json!({"operation": "update"})),
        bill("V-1", "57", json!({"sourceUpdatedAt": "2001-01-01T00:00:00Z"})),
    ] {
        let reply = app.post(VENDOR, body).await;
        refused(&reply, 409, "external_ref_mismatch");
        assert_eq!(defects(&reply), ["externalRef.id reference_mismatch"]);
        assert!(reply.body["detail"].as_str().is_some_and(|detail| detail.contains("ifVersion 1")), "{}", reply.text);
    }
    assert_eq!(record(&app, "vendor", "V-1").await["name"], "a56");
    refused(&app.post(VENDOR, bill("V-1", "57", json!({"operation": "create"}))).await, 409, "already_exists");
    refused(&app.post(VENDOR, bill("V-1", "57", json!({"ifVersion": 2}))).await, 409, "version_conflict");
    accepted(&app.post(VENDOR, bill("V-1", "57", json!({"ifVersion": 1}))).await, "updated");
    accepted(&app.post(VENDOR, bill("V-1", "57", json!({}))).await, "unchanged");
}

#[tokio::test]
async fn a_row_is_merged_unless_it_names_another_record_of_the_same_system() {
    let app = InboundApp::start().await;
    vendor(&app, "V-1", json!({})).await;
    let of = |external: Value| json!({"vendorNumber": "V-1", "externalRef": external});
    for external in [json!({"system": "procore", "id": "9"}), json!({"system": "erp", "id": "10"}), Value::Null] {
        accepted(&app.post(VENDOR, of(external)).await, "updated");
    }
    accepted(&app.post(VENDOR, bill("V-1", "57", json!({}))).await, "updated");
    accepted(&app.post(VENDOR, json!({"vendorNumber": "V-1", "name": "Acme"})).await, "updated");
    accepted(&app.post(VENDOR, json!({"vendorNumber": "V-1", "operation": "delete"})).await, "deleted");
    accepted(&app.post(VENDOR, bill("V-1", "58", json!({"sourceUpdatedAt": "2001-01-01T00:00:00Z"}))).await, "created");
}
