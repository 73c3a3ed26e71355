//! `/api/endpoints`. What is delivered to them is tested in `deliveries`.

use std::time::Duration;

use serde_json::{Value, json};
use store::tables;
use tests::{Reply, TestApp};

use crate::crew::work_order;
use crate::expect::{common_headers, header, invalid, refused};
use crate::records::scan;

const ENDPOINTS: &str = "/api/endpoints";
const URL: &str = "http://127.0.0.1:9/hook";

async fn make(app: &TestApp, extra: Value) -> Reply {
    let body = crate::crew::with(json!({"url": URL, "events": ["*"]}), extra);
    let made = app.post(ENDPOINTS, body).await.expect(201);
    common_headers(&made);
    made
}

fn path(made: &Reply) -> String {
    format!("{ENDPOINTS}/{}", made.body["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn an_endpoint_is_created_and_read_and_its_secret_is_shown_at_creation_only() {
    let app = TestApp::start().await;
    let made =
        make(&app, json!({"description": "ERP", "projectIds": ["proj_abc123"], "headers": {"X-Tenant": "7"}})).await;
    assert_eq!(header(&made, "location"), path(&made));
    let secret = made.body["secret"].as_str().expect("a secret").to_owned();
    assert!(secret.starts_with("whsec_"));
    let read = app.get(&path(&made)).await.expect(200);
    let members: Vec<&String> = read.body.as_object().expect("an object").keys().collect();
    let expected = [
        "id",
        "url",
        "events",
        "projectIds",
        "filter",
        "changed",
        "skipKeys",
        "description",
        "status",
        "disabledReason",
        "disabledAt",
        "headers",
        "maxPerSecond",
        "format",
        "secretHint",
        "createdAt",
        "updatedAt",
        "version",
        "health",
        "waiting",
    ];
    assert_eq!(members, expected);
    assert_eq!((&read.body["status"], &read.body["version"]), (&json!("enabled"), &json!(1)));
    let health = json!({
        "state": "healthy", "consecutiveFailures": 0, "failingSince": null, "lastSuccessAt": null, "lastFailureAt": null,
        "lastError": null, "lastSlowAt": null, "disablesAt": null,
    });
    assert_eq!(read.body["health"], health);
    assert!(!read.text.contains(&secret));
    let shown = app.get(&format!("{}/secret", path(&made))).await.expect(200);
    assert_eq!(shown.body, json!({"secret": secret, "promotesAt": null, "previous": []}));
    for table in tables::ALL {
        assert!(!format!("{:?}", scan(&app, table.name).await).contains(&secret), "{}", table.name);
    }
}

#[tokio::test]
async fn all_defects_of_an_endpoint_come_at_once() {
    let app = TestApp::start().await;
    invalid(&app.post(ENDPOINTS, json!({})).await, &["events required", "url required"]);
    let body = json!({
        "url": "ftp://example.com", "events": ["workorder.created", "workorder.exploded", 7], "projectIds": ["wo_abc123"],
        "status": "paused", "evnets": ["*"], "description": "x".repeat(501),
        "headers": {"Host": "x", "X-Webhook-ID": "x", "x-webhook-event-id": "x", "X-Good": "x"},
    });
    let reply = app.post(ENDPOINTS, body).await;
    refused(&reply, 400, "validation_failed");
    let fields: Vec<&str> = reply.defects().iter().map(|(field, _)| *field).collect();
    let expected = [
        "description",
        "events[1]",
        "events[2]",
        "evnets",
        "headers.Host",
        "headers.X-Webhook-ID",
        "headers.x-webhook-event-id",
        "projectIds[0]",
        "status",
        "url",
    ];
    assert_eq!(fields, expected, "{}", reply.text);
}

#[tokio::test]
async fn urls_that_can_not_be_delivered_to_are_refused() {
    let app = TestApp::start().await;
    for url in [
        "",
        "nowhere",
        "https://",
        "http://user:secret@127.0.0.1/",
        "file:///etc/passwd",
        "https://example.com/#fragment",
        &format!("https://127.0.0.1/{}", "x".repeat(2100)),
    ] {
        let reply = app.post(ENDPOINTS, json!({"url": url, "events": ["*"]})).await;
        refused(&reply, 400, "validation_failed");
        assert_eq!(reply.defects().first().map(|(field, _)| *field), Some("url"), "{url}: {}", reply.text);
        assert!(!reply.text.contains("secret@"), "{}", reply.text);
    }
}

#[tokio::test]
async fn private_addresses_are_refused_where_they_are_not_allowed() {
    let app = TestApp::builder().allow_private(false).start().await;
    for url in [
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[fd00::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://localhost/",
        "https://2130706433/",
        "https://0x7f.1/",
        "http://93.184.216.34/",
    ] {
        let reply = app.post(ENDPOINTS, json!({"url": url, "events": ["*"]})).await;
        refused(&reply, 400, "validation_failed");
        assert_eq!(reply.defects()[0].0, "url", "{url}");
    }
}

#[tokio::test]
async fn events_are_names_or_groups_or_all() {
    let app = TestApp::start().await;
    for events in [json!(["*"]), json!(["workorder.*", "vendor.created"]), json!(["report.failed"])] {
        assert_eq!(make(&app, json!({"events": events})).await.body["events"], events);
    }
    for events in [json!([]), json!(["work*"]), json!(["workorder"]), json!(["*.created"]), json!("*"), json!([null])] {
        let reply = app.post(ENDPOINTS, json!({"url": URL, "events": events})).await;
        refused(&reply, 400, "validation_failed");
    }
}

#[tokio::test]
async fn a_change_is_merged_and_raises_the_version() {
    let app = TestApp::start().await;
    let made = make(&app, json!({"description": "ERP"})).await;
    app.advance(Duration::from_mins(1)).await;
    let changed = app.patch(&path(&made), json!({"events": ["workorder.*"], "description": null})).await.expect(200);
    assert_eq!((&changed.body["events"], &changed.body["url"]), (&json!(["workorder.*"]), &json!(URL)));
    assert_eq!((&changed.body["description"], &changed.body["version"]), (&json!(null), &json!(2)));
    assert_eq!(changed.body["updatedAt"], "2025-10-20T14:31:00Z");
    let same = app.patch(&path(&made), json!({"events": ["workorder.*"]})).await.expect(200);
    assert_eq!(same.body["version"], 2);
    invalid(
        &app.patch(&path(&made), json!({"url": null, "events": ["x"]})).await,
        &["events[0] invalid_value", "url required"],
    );

    let off = app.patch(&path(&made), json!({"status": "disabled"})).await.expect(200);
    assert_eq!(off.body["status"], "disabled");
    assert!(off.body["disabledReason"].is_string());
    let on = app.patch(&path(&made), json!({"status": "enabled"})).await.expect(200);
    assert_eq!((&on.body["status"], &on.body["disabledReason"]), (&json!("enabled"), &json!(null)));
}

#[tokio::test]
async fn endpoints_are_listed_newest_first_in_pages() {
    let app = TestApp::start().await;
    for i in 0..5 {
        app.advance(Duration::from_secs(1)).await;
        make(&app, json!({"url": format!("{URL}?{i}"), "description": format!("{i}")})).await;
    }
    let mut seen = Vec::new();
    let mut query = "?limit=2".to_owned();
    loop {
        let page = app.get(&format!("{ENDPOINTS}{query}")).await.expect(200);
        let data = page.body["data"].as_array().expect("a list");
        assert!(data.len() <= 2 && data.iter().all(|endpoint| endpoint.get("secret").is_none()));
        seen.extend(data.iter().filter_map(|endpoint| endpoint["description"].as_str()).map(str::to_owned));
        let Some(cursor) = page.body["nextCursor"].as_str() else { break };
        query = format!("?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, ["4", "3", "2", "1", "0"]);
    for query in ["?limit=0", "?limit=101", "?limit=x", "?cursor=x", "?cursor=a2V5Xw"] {
        refused(&app.get(&format!("{ENDPOINTS}{query}")).await, 400, "validation_failed");
    }
}

#[tokio::test]
async fn a_deleted_endpoint_is_gone() {
    let app = TestApp::start().await;
    let made = make(&app, json!({})).await;
    let gone = app.delete(&path(&made)).await.expect(204);
    common_headers(&gone);
    assert_eq!(gone.text, "");
    for reply in [
        app.get(&path(&made)).await,
        app.delete(&path(&made)).await,
        app.patch(&path(&made), json!({"status": "disabled"})).await,
    ] {
        refused(&reply, 404, "not_found");
    }
    work_order(&app, "WO-1", json!({})).await;
    app.drain().await;
    assert_eq!(app.deliveries().await.len(), 0);
}

#[tokio::test]
async fn another_accounts_endpoints_are_not_there() {
    let app = TestApp::start().await;
    let made = make(&app, json!({})).await;
    let other = app.tenant("Other").await;
    let (path, secret) = (path(&made), format!("{}/secret", path(&made)));
    for reply in [
        other.get(&path).await,
        other.patch(&path, json!({"status": "disabled"})).await,
        other.delete(&path).await,
        other.get(&secret).await,
        other.post(&format!("{secret}/rotate"), json!({})).await,
        other.get("/api/endpoints/ep_01JAMB3X9T7Q2V5K8N4C6D0EFG").await,
        other.get("/api/endpoints/nothing").await,
    ] {
        refused(&reply, 404, "not_found");
    }
    assert_eq!(other.get(ENDPOINTS).await.expect(200).body, json!({"data": [], "nextCursor": null}));
    assert_eq!(app.get(&path).await.expect(200).body["status"], "enabled");
}

#[tokio::test]
async fn a_secret_is_rotated_with_an_overlap() {
    let app = TestApp::start().await;
    let made = make(&app, json!({})).await;
    let secret = format!("{}/secret", path(&made));
    let rotated = app.post(&format!("{secret}/rotate"), json!({"overlapHours": 2})).await.expect(200);
    assert_ne!(rotated.body["secret"], made.body["secret"]);
    assert_eq!(rotated.body["previous"], json!([{"validUntil": "2025-10-20T16:30:00Z"}]));
    app.advance(Duration::from_hours(2)).await;
    assert_eq!(app.get(&secret).await.expect(200).body["previous"], json!([]));
    invalid(&app.post(&format!("{secret}/rotate"), json!({"overlapHours": 169})).await, &["overlapHours out_of_range"]);
    let bare = app.request("POST", &format!("{secret}/rotate")).send().await.expect(200);
    assert_eq!(bare.body["previous"][0]["validUntil"], "2025-10-21T16:30:00Z", "a day by default");
}

#[tokio::test]
async fn values_of_own_headers_are_shown_when_they_are_set_and_masked_afterwards() {
    let app = TestApp::start().await;
    let made = make(&app, json!({"headers": {"Authorization": "Bearer 0123456789", "X-Tenant": "7"}})).await;
    let whole = json!({"Authorization": "Bearer 0123456789", "X-Tenant": "7"});
    let masked = json!({"Authorization": "…6789", "X-Tenant": "…"});
    assert_eq!(made.body["headers"], whole);
    assert_eq!(app.get(&path(&made)).await.expect(200).body["headers"], masked);
    assert_eq!(app.get(ENDPOINTS).await.expect(200).body["data"][0]["headers"], masked);
    let changed = app.patch(&path(&made), json!({"description": "ERP"})).await.expect(200);
    assert_eq!(changed.body["headers"], masked, "a change of something else does not read them back");
    let changed = app.patch(&path(&made), json!({"headers": whole})).await.expect(200);
    assert_eq!(changed.body["headers"], whole);
    // What was read can't take the place of what is stored.
    let code = [("headers.Authorization", "invalid_format"), ("headers.X-Tenant", "invalid_format")];
    assert_eq!(app.patch(&path(&made), json!({"headers": masked})).await.expect(400).defects(), code);
}
