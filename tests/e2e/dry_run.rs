//! `?dryRun=true`: what would be answered, and nothing is stored.

use serde_json::{Value, json};
use store::tables::RATE_WINDOWS;
use tests::{InboundApp, Tenant, TestApp};

use crate::batch::{
    batch_of, call, comparable, orders_of_all_sorts, outcomes, results, send, with_a_person_and_a_project,
};
use crate::crew::{EMPLOYEE, TIME_OFF, VENDOR, WORK_ORDER, employee, send_parents, work_order};
use crate::expect::{common_headers, events, invalid, refused};

const RESOURCES: [&str; 5] = ["project", "employee", "vendor", "workorder", "timeoff"];

/// All that is stored of the account but the counts of its calls. That its key was used is noted before.
async fn stored(app: &InboundApp) -> Vec<Value> {
    app.get("/api/endpoints").await.expect(200);
    let mut items = app.items(&app.account).await;
    items.retain(|item| item["table"] != RATE_WINDOWS.name);
    items
}

async fn dry(app: &Tenant, path: &str, body: &Value) -> tests::Reply {
    let reply = app.request("POST", &format!("{path}?dryRun=true")).json(body).send().await;
    common_headers(&reply);
    assert_eq!(reply.body["dryRun"], true, "{}", reply.text);
    reply
}

#[tokio::test]
async fn the_answer_is_the_one_that_the_call_gets_and_nothing_is_stored() {
    for resource in RESOURCES {
        let app = InboundApp::start().await;
        send_parents(&app, resource).await;
        let path = format!("/api/webhook/{resource}");
        for body in [
            app.fixture(&format!("{resource}/valid/typical")),
            app.fixture(&format!("{resource}/valid/typical")),
            json!({"nonsense": true}),
        ] {
            let before = stored(&app).await;
            let tried = dry(&app, &path, &body).await;
            assert_eq!(stored(&app).await, before, "{resource}");
            let done = app.post(&path, body).await;
            assert_eq!(tried.status, done.status, "{}", tried.text);
            assert_eq!(comparable(&tried.body), comparable(&done.body));
            assert_eq!(done.body.get("dryRun"), None);
            assert_eq!(tried.body["data"], done.body["data"], "the id of a number that was never used is known");
        }
    }
}

#[tokio::test]
async fn a_deletion_is_only_tried() {
    let app = InboundApp::start().await;
    work_order(&app, "WO-1", json!({})).await;
    let delete = json!({"workOrderNumber": "WO-1", "operation": "delete"});
    let tried = dry(&app, WORK_ORDER, &delete).await.expect(200);
    assert_eq!((&tried.body["action"], events(&tried)), (&json!("deleted"), vec!["workorder.deleted"]));
    app.get("/api/records/workorder/WO-1").await.expect(200);
    app.post(WORK_ORDER, delete.clone()).await.expect(200);
    let before = stored(&app).await;
    let later = json!({"workOrderNumber": "WO-1", "operation": "delete", "sourceUpdatedAt": "2025-10-20T14:33:00Z"});
    assert_eq!(dry(&app, WORK_ORDER, &later).await.expect(200).body["action"], "unchanged");
    assert_eq!(stored(&app).await, before);
}

#[tokio::test]
async fn a_tax_id_is_compared_and_not_stored() {
    let app = InboundApp::start().await;
    let vendor = |tax_id: &str| json!({"vendorNumber": "V-1", "name": "Rebar", "vendorType": "supplier", "taxId": tax_id, "taxIdType": "ein"});
    app.post(VENDOR, vendor("12-3456789")).await.expect(200);
    let before = stored(&app).await;
    assert_eq!(dry(&app, VENDOR, &vendor("12-3456789")).await.expect(200).body["action"], "unchanged");
    assert_eq!(dry(&app, VENDOR, &vendor("98-7654321")).await.expect(200).body["action"], "updated");
    assert_eq!(stored(&app).await, before);
}

#[tokio::test]
async fn what_is_refused_is_not_listed() {
    let app = InboundApp::start().await;
    refused(&dry(&app, WORK_ORDER, &json!({"workOrderNumber": "WO-1"})).await, 400, "validation_failed");
    refused(&dry(&app, WORK_ORDER, &json!({"workOrderNumber": "WO-1", "operation": "update"})).await, 404, "not_found");
    let batch = format!("{}?dryRun=true", batch_of(WORK_ORDER));
    call(&app, &batch, &[json!({"workOrderNumber": "WO-1"})]).send().await.expect(207);
    assert_eq!(app.get("/api/requests").await.expect(200).body["data"], json!([]));
}

