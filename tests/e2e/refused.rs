//! `GET /api/requests`: what was refused, and what is kept of it.

mod bounds;

use std::time::Duration;

use serde_json::{Value, json};
use store::tables::REQUESTS;
use tests::{Call, InboundApp, Tenant, TestApp};

use crate::crew::{EMPLOYEE, PROJECT, TIME_OFF, VENDOR, WORK_ORDER, work_order};
use crate::expect::{common_headers, header, invalid, refused};
use crate::management_deliveries::pages;
use crate::records::{scan, text};

const LIST: &str = "/api/requests";

/// All that is listed of an account.
async fn listed(tenant: &Tenant) -> Vec<Value> {
    pages(tenant, &format!("{LIST}?limit=100")).await.0
}

/// A key of the account with one scope: its id and the key.
async fn key(app: &Tenant, scope: &str) -> [String; 2] {
    let made = app.post("/api/keys", json!({"name": format!("Key for {scope}"), "scopes": [scope]})).await.expect(201);
    ["id", "key"].map(|name| made.body[name].as_str().expect("text").to_owned())
}

/// `method path status code number` of each call.
fn lines(calls: &[Value]) -> Vec<String> {
    let line = |call: &Value| {
        let words = ["method", "path", "code"].map(|name| call[name].as_str().expect(name));
        format!("{} {} {} {}", words.join(" "), call["status"], call["subject"]["type"], call["subject"]["number"])
    };
    calls.iter().map(line).collect()
}

#[tokio::test]
async fn a_refused_call_says_what_was_wrong_with_it() {
    let app = InboundApp::start().await;
    let [key_id, key] = key(&app, "inbound").await;
    let body = json!({"workOrderNumber": "WO-1", "title": "", "janeDoe": "x", "customFields": {"secret": {"a": 1}},
        "materials": [{"name": "rebar", "unit": "ea", "quantity": -1}]});
    app.advance(Duration::from_millis(700)).await;
    let reply = app.request("POST", &format!("{WORK_ORDER}?")).key(&key).json(&body).send().await;
    refused(&reply, 400, "validation_failed");

    let list = app.get(LIST).await.expect(200);
    common_headers(&list);
    let expected = json!({
        "id": header(&reply, "x-request-id"),
        "createdAt": "2025-10-20T14:30:00Z",
        "method": "POST",
        "path": WORK_ORDER,
        "status": 400,
        "code": "validation_failed",
        "errors": [
            {"field": "customFields", "code": "invalid_type"},
            {"field": null, "code": "unknown_field"},
            {"field": "materials[0].quantity", "code": "out_of_range"},
            {"field": "title", "code": "required"},
        ],
        "errorCount": 4,
        "subject": {"type": "workorder", "number": "WO-1"},
        "keyId": key_id,
        "keyName": "Key for inbound",
        "truncated": false,
    });
    assert_eq!(list.body, json!({"data": [expected], "nextCursor": null}));
    let members: Vec<&String> = list.body["data"][0].as_object().expect("an object").keys().collect();
    assert_eq!(members, expected.as_object().expect("an object").keys().collect::<Vec<_>>(), "in this order");
}

