//! Create, update and delete through one call: `docs/contract.md#writing-records`.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{InboundApp, TestApp};

use crate::crew::{
    EMPLOYEE, PROJECT, TIME_OFF, VENDOR, WORK_ORDER, employee, id, ok, project, vendor, with, work_order,
};
use crate::expect::{accepted, events, invalid, refused, warnings};
use crate::records::record;

#[tokio::test]
async fn absent_stays_null_clears_and_lists_and_objects_are_replaced_whole() {
    let app = InboundApp::start().await;
    let whole = json!({
        "phase": "Rough-in", "trade": "mechanical", "tags": ["a", "b"],
        "siteAddress": {"line1": "1801 W Riverside Dr", "city": "Austin", "state": "TX"},
        "materials": [{"name": "pipe", "quantity": 160, "unit": "lf"}, {"name": "RTU", "quantity": 2, "unit": "ea"}],
    });
    work_order(&app, "WO-1", whole).await;
    let change = json!({
        "workOrderNumber": "WO-1", "phase": null, "tags": ["c"], "siteAddress": {"line1": "Gate 3"},
        "materials": [{"name": "duct", "quantity": 1, "unit": "ea"}],
    });
    let reply = app.post(WORK_ORDER, change).await;
    let data = accepted(&reply, "updated");
    assert_eq!((&data["version"], events(&reply)), (&json!(2), vec!["workorder.updated"]));

    let stored = record(&app, "workorder", "WO-1").await;
    assert_eq!((&stored["title"], &stored["trade"]), (&json!("Pour slab"), &json!("mechanical")));
    assert!(stored.get("phase").is_none());
    assert_eq!(stored["tags"], json!(["c"]));
    assert_eq!(stored["siteAddress"]["line1"], "Gate 3");
    assert!(stored["siteAddress"].get("city").is_none(), "{stored}");
    assert_eq!(stored["materials"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn what_a_record_needs_can_not_be_cleared() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-1", json!({})).await;
    invalid(&app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "title": null})).await, &["title required"]);
    invalid(&app.post(WORK_ORDER, json!({"workOrderNumber": null, "title": "x"})).await, &["workOrderNumber required"]);
}

#[tokio::test]
async fn a_merge_is_validated_as_a_whole() {
    let app = InboundApp::start().await;
    let planned = json!({"scheduledStart": "2025-10-27T12:00:00Z", "scheduledEnd": "2025-10-27T20:00:00Z"});
    work_order(&app, "WO-1", planned).await;
    let late = json!({"workOrderNumber": "WO-1", "scheduledStart": "2025-10-28T12:00:00Z"});
    invalid(&app.post(WORK_ORDER, late).await, &["scheduledEnd date_order"]);
    let taken = json!({"workOrderNumber": "WO-1", "scheduledStart": null});
    invalid(&app.post(WORK_ORDER, taken).await, &["scheduledStart missing_dependency"]);
}

#[tokio::test]
async fn custom_fields_merge_by_key() {
    let app = InboundApp::start().await;
    let change = |fields: Value| json!({"workOrderNumber": "WO-1", "customFields": fields});
    work_order(&app, "WO-1", json!({"customFields": {"crane": true, "lift": "LP-0093", "loads": 3}})).await;

    accepted(&app.post(WORK_ORDER, change(json!({"lift": null, "crew": ["a"], "loads": 4}))).await, "updated");
    let stored = record(&app, "workorder", "WO-1").await;
    assert_eq!(stored["customFields"], json!({"crane": true, "loads": 4, "crew": ["a"]}));

    accepted(&app.post(WORK_ORDER, change(json!({"lift": null}))).await, "unchanged");
    accepted(&app.post(WORK_ORDER, change(json!({}))).await, "unchanged");
    accepted(&app.post(WORK_ORDER, change(json!(null))).await, "updated");
    assert!(record(&app, "workorder", "WO-1").await.get("customFields").is_none());
}

#[tokio::test]
async fn custom_fields_have_their_limits_when_they_are_merged_too() {
    let app = InboundApp::start().await;
    let numbered = |from: usize| (from..from + 30).map(|i| (format!("f{i}"), json!(i))).collect::<Value>();
    work_order(&app, "WO-1", json!({"customFields": numbered(0)})).await;
    let more = json!({"workOrderNumber": "WO-1", "customFields": numbered(30)});
    invalid(&app.post(WORK_ORDER, more).await, &["customFields too_many_items"]);
}

#[tokio::test]
async fn the_natural_key_is_compared_without_case_and_kept_as_sent() {
    let app = InboundApp::start().await;
    let first = id(&work_order(&app, "WO-12a", json!({})).await);
    let reply = app.post(WORK_ORDER, json!({"workOrderNumber": "wo-12A", "priority": "high"})).await;
    let data = accepted(&reply, "updated");
    assert_eq!(data["id"], first);
}

