//! `GET /api/audit`: who changed what, when and from where.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use serde_json::{Value, json};
use store::tables::AUDIT;
use tests::{InboundApp, Receiver, Reply, Tenant, TestApp};

use crate::expect::{common_headers, header, invalid, refused};
use crate::management_deliveries::pages;
use crate::records::{scan, text};

const LIST: &str = "/api/audit";
const ENDPOINTS: &str = "/api/endpoints";
const KEYS: &str = "/api/keys";
const URL: &str = "http://127.0.0.1:9/hook";

/// All entries of an account, oldest first.
async fn entries(tenant: &Tenant) -> Vec<Value> {
    let mut entries = pages(tenant, &format!("{LIST}?limit=100")).await.0;
    entries.reverse();
    entries
}

/// `action target` of each entry behind those that made the account.
async fn done(tenant: &Tenant) -> Vec<String> {
    let entries = entries(tenant).await.into_iter().skip(2);
    entries.map(|one| [&one["action"], &one["targetId"]].map(|word| word.as_str().unwrap()).join(" ")).collect()
}

fn id(reply: &Reply) -> String {
    reply.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_change_has_an_entry_and_nothing_else_has() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    // Entries of the same millisecond have no order.
    let soon = async || app.advance(Duration::from_millis(10)).await;
    soon().await;
    let endpoint = app.endpoint(&receiver.url(), ["*"]).await.id;
    let own = format!("{ENDPOINTS}/{endpoint}");
    soon().await;
    app.patch(&own, json!({"description": "ERP"})).await.expect(200);
    soon().await;
    app.post(&format!("{own}/secret/rotate"), json!({})).await.expect(200);
    soon().await;
    app.post(&format!("{own}/secret/promote"), json!({})).await.expect(200);
    soon().await;
    let key = id(&app.post(KEYS, json!({"name": "ERP", "scopes": ["inbound"]})).await.expect(201));
    soon().await;
    app.patch(&format!("{KEYS}/{key}"), json!({"limits": {"perMinute": 5}})).await.expect(200);
    soon().await;
    let link = id(&app.post("/api/portal-links", json!({})).await.expect(201));
    soon().await;
    app.delete(&format!("/api/portal-links/{link}")).await.expect(204);
    soon().await;
    app.delete(&format!("{KEYS}/{key}")).await.expect(204);
    soon().await;
    // What changes nothing, is refused, or is no setting.
    app.patch(&own, json!({"description": "ERP"})).await.expect(200);
    app.patch(&own, json!({"url": "x"})).await.expect(400);
    app.post(&format!("{own}/secret/promote"), json!({})).await.expect(200);
    app.post(ENDPOINTS, json!({"url": receiver.url(), "events": ["*"]})).await.expect(200);
    app.post(&format!("{own}/test"), json!({"event": "vendor.created"})).await.expect(200);
    app.get(&format!("{own}/secret")).await.expect(200);
    app.delete(&format!("{KEYS}/{key}")).await.expect(404);
    app.delete(&own).await.expect(204);

    let expected = [
        format!("endpoint.created {endpoint}"),
        format!("endpoint.updated {endpoint}"),
        format!("endpoint.secret_rotated {endpoint}"),
        format!("endpoint.secret_promoted {endpoint}"),
        format!("key.created {key}"),
        format!("key.updated {key}"),
        format!("portal_link.created {link}"),
        format!("portal_link.deleted {link}"),
        format!("key.deleted {key}"),
        format!("endpoint.deleted {endpoint}"),
    ];
    assert_eq!(done(&app).await, expected);
    app.drain().await;
}

#[tokio::test]
async fn an_entry_says_who_when_and_from_where_and_what_it_was_before() {
    let app = TestApp::start().await;
    let own = app.get(KEYS).await.expect(200).body["data"][0]["id"].clone();
    let endpoint = app.endpoint(URL, ["*"]).await.id;
    app.advance(Duration::from_millis(1_700)).await;
    let change = json!({"status": "disabled", "events": ["vendor.*"], "headers": {"Authorization": "Bearer not told"}});
    let reply = app.patch(&format!("{ENDPOINTS}/{endpoint}"), change).await.expect(200);

    let list = app.get(&format!("{LIST}?limit=1")).await.expect(200);
    common_headers(&list);
    let found = &list.body["data"][0];
    let expected = json!({
        "id": found["id"],
        "createdAt": "2025-10-20T14:30:01Z",
        "action": "endpoint.updated",
        "actor": {"type": "key", "id": own, "name": "test", "keyId": null},
        "targetId": endpoint,
        "address": "127.0.0.1",
        "requestId": header(&reply, "x-request-id"),
        "before": {"events": ["*"], "headers": {}, "status": "enabled"},
        "after": {"events": ["vendor.*"], "headers": {"Authorization": "…told"}, "status": "disabled"},
    });
    assert_eq!(*found, expected);
    let members: Vec<&String> = found.as_object().unwrap().keys().collect();
    assert_eq!(members, expected.as_object().unwrap().keys().collect::<Vec<_>>(), "in this order");
}

