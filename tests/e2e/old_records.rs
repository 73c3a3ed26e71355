//! Records that lie under their number, with a card under their id, as releases up to 0.2 stored them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids;
use domain::models::Kind;
use serde_json::{Value, json};
use tests::InboundApp;

use crate::crew::{EMPLOYEE, TIME_OFF, WORK_ORDER, employee, id, ok, with, work_order};
use crate::expect::{accepted, events, refused, warnings};
use crate::records::{at, delete_item, item, put_item, record, slot_key};

/// Stores the order with this number in the old form, or its tombstone.
pub(crate) async fn make_old(app: &InboundApp, number: &str, deleted: bool) {
    make_old_of(app, Kind::WorkOrder, number, deleted).await;
}

/// The same for any resource. It gets another id, as ids were random.
pub(crate) async fn make_old_of(app: &InboundApp, kind: Kind, number: &str, deleted: bool) -> String {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let id = ids::new_id(kind.model().prefix, app.now());
    let mut body = record(app, kind.segment(), number).await;
    body["id"] = json!(id);
    let mut record = item(app, kind.segment(), number).await;
    delete_item(app, &slot_key(&app.account, kind.segment(), number)).await;
    let mut beside = HashMap::from([
        ("pk".to_owned(), text(&format!("{}#I#{id}", app.account))),
        ("id".to_owned(), text(&id)),
        ("number".to_owned(), text(number)),
        ("card".to_owned(), text(&card(&body).to_string())),
    ]);
    record.remove("trail");
    record.insert("pk".to_owned(), text(&old_key(app, kind, number)));
    record.insert("id".to_owned(), text(&id));
    record.insert("body".to_owned(), text(&body.to_string()));
    if deleted {
        for item in [&mut beside, &mut record] {
            item.insert("deletedAt".to_owned(), text("2025-10-20T14:30:00Z"));
            item.insert("expiresAt".to_owned(), AttributeValue::N("1763562600".to_owned()));
        }
    }
    put_item(app, beside).await;
    put_item(app, record).await;
    id
}

/// Some of what cards said of records, for other records' rules.
fn card(body: &Value) -> Value {
    let fields = ["status", "title", "name", "firstName", "lastName"];
    fields.into_iter().filter_map(|name| Some((name.to_owned(), body.get(name)?.clone()))).collect()
}

pub(crate) fn old_key(app: &InboundApp, kind: Kind, number: &str) -> String {
    format!("{}#N#{}#{}", app.account, kind.segment(), number.to_lowercase())
}

/// The order WO-1 in the old form, and its id.
async fn old_order() -> (InboundApp, String) {
    let app = InboundApp::start().await;
    work_order(&app, "WO-1", json!({})).await;
    let known = make_old_of(&app, Kind::WorkOrder, "WO-1", false).await;
    (app, known)
}

async fn lies_under_its_id(app: &InboundApp, known: &str, number: &str) {
    let left = at(app, &old_key(app, Kind::WorkOrder, "WO-1")).await;
    assert!(left.is_none_or(|left| !left.contains_key("body") && left.contains_key("expiresAt")), "it was moved");
    let moved = at(app, &format!("{}#I#{known}", app.account)).await.unwrap();
    assert!(moved.contains_key("body") && moved.contains_key("orders") && !moved.contains_key("card"), "{moved:?}");
    let slot = at(app, &slot_key(&app.account, "workorder", number)).await.unwrap();
    assert_eq!(slot["leads"], AttributeValue::S(known.to_owned()));
}

#[tokio::test]
async fn it_is_read_back_and_its_history_begins_with_its_next_change() {
    let (app, known) = old_order().await;
    for name in ["WO-1", &known] {
        let read = app.get(&format!("/api/records/workorder/{name}")).await.expect(200).body;
        assert_eq!((&read["id"], &read["record"]["title"]), (&json!(known), &json!("Pour slab")));
    }
    let changes = async || app.get("/api/records/workorder/WO-1/timeline").await.expect(200).body["data"].clone();
    assert_eq!(changes().await, json!([]));
    work_order(&app, "WO-1", json!({"title": "Pour the slab"})).await;
    let changes = changes().await;
    assert_eq!(
        (changes.as_array().unwrap().len(), &changes[0]["events"][0]["event"]),
        (1, &json!("workorder.updated"))
    );
}

#[tokio::test]
async fn it_is_found_by_number_and_by_id_and_stays_until_it_changes() {
    let (app, known) = old_order().await;
    let same = json!({"workOrderNumber": "WO-1", "title": "Pour slab"});
    for body in [same.clone(), json!({"id": known, "title": "Pour slab"}), with(same, json!({"id": known}))] {
        assert_eq!(accepted(&app.post(WORK_ORDER, body).await, "unchanged")["id"], known);
    }
    assert!(at(&app, &old_key(&app, Kind::WorkOrder, "WO-1")).await.unwrap().contains_key("body"));
    refused(
        &app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "operation": "create", "title": "x"})).await,
        409,
        "already_exists",
    );
}

#[tokio::test]
async fn its_next_change_moves_it() {
    for named in ["workOrderNumber", "id"] {
        let (app, known) = old_order().await;
        let name = if named == "id" { known.as_str() } else { "WO-1" };
        for (version, priority) in [(2, "high"), (3, "low")] {
            let reply = app.post(WORK_ORDER, json!({named: name, "priority": priority})).await;
            let data = accepted(&reply, "updated");
            assert_eq!((&data["id"], &data["version"]), (&json!(known), &json!(version)));
            lies_under_its_id(&app, &known, "WO-1").await;
        }
    }
}

