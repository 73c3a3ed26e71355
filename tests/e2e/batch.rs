//! `POST /api/webhook/{type}/batch`: many records in one call, each with a result of its own.

mod limits;
mod repeats;

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Call, InboundApp, Receiver, Reply, Tenant, TestApp};

use crate::crew::{EMPLOYEE, PROJECT, TIME_OFF, VENDOR, WORK_ORDER, employee, project, with};
use crate::expect::{common_headers, header, invalid, refused};

/// The path of the batches of this type.
pub(crate) fn batch_of(path: &str) -> String {
    format!("{path}/batch")
}

/// A batch that is not sent yet.
pub(crate) fn call(app: &Tenant, path: &str, records: &[Value]) -> Call {
    app.request("POST", path).json(&json!({ "records": records }))
}

/// Sends a batch.
pub(crate) async fn send(app: &Tenant, path: &str, records: &[Value]) -> Reply {
    call(app, &batch_of(path), records).send().await
}

/// The results of a batch that was processed, whose other members say the same.
#[track_caller]
pub(crate) fn results(reply: &Reply) -> Vec<Value> {
    common_headers(reply);
    assert_eq!(header(reply, "content-type"), "application/json");
    let members: Vec<&String> =
        reply.body.as_object().expect("an object").keys().filter(|name| *name != "dryRun").collect();
    assert_eq!(members, ["success", "succeeded", "failed", "results", "requestId"]);
    let results = reply.body["results"].as_array().expect("a list").clone();
    let failed = results.iter().filter(|result| result["status"] != 200).count();
    assert_eq!(reply.status, if failed == 0 { 200 } else { 207 }, "{}", reply.text);
    let counts = json!([failed == 0, results.len() - failed, failed]);
    assert_eq!(json!([reply.body["success"], reply.body["succeeded"], reply.body["failed"]]), counts);
    assert_eq!(reply.body["requestId"], header(reply, "x-request-id"));
    for (place, result) in results.iter().enumerate() {
        let members: Vec<&String> = result.as_object().expect("an object").keys().collect();
        assert_eq!((members[0].as_str(), &result["index"]), ("index", &json!(place)));
        let own = result["requestId"].as_str().expect("an id");
        let batch = reply.body["requestId"].as_str().expect("an id");
        assert!(own != batch && own[..22] == batch[..22], "{own} is one of {batch}");
    }
    results
}

/// `status` with the action or the code of each result.
#[track_caller]
pub(crate) fn outcomes(reply: &Reply) -> Vec<String> {
    let word = |result: &Value| {
        let word = result["action"].as_str().or(result["code"].as_str()).expect("a word").to_owned();
        format!("{} {word}", result["status"])
    };
    results(reply).iter().map(word).collect()
}

/// A result or an answer without what can't be the same twice: its ids, and what a result has more.
pub(crate) fn comparable(answer: &Value) -> Value {
    let mut answer = answer.clone();
    let members = answer.as_object_mut().expect("an object");
    members.retain(|name, _| !["index", "requestId", "status", "dryRun"].contains(&name.as_str()));
    let text = answer.to_string();
    let mut plain = String::new();
    for word in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
        let (id, end) = word.split_at(word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_').len());
        let kind = id.rsplit_once('_').filter(|(kind, ulid)| kind.len() < 5 && ulid.len() == 26);
        plain.extend([kind.map_or(id, |(kind, _)| kind), end]);
    }
    serde_json::from_str(&plain).expect("JSON")
}

pub(crate) fn order(number: &str, more: Value) -> Value {
    with(json!({"workOrderNumber": number, "title": "Pour slab"}), more)
}

pub(crate) fn person(number: &str) -> Value {
    json!({"employeeNumber": number, "firstName": "Ana", "lastName": "Ruiz", "role": "carpenter"})
}

