//! Batches that are sent again, and those that fail inside.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use tests::{InboundApp, Reply};

use super::{batch_of, call, order, outcomes, person, send};
use crate::crew::{EMPLOYEE, WORK_ORDER};
use crate::expect::{header, refused};
use crate::records::put;

async fn under(app: &InboundApp, key: &str, path: &str, records: &[Value]) -> Reply {
    call(app, &batch_of(path), records).header("idempotency-key", key).send().await
}

#[tokio::test]
async fn an_answer_is_given_again_with_its_refusals() {
    let app = InboundApp::start().await;
    // Enough for an answer that is deflated.
    let mut people: Vec<Value> = (0..60).map(|number| person(&format!("E-{number}"))).collect();
    people.push(json!({"employeeNumber": "E-60"}));
    let first = under(&app, "import-1", EMPLOYEE, &people).await.expect(207);
    assert!(first.text.len() > 4_096);
    app.advance(Duration::from_hours(1)).await;
    let again = under(&app, "import-1", EMPLOYEE, &people).await.expect(207);
    assert_eq!((header(&again, "idempotency-replayed"), &again.text), ("true", &first.text));
    let listed = app.get("/api/requests").await.expect(200).body;
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(1), "it was refused once");

    let corrected = [person("E-60")];
    refused(&under(&app, "import-1", EMPLOYEE, &corrected).await, 422, "idempotency_key_reused");
    assert_eq!(outcomes(&under(&app, "import-2", EMPLOYEE, &corrected).await), ["200 created"]);
    // The key of a single call is another one.
    app.request("POST", EMPLOYEE).header("idempotency-key", "import-1").json(&person("E-61")).send().await.expect(200);
}

#[tokio::test]
async fn a_batch_that_is_sent_again_changes_nothing() {
    let app = InboundApp::start().await;
    let people: Vec<Value> = (0..3).map(|number| person(&format!("E-{number}"))).collect();
    assert_eq!(outcomes(&send(&app, EMPLOYEE, &people).await), ["200 created"; 3]);
    let before = app.items_of(store::tables::EVENTS).await;
    assert_eq!(outcomes(&send(&app, EMPLOYEE, &people).await), ["200 unchanged"; 3]);
    assert_eq!((before, app.items_of(store::tables::EVENTS).await), (3, 3));
}

/// One record that can't be read fails alone; where nothing can be done, the call has failed.
#[tokio::test]
async fn a_record_that_fails_inside_keeps_no_other_back() {
    let app = InboundApp::start().await;
    let orders = [order("WO-1", json!({})), order("WO-2", json!({})), order("WO-3", json!({}))];
    send(&app, WORK_ORDER, &orders).await.expect(200);
    put(&app, "workorder", "WO-2", "body", AttributeValue::S("no JSON".to_owned())).await;
    let change = |number: &str| json!({"workOrderNumber": number, "title": "Changed"});
    let changes = ["WO-1", "WO-2", "WO-3"].map(change);
    let reply = under(&app, "k", WORK_ORDER, &changes).await;
    assert_eq!(outcomes(&reply), ["200 updated", "500 internal_error", "200 updated"]);
    let again = under(&app, "k", WORK_ORDER, &changes).await;
    assert_eq!(outcomes(&again), ["200 unchanged", "500 internal_error", "200 unchanged"]);
    let behind = send(&app, WORK_ORDER, &[change("WO-2"), change("WO-3"), change("wo-2")]).await;
    assert_eq!(outcomes(&behind), ["500 internal_error", "200 unchanged", "503 unavailable"]);
    refused(&send(&app, WORK_ORDER, &[change("WO-2"), change("WO-2")]).await, 500, "internal_error");
}

/// Batches about the same records at once meet each other as single calls do.
#[tokio::test]
async fn batches_at_once_lose_nothing() {
    let app = InboundApp::start().await;
    let batch = |sender: usize| -> Vec<Value> {
        let note =
            |number: usize| order(&format!("WO-{number}"), json!({"customFields": {format!("by{sender}"): true}}));
        (0..5).map(note).collect()
    };
    let sent: Vec<_> =
        (0..4).map(|sender| tokio::spawn(call(&app, &batch_of(WORK_ORDER), &batch(sender)).send())).collect();
    for reply in sent {
        reply.await.expect("an answer").expect(200);
    }
    for number in 0..5 {
        let path = format!("/api/records/workorder/WO-{number}");
        let record = app.get(&path).await.expect(200).body;
        assert_eq!(record["record"]["customFields"].as_object().map(serde_json::Map::len), Some(4), "{record}");
    }
}
