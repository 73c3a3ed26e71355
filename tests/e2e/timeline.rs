//! `/api/records`: what was sent is found, read back, and has a history.

use std::time::Duration;

use serde_json::{Value, json};
use store::tables;
use tests::{InboundApp, Receiver, Tenant, TestApp};

use crate::crew::{WORK_ORDER, employee, vendor, work_order};
use crate::deliveries::create_work_order;
use crate::expect::{accepted, invalid, refused};

/// The titles of a work order in the events of its timeline, newest first, and the cursor of the next page.
async fn titles(tenant: &Tenant, number: &str, query: &str) -> (Vec<String>, Option<String>) {
    let page = tenant.get(&format!("/api/records/workorder/{number}/timeline?{query}")).await.expect(200).body;
    let events = page["data"].as_array().unwrap().iter().flat_map(|change| change["events"].as_array().unwrap());
    let titles = events.map(|event| event["data"]["title"].as_str().unwrap().to_owned());
    (titles.collect(), page["nextCursor"].as_str().map(str::to_owned))
}

async fn rename(tenant: &Tenant, number: &str, title: &str) -> Value {
    let reply = tenant.post(WORK_ORDER, json!({ "workOrderNumber": number, "title": title })).await;
    accepted(&reply, "updated");
    reply.body
}

async fn found(tenant: &Tenant, sought: &str) -> Vec<String> {
    let reply = tenant.get(&format!("/api/records?q={sought}")).await.expect(200);
    reply.body["data"].as_array().unwrap().iter().map(|one| one["number"].as_str().unwrap().to_owned()).collect()
}

/// As DynamoDB does in its own time.
async fn delete_events(app: &InboundApp) {
    let db = aws_sdk_dynamodb::Client::new(app.system().sdk_config());
    let events = db.scan().table_name(tables::EVENTS.name).send().await.unwrap().items.unwrap_or_default();
    for mut event in events {
        event.retain(|name, _| name == "pk" || name == "sk");
        db.delete_item().table_name(tables::EVENTS.name).set_key(Some(event)).send().await.unwrap();
    }
}

#[tokio::test]
async fn a_record_is_read_back_by_its_number_in_any_case_and_by_its_id() {
    let app = InboundApp::start().await;
    let created = create_work_order(&app, "WO-1").await.body;
    let id = created["data"]["id"].as_str().unwrap();
    for key in ["WO-1", "wo-1", "WO%2D1", id] {
        let record = app.get(&format!("/api/records/workorder/{key}")).await.expect(200).body;
        assert_eq!(
            (&record["type"], &record["number"], &record["version"]),
            (&json!("workorder"), &json!("WO-1"), &json!(1))
        );
        assert_eq!(record["record"]["id"], id);
        assert_eq!(record["record"]["workOrderNumber"], "WO-1");
    }
    accepted(
        &app.post("/api/webhook/project", json!({ "projectNumber": "2025/014 #1", "name": "Riverside" })).await,
        "created",
    );
    for key in ["2025/014%20%231", "2025%2F014%20%231"] {
        assert_eq!(
            app.get(&format!("/api/records/project/{key}")).await.expect(200).body["title"],
            "Riverside",
            "{key}"
        );
        app.get(&format!("/api/records/project/{key}/timeline")).await.expect(200);
    }
    for wrong in [
        "workorder/WO-2",
        "project/WO-1",
        "workorders/WO-1",
        "workorder/wo_01JAMB3X9T7Q2V5K8N4C6D0EFG",
        &format!("workorder/{}", "9".repeat(3_000)),
    ] {
        refused(&app.get(&format!("/api/records/{wrong}")).await, 404, "not_found");
    }
}

#[tokio::test]
async fn a_secret_is_not_read_back() {
    let app = InboundApp::start().await;
    vendor(&app, "V-1", json!({ "taxId": "12-3456789", "taxIdType": "ein" })).await;
    let read = app.get("/api/records/vendor/V-1").await.expect(200);
    assert!(!read.text.contains("3456789"), "{}", read.text);
    assert_eq!(read.body["title"], "Lone Star Rebar");
}