#[tokio::test]
async fn many_changes_at_once_move_it_once() {
    let (app, known) = old_order().await;
    let send = |i: usize| {
        app.request("POST", WORK_ORDER).json(&json!({"workOrderNumber": "WO-1", "title": format!("{i}")})).send()
    };
    let replies = futures_util::future::join_all((0..6).map(send)).await;
    assert!(replies.iter().all(|reply| accepted(reply, "updated")["id"] == known));
    assert_eq!(record(&app, "workorder", "WO-1").await["version"], 7);
    lies_under_its_id(&app, &known, "WO-1").await;
}

#[tokio::test]
async fn it_gets_another_number_and_leaves_its_own_to_others() {
    let (app, known) = old_order().await;
    let other = id(&work_order(&app, "WO-2", json!({})).await);
    refused(&app.post(WORK_ORDER, json!({"id": known, "workOrderNumber": "WO-2"})).await, 409, "already_exists");
    accepted(&app.post(WORK_ORDER, json!({"id": known, "workOrderNumber": "WO-3"})).await, "updated");
    lies_under_its_id(&app, &known, "WO-3").await;
    let next = work_order(&app, "WO-1", json!({})).await;
    accepted(&next, "created");
    assert!(id(&next) != known && id(&next) != other);
    assert_eq!(accepted(&work_order(&app, "WO-3", json!({})).await, "unchanged")["id"], known);
}

#[tokio::test]
async fn it_is_deleted_and_its_tombstone_is_found() {
    let (app, known) = old_order().await;
    let delete = json!({"workOrderNumber": "WO-1", "operation": "delete"});
    let deleted = app.post(WORK_ORDER, delete.clone()).await;
    assert_eq!(accepted(&deleted, "deleted")["id"], known);
    assert_eq!(events(&deleted), ["workorder.deleted"]);
    accepted(&app.post(WORK_ORDER, delete).await, "unchanged");
    accepted(&app.post(WORK_ORDER, json!({"id": known, "operation": "delete"})).await, "unchanged");
    let stale = json!({"workOrderNumber": "WO-1", "title": "x", "sourceUpdatedAt": "2001-01-01T00:00:00Z"});
    assert_eq!(warnings(&ok(app.post(WORK_ORDER, stale).await)), ["stale_update sourceUpdatedAt"]);
    let next = work_order(&app, "WO-1", json!({})).await;
    accepted(&next, "created");
    assert_ne!(id(&next), known);
}

#[tokio::test]
async fn an_old_tombstone_keeps_its_clock_and_gives_its_number() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-1", json!({})).await;
    let known = make_old_of(&app, Kind::WorkOrder, "WO-1", true).await;
    let delete = json!({"id": known, "operation": "delete", "sourceUpdatedAt": "2025-10-20T14:32:00Z"});
    accepted(&app.post(WORK_ORDER, delete).await, "unchanged");
    let stale = json!({"workOrderNumber": "WO-1", "title": "x", "sourceUpdatedAt": "2025-10-20T14:31:00Z"});
    assert_eq!(warnings(&ok(app.post(WORK_ORDER, stale).await)), ["stale_update sourceUpdatedAt"]);
    let next = work_order(&app, "WO-1", json!({})).await;
    accepted(&next, "created");
    assert!(at(&app, &old_key(&app, Kind::WorkOrder, "WO-1")).await.is_none());
    refused(&app.post(WORK_ORDER, json!({"id": known, "operation": "delete"})).await, 404, "not_found");
}

fn shift(number: &str, employee: &Value) -> Value {
    let crew = json!({"assignments": [employee]});
    with(
        json!({"workOrderNumber": number, "title": "x", "scheduledStart": "2025-10-27T12:00:00Z", "scheduledEnd": "2025-10-27T20:00:00Z"}),
        crew,
    )
}

#[tokio::test]
async fn its_calendar_is_written_where_it_lies_and_moves_with_it() {
    for named_by_id in [false, true] {
        let app = InboundApp::start().await;
        employee(&app, "E-1", json!({})).await;
        let known = make_old_of(&app, Kind::Employee, "E-1", false).await;
        let person = || if named_by_id { json!({"employeeId": known}) } else { json!({"employeeNumber": "E-1"}) };
        let leave = |number: &str, employee: &str| json!({"requestNumber": number, "employeeNumber": employee, "type": "vacation", "startDate": "2025-12-24", "endDate": "2025-12-24"});

        accepted(&app.post(WORK_ORDER, shift("WO-1", &person())).await, "created");
        accepted(&app.post(TIME_OFF, leave("TO-1", "E-1")).await, "created");
        let old = at(&app, &old_key(&app, Kind::Employee, "E-1")).await.unwrap();
        assert_eq!((old["orders"].as_m().unwrap().len(), old["leaves"].as_m().unwrap().len()), (1, 1));

        accepted(&app.post(EMPLOYEE, json!({"id": known, "employeeNumber": "E-2"})).await, "updated");
        let again = app.post(WORK_ORDER, shift("WO-2", &json!({"employeeNumber": "E-2"}))).await;
        assert_eq!(warnings(&again), ["double_booked assignments[0].employeeNumber"]);
        refused(&app.post(TIME_OFF, leave("TO-2", "E-2")).await, 409, "overlap");
        refused(&app.post(EMPLOYEE, json!({"id": known, "operation": "delete"})).await, 409, "still_referenced");
        for number in ["WO-1", "WO-2"] {
            accepted(&app.post(WORK_ORDER, json!({"workOrderNumber": number, "assignments": []})).await, "updated");
        }
        accepted(&app.post(TIME_OFF, json!({"requestNumber": "TO-1", "status": "cancelled"})).await, "updated");
        accepted(&app.post(EMPLOYEE, json!({"id": known, "operation": "delete"})).await, "deleted");
    }
}
