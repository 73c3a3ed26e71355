//! Accounts with something in every table, and a look into all tables.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use flate2::read::DeflateDecoder;
use serde_json::{Value, json};
use store::tables;
use tests::{Answer, InboundApp, Receiver, Tenant, TestApp};

use crate::crew::{EMPLOYEE, PROJECT, TIME_OFF, VENDOR, WORK_ORDER};
use crate::losses::OVERDUE;

/// Items as text, each behind the name of its table.
pub(super) type Items = BTreeSet<(&'static str, String)>;

/// A tax id, which no table has in the clear.
pub(super) const TAX_ID: &str = "12-3456789";

/// Receivers that say the word of whoever calls them: one takes everything, one nothing.
pub(super) async fn receivers() -> [Receiver; 2] {
    let [works, fails] = [Receiver::start().await, Receiver::start().await];
    fails.answer(|request| Answer::status(500).body(format!("no: {}", request.path)));
    [works, fails]
}

/// The system with short waits, and two accounts with something in every table, the words of which are `Quokka` and
/// `Numbat`.
pub(super) async fn two_accounts() -> (TestApp, Tenant, [Receiver; 2]) {
    let app = TestApp::builder().retry_schedule("1").start().await;
    let (other, receivers) = (app.tenant("Other").await, receivers().await);
    for (tenant, word) in [(&**app, "Quokka"), (&other, "Numbat")] {
        plant(&app, tenant, &receivers, word).await;
    }
    app.drain().await;
    app.advance(Duration::from_mins(2)).await;
    app.drain().await;
    app.advance(OVERDUE).await;
    app.sweep().await;
    // Of the latest minutes there are markers and rate windows.
    for (tenant, word) in [(&**app, "Quokka"), (&other, "Numbat")] {
        send(tenant, WORK_ORDER, json!({"workOrderNumber": "WO-2", "title": format!("Late {word}")})).await;
    }
    (app, other, receivers)
}

async fn plant(app: &InboundApp, tenant: &Tenant, receivers: &[Receiver; 2], word: &str) {
    for receiver in receivers {
        let body = json!({"url": format!("{}/{word}", receiver.url()), "events": ["*"], "description": word, "maxPerSecond": 500,
            "headers": {"Authorization": format!("Bearer {word} of long ago")}});
        let endpoint = tenant.endpoint_with(body).await;
        tenant
            .post(&format!("/api/endpoints/{}/test", endpoint.id), json!({"event": "vendor.created"}))
            .await
            .expect(200);
        tenant.post(&format!("/api/endpoints/{}/secret/rotate", endpoint.id), json!({})).await.expect(200);
    }
    let key = json!({"name": word, "scopes": ["inbound"]});
    tenant.request("POST", "/api/keys").header("idempotency-key", word).json(&key).send().await.expect(201);
    let link = json!({"name": word, "origins": ["https://app.example.com"], "expiresIn": 86_400});
    tenant.post("/api/portal-links", link).await.expect(201);
    let mut report = app.fixture("events/report.generated")["data"].clone();
    report["name"] = json!(word);
    let event = json!({"event": "report.generated", "data": report, "idempotencyKey": word});
    tenant.post("/api/events", event).await.expect(200);
    for number in ["E-1", "E-2"] {
        let employee = json!({"employeeNumber": number, "firstName": word, "lastName": word, "role": word});
        send(tenant, EMPLOYEE, employee).await;
    }
    send(tenant, EMPLOYEE, json!({"employeeNumber": "E-2", "operation": "delete"})).await;
    let vendor =
        json!({"vendorNumber": "V-1", "name": word, "vendorType": "other", "taxId": TAX_ID, "taxIdType": "ein"});
    send(tenant, VENDOR, vendor).await;
    let long = format!("{word} ").repeat(200);
    send(tenant, PROJECT, json!({"projectNumber": "P-1", "name": word, "description": long})).await;
    let order = json!({"workOrderNumber": "WO-1", "title": word, "projectNumber": "P-1", "instructions": word,
        "assignments": [{"employeeNumber": "E-1"}, {"vendorNumber": "V-1"}], "scheduledStart": "2025-11-03T07:00:00Z"});
    send(tenant, WORK_ORDER, order).await;
    let leave = json!({"requestNumber": "TO-1", "employeeNumber": "E-1", "type": "sick", "startDate": "2025-12-24",
        "endDate": "2025-12-24", "notes": word});
    send(tenant, TIME_OFF, leave).await;
    tenant.post(TIME_OFF, json!({"requestNumber": word, "type": word})).await.expect(400);
}

/// Sends a body with an idempotency key of its own.
pub(super) async fn send(tenant: &Tenant, path: &str, body: Value) {
    let key =
        format!("{}-{}", body.as_object().unwrap().values().next().unwrap().as_str().unwrap(), body.to_string().len());
    tenant.request("POST", path).header("idempotency-key", &key).json(&body).send().await.expect(200);
}

/// Every item of every table as text, each behind the name of its table; what is deflated is inflated.
pub(super) async fn everything(app: &InboundApp) -> Items {
    let db = aws_sdk_dynamodb::Client::new(app.system().sdk_config());
    let mut all = BTreeSet::new();
    for table in tables::ALL {
        let items =
            db.scan().table_name(table.name).into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        for item in items.unwrap() {
            let text = readable(&AttributeValue::M(item));
            all.insert((table.name, text));
        }
    }
    all
}

/// The messages that wait in all queues, dead letters among them: ten of each at most.
pub(super) async fn messages(app: &InboundApp) -> Vec<String> {
    let sqs = aws_sdk_sqs::Client::new(app.system().sdk_config());
    let mut bodies = Vec::new();
    for queue in ["delivery", "retry", "delivery-dead", "retry-dead"] {
        let url = app.system().queue_url(queue).unwrap();
        let call = sqs.receive_message().queue_url(url).max_number_of_messages(10).visibility_timeout(0);
        let found = call.send().await.unwrap().messages.unwrap_or_default();
        bodies.extend(found.into_iter().filter_map(|message| message.body));
    }
    bodies
}

fn readable(value: &AttributeValue) -> String {
    match value {
        AttributeValue::B(bytes) => {
            let mut text = String::new();
            DeflateDecoder::new(bytes.as_ref()).read_to_string(&mut text).expect("raw deflate");
            text
        }
        AttributeValue::L(values) => values.iter().map(readable).collect::<Vec<_>>().join("\n"),
        AttributeValue::M(members) => {
            // A trail is ids in binary.
            let named = members.iter().filter(|(name, _)| *name != "trail");
            let mut members: Vec<_> = named.map(|(name, value)| format!("{name}: {}", readable(value))).collect();
            members.sort();
            members.join("\n")
        }
        AttributeValue::S(text) | AttributeValue::N(text) => text.clone(),
        other => format!("{other:?}"),
    }
}

/// Words that tell an account's items: its id, the ids of its keys, and its own.
pub(super) async fn words_of(tenant: &Tenant, word: &str) -> Vec<String> {
    let keys = tenant.get("/api/keys").await.expect(200).body;
    let ids = keys["data"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap().to_owned());
    ids.chain([tenant.account.clone(), word.to_owned()]).collect()
}

/// The items with one of the words, and the others.
pub(super) fn split(all: Items, words: &[String]) -> (Items, Items) {
    all.into_iter().partition(|(_, text)| words.iter().any(|word| text.contains(word)))
}
