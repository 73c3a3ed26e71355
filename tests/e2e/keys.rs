//! `/api/keys`.

use std::time::Duration;

use serde_json::{Value, json};
use store::tables;
use tests::{Reply, TestApp};

use crate::crew::WORK_ORDER;
use crate::expect::{common_headers, defects, header, invalid, refused};
use crate::records::scan;

const KEYS: &str = "/api/keys";

async fn make(app: &TestApp, body: Value) -> Reply {
    let made = app.post(KEYS, body).await.expect(201);
    common_headers(&made);
    made
}

fn text(reply: &Reply, name: &str) -> String {
    reply.body[name].as_str().expect(name).to_owned()
}

/// Whether a key opens the inbound calls.
async fn works(app: &TestApp, key: &str) -> bool {
    match app.request("POST", WORK_ORDER).json(&json!({})).key(key).send().await.status {
        400 => true,
        401 => false,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_key_is_shown_once_and_stored_as_a_hash() {
    let app = TestApp::start().await;
    let made = make(&app, json!({"name": "ERP", "scopes": ["inbound"]})).await;
    let (id, key) = (text(&made, "id"), text(&made, "key"));
    assert!(key.starts_with("wsk_") && id.starts_with("key_"), "{}", made.text);
    assert_eq!(header(&made, "location"), format!("/api/keys/{id}"));
    assert!(key.ends_with(text(&made, "hint").trim_start_matches(|c: char| !c.is_ascii())), "{}", made.text);
    assert_eq!((&made.body["scopes"], &made.body["expiresAt"]), (&json!(["inbound"]), &json!(null)));
    assert!(works(&app, &key).await);

    for path in [KEYS.to_owned(), format!("{KEYS}/{id}")] {
        let reply = app.get(&path).await.expect(200);
        assert!(!reply.text.contains(&key) && !reply.text.contains("hash"), "{}", reply.text);
    }
    for table in tables::ALL {
        let items = scan(&app, table.name).await;
        assert!(!format!("{items:?}").contains(&key), "{}", table.name);
    }
}

#[tokio::test]
async fn a_repeated_creation_gives_the_same_key_and_stores_it_sealed() {
    let app = TestApp::start().await;
    let body = json!({"name": "ERP", "scopes": ["inbound"]});
    let make = || app.request("POST", KEYS).header("idempotency-key", "one").json(&body).send();
    let (first, again) = (make().await.expect(201), make().await.expect(201));
    assert_eq!(text(&first, "key"), text(&again, "key"));
    assert_eq!(header(&again, "location"), header(&first, "location"));
    let items = scan(&app, tables::IDEMPOTENCY.name).await;
    assert_eq!(items.len(), 1);
    assert!(!format!("{items:?}").contains(&text(&first, "key")));
}

#[tokio::test]
async fn keys_are_listed_with_their_use_newest_first_and_in_pages() {
    let app = TestApp::start().await;
    for name in ["one", "two", "three"] {
        app.advance(Duration::from_mins(1)).await;
        let made = make(&app, json!({"name": name, "scopes": ["inbound"]})).await;
        assert!(works(&app, &text(&made, "key")).await);
    }
    let page = app.get("/api/keys?limit=2").await.expect(200);
    let names = |page: &Reply| {
        page.body["data"].as_array().expect("a list").iter().map(|key| key["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&page), ["three", "two"]);
    let newest = &page.body["data"][0];
    assert_eq!(newest["lastUsedAt"], "2025-10-20T14:33:00Z");
    assert_eq!(newest["usage"], json!({"perHour": 1, "perMinute": 1}));
    let next = app.get(&format!("/api/keys?limit=2&cursor={}", text(&page, "nextCursor"))).await.expect(200);
    assert_eq!((names(&next), &next.body["nextCursor"]), (vec![json!("one"), json!("test")], &json!(null)));
    invalid(&app.get("/api/keys?limit=0&cursor=x").await, &["cursor invalid_value", "limit out_of_range"]);
}

#[tokio::test]
async fn all_defects_of_a_key_come_at_once() {
    let app = TestApp::start().await;
    invalid(&app.post(KEYS, json!({})).await, &["name required", "scopes required"]);
    let body = json!({"name": "", "scopes": ["admin"], "expiresAt": "2025-10-20T14:30:00Z", "limits": {"perHour": 2_000_000_000}, "x": 1});
    let reply = app.post(KEYS, body).await;
    refused(&reply, 400, "validation_failed");
    let fields: Vec<String> =
        defects(&reply).iter().filter_map(|defect| defect.split(' ').next()).map(str::to_owned).collect();
    assert_eq!(fields, ["expiresAt", "limits.perHour", "name", "scopes[0]", "x"]);
}

#[tokio::test]
async fn a_key_is_changed() {
    let app = TestApp::start().await;
    let made = make(&app, json!({"name": "ERP", "scopes": ["inbound"]})).await;
    let path = format!("{KEYS}/{}", text(&made, "id"));
    let change = json!({"name": "Dashboard", "limits": {"perMinute": 5}});
    let changed = app.patch(&path, change).await.expect(200);
    assert_eq!((&changed.body["name"], &changed.body["scopes"]), (&json!("Dashboard"), &json!(["inbound"])));
    assert_eq!(changed.body["limits"], json!({"perHour": 1000, "perMinute": 5}));
    assert_eq!(app.get(&path).await.expect(200).body, changed.body);
    let policy = app.request("POST", WORK_ORDER).json(&json!({})).key(&text(&made, "key")).send().await;
    assert!(header(&policy, "ratelimit-policy").starts_with(r#""permin";q=5;"#));
}

#[tokio::test]
async fn a_change_of_scopes_holds_within_a_minute() {
    let app = TestApp::start().await;
    let made = make(&app, json!({"name": "ERP", "scopes": ["inbound"]})).await;
    let key = text(&made, "key");
    assert!(works(&app, &key).await);
    app.patch(&format!("{KEYS}/{}", text(&made, "id")), json!({"scopes": ["events:publish"]})).await.expect(200);
    app.advance(Duration::from_mins(1)).await;
    refused(&app.request("POST", WORK_ORDER).json(&json!({})).key(&key).send().await, 403, "forbidden");
}

#[tokio::test]
async fn a_deleted_key_is_refused_within_a_minute() {
    let app = TestApp::start().await;
    let made = make(&app, json!({"name": "ERP", "scopes": ["inbound"]})).await;
    let (path, key) = (format!("{KEYS}/{}", text(&made, "id")), text(&made, "key"));
    assert!(works(&app, &key).await);
    app.delete(&path).await.expect(204);
    app.advance(Duration::from_mins(1)).await;
    assert!(!works(&app, &key).await);
    refused(&app.get(&path).await, 404, "not_found");
    refused(&app.delete(&path).await, 404, "not_found");
    refused(&app.patch(&path, json!({"name": "x"})).await, 404, "not_found");
}

#[tokio::test]
async fn a_key_expires_on_time() {
    let app = TestApp::start().await;
    let body = json!({"name": "ERP", "scopes": ["inbound"], "expiresAt": "2025-10-20T14:30:45Z"});
    let key = text(&make(&app, body).await, "key");
    assert!(works(&app, &key).await);
    app.advance(Duration::from_secs(44)).await;
    assert!(works(&app, &key).await);
    app.advance(Duration::from_secs(1)).await;
    assert!(!works(&app, &key).await, "remembered or not");
}

#[tokio::test]
async fn the_last_key_that_manages_keys_stays() {
    let app = TestApp::start().await;
    let listed = app.get(KEYS).await.expect(200);
    let own = format!("{KEYS}/{}", listed.body["data"][0]["id"].as_str().expect("an id"));
    for refusal in [
        app.delete(&own).await,
        app.patch(&own, json!({"scopes": ["inbound"]})).await,
        app.patch(&own, json!({"expiresAt": "2026-01-01T00:00:00Z"})).await,
    ] {
        refused(&refusal, 409, "last_key");
    }
    app.patch(&own, json!({"name": "renamed"})).await.expect(200);
    make(&app, json!({"name": "brief", "scopes": ["keys:manage"], "expiresAt": "2025-10-21T00:00:00Z"})).await;
    refused(&app.delete(&own).await, 409, "last_key");
    let heir = text(&make(&app, json!({"name": "heir", "scopes": ["keys:manage"]})).await, "key");
    app.delete(&own).await.expect(204);
    app.advance(Duration::from_mins(1)).await;
    refused(&app.get(KEYS).await, 401, "unauthorized");
    let left = app.request("GET", KEYS).key(&heir).send().await.expect(200);
    let id = left.body["data"].as_array().expect("a list").iter().find(|key| key["name"] == "heir").expect("the heir");
    let path = format!("{KEYS}/{}", id["id"].as_str().expect("an id"));
    refused(&app.request("DELETE", &path).key(&heir).send().await, 409, "last_key");
}

#[tokio::test]
async fn two_deletes_at_once_leave_a_key_that_manages_keys() {
    let app = TestApp::start().await;
    let heir = make(&app, json!({"name": "heir", "scopes": ["keys:manage"]})).await;
    let listed = app.get(KEYS).await.expect(200).body;
    let ids =
        listed["data"].as_array().expect("a list").iter().map(|key| key["id"].as_str().expect("an id").to_owned());
    let [one, other] = ids.collect::<Vec<_>>().try_into().expect("two keys");
    let (one, other) = (format!("{KEYS}/{one}"), format!("{KEYS}/{other}"));
    let (one, other) = tokio::join!(app.delete(&one), app.delete(&other));
    let mut answers = [one.status, other.status];
    answers.sort_unstable();
    assert_eq!(answers, [204, 409]);
    app.advance(Duration::from_mins(1)).await;
    let heir = app.request("GET", KEYS).key(&text(&heir, "key")).send().await;
    let own = app.get(KEYS).await;
    assert!(heir.status == 200 || own.status == 200, "one of them works");
}

#[tokio::test]
async fn one_of_two_rotations_at_once_hands_on_a_key_without_an_end() {
    let app = TestApp::start().await;
    let made = make(&app, json!({"name": "ERP", "scopes": ["inbound"]})).await;
    let path = format!("{KEYS}/{}/rotate", text(&made, "id"));
    let rotate = || app.post(&path, json!({"overlapHours": 0}));
    let (one, other) = tokio::join!(rotate(), rotate());
    // The other finds a key that has ended with the first rotation, and says so.
    let (rotated, late) = if one.status == 201 { (one, other) } else { (other, one) };
    assert_eq!((rotated.status, &rotated.body["expiresAt"]), (201, &Value::Null));
    assert!(works(&app, &text(&rotated, "key")).await);
    refused(&late, 409, "invalid_state_transition");
}

#[tokio::test]
async fn the_last_use_is_noted_once_a_minute_however_many_functions_see_the_key() {
    let app = TestApp::start().await;
    let made = make(&app, json!({"name": "ERP", "scopes": ["inbound", "webhooks:manage"]})).await;
    let (path, key) = (format!("{KEYS}/{}", text(&made, "id")), text(&made, "key"));
    let last_use = async || app.get(&path).await.expect(200).body["lastUsedAt"].clone();
    let use_it = async |path: &str| app.request("GET", path).key(&key).send().await.expect(200);
    assert_eq!(last_use().await, Value::Null);
    use_it("/api/deliveries").await;
    assert_eq!(last_use().await, "2025-10-20T14:30:00Z");
    // A function that has not seen it yet.
    app.advance(Duration::from_secs(30)).await;
    use_it("/api/endpoints").await;
    assert_eq!(last_use().await, "2025-10-20T14:30:00Z");
    app.advance(Duration::from_secs(30)).await;
    use_it("/api/deliveries").await;
    assert_eq!(last_use().await, "2025-10-20T14:31:00Z");
}

#[tokio::test]
async fn another_accounts_keys_are_not_there() {
    let app = TestApp::start().await;
    let made = make(&app, json!({"name": "ERP", "scopes": ["inbound"]})).await;
    let path = format!("{KEYS}/{}", text(&made, "id"));
    let other = app.tenant("Other").await;
    refused(&other.get(&path).await, 404, "not_found");
    refused(&other.patch(&path, json!({"name": "x"})).await, 404, "not_found");
    refused(&other.delete(&path).await, 404, "not_found");
    assert_eq!(other.get(KEYS).await.expect(200).body["data"].as_array().map(Vec::len), Some(1));
    assert!(works(&app, &text(&made, "key")).await);
}