#[tokio::test]
async fn an_id_finds_the_record_and_its_number_can_then_be_changed() {
    let app = InboundApp::start().await;
    let known = id(&work_order(&app, "WO-1", json!({})).await);
    accepted(&app.post(WORK_ORDER, json!({"id": known, "priority": "high"})).await, "updated");

    let renamed = app.post(WORK_ORDER, json!({"id": known, "workOrderNumber": "WO-2"})).await;
    let data = accepted(&renamed, "updated");
    assert_eq!((&data["id"], &data["workOrderNumber"], &data["version"]), (&json!(known), &json!("WO-2"), &json!(3)));

    let by_number = app.post(WORK_ORDER, json!({"workOrderNumber": "WO-2", "priority": "low"})).await;
    assert_eq!(accepted(&by_number, "updated")["id"], known);
    let anew = id(&work_order(&app, "WO-1", json!({})).await);
    assert_ne!(anew, known, "the old number is free");

    let taken = app.post(WORK_ORDER, json!({"id": known, "workOrderNumber": "wo-1"})).await;
    refused(&taken, 409, "already_exists");
    refused(&app.post(WORK_ORDER, json!({"id": "wo_unknown", "title": "x"})).await, 404, "not_found");
    let other = json!({"id": "proj_abc123", "workOrderNumber": "WO-1"});
    invalid(&app.post(WORK_ORDER, other).await, &["id invalid_format"]);
}

#[tokio::test]
async fn a_person_keeps_calendar_and_orders_under_a_new_number() {
    let app = InboundApp::start().await;
    let person = id(&employee(&app, "E-1", json!({})).await);
    let window = json!({"scheduledStart": "2025-10-27T12:00:00Z", "scheduledEnd": "2025-10-27T20:00:00Z"});
    let crew = json!({"assignments": [{"employeeNumber": "E-1"}]});
    work_order(&app, "WO-1", with(crew, window.clone())).await;
    accepted(&app.post(EMPLOYEE, json!({"id": person, "employeeNumber": "E-2"})).await, "updated");

    let other = work_order(&app, "WO-2", with(json!({"assignments": [{"employeeNumber": "E-2"}]}), window)).await;
    assert_eq!(warnings(&other), ["double_booked assignments[0].employeeNumber"]);
    let gone = json!({"workOrderNumber": "WO-3", "title": "x", "assignments": [{"employeeNumber": "E-1"}]});
    invalid(&app.post(WORK_ORDER, gone).await, &["assignments[0].employeeNumber unknown_reference"]);
    refused(&app.post(EMPLOYEE, json!({"id": person, "operation": "delete"})).await, 409, "still_referenced");

    // The first order still knows its person, and can let go.
    accepted(&app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "assignments": []})).await, "updated");
    accepted(&app.post(WORK_ORDER, json!({"workOrderNumber": "WO-2", "assignments": []})).await, "updated");
    accepted(&app.post(EMPLOYEE, json!({"id": person, "operation": "delete"})).await, "deleted");
}

#[tokio::test]
async fn a_deleted_order_leaves_the_calendar_of_a_person_with_another_number() {
    let app = InboundApp::start().await;
    let person = id(&employee(&app, "E-1", json!({})).await);
    let order = |employee: &str| {
        json!({"scheduledStart": "2025-10-27T12:00:00Z", "scheduledEnd": "2025-10-27T20:00:00Z",
            "assignments": [{"employeeNumber": employee}]})
    };
    work_order(&app, "WO-1", order("E-1")).await;
    accepted(&app.post(EMPLOYEE, json!({"id": person, "employeeNumber": "E-2"})).await, "updated");
    employee(&app, "E-1", json!({})).await;
    assert_eq!(
        warnings(&work_order(&app, "WO-2", order("E-1")).await),
        [""; 0],
        "the old number is someone else's now"
    );
    accepted(&app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "operation": "delete"})).await, "deleted");
    assert_eq!(warnings(&work_order(&app, "WO-3", order("E-2")).await), [""; 0]);
}

#[tokio::test]
async fn time_off_follows_a_person_to_a_new_number() {
    let app = InboundApp::start().await;
    let person = id(&employee(&app, "E-1", json!({})).await);
    let request = |number: &str, employee: &str| json!({"requestNumber": number, "employeeNumber": employee, "type": "vacation", "startDate": "2025-12-24", "endDate": "2025-12-24"});
    accepted(&app.post(TIME_OFF, request("TO-1", "E-1")).await, "created");
    accepted(&app.post(EMPLOYEE, json!({"id": person, "employeeNumber": "E-2"})).await, "updated");
    refused(&app.post(TIME_OFF, request("TO-2", "E-2")).await, 409, "overlap");
    accepted(&app.post(TIME_OFF, json!({"requestNumber": "TO-1", "status": "cancelled"})).await, "updated");
    accepted(&app.post(TIME_OFF, request("TO-2", "E-2")).await, "created");
}