#[tokio::test]
async fn a_rotation_of_a_key_is_told_of_both_keys() {
    let app = TestApp::start().await;
    let old = id(&app.post(KEYS, json!({"name": "ERP", "scopes": ["inbound"]})).await.expect(201));
    let new = id(&app.post(&format!("{KEYS}/{old}/rotate"), json!({"overlapHours": 1})).await.expect(201));
    let of = async |id: &str| {
        app.get(&format!("{LIST}?target={id}&action=key.rotated")).await.expect(200).body["data"].clone()
    };
    let rotated = &of(&old).await[0];
    assert_eq!(rotated["before"], json!({"expiresAt": null}));
    assert_eq!(rotated["after"], json!({"expiresAt": "2025-10-20T15:30:00Z", "replacedBy": new}));
    let made = app.get(&format!("{LIST}?target={new}")).await.expect(200).body["data"][0].clone();
    assert_eq!((&made["action"], &made["before"]), (&json!("key.created"), &json!(null)));
}

#[tokio::test]
async fn a_call_that_is_repeated_has_one_entry() {
    let app = TestApp::start().await;
    for _ in 0..2 {
        let body = json!({"name": "ERP", "scopes": ["inbound"]});
        app.request("POST", KEYS).header("idempotency-key", "one").json(&body).send().await.expect(201);
    }
    assert_eq!(done(&app).await.len(), 1);
}

