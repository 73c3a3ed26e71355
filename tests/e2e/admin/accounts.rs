//! `accounts` and `keys`.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{InboundApp, TestApp};

use super::{account, account_names, admin, call};
use crate::crew::WORK_ORDER;
use crate::expect::{header, refused};
use crate::records::record_of;

#[tokio::test]
async fn the_key_of_a_new_account_works_and_its_records_fall_back_to_the_account() {
    let app = InboundApp::start().await;
    let command = ["accounts", "create", "--name", " Acme ", "--time-zone", "europe/berlin", "--currency", "EUR"];
    let made = admin(&app, &[&command[..], &["--country", "DE", "--json"]].concat()).await;
    assert!(made.err.contains("not shown again"), "{}", made.err);
    let json = made.json();
    let id = json["account"]["id"].as_str().unwrap();
    let expected = json!({"id": id, "name": "Acme", "timeZone": "Europe/Berlin", "currency": "EUR", "country": "DE"});
    assert_eq!(json["account"], expected);
    let key = json["key"]["key"].as_str().unwrap();
    assert!(key.starts_with("wsk_test_"), "the environment of the variable");
    let named = ["accounts", "create", "--name", "Acme 2", "--environment", "stage", "--json"];
    let named = admin(&app, &named).await.json();
    assert!(named["key"]["key"].as_str().unwrap().starts_with("wsk_stage_"), "what the command line says wins");

    let order = json!({"workOrderNumber": "WO-1", "title": "Roof", "scheduledStart": "2025-11-03T07:00:00Z",
        "scheduledEnd": "2025-11-03T15:00:00Z"});
    app.request("POST", WORK_ORDER).key(key).json(&order).send().await.expect(200);
    assert_eq!(record_of(&app, id, "workorder", "WO-1").await["timeZone"], "Europe/Berlin");
    let keys = app.request("GET", "/api/keys").key(key).send().await.expect(200);
    assert_eq!(keys.body["data"].as_array().map(Vec::len), Some(1), "a key that may manage keys");
}

#[tokio::test]
async fn the_same_command_twice_makes_one_account() {
    let app = TestApp::start().await;
    let [id, ..] = account(&app, "Acme").await;
    let again = ["accounts", "create", "--name", "Acme"];
    assert!(admin(&app, &again).await.complaint(1).contains(&id));
    let other = admin(&app, &[&again[..], &["--same-name"]].concat()).await;
    assert_eq!(other.code, 0, "{}", other.err);
    let mut names = account_names(&app).await;
    names.sort();
    assert_eq!(names, ["Acme", "Acme", "Local", "Test"]);
}