/// Work orders that depend on each other, and some that are refused for each reason there is.
pub(crate) fn orders_of_all_sorts() -> Vec<Value> {
    vec![
        order(
            "WO-1",
            json!({"projectNumber": "P-1", "assignments": [{"employeeNumber": "E-1"}],
            "scheduledStart": "2025-10-27T08:00:00-05:00", "scheduledEnd": "2025-10-27T16:00:00-05:00"}),
        ),
        order("WO-2", json!({"parentWorkOrderNumber": "WO-9"})),
        order("WO-9", json!({})),
        order("WO-2", json!({"parentWorkOrderNumber": "wo-9"})),
        // The same person at the same time: a warning.
        order(
            "WO-3",
            json!({"assignments": [{"employeeNumber": "E-1"}],
            "scheduledStart": "2025-10-27T09:00:00-05:00", "scheduledEnd": "2025-10-27T10:00:00-05:00"}),
        ),
        json!({"workOrderNumber": "WO-4"}),
        json!({"workOrderNumber": "WO-1", "title": "", "sheduledStart": "x"}),
        json!({"workOrderNumber": "wo-1", "status": "in_progress"}),
        json!({"workOrderNumber": "wo-1", "status": "in_progress"}),
        json!({"workOrderNumber": "WO-1", "ifVersion": 1, "title": "Late"}),
        json!({"workOrderNumber": "WO-1", "operation": "delete"}),
        order("WO-9", json!({"operation": "create"})),
        json!({"workOrderNumber": "WO-7", "operation": "update"}),
        json!({"workOrderNumber": "WO-3", "operation": "delete"}),
        json!({"workOrderNumber": "WO-3", "operation": "delete"}),
        order("WO-3", json!({"sourceUpdatedAt": "2025-10-20T14:00:00Z"})),
        order("WO-3", json!({"sourceUpdatedAt": "2025-10-20T14:31:00Z"})),
        json!({"workOrderNumber": "WO-9", "externalRef": {"system": "erp", "id": "1"}}),
        json!({"workOrderNumber": "WO-9", "externalRef": {"system": "erp", "id": "2"}}),
        json!([]),
        json!(null),
        json!({}),
    ]
}

pub(crate) async fn with_a_person_and_a_project(app: &Tenant) {
    employee(app, "E-1", json!({})).await;
    project(app, "P-1", json!({})).await;
}

#[tokio::test]
async fn each_record_is_answered_as_in_a_call_of_its_own() {
    let app = InboundApp::start().await;
    let one_by_one = app.tenant("Other").await;
    with_a_person_and_a_project(&app).await;
    with_a_person_and_a_project(&one_by_one).await;
    let records = orders_of_all_sorts();
    let reply = send(&app, WORK_ORDER, &records).await;
    for (record, result) in records.iter().zip(results(&reply)) {
        let single = one_by_one.post(WORK_ORDER, record.clone()).await;
        assert_eq!(result["status"], single.status, "{record}: {result}");
        assert_eq!(comparable(&result), comparable(&single.body), "{record}");
    }
    let outcomes = outcomes(&reply);
    for outcome in [
        "200 created",
        "200 updated",
        "200 unchanged",
        "200 deleted",
        "404 not_found",
        "409 version_conflict",
        "409 already_exists",
        "409 invalid_state_transition",
        "409 external_ref_mismatch",
        "400 validation_failed",
    ] {
        assert!(outcomes.iter().any(|one| one == outcome), "none is {outcome}: {outcomes:?}");
    }
}

#[tokio::test]
async fn every_type_has_batches() {
    let app = InboundApp::start().await;
    let time_off = |number: &str, employee: &str, day: &str| json!({"requestNumber": number, "employeeNumber": employee, "type": "sick", "startDate": day, "endDate": day});
    for (path, records, expected) in [
        (PROJECT, vec![json!({"projectNumber": "P-1", "name": "Riverside"})], vec!["200 created"]),
        (
            EMPLOYEE,
            vec![person("E-1"), person("E-2"), person("e-1")],
            vec!["200 created", "200 created", "200 unchanged"],
        ),
        (
            VENDOR,
            vec![
                json!({"vendorNumber": "V-1", "name": "Rebar", "vendorType": "supplier", "taxId": "12-3456789", "taxIdType": "ein"}),
            ],
            vec!["200 created"],
        ),
        (WORK_ORDER, vec![order("WO-1", json!({}))], vec!["200 created"]),
        (
            TIME_OFF,
            vec![
                time_off("T-1", "E-1", "2025-12-24"),
                time_off("T-2", "E-1", "2025-12-24"),
                time_off("T-3", "E-9", "2025-12-24"),
            ],
            vec!["200 created", "409 overlap", "400 validation_failed"],
        ),
    ] {
        assert_eq!(outcomes(&send(&app, path, &records).await), expected, "{path}");
        let get = app.request("GET", &batch_of(path)).send().await;
        refused(&get, 405, "method_not_allowed");
        assert_eq!(header(&get, "allow"), "POST");
    }
}