#[tokio::test]
async fn no_secret_is_in_the_log() {
    let app = TestApp::start().await;
    let body = json!({"url": format!("{URL}?token=ofthequery"), "events": ["*"], "headers": {"X-Key": "short", "Api-Key": "a-long-value-of-mine"}});
    let endpoint = app.endpoint_with(body).await;
    let own = format!("{ENDPOINTS}/{}", endpoint.id);
    let rotated = app.post(&format!("{own}/secret/rotate"), json!({})).await.expect(200);
    app.patch(&own, json!({"url": format!("{URL}?token=another"), "headers": {"X-Key": "other"}})).await.expect(200);
    let key = app.post(KEYS, json!({"name": "ERP", "scopes": ["inbound"]})).await.expect(201);
    let link = app.post("/api/portal-links", json!({})).await.expect(201);
    app.delete(&own).await.expect(204);
    let word = |reply: &Reply, name: &str| reply.body[name].as_str().unwrap().to_owned();
    let token = word(&link, "url").split("token=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let items = format!("{:?}", scan(&app, AUDIT.name).await);
    let made = [endpoint.secret, word(&rotated, "secret"), word(&key, "key"), token];
    for secret in
        made.iter().map(String::as_str).chain(["ofthequery", "another", "short", "other\"", "a-long", "k1.", "hash"])
    {
        assert!(!items.contains(secret), "{secret}: {items}");
    }
    let told = app.get(&format!("{LIST}?action=endpoint.updated")).await.expect(200).body["data"][0].clone();
    assert_eq!(
        (&told["before"]["url"], &told["after"]["url"]),
        (&json!(format!("{URL}?token=…")), &json!(format!("{URL}?token=…")))
    );
    app.drain().await;
}

#[tokio::test]
async fn the_log_is_filtered_and_paged() {
    let app = TestApp::start().await;
    let made = app.post(KEYS, json!({"name": "Other", "scopes": ["webhooks:manage"]})).await.expect(201);
    let (other, key) = (id(&made), made.body["key"].as_str().unwrap().to_owned());
    let mut ids = Vec::new();
    for hour in 0..3 {
        app.advance(Duration::from_hours(1)).await;
        let body = json!({"url": format!("{URL}{hour}"), "events": ["*"]});
        ids.push(id(&app.request("POST", ENDPOINTS).key(&key).json(&body).send().await.expect(201)));
        app.patch(&format!("{ENDPOINTS}/{}", ids[hour]), json!({"description": "x"})).await.expect(200);
    }
    for (query, count) in [
        (String::new(), 9),
        (format!("actor={other}"), 3),
        (format!("target={}", ids[1]), 2),
        (format!("actor={other}&target={}", ids[1]), 1),
        ("action=endpoint.updated".to_owned(), 3),
        ("since=2025-10-20T16:30:00Z".to_owned(), 4),
        ("since=2025-10-20T16:30:00Z&until=2025-10-20T17:00:00Z".to_owned(), 2),
        ("target=ep_01JAMB3X9T7Q2V5K8N4C6D0EFG".to_owned(), 0),
    ] {
        for limit in [1, 2, 100] {
            let (found, _) = pages(&app, &format!("{LIST}?limit={limit}&{query}")).await;
            assert_eq!(found.len(), count, "{limit} {query}");
            assert!(found.is_sorted_by(|newer, older| newer["id"].as_str() > older["id"].as_str()), "{query}");
        }
    }
    invalid(
        &app.get(&format!("{LIST}?action=key.lost&until=x")).await,
        &["action invalid_value", "until invalid_value"],
    );
}

#[tokio::test]
async fn only_who_may_reads_the_log_and_only_the_own_one() {
    let app = TestApp::start().await;
    let other = app.tenant("Other").await;
    app.endpoint(URL, ["*"]).await;
    let key = async |scopes: Value| {
        app.post(KEYS, json!({"name": "x", "scopes": scopes})).await.expect(201).body["key"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let lacking = key(json!(["inbound", "events:publish", "webhooks:manage", "records:read", "keys:manage"])).await;
    refused(&app.request("GET", LIST).key(&lacking).send().await, 403, "forbidden");
    let auditor = key(json!(["audit:read"])).await;
    app.request("GET", LIST).key(&auditor).send().await.expect(200);
    refused(&app.request("GET", ENDPOINTS).key(&auditor).send().await, 403, "forbidden");
    refused(&app.request("POST", LIST).json(&json!({})).send().await, 405, "method_not_allowed");
    refused(&app.request("DELETE", &format!("{LIST}/aud_01JAMB3X9T7Q2V5K8N4C6D0EFG")).send().await, 404, "not_found");
    assert_eq!(entries(&other).await.len(), 2, "the account and its key");
    assert_eq!(entries(&app).await.len(), 5);
}

#[tokio::test]
async fn an_entry_is_kept_for_400_days() {
    let app = InboundApp::start().await;
    app.post(KEYS, json!({"name": "ERP", "scopes": ["inbound"]})).await.expect(201);
    for item in scan(&app, AUDIT.name).await {
        let expires: i64 = item["expiresAt"].as_n().unwrap().parse().unwrap();
        assert!((399 * 86_400..=400 * 86_400).contains(&(expires - app.now().as_second())), "{expires}");
    }
    app.advance(Duration::from_hours(400 * 24 - 1)).await;
    assert_eq!(entries(&app).await.len(), 3);
    app.advance(Duration::from_hours(2)).await;
    assert_eq!(entries(&app).await.len(), 0, "also where DynamoDB has not deleted it yet");
}

/// Where the log can't be written, nothing is changed: the two are one transaction.
#[tokio::test]
async fn there_is_no_change_without_its_entry() {
    let app = TestApp::start().await;
    let endpoint = app.endpoint(URL, ["*"]).await.id;
    let key = id(&app.post(KEYS, json!({"name": "ERP", "scopes": ["inbound"]})).await.expect(201));
    let (endpoint, key) = (format!("{ENDPOINTS}/{endpoint}"), format!("{KEYS}/{key}"));
    let state = async || [app.get(ENDPOINTS).await.expect(200).body, app.get(&key).await.expect(200).body];
    let before = state().await;
    let client = Client::new(app.system().sdk_config());
    client.delete_table().table_name(AUDIT.name).send().await.unwrap();

    let post = |path: &str, body: Value| app.request("POST", path).json(&body);
    for call in [
        post(ENDPOINTS, json!({"url": format!("{URL}2"), "events": ["*"]})),
        app.request("PATCH", &endpoint).json(&json!({"status": "disabled"})),
        post(&format!("{endpoint}/secret/rotate"), json!({})),
        app.request("DELETE", &endpoint),
        post(KEYS, json!({"name": "x", "scopes": ["inbound"]})),
        app.request("PATCH", &key).json(&json!({"name": "y"})),
        post(&format!("{key}/rotate"), json!({})),
        app.request("DELETE", &key),
        post("/api/portal-links", json!({})),
    ] {
        let reply = call.send().await;
        assert!(reply.status >= 500, "{} {}", reply.status, reply.text);
    }
    let mut after = state().await;
    after[1]["usage"] = before[1]["usage"].clone();
    assert_eq!(after, before);
    assert_eq!(app.get("/api/portal-links").await.expect(200).body["data"], json!([]));
    app.drain().await;
}

/// People of an account find what its operator did.
#[tokio::test]
async fn an_account_begins_with_the_entries_of_its_operator() {
    let app = TestApp::start().await;
    let first = entries(&app).await;
    let told: Vec<[&str; 3]> = first
        .iter()
        .map(|one| [&one["action"], &one["actor"]["type"], &one["actor"]["name"]].map(|word| word.as_str().unwrap()))
        .collect();
    assert!(
        told.contains(&["account.created", "operator", "test"]) && told.contains(&["key.created", "operator", "test"]),
        "{told:?}"
    );
    assert!(first.iter().all(|one| one["address"].is_null() && one["requestId"].is_null()), "{first:?}");
    assert_eq!(scan(&app, AUDIT.name).await.iter().filter(|item| text(item, "pk") == app.account).count(), 2);
}