#[tokio::test]
async fn accounts_are_listed_newest_first_in_pages() {
    let app = TestApp::start().await;
    let mut newest = String::new();
    for name in ["One", "Two"] {
        app.advance(Duration::from_secs(1)).await;
        [newest, ..] = account(&app, name).await;
    }
    assert_eq!(account_names(&app).await, ["Two", "One", "Test", "Local"]);
    let mut listed: Vec<Value> = Vec::new();
    let mut more: Vec<String> = Vec::new();
    for _ in 0..5 {
        let mut command = vec!["accounts", "list", "--limit", "1", "--json"];
        command.extend(more.iter().map(String::as_str));
        let page = admin(&app, &command).await.json();
        listed.extend(page["data"].as_array().unwrap().iter().map(|account| account["name"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        more = vec!["--after".to_owned(), next.to_owned()];
    }
    assert_eq!(listed, ["Two", "One", "Test", "Local"]);
    let text = admin(&app, &["accounts", "list", "--limit", "1"]).await;
    assert!(text.out.starts_with("ACCOUNT ") && text.out.lines().count() == 2, "{}", text.out);
    assert!(text.err.contains(&format!("--after {newest}")), "{}", text.err);
}

#[tokio::test]
async fn raised_limits_are_in_effect_within_a_minute() {
    let app = TestApp::start().await;
    let [account, id, key] = account(&app, "Acme").await;
    let command = ["keys", "set-limits", &id, "--account", &account, "--json"];
    for _ in 0..50 {
        call(&app, &key).await.expect(400);
    }
    refused(&call(&app, &key).await, 429, "rate_limit_exceeded");

    let changed = admin(&app, &[&command[..], &["--per-minute", "60"]].concat()).await.json();
    assert_eq!(changed["limits"], json!({"perHour": 1000, "perMinute": 60}), "what is not given stays");
    assert_eq!(changed["usage"], json!({"perHour": 50, "perMinute": 50}));
    app.advance(Duration::from_mins(1)).await;
    for _ in 0..60 {
        call(&app, &key).await.expect(400);
    }
    refused(&call(&app, &key).await, 429, "rate_limit_exceeded");

    admin(&app, &[&command[..], &["--per-hour", "5000"]].concat()).await.json();
    app.advance(Duration::from_mins(1)).await;
    assert_eq!(header(&call(&app, &key).await, "ratelimit-policy"), r#""permin";q=60;w=60,"perhr";q=5000;w=3600"#);
    admin(&app, &[&command[..], &["--default"]].concat()).await.json();
    app.advance(Duration::from_mins(1)).await;
    assert_eq!(header(&call(&app, &key).await, "ratelimit-policy"), r#""permin";q=50;w=60,"perhr";q=1000;w=3600"#);
}

#[tokio::test]
async fn keys_are_created_listed_without_their_secret_and_revoked() {
    let app = TestApp::start().await;
    let [account, first, first_key] = account(&app, "Acme").await;
    let command = ["keys", "create", "--account", &account, "--name", "ERP", "--scope", "events:publish,inbound"];
    let text = admin(&app, &command).await;
    let key = text.out.lines().find_map(|line| line.strip_prefix("key  ")).unwrap().trim().to_owned();
    call(&app, &key).await.expect(400);
    refused(&app.request("GET", "/api/keys").key(&key).send().await, 403, "forbidden");

    let list = ["keys", "list", "--account", &account];
    let (shown, listed) = (admin(&app, &list).await, admin(&app, &[&list[..], &["--json"]].concat()).await);
    for output in [&shown.out, &listed.out] {
        assert!(!output.contains(&key) && !output.contains(&first_key) && !output.contains("hash"), "{output}");
    }
    let api = app.request("GET", "/api/keys").key(&first_key).send().await.expect(200);
    let of =
        |keys: &Value, name: &str| keys.as_array().unwrap().iter().find(|key| key["name"] == name).unwrap().clone();
    assert_eq!(of(&listed.json()["data"], "ERP"), of(&api.body["data"], "ERP"), "as the API shows it");
    assert!(shown.out.contains("2/50") && shown.out.contains("inbound,events:publish"), "{}", shown.out);

    let erp = of(&listed.json()["data"], "ERP")["id"].as_str().unwrap().to_owned();
    assert_eq!(admin(&app, &["keys", "revoke", &erp, "--account", &account]).await.code, 0);
    app.advance(Duration::from_mins(1)).await;
    refused(&call(&app, &key).await, 401, "unauthorized");
    let sole = admin(&app, &["keys", "revoke", &first, "--account", &account]).await;
    assert!(sole.complaint(1).contains("last key"), "{}", sole.err);
    call(&app, &first_key).await.expect(400);
}

/// What an operator changes stands in the account's audit log, with the operator's name.
#[tokio::test]
async fn an_account_reads_what_its_operator_changed() {
    let app = TestApp::start().await;
    let [account, first, key] = account(&app, "Acme").await;
    // Entries of the same millisecond have no order.
    app.advance(Duration::from_millis(10)).await;
    let own = ["--account", &account, "--operator", " On call "];
    let command = ["keys", "create", "--name", "ERP", "--scope", "inbound", "--json"];
    let erp = admin(&app, &[&command[..], &own[..]].concat()).await.json()["id"].as_str().unwrap().to_owned();
    let limits = ["keys", "set-limits", &erp, "--per-hour", "5000"];
    for command in [&limits[..], &limits[..], &["keys", "revoke", &erp]] {
        app.advance(Duration::from_millis(10)).await;
        assert_eq!(admin(&app, &[command, &own[..]].concat()).await.code, 0);
    }
    admin(&app, &["keys", "revoke", &first, "--account", &account]).await.complaint(1);

    let log = app.request("GET", "/api/audit").key(&key).send().await.expect(200).body["data"].clone();
    let told: Vec<String> =
        log.as_array().unwrap().iter().map(|one| format!("{} {}", one["action"], one["actor"]["name"])).collect();
    assert_eq!(told[..3], [r#""key.deleted" "On call""#, r#""key.updated" "On call""#, r#""key.created" "On call""#]);
    assert_eq!(told.len(), 5, "what changed nothing is not in it: {told:?}");
    assert_eq!(log[1]["after"], json!({"limits": {"perHour": 5000, "perMinute": 50}}));
    let operator = json!({"type": "operator", "id": null, "name": null, "keyId": null});
    assert!((3..5).all(|i| log[i]["actor"] == operator && log[i]["address"].is_null()), "{log}");
}