#[tokio::test]
async fn whatever_is_refused_of_a_valid_key_is_listed_and_nothing_else() {
    let app = TestApp::start().await;
    let [_, inbound] = key(&app, "inbound").await;
    work_order(&app, "WO-1", json!({})).await;
    app.drain().await;
    let typed =
        |kind: &str, body: &str| app.request("POST", WORK_ORDER).header("content-type", kind).body(body.to_owned());
    let post = |path: &str, body: Value| app.request("POST", path).json(&body);
    let once = |title: &str| {
        post(PROJECT, json!({"projectNumber": "P-1", "name": title})).header("idempotency-key", "once").send()
    };
    once("x").await.expect(200);
    once("y").await.expect(422);
    app.advance(Duration::from_millis(10)).await;
    for (call, status) in [
        (post(WORK_ORDER, json!({"workOrderNumber": "WO-1", "operation": "create", "title": "x"})), 409),
        (post(EMPLOYEE, json!({"employeeNumber": "e-2 b", "operation": "update"})), 404),
        (post(VENDOR, json!({"vendorNumber": "V-3", "operation": "lost"})), 400),
        (post(TIME_OFF, json!({"requestNumber": "#4", "type": "sick"})), 400),
        (post(PROJECT, json!({"name": "x"})), 400),
        (typed("application/json", "{\"workOrderNumber\": \"WO-5\""), 400),
        (typed("application/json", "[]"), 400),
        (typed("text/plain", "{}"), 415),
        (typed("application/json", &" ".repeat(131_073)), 413),
        (app.request("DELETE", WORK_ORDER), 405),
        (app.request("GET", "/api/keys").key(&inbound), 403),
        (app.request("HEAD", "/api/endpoints/ep_01JAMB3X9T7Q2V5K8N4C6D0EFG"), 404),
        (app.request("GET", "/api/deliveries?jane=doe"), 400),
        (post("/api/events", json!({"event": "report.failed"})), 400),
        // These are nobody's, or well.
        (app.request("GET", "/api/keys").without_key(), 401),
        (app.request("GET", "/api/nothing"), 404),
        (app.request("GET", "/api/event-types/none"), 404),
        (app.request("GET", "/api/endpoints"), 200),
    ] {
        Call::send(call).await.expect(status);
        app.advance(Duration::from_millis(10)).await;
    }
    let mut calls = listed(&app).await;
    assert!(calls.is_sorted_by(|newer, older| newer["id"].as_str() > older["id"].as_str()), "newest first");
    calls.reverse();
    let expected = [
        r#"POST /api/webhook/project idempotency_key_reused 422 "project" "P-1""#,
        r#"POST /api/webhook/workorder already_exists 409 "workorder" "WO-1""#,
        r#"POST /api/webhook/employee not_found 404 "employee" "e-2 b""#,
        r#"POST /api/webhook/vendor validation_failed 400 "vendor" "V-3""#,
        "POST /api/webhook/timeoff validation_failed 400 null null",
        "POST /api/webhook/project validation_failed 400 null null",
        "POST /api/webhook/workorder malformed_json 400 null null",
        "POST /api/webhook/workorder validation_failed 400 null null",
        "POST /api/webhook/workorder unsupported_media_type 415 null null",
        "POST /api/webhook/workorder payload_too_large 413 null null",
        "DELETE /api/webhook/workorder method_not_allowed 405 null null",
        "GET /api/keys forbidden 403 null null",
        "HEAD /api/endpoints/ep_01JAMB3X9T7Q2V5K8N4C6D0EFG not_found 404 null null",
        "GET /api/deliveries validation_failed 400 null null",
        "POST /api/events validation_failed 400 null null",
    ];
    assert_eq!(lines(&calls), expected);
    assert_eq!(calls[13]["errors"], json!([{"field": null, "code": "unknown_parameter"}]));
    app.drain().await;
}

