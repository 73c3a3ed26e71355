//! `/api/portal-links`, and what a link opens.

use std::time::Duration;

use serde_json::{Value, json};
use store::tables;
use tests::{Reply, Tenant, TestApp};

use crate::crew::{WORK_ORDER, work_order};
use crate::expect::{common_headers, header, invalid, refused};
use crate::records::scan;

const LINKS: &str = "/api/portal-links";
const ENDPOINTS: &str = "/api/endpoints";
const KEYS: &str = "/api/keys";
const URL: &str = "http://127.0.0.1:9/hook";
const MINUTE: Duration = Duration::from_mins(1);

/// A link with this body: its id and its token.
async fn link(tenant: &Tenant, body: Value) -> [String; 2] {
    opened(&tenant.post(LINKS, body).await.expect(201))
}

fn opened(made: &Reply) -> [String; 2] {
    let url = made.body["url"].as_str().expect("a link");
    let token = url.split("#token=").nth(1).expect("a token").split('&').next().expect("a token");
    [made.body["id"].as_str().expect("an id").to_owned(), token.to_owned()]
}

async fn key(tenant: &Tenant, scopes: Value) -> [String; 2] {
    let made = tenant.post(KEYS, json!({"name": "Dashboard", "scopes": scopes})).await.expect(201);
    ["id", "key"].map(|name| made.body[name].as_str().expect(name).to_owned())
}

#[tokio::test]
async fn a_link_opens_the_console_of_its_account_and_is_told_once() {
    let app = TestApp::start().await;
    let body = json!({"name": "user 4711", "readOnly": false, "origins": ["https://App.example.com"], "theme": "dark", "expiresIn": 600});
    let made = app.post(LINKS, body).await.expect(201);
    common_headers(&made);
    let [id, token] = opened(&made);
    let own = app.get(KEYS).await.expect(200).body["data"][0]["id"].clone();
    let shown = json!({
        "id": id, "name": "user 4711", "keyId": own, "scopes": ["webhooks:manage"], "readOnly": false,
        "origins": ["https://app.example.com"], "expiresAt": "2025-10-20T14:40:00Z", "createdAt": "2025-10-20T14:30:00Z",
    });
    let url = format!("{}/portal/{id}#token={token}&scopes=webhooks:manage&theme=dark", app.system().base_url());
    assert_eq!(made.body, crate::crew::with(shown.clone(), json!({ "url": url })));
    assert_eq!(header(&made, "location"), format!("{LINKS}/{id}"));
    assert!(token.starts_with("wsl_"), "{token}");
    assert_eq!(app.get(LINKS).await.expect(200).body, json!({"data": [shown], "nextCursor": null}));
    assert_eq!(app.get(&format!("{LINKS}/{id}")).await.expect(200).body, shown);
    for table in tables::ALL {
        assert!(!format!("{:?}", scan(&app, table.name).await).contains(&token), "{}", table.name);
    }

    let endpoint = json!({"url": URL, "events": ["*"]});
    app.request("POST", ENDPOINTS).key(&token).json(&endpoint).send().await.expect(201);
    let told = app.get("/api/audit?action=endpoint.created").await.expect(200).body["data"][0].clone();
    assert_eq!(told["actor"], json!({"type": "portal_link", "id": id, "name": "user 4711", "keyId": own}));
}

#[tokio::test]
async fn a_link_ends_when_its_time_is_over() {
    let app = TestApp::start().await;
    let [_, token] = link(&app, json!({"expiresIn": 90})).await;
    let call = || app.request("GET", ENDPOINTS).key(&token).send();
    call().await.expect(200);
    app.advance(Duration::from_secs(89)).await;
    call().await.expect(200);
    app.advance(Duration::from_secs(1)).await;
    refused(&call().await, 401, "unauthorized");
    for wrong in [json!(59), json!(86_401), json!("1h")] {
        app.post(LINKS, json!({"expiresIn": wrong})).await.expect(400);
    }
}

#[tokio::test]
async fn a_link_that_can_only_look_makes_no_change_and_sees_no_secret() {
    let app = TestApp::start().await;
    let endpoint = app.endpoint(URL, ["*"]).await.id;
    let [_, token] = link(&app, json!({})).await;
    let own = format!("{ENDPOINTS}/{endpoint}");
    let send = |method: &'static str, path: String| app.request(method, &path).key(&token);
    for path in [
        ENDPOINTS.to_owned(),
        own.clone(),
        "/api/deliveries".to_owned(),
        "/api/alerts".to_owned(),
        "/api/stats".to_owned(),
    ] {
        send("GET", path.clone()).send().await.expect(200);
        send("HEAD", path).send().await.expect(200);
    }
    let before = app.items(&app.account).await.len();
    for (method, path) in [
        ("POST", ENDPOINTS.to_owned()),
        ("PATCH", own.clone()),
        ("DELETE", own.clone()),
        ("POST", format!("{own}/test")),
        ("POST", format!("{own}/secret/rotate")),
        ("POST", format!("{own}/replay")),
        ("PUT", own.clone()),
        ("OPTIONS", own.clone()),
        ("GET", format!("{own}/secret")),
        ("HEAD", format!("{own}/secret")),
    ] {
        let reply = send(method, path.clone()).json(&json!({"status": "disabled"})).send().await;
        assert_eq!(reply.status, 403, "{method} {path}: {}", reply.text);
    }
    // Refused calls are listed under the key that made the link, as calls of that key are.
    let refusals = app.get("/api/requests?limit=1").await.expect(200).body["data"][0].clone();
    assert_eq!(refusals["keyName"], "Portal link of test");
    let own = app.get(KEYS).await.expect(200).body["data"][0]["id"].clone();
    assert_eq!(refusals["keyId"], own);
    let others = app.items(&app.account).await.iter().filter(|one| one["table"] != "requests").count();
    assert!(others <= before + 1, "nothing but the last use of a key, or its window");
}