#[tokio::test]
async fn a_deleted_record_says_so() {
    let app = InboundApp::start().await;
    create_work_order(&app, "WO-1").await;
    let deletion = json!({ "workOrderNumber": "WO-1", "operation": "delete" });
    accepted(&app.post(WORK_ORDER, deletion).await, "deleted");
    let deleted = app.get("/api/records/workorder/WO-1").await.expect(200).body;
    assert_eq!(deleted["deletedAt"], "2025-10-20T14:30:00Z");
    assert_eq!((&deleted["record"], &deleted["title"]), (&Value::Null, &Value::Null), "what it said is gone");
    assert_eq!(titles(&app, "WO-1", "").await.0.len(), 2, "it was created and deleted");
    create_work_order(&app, "WO-1").await;
    assert_eq!(titles(&app, "WO-1", "").await.0.len(), 3, "the number's history goes on");
}

#[tokio::test]
async fn the_timeline_has_each_change_with_its_events_and_their_deliveries() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    let endpoint = app.endpoint(&receiver.url(), ["workorder.*"]).await;
    let created = create_work_order(&app, "WO-1").await.body;
    create_work_order(&app, "WO-2").await;
    app.advance(Duration::from_mins(1)).await;
    let updated = rename(&app, "WO-1", "Paint the fence").await;
    app.drain().await;
    let page = app.get("/api/records/workorder/WO-1/timeline").await.expect(200).body;
    let changes = page["data"].as_array().unwrap();
    let requests: Vec<_> = changes.iter().map(|change| &change["requestId"]).collect();
    assert_eq!(requests, [&updated["requestId"], &created["requestId"]]);
    let event = &changes[0]["events"][0];
    assert_eq!((&event["event"], &event["data"]["title"]), (&json!("workorder.updated"), &json!("Paint the fence")));
    assert_eq!(event["subject"]["number"], "WO-1");
    let delivery = &event["deliveries"][0];
    assert_eq!(
        (&delivery["status"], delivery["endpointId"].as_str()),
        (&json!("delivered"), Some(endpoint.id.as_str()))
    );
    assert_eq!((&changes[0]["truncated"], &page["nextCursor"]), (&json!(false), &Value::Null));
}

#[tokio::test]
async fn a_long_history_is_read_in_pages_and_misses_nothing() {
    let app = InboundApp::start().await;
    create_work_order(&app, "WO-1").await;
    let mut expected = Vec::new();
    for number in 1..=20 {
        app.advance(Duration::from_secs(90)).await;
        create_work_order(&app, &format!("WO-B{number}")).await;
        rename(&app, "WO-1", &format!("Title {number}")).await;
        expected.insert(0, format!("Title {number}"));
    }
    let (mut read, mut query) = (Vec::new(), "limit=6".to_owned());
    loop {
        let (some, next) = titles(&app, "WO-1", &query).await;
        assert!(some.len() <= 6);
        read.extend(some);
        let Some(next) = next else { break };
        query = format!("limit=6&cursor={next}");
    }
    assert_eq!(read[..20], expected);
    assert_eq!(read.len(), 21);
    assert_eq!(titles(&app, "WO-B3", "").await.0.len(), 1, "another record has its own");
}

#[tokio::test]
async fn a_change_of_many_people_is_one_change_with_all_its_events() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["employee.assigned"]).await;
    let mut people = Vec::new();
    for number in 0..60 {
        employee(&app, &format!("E-{number}"), json!({})).await;
        people.push(json!({ "employeeNumber": format!("E-{number}") }));
    }
    let order = json!({ "workOrderNumber": "WO-1", "title": "Pour slab", "assignments": people });
    accepted(&app.post(WORK_ORDER, order).await, "created");
    app.drain().await;
    let page = app.get("/api/records/workorder/WO-1/timeline").await.expect(200).body;
    let changes = page["data"].as_array().unwrap();
    assert_eq!((changes.len(), changes[0]["events"].as_array().unwrap().len()), (1, 61));
    let events = changes[0]["events"].as_array().unwrap().iter();
    let shown: usize = events.map(|event| event["deliveries"].as_array().unwrap().len()).sum();
    assert_eq!((shown, &changes[0]["truncated"]), (50, &json!(true)), "the others are on the events' pages");
}