#[tokio::test]
async fn time_off_of_somebody_who_is_gone_is_not_booked_for_who_has_the_number_now() {
    let app = InboundApp::start().await;
    employee(&app, "E-1", json!({})).await;
    let request = |number: &str, day: &str| json!({"requestNumber": number, "employeeNumber": "E-1", "type": "vacation", "startDate": day, "endDate": day});
    accepted(&app.post(TIME_OFF, request("TO-1", "2025-12-24")).await, "created");
    accepted(&app.post(EMPLOYEE, json!({"employeeNumber": "E-1", "operation": "delete"})).await, "deleted");
    employee(&app, "E-1", json!({})).await;
    let moved = json!({"requestNumber": "TO-1", "startDate": "2025-12-29", "endDate": "2025-12-29"});
    accepted(&app.post(TIME_OFF, moved).await, "updated");
    accepted(&app.post(TIME_OFF, request("TO-2", "2025-12-29")).await, "created");
}

#[tokio::test]
async fn a_parent_that_is_gone_does_not_keep_its_children_from_being_sent_again() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-1", json!({})).await;
    let child = json!({"parentWorkOrderNumber": "WO-1"});
    work_order(&app, "WO-2", child.clone()).await;
    accepted(&app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "operation": "delete"})).await, "deleted");
    accepted(&work_order(&app, "WO-2", child.clone()).await, "unchanged");
    let renamed = crate::crew::with(child, json!({"workOrderNumber": "WO-2", "title": "Renamed"}));
    accepted(&app.post(WORK_ORDER, renamed).await, "updated");
    invalid(
        &app.post(WORK_ORDER, json!({"workOrderNumber": "WO-3", "title": "x", "parentWorkOrderNumber": "WO-1"})).await,
        &["parentWorkOrderNumber unknown_reference"],
    );
}

#[tokio::test]
async fn operations_say_what_must_be_there() {
    let app = InboundApp::start().await;
    let order = |operation: &str| json!({"workOrderNumber": "WO-1", "title": "x", "operation": operation});
    refused(&app.post(WORK_ORDER, order("update")).await, 404, "not_found");
    accepted(&app.post(WORK_ORDER, order("create")).await, "created");
    refused(&app.post(WORK_ORDER, order("create")).await, 409, "already_exists");
    accepted(&app.post(WORK_ORDER, order("update")).await, "unchanged");
    accepted(&app.post(WORK_ORDER, order("upsert")).await, "unchanged");
    invalid(&app.post(WORK_ORDER, order("merge")).await, &["operation invalid_value"]);
}

#[tokio::test]
async fn a_new_record_needs_its_fields() {
    let app = TestApp::start().await;
    invalid(&app.post(WORK_ORDER, json!({})).await, &["workOrderNumber required"]);
    invalid(&app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1"})).await, &["title required"]);
    let missing = ["firstName required", "lastName required", "role required"];
    invalid(&app.post(EMPLOYEE, json!({"employeeNumber": "E-1"})).await, &missing);
    invalid(&app.post(VENDOR, json!({"vendorNumber": "V-1", "name": "x"})).await, &["vendorType required"]);
}

#[tokio::test]
async fn a_version_that_is_not_the_stored_one_is_a_conflict() {
    let app = InboundApp::start().await;
    let change = |version: u64, title: &str| json!({"workOrderNumber": "WO-1", "title": title, "ifVersion": version});
    refused(&app.post(WORK_ORDER, change(1, "x")).await, 409, "version_conflict");
    work_order(&app, "WO-1", json!({})).await;
    assert_eq!(accepted(&app.post(WORK_ORDER, change(1, "one")).await, "updated")["version"], 2);
    refused(&app.post(WORK_ORDER, change(1, "two")).await, 409, "version_conflict");
    let delete = json!({"workOrderNumber": "WO-1", "operation": "delete", "ifVersion": 1});
    refused(&app.post(WORK_ORDER, delete).await, 409, "version_conflict");
}

#[tokio::test]
async fn a_body_older_than_the_stored_one_changes_nothing() {
    let app = InboundApp::start().await;
    let at = |time: &str, title: &str| json!({"workOrderNumber": "WO-1", "title": title, "sourceUpdatedAt": time});
    accepted(&app.post(WORK_ORDER, at("2025-10-20T10:00:00Z", "one")).await, "created");
    let stale = app.post(WORK_ORDER, at("2025-10-20T09:59:59Z", "two")).await;
    assert_eq!(accepted(&stale, "unchanged")["version"], 1);
    assert_eq!((warnings(&stale), events(&stale)), (vec!["stale_update sourceUpdatedAt".to_owned()], vec![]));
    accepted(&app.post(WORK_ORDER, at("2025-10-20T10:00:00Z", "two")).await, "updated");

    // A replay at a later time is no change, but what was sent between the two is known to be old from then on.
    accepted(&app.post(WORK_ORDER, at("2025-10-20T12:00:00Z", "two")).await, "unchanged");
    let stale = app.post(WORK_ORDER, at("2025-10-20T11:00:00Z", "three")).await;
    accepted(&stale, "unchanged");
    assert_eq!(warnings(&stale), ["stale_update sourceUpdatedAt"]);
}

#[tokio::test]
async fn a_stale_deletion_deletes_nothing() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-1", json!({"sourceUpdatedAt": "2025-10-20T10:00:00Z"})).await;
    let delete = |time: &str| json!({"workOrderNumber": "WO-1", "operation": "delete", "sourceUpdatedAt": time});
    let stale = app.post(WORK_ORDER, delete("2025-10-20T09:00:00Z")).await;
    accepted(&stale, "unchanged");
    assert_eq!(warnings(&stale), ["stale_update sourceUpdatedAt"]);
    accepted(&app.post(WORK_ORDER, delete("2025-10-20T11:00:00Z")).await, "deleted");
}