#[tokio::test]
async fn each_record_has_events_of_its_own_in_the_order_of_the_batch() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    let mut records: Vec<Value> = (0..40).map(|number| order(&format!("WO-{number}"), json!({}))).collect();
    records.extend((0..40).map(|number| order(&format!("WO-{number}"), json!({"title": "Changed"}))));
    records.insert(40, json!({"workOrderNumber": "WO-0"}));
    let reply = send(&app, WORK_ORDER, &records).await.expect(200);
    let results = results(&reply);
    app.drain().await;
    assert_eq!(receiver.count(), 80);

    app.advance(Duration::from_secs(21)).await;
    let feed = app.get("/api/events?limit=100").await.expect(200).body;
    let of = |list: &[Value], path: &str| -> Vec<Value> {
        list.iter().map(|one| one.pointer(path).cloned().unwrap_or_default()).collect()
    };
    let feed = feed["data"].as_array().expect("a list");
    let changed: Vec<Value> = results.iter().filter(|result| result["action"] != "unchanged").cloned().collect();
    assert_eq!(of(feed, "/requestId"), of(&changed, "/requestId"));
    assert_eq!(of(feed, "/data/workOrderNumber"), of(&changed, "/data/workOrderNumber"));
    assert_eq!(of(feed, "/event"), of(&changed, "/events/0"));

    let own = changed[40]["requestId"].as_str().expect("an id");
    let events = app.get(&format!("/api/events?requestId={own}")).await.expect(200).body;
    assert_eq!(events["data"], json!([feed[40]]));
    let timeline = app.get("/api/records/workorder/WO-0/timeline").await.expect(200).body;
    let timeline = timeline["data"].as_array().expect("a list");
    assert_eq!(of(timeline, "/requestId"), [changed[40]["requestId"].clone(), changed[0]["requestId"].clone()]);
}

#[tokio::test]
async fn refused_records_are_listed_as_refused_calls() {
    let app = InboundApp::start().await;
    let records = [
        order("WO-1", json!({})),
        json!({"workOrderNumber": "WO-2"}),
        json!({"workOrderNumber": "WO-3", "operation": "update"}),
    ];
    let results = results(&send(&app, WORK_ORDER, &records).await);
    refused(&send(&app, WORK_ORDER, &[]).await, 400, "validation_failed");
    let listed = app.get("/api/requests").await.expect(200).body;
    let listed = listed["data"].as_array().expect("a list");
    let line = |call: &Value| json!([call["path"], call["status"], call["code"], call["subject"]["number"]]);
    let lines: Vec<Value> = listed.iter().map(line).collect();
    let path = batch_of(WORK_ORDER);
    let expected = [
        json!([path, 400, "validation_failed", null]),
        json!([path, 400, "validation_failed", "WO-2"]),
        json!([path, 404, "not_found", "WO-3"]),
    ];
    assert_eq!(lines.len(), 3);
    for expected in expected {
        assert!(lines.contains(&expected), "{expected} is not in {lines:?}");
    }
    let ids: Vec<&Value> = listed.iter().map(|call| &call["id"]).collect();
    assert!(ids.contains(&&results[1]["requestId"]) && ids.contains(&&results[2]["requestId"]));
}

#[tokio::test]
async fn a_body_that_is_no_batch_is_refused_as_a_whole() {
    let app = InboundApp::start().await;
    let path = batch_of(EMPLOYEE);
    let post = async |body: Value| app.post(&path, body).await;
    invalid(&post(json!({})).await, &["records required"]);
    invalid(
        &post(person("E-1")).await,
        &[
            "employeeNumber unknown_field",
            "firstName unknown_field",
            "lastName unknown_field",
            "records required",
            "role unknown_field",
        ],
    );
    invalid(&post(json!([person("E-1")])).await, &["$ invalid_type"]);
    invalid(&post(json!({"records": person("E-1")})).await, &["records invalid_type"]);
    invalid(&post(json!({"records": []})).await, &["records too_few_items"]);
    let many: Vec<Value> = (0..101).map(|number| person(&format!("E-{number}"))).collect();
    invalid(&post(json!({"records": many})).await, &["records too_many_items"]);
    let text = |body: &str| app.request("POST", &path).header("content-type", "application/json").body(body.to_owned());
    refused(&text("{\"records\": [{}").send().await, 400, "malformed_json");
    refused(&text("{\"records\": [], \"records\": []}").send().await, 400, "duplicate_key");
    refused(&app.request("POST", &path).body("{}").send().await, 415, "unsupported_media_type");
    assert_eq!(app.items_of(store::tables::EVENTS).await, 0);
}

/// What can be told of one record only is its result.
#[tokio::test]
async fn what_is_wrong_with_the_form_of_a_record_is_its_result() {
    let app = InboundApp::start().await;
    let deep = format!("{}{}", "[".repeat(9), "]".repeat(9));
    let body = format!(
        r#"{{"records": [{}, {{"employeeNumber": "E-2", "employeeNumber": "E-3"}}, {{"employeeNumber": {deep}}}, {{"hourlyRate": 1e999}}, 7]}}"#,
        person("E-1")
    );
    let reply =
        app.request("POST", &batch_of(EMPLOYEE)).header("content-type", "application/json").body(body).send().await;
    let expected =
        ["200 created", "400 duplicate_key", "400 malformed_json", "400 validation_failed", "400 validation_failed"];
    assert_eq!(outcomes(&reply), expected);
    assert_eq!(
        results(&reply)[4]["errors"],
        json!([{"field": "$", "code": "invalid_type", "message": "must be one JSON object"}])
    );
}