#[tokio::test]
async fn a_history_stays_with_the_record_when_its_number_changes() {
    let app = InboundApp::start().await;
    let created = create_work_order(&app, "WO-1").await.body;
    let id = created["data"]["id"].as_str().unwrap();
    let renamed = app.post(WORK_ORDER, json!({ "id": id, "workOrderNumber": "WO-9" })).await;
    accepted(&renamed, "updated");
    create_work_order(&app, "WO-1").await;
    assert_eq!(titles(&app, "WO-9", "").await.0.len(), 2);
    assert_eq!(titles(&app, "WO-1", "").await.0.len(), 1, "the number belongs to a new record");
}

#[tokio::test]
async fn a_history_ends_where_the_retention_of_events_ends() {
    let app = InboundApp::start().await;
    create_work_order(&app, "WO-1").await;
    app.advance(Duration::from_hours(31 * 24)).await;
    delete_events(&app).await;
    rename(&app, "WO-1", "New").await;
    assert_eq!(titles(&app, "WO-1", "").await, (vec!["New".to_owned()], None));
    delete_events(&app).await;
    assert_eq!(titles(&app, "WO-1", "").await, (Vec::new(), None));
}

/// What a sender said of a field that a change of status has cleared is a note of ours.
#[tokio::test]
async fn what_a_record_has_no_more_is_not_read_back() {
    let app = InboundApp::start().await;
    let sent = json!({"status": "cancelled", "cancellationReason": "The customer is away"});
    work_order(&app, "WO-1", json!({})).await;
    work_order(&app, "WO-1", sent).await;
    work_order(&app, "WO-1", json!({"status": "unscheduled"})).await;
    let read = app.get("/api/records/workorder/WO-1").await.expect(200);
    assert!(!read.text.contains("away") && read.body["record"]["status"] == "unscheduled", "{}", read.text);
}

#[tokio::test]
async fn a_search_finds_numbers_ids_and_parts_of_titles_and_names() {
    let app = InboundApp::start().await;
    let created = create_work_order(&app, "WO-1").await.body;
    rename(&app, "WO-1", "Install HVAC System").await;
    employee(&app, "WO-1", json!({ "firstName": "Zoë", "lastName": "O'Brien" })).await;
    assert_eq!(found(&app, "wo-1").await, ["WO-1", "WO-1"], "a number is one of each type");
    assert_eq!(found(&app, created["data"]["id"].as_str().unwrap()).await, ["WO-1"]);
    assert_eq!(found(&app, "hvac%20sys").await, ["WO-1"]);
    assert_eq!(found(&app, "ZO%C3%8B%20O").await, ["WO-1"]);
    rename(&app, "WO-1", "Replace the roof").await;
    assert_eq!(found(&app, "hvac").await, [""; 0], "it is not called that any more");
    assert_eq!(found(&app, "nothing").await, [""; 0]);
    invalid(&app.get("/api/records").await, &["q required"]);
}

#[tokio::test]
async fn the_events_of_a_call_are_found_by_its_request_id() {
    let app = InboundApp::start().await;
    let created = create_work_order(&app, "WO-1").await.body;
    create_work_order(&app, "WO-2").await;
    let request = created["requestId"].as_str().unwrap();
    let found = app.get(&format!("/api/events?requestId={request}")).await.expect(200).body;
    let numbers: Vec<_> = found["data"].as_array().unwrap().iter().map(|event| &event["subject"]["number"]).collect();
    assert_eq!(numbers, ["WO-1"]);
    let other = app.tenant("other").await;
    assert_eq!(other.get(&format!("/api/events?requestId={request}")).await.expect(200).body["data"], json!([]));
}

#[tokio::test]
async fn nothing_of_another_account_is_found() {
    let app = InboundApp::start().await;
    let other = app.tenant("other").await;
    let created = create_work_order(&app, "WO-1").await.body;
    let id = created["data"]["id"].as_str().unwrap();
    for sought in ["WO-1", id, "install"] {
        assert_eq!(found(&other, sought).await, [""; 0], "{sought}");
    }
    for path in [format!("workorder/{id}"), "workorder/WO-1/timeline".to_owned()] {
        refused(&other.get(&format!("/api/records/{path}")).await, 404, "not_found");
    }
}