#[tokio::test]
async fn refused_calls_are_filtered_and_paged() {
    let app = InboundApp::start().await;
    let [key_id, key] = key(&app, "inbound").await;
    for hour in 0..4 {
        for number in ["WO-1", "wo-2"] {
            let order = json!({"workOrderNumber": number, "operation": "update"});
            app.post(WORK_ORDER, order.clone()).await.expect(404);
            let lacking = json!({"workOrderNumber": number.to_lowercase()});
            app.request("POST", WORK_ORDER).key(&key).json(&lacking).send().await.expect(400);
            app.advance(Duration::from_mins(1)).await;
        }
        app.request("GET", "/api/keys").key(&key).send().await.expect(403);
        app.advance(Duration::from_mins(if hour == 3 { 0 } else { 58 })).await;
    }
    let all = listed(&app).await;
    assert_eq!(all.len(), 20);
    let (by_page, count) = pages(&app, &format!("{LIST}?limit=3")).await;
    assert_eq!((&by_page, count), (&all, 7));
    let wanted = |is: &dyn Fn(&Value) -> bool| all.iter().filter(|call| is(call)).cloned().collect::<Vec<_>>();
    let has_number = |call: &Value, number: &str| {
        call["subject"]["number"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(number))
    };
    for (query, expected, size) in [
        ("status=404".to_owned(), wanted(&|call| call["status"] == 404), 8),
        ("code=validation_failed".to_owned(), wanted(&|call| call["code"] == "validation_failed"), 8),
        (format!("key={key_id}"), wanted(&|call| call["keyId"] == key_id.as_str()), 12),
        ("number=wO-1".to_owned(), wanted(&|call| has_number(call, "WO-1")), 8),
        ("number=WO-3".to_owned(), vec![], 0),
        ("since=2025-10-20T17:30:00Z".to_owned(), all[..5].to_vec(), 5),
        ("until=2025-10-20T15:30:00Z".to_owned(), all[15..].to_vec(), 5),
        (
            format!("status=400&number=WO-2&key={key_id}&since=2025-10-20T15:00:00Z&until=2025-10-20T17:00:00Z"),
            wanted(&|call| call["status"] == 400 && has_number(call, "wo-2"))[1..3].to_vec(),
            2,
        ),
        ("status=404&code=forbidden".to_owned(), vec![], 0),
        ("since=2025-10-21T00:00:00Z&until=2025-10-20T00:00:00Z".to_owned(), vec![], 0),
    ] {
        assert_eq!(pages(&app, &format!("{LIST}?{query}&limit=2")).await.0, expected, "{query}");
        assert_eq!(expected.len(), size, "{query}");
    }
    let query = "status=401&code=unauthorized&key=x&number=&since=x&limit=0&cursor=x&kind=x";
    let expected = [
        "code invalid_value",
        "cursor invalid_value",
        "key invalid_value",
        "kind unknown_parameter",
        "limit out_of_range",
        "number invalid_value",
        "since invalid_value",
        "status invalid_value",
    ];
    invalid(&app.get(&format!("{LIST}?{query}")).await, &expected);
}

#[tokio::test]
async fn nobody_sees_the_refused_calls_of_another_account() {
    let app = InboundApp::start().await;
    let other = app.tenant("Other").await;
    for tenant in [&*app, &other] {
        tenant.post(WORK_ORDER, json!({"workOrderNumber": "WO-1"})).await.expect(400);
    }
    let [own, theirs] = [listed(&app).await, listed(&other).await];
    assert_eq!((own.len(), theirs.len()), (1, 1));
    assert_ne!(own[0]["id"], theirs[0]["id"]);
    let key = own[0]["keyId"].as_str().expect("an id");
    assert_eq!(other.get(&format!("{LIST}?key={key}")).await.expect(200).body["data"], json!([]));
    let [_, inbound] = self::key(&app, "inbound").await;
    refused(&app.request("GET", LIST).key(&inbound).send().await, 403, "forbidden");
}

/// What is stored is what is shown, and what is filtered by.
#[tokio::test]
async fn no_item_has_more_than_is_shown() {
    let app = InboundApp::start().await;
    app.post(VENDOR, json!({"vendorNumber": "V-1", "name": "Jane Doe", "notes": 5})).await.expect(400);
    let item = scan(&app, REQUESTS.name).await.remove(0);
    let mut names: Vec<&String> = item.keys().collect();
    names.sort();
    assert_eq!(names, ["answered", "expiresAt", "foldedNumber", "keyId", "pk", "problem", "refusal", "sk"]);
    assert_eq!(serde_json::from_str::<Value>(text(&item, "refusal")).expect("JSON"), listed(&app).await[0]);
    assert!(!format!("{item:?}").contains("Jane"), "{item:?}");
}