#[tokio::test]
async fn a_link_is_never_wider_than_the_key_that_made_it() {
    let app = TestApp::start().await;
    work_order(&app, "WO-1", json!({})).await;
    let [id, dashboard] = key(&app, json!(["webhooks:manage"])).await;
    let make = |scopes: Value| app.request("POST", LINKS).key(&dashboard).json(&json!({"scopes": scopes})).send();
    refused(&make(json!(["webhooks:manage", "records:read"])).await, 403, "forbidden");
    for never in ["inbound", "events:publish", "keys:manage"] {
        invalid(&app.post(LINKS, json!({"scopes": [never]})).await, &["scopes[0] invalid_value"]);
    }
    app.patch(
        &format!("{KEYS}/{id}"),
        json!({"scopes": ["webhooks:manage", "records:read"], "limits": {"perMinute": 7}}),
    )
    .await
    .expect(200);
    app.advance(MINUTE).await;
    let [_, token] = opened(&make(json!(["webhooks:manage", "records:read"])).await.expect(201));
    let get = |path: &'static str| app.request("GET", path).key(&token).send();
    let records = get("/api/records?q=WO-1").await.expect(200);
    assert!(header(&records, "ratelimit-policy").starts_with(r#""permin";q=70;"#), "ten times the limits of its key");
    for path in [KEYS, "/api/audit"] {
        refused(&get(path).await, 403, "forbidden");
    }
    refused(&app.request("POST", WORK_ORDER).key(&token).json(&json!({})).send().await, 403, "forbidden");
    // What the key may no more, its links may not.
    app.patch(&format!("{KEYS}/{id}"), json!({"scopes": ["webhooks:manage"]})).await.expect(200);
    app.advance(MINUTE).await;
    refused(&get("/api/records?q=WO-1").await, 403, "forbidden");
    get(ENDPOINTS).await.expect(200);
    app.delete(&format!("{KEYS}/{id}")).await.expect(204);
    app.advance(MINUTE).await;
    refused(&get(ENDPOINTS).await, 401, "unauthorized");
    app.drain().await;
}

#[tokio::test]
async fn links_end_with_their_key() {
    let app = TestApp::start().await;
    let [id, dashboard] = key(&app, json!(["webhooks:manage"])).await;
    let [_, token] = opened(&app.request("POST", LINKS).key(&dashboard).json(&json!({})).send().await.expect(201));
    app.post(&format!("{KEYS}/{id}/rotate"), json!({"overlapHours": 0})).await.expect(201);
    app.advance(MINUTE).await;
    refused(&app.request("GET", ENDPOINTS).key(&token).send().await, 401, "unauthorized");
}

#[tokio::test]
async fn a_link_makes_and_sees_no_links() {
    let app = TestApp::start().await;
    let [id, token] = link(&app, json!({"readOnly": false})).await;
    let send = |method: &'static str, path: String| app.request(method, &path).key(&token).json(&json!({})).send();
    for (method, path) in [
        ("POST", LINKS.to_owned()),
        ("GET", LINKS.to_owned()),
        ("GET", format!("{LINKS}/{id}")),
        ("DELETE", format!("{LINKS}/{id}")),
    ] {
        refused(&send(method, path).await, 403, "forbidden");
    }
    app.get(&format!("{LINKS}/{id}")).await.expect(200);
}

#[tokio::test]
async fn a_revoked_link_is_refused_within_a_minute() {
    let app = TestApp::start().await;
    let [id, token] = link(&app, json!({"origins": ["https://app.example.com"]})).await;
    app.request("GET", ENDPOINTS).key(&token).send().await.expect(200);
    app.delete(&format!("{LINKS}/{id}")).await.expect(204);
    refused(&app.delete(&format!("{LINKS}/{id}")).await, 404, "not_found");
    refused(&app.get(&format!("{LINKS}/{id}")).await, 404, "not_found");
    app.advance(MINUTE).await;
    refused(&app.request("GET", ENDPOINTS).key(&token).send().await, 401, "unauthorized");
    let page = app.request("GET", &format!("/portal/{id}")).without_key().send().await.expect(200);
    assert!(header(&page, "content-security-policy").contains("frame-ancestors 'none'"), "and nobody frames its page");
}

#[tokio::test]
async fn only_the_origins_of_a_link_may_frame_the_console_and_only_its_page() {
    let app = TestApp::start().await;
    let [id, _] = link(&app, json!({"origins": ["https://app.example.com", "http://localhost:5173"]})).await;
    let [unframed, _] = link(&app, json!({})).await;
    let policy = async |path: String| {
        let page = app.request("GET", &path).without_key().send().await.expect(200);
        header(&page, "content-security-policy").to_owned()
    };
    let own = policy(format!("/portal/{id}")).await;
    assert!(own.contains("frame-ancestors https://app.example.com http://localhost:5173;"), "{own}");
    for path in [
        format!("/portal/{unframed}"),
        "/portal/lnk_01JAMB3X9T7Q2V5K8N4C6D0EFG".to_owned(),
        "/".to_owned(),
        "/docs".to_owned(),
    ] {
        assert!(policy(path.clone()).await.contains("frame-ancestors 'none'"), "{path}");
    }
    let page = app.request("GET", &format!("/portal/{id}")).without_key().send().await;
    assert_eq!((header(&page, "cache-control"), header(&page, "referrer-policy")), ("no-store", "no-referrer"));
    assert!(page.text.contains("/console/app.js"), "the console itself");
    for path in ["/portal", "/portal/", "/portal/x", "/portal/lnk_1", &format!("/portal/{id}/x")] {
        app.request("GET", path).without_key().send().await.expect(404);
    }
    app.request("POST", &format!("/portal/{id}")).without_key().send().await.expect(405);
    let wrong = json!({"origins": ["https://app.example.com", "*", "https://x.example; script-src *"]});
    invalid(&app.post(LINKS, wrong).await, &["origins[1] invalid_format", "origins[2] invalid_format"]);
}

#[tokio::test]
async fn links_of_accounts_are_apart() {
    let app = TestApp::start().await;
    let other = app.tenant("Other").await;
    app.endpoint(URL, ["*"]).await;
    let [id, token] = link(&app, json!({})).await;
    refused(&other.get(&format!("{LINKS}/{id}")).await, 404, "not_found");
    refused(&other.delete(&format!("{LINKS}/{id}")).await, 404, "not_found");
    assert_eq!(other.get(LINKS).await.expect(200).body["data"], json!([]));
    let [_, theirs] = link(&other, json!({})).await;
    let list = async |token: &str| {
        app.request("GET", ENDPOINTS).key(token).send().await.expect(200).body["data"].as_array().unwrap().len()
    };
    assert_eq!((list(&token).await, list(&theirs).await), (1, 0));
    // A token is no key, and a key no token.
    let swapped = [token.replacen("wsl_", "wsk_", 1), app.key.replacen("wsk_", "wsl_", 1)];
    for wrong in swapped {
        refused(&app.request("GET", ENDPOINTS).key(&wrong).send().await, 401, "unauthorized");
    }
}

#[tokio::test]
async fn a_call_that_is_repeated_makes_one_link_and_is_stored_sealed() {
    let app = TestApp::start().await;
    let make = || app.request("POST", LINKS).header("idempotency-key", "one").json(&json!({})).send();
    let (first, again) = (make().await.expect(201), make().await.expect(201));
    assert_eq!(first.body, again.body);
    let [_, token] = opened(&first);
    assert!(!format!("{:?}", scan(&app, tables::IDEMPOTENCY.name).await).contains(&token));
    assert_eq!(app.get(LINKS).await.expect(200).body["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_else_gets_a_link_by_repeating_the_call_that_made_it() {
    let app = TestApp::start().await;
    let body = json!({"scopes": ["webhooks:manage", "audit:read"], "readOnly": false});
    let make = |key: &str| app.request("POST", LINKS).key(key).header("idempotency-key", "one").json(&body);
    let [_, token] = opened(&make(&app.key).send().await.expect(201));
    let [_, other] = key(&app, json!(["webhooks:manage"])).await;
    for stranger in [&token, &other] {
        let refusal = make(stranger).send().await;
        refused(&refusal, 403, "forbidden");
        assert!(!refusal.text.contains(&token));
    }
}

#[tokio::test]
async fn more_links_make_no_more_calls() {
    let app = TestApp::start().await;
    let scopes = json!(["webhooks:manage"]);
    let slow = json!({"name": "slow", "scopes": scopes, "limits": {"perHour": 2, "perMinute": 2}});
    let key = app.post(KEYS, slow).await.expect(201).body["key"].as_str().expect("a key").to_owned();
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let made = app.request("POST", LINKS).key(&key).json(&json!({})).send().await.expect(201);
        tokens.push(opened(&made)[1].clone());
    }
    refused(&app.request("GET", ENDPOINTS).key(&key).send().await, 429, "rate_limit_exceeded");
    for call in 0..20 {
        app.request("GET", ENDPOINTS).key(&tokens[call % 2]).send().await.expect(200);
    }
    for token in &tokens {
        refused(&app.request("GET", ENDPOINTS).key(token).send().await, 429, "rate_limit_exceeded");
    }
}