#[tokio::test]
async fn an_idempotency_key_is_left_for_the_call_itself() {
    let app = InboundApp::start().await;
    let post = |path: &str, title: &str| {
        let body = json!({"workOrderNumber": "WO-1", "title": title});
        app.request("POST", path).header("idempotency-key", "k").json(&body).send()
    };
    let path = format!("{WORK_ORDER}?dryRun=true");
    assert_eq!(post(&path, "Tried").await.expect(200).body["action"], "created");
    assert_eq!(post(WORK_ORDER, "Sent").await.expect(200).body["action"], "created");
    let tried = post(&path, "Tried").await.expect(200);
    assert_eq!((tried.header("idempotency-replayed"), &tried.body["action"]), (None, &json!("updated")));
    let wrong = app.request("POST", &path).header("idempotency-key", "").json(&json!({})).send().await;
    invalid(&wrong, &["Idempotency-Key invalid_format"]);
}

#[tokio::test]
async fn the_parameter_is_true_or_false() {
    let app = InboundApp::start().await;
    let post = async |query: &str| {
        app.post(&format!("{WORK_ORDER}?{query}"), json!({"workOrderNumber": "WO-1", "title": "x"})).await
    };
    for wrong in ["dryRun=1", "dryRun", "dryRun=TRUE", "dryRun="] {
        invalid(&post(wrong).await, &["dryRun invalid_value"]);
    }
    invalid(&post("dryrun=true").await, &["dryrun unknown_parameter"]);
    let done = post("dryRun=false").await.expect(200);
    assert_eq!((&done.body["action"], done.body.get("dryRun")), (&json!("created"), None));
}

/// Each record finds what those before it would have stored: in its place, in its calendar, and behind its references.
#[tokio::test]
async fn a_batch_is_tried_as_it_will_be_processed() {
    let time_off = |number: &str, day: &str, more: Value| {
        let body =
            json!({"requestNumber": number, "employeeNumber": "E-1", "type": "sick", "startDate": day, "endDate": day});
        crate::crew::with(body, more)
    };
    let leave = vec![
        time_off("T-1", "2025-12-24", json!({})),
        time_off("T-2", "2025-12-24", json!({})),
        time_off("T-1", "2025-12-25", json!({"status": "cancelled", "cancellationReason": "no"})),
        time_off("T-1", "2025-12-25", json!({"status": "cancelled"})),
        time_off("T-2", "2025-12-24", json!({})),
    ];
    let people = vec![
        json!({"employeeNumber": "E-2", "firstName": "Ana", "lastName": "Ruiz", "role": "foreman"}),
        json!({"employeeNumber": "E-2", "status": "inactive"}),
        json!({"employeeNumber": "E-2", "operation": "delete"}),
        json!({"employeeNumber": "E-2", "firstName": "Ana"}),
        json!({"employeeNumber": "E-2", "firstName": "Ana", "lastName": "Ruiz", "role": "foreman"}),
        json!({"employeeNumber": "E-1", "operation": "delete"}),
    ];
    for (path, records) in [(WORK_ORDER, orders_of_all_sorts()), (TIME_OFF, leave), (EMPLOYEE, people)] {
        let app = InboundApp::start().await;
        with_a_person_and_a_project(&app).await;
        let before = stored(&app).await;
        let tried = call(&app, &format!("{}?dryRun=true", batch_of(path)), &records).send().await;
        assert_eq!(tried.body["dryRun"], true);
        assert_eq!(stored(&app).await, before);
        let done = send(&app, path, &records).await;
        assert_eq!(outcomes(&tried), outcomes(&done), "{path}");
        for ((tried, done), record) in results(&tried).iter().zip(results(&done)).zip(&records) {
            assert_eq!(tried["dryRun"], true, "{tried}");
            assert_eq!(comparable(tried), comparable(&done), "{record}");
        }
    }
}

#[tokio::test]
async fn an_event_is_only_checked() {
    let app = TestApp::start().await;
    let data = app.fixture("events/report.generated")["data"].clone();
    let event = json!({"event": "report.generated", "idempotencyKey": "run-1", "data": data});
    let before = stored(&app).await;
    let tried = dry(&app, "/api/events", &event).await.expect(200);
    assert_eq!((&tried.body["success"], &tried.body["duplicate"]), (&json!(true), &json!(false)));
    assert!(tried.body["eventId"].as_str().is_some_and(|id| id.starts_with("evt_")));
    refused(&dry(&app, "/api/events", &json!({"event": "report.generated"})).await, 400, "validation_failed");
    assert_eq!(stored(&app).await, before);
    let published = app.post("/api/events", event).await.expect(200);
    assert_eq!((&published.body["duplicate"], published.body.get("dryRun")), (&json!(false), None));
    app.drain().await;
}

#[tokio::test]
async fn a_dry_run_counts_as_a_call() {
    let app = TestApp::builder().limits(None).start_inbound().await;
    employee(&app, "E-1", json!({})).await;
    let tried = dry(&app, EMPLOYEE, &json!({"employeeNumber": "E-1"})).await.expect(200);
    assert_eq!(tried.header("x-ratelimit-remaining"), Some("48"));
}