#[tokio::test]
async fn a_body_older_than_the_deletion_does_not_bring_the_record_back() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-1", json!({"sourceUpdatedAt": "2025-10-20T10:00:00Z"})).await;
    let at = |time: &str, extra: Value| with(json!({"workOrderNumber": "WO-1", "sourceUpdatedAt": time}), extra);
    accepted(&app.post(WORK_ORDER, at("2025-10-20T12:00:00Z", json!({"operation": "delete"}))).await, "deleted");
    let late = app.post(WORK_ORDER, at("2025-10-20T11:00:00Z", json!({"title": "x"}))).await;
    accepted(&late, "unchanged");
    assert_eq!(warnings(&late), ["stale_update sourceUpdatedAt"]);
    accepted(&app.post(WORK_ORDER, at("2025-10-20T13:00:00Z", json!({"title": "x"}))).await, "created");
}

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
async fn a_deleted_vendor_is_referred_to_no_more() {
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
async fn a_deletion_takes_nothing_but_the_key() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-1", json!({})).await;
    let delete = json!({"workOrderNumber": "WO-1", "operation": "delete", "priority": "high"});
    invalid(&app.post(WORK_ORDER, delete).await, &["priority conflicting_fields"]);
}

#[tokio::test]
async fn projects_and_time_off_are_not_deleted() {
    let app = InboundApp::start().await;
    project(&app, "2025-014", json!({})).await;
    let reply = app.post(PROJECT, json!({"projectNumber": "2025-014", "operation": "delete"})).await;
    invalid(&reply, &["operation invalid_value"]);
    let reply = app.post(TIME_OFF, json!({"requestNumber": "TO-1", "operation": "delete"})).await;
    invalid(&reply, &["operation invalid_value"]);
}

#[tokio::test]
async fn versions_and_times_tell_of_stored_changes_only() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-1", json!({})).await;
    app.advance(Duration::from_secs(90)).await;
    let same = app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "title": "Pour slab"})).await;
    assert_eq!(accepted(&same, "unchanged")["updatedAt"], "2025-10-20T14:30:00Z");
    let other = app.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "title": "Pour mat slab"})).await;
    let data = accepted(&other, "updated");
    assert_eq!((&data["version"], &data["updatedAt"]), (&json!(2), &json!("2025-10-20T14:31:30Z")));
    assert_eq!(data["createdAt"], "2025-10-20T14:30:00Z");
}

#[tokio::test]
async fn accounts_share_nothing() {
    let app = InboundApp::start().await;
    let other = app.tenant("Other").await;
    let ours = id(&work_order(&app, "WO-1", json!({})).await);
    let theirs = ok(other.post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "title": "x"})).await);
    accepted(&theirs, "created");
    assert_ne!(id(&theirs), ours);
    refused(&other.post(WORK_ORDER, json!({"id": ours, "title": "x"})).await, 404, "not_found");
    project(&app, "2025-014", json!({})).await;
    let reply =
        other.post(WORK_ORDER, json!({"workOrderNumber": "WO-2", "title": "x", "projectNumber": "2025-014"})).await;
    invalid(&reply, &["projectNumber unknown_reference"]);
}
