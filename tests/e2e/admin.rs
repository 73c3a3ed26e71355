//! `workskedge-admin`: what the operator does shows over HTTP, and what the operator sees is what is there.

use std::collections::HashMap;
use std::time::Duration;

use admin::Surroundings;
use serde_json::{Value, json};
use shared::delivery::{DeliveryStatus, Message};
use shared::ids;
use shared::store::tables;
use tests::{Receiver, Reply, TestApp};

use crate::crew::WORK_ORDER;
use crate::deliveries::create_work_order;
use crate::expect::{header, refused};
use crate::records::record;

/// What the program did.
struct Done {
    code: u8,
    out: String,
    err: String,
}

impl Done {
    /// The JSON that it printed, when it was done.
    #[track_caller]
    fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{}", self.err);
        serde_json::from_str(&self.out).expect("one JSON value")
    }

    /// The sentence that it complained with.
    #[track_caller]
    fn complaint(&self, code: u8) -> &str {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{}", self.err);
        let sentence = self.err.strip_prefix("workskedge-admin: ").and_then(|rest| rest.strip_suffix(".\n"));
        let sentence = sentence.unwrap_or_else(|| panic!("a sentence: {}", self.err));
        assert!(!sentence.contains('\n'), "{sentence}");
        sentence
    }
}

/// Runs a command on the test application, whose tables and queues are named as the functions' environment has them.
async fn admin(app: &TestApp, arguments: &[&str]) -> Done {
    let mut variables: HashMap<String, String> =
        tables::ALL.iter().map(|table| (table.variable.to_owned(), table.name.to_owned())).collect();
    for (variable, queue) in [
        ("DELIVERY_QUEUE_URL", "delivery"),
        ("RETRY_QUEUE_URL", "retry"),
        ("DELIVERY_DEAD_QUEUE_URL", "delivery-dead"),
        ("RETRY_DEAD_QUEUE_URL", "retry-dead"),
    ] {
        variables.insert(variable.to_owned(), app.system().queue_url(queue).unwrap().to_owned());
    }
    variables.insert("KEY_ENVIRONMENT".to_owned(), "test".to_owned());
    run(app, variables, arguments).await
}

async fn run(app: &TestApp, variables: HashMap<String, String>, arguments: &[&str]) -> Done {
    let aws = Some(app.system().sdk_config().clone());
    let surroundings = Surroundings { variables, aws, now: Some(app.now()), listen_seconds: 0 };
    let arguments = std::iter::once("workskedge-admin").chain(arguments.iter().copied());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = admin::run(arguments, &surroundings, &mut out, &mut err).await;
    Done { code, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

/// An account with its first key: `(account, key id, key)`.
async fn account(app: &TestApp, name: &str) -> [String; 3] {
    let made = admin(app, &["accounts", "create", "--name", name, "--json"]).await.json();
    [&made["account"]["id"], &made["key"]["id"], &made["key"]["key"]].map(|text| text.as_str().unwrap().to_owned())
}

/// The names of the accounts, newest first; the last is the one that the local system made at its first start.
async fn account_names(app: &TestApp) -> Vec<String> {
    let page = admin(app, &["accounts", "list", "--json"]).await.json();
    page["data"].as_array().unwrap().iter().map(|account| account["name"].as_str().unwrap().to_owned()).collect()
}

/// A call that costs one request and changes nothing.
async fn call(app: &TestApp, key: &str) -> Reply {
    app.request("POST", WORK_ORDER).key(key).json(&json!({})).send().await
}

fn new_id(app: &TestApp, prefix: &str) -> String {
    ids::new_id(prefix, app.now())
}

#[tokio::test]
async fn the_key_of_a_new_account_works_and_its_records_fall_back_to_the_account() {
    let app = TestApp::start().await;
    let command = ["accounts", "create", "--name", " Acme ", "--time-zone", "europe/berlin", "--currency", "EUR"];
    let made = admin(&app, &[&command[..], &["--country", "DE", "--json"]].concat()).await;
    assert!(made.err.contains("not shown again"), "{}", made.err);
    let json = made.json();
    let id = json["account"]["id"].as_str().unwrap();
    let expected = json!({"id": id, "name": "Acme", "timeZone": "Europe/Berlin", "currency": "EUR", "country": "DE"});
    assert_eq!(json["account"], expected);
    let key = json["key"]["key"].as_str().unwrap();
    assert!(key.starts_with("wsk_test_"), "the environment of the variable");

    let order = json!({"workOrderNumber": "WO-1", "title": "Roof", "scheduledStart": "2025-11-03T07:00:00Z",
        "scheduledEnd": "2025-11-03T15:00:00Z"});
    app.request("POST", WORK_ORDER).key(key).json(&order).send().await.expect(200);
    assert_eq!(record(&app, "workorder", "WO-1").await["timeZone"], "Europe/Berlin");
    let keys = app.request("GET", "/api/keys").key(key).send().await.expect(200);
    assert_eq!(keys.body["data"].as_array().map(Vec::len), Some(1), "a key that may manage keys");
    app.drain().await;
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
async fn keys_are_made_listed_without_themselves_and_revoked() {
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

/// Two deliveries whose messages, and one that is none, lie in the dead-letter queue of first attempts.
async fn dead_letters(app: &TestApp, receiver: &Receiver) {
    app.endpoint(&receiver.url(), ["*"]).await;
    for number in ["WO-1", "WO-2"] {
        create_work_order(app, number).await;
    }
    app.drain_stream().await;
    app.purge_queues().await;
    app.enqueue("delivery-dead", "not a task").await;
    for delivery in app.deliveries().await {
        assert_eq!(delivery.status, DeliveryStatus::Pending);
        app.enqueue("delivery-dead", &serde_json::to_string(&Message::V1(delivery.task())).unwrap()).await;
    }
}

#[tokio::test]
async fn dead_letters_are_moved_back_and_delivered() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    dead_letters(&app, &receiver).await;
    let command = ["queues", "redrive", "delivery", "--json"];
    let deliveries: Vec<String> = app.deliveries().await.into_iter().map(|delivery| delivery.id).collect();

    let looked = admin(&app, &[&command[..], &["--dry-run"]].concat()).await.json();
    let listed: Vec<&str> =
        looked["messages"].as_array().unwrap().iter().map(|task| task["deliveryId"].as_str().unwrap()).collect();
    assert_eq!(
        (listed, &looked["moved"], &looked["found"]),
        (deliveries.iter().map(String::as_str).collect(), &json!(0), &json!(3))
    );
    assert_eq!(
        (app.depth("delivery-dead").await.visible, app.depth("delivery").await.visible),
        (3, 0),
        "nothing moved"
    );

    let first = admin(&app, &[&command[..], &["--max", "2"]].concat()).await;
    assert!(first.err.contains("--max 2") && first.err.contains("can't be read"), "{}", first.err);
    assert_eq!((&first.json()["moved"], first.json()["unreadable"].as_array().map(Vec::len)), (&json!(1), Some(1)));
    let rest = admin(&app, &["queues", "redrive", "delivery"]).await;
    assert_eq!((rest.code, rest.out.as_str()), (0, "1 message went back to the delivery queue.\n"));
    assert_eq!((app.depth("delivery-dead").await.visible, app.depth("delivery").await.visible), (1, 2));
    app.drain().await;
    assert_eq!(receiver.count(), 2);
    assert!(app.deliveries().await.iter().all(|delivery| delivery.status == DeliveryStatus::Delivered));
    app.leave_work();
}

#[tokio::test]
async fn a_task_that_was_done_meanwhile_is_moved_and_sends_nothing() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain_stream().await;
    let stale = Message::V1(app.only_delivery().await.task());
    app.drain().await;
    app.enqueue("retry-dead", &serde_json::to_string(&stale).unwrap()).await;
    assert_eq!(admin(&app, &["queues", "redrive", "retry", "--json"]).await.json()["moved"], 1);
    app.drain().await;
    assert_eq!(receiver.count(), 1);
}

#[tokio::test]
async fn queues_are_found_by_the_stack_and_counted() {
    let app = TestApp::start().await;
    let sqs = aws_sdk_sqs::Client::new(app.system().sdk_config());
    for suffix in ["delivery", "delivery-dead", "retry", "retry-dead", "dispatch-dead"] {
        sqs.create_queue().queue_name(format!("acme-{suffix}")).send().await.unwrap();
    }
    let url = sqs.get_queue_url().queue_name("acme-retry").send().await.unwrap().queue_url.unwrap();
    sqs.send_message().queue_url(&url).message_body("x").send().await.unwrap();
    sqs.send_message().queue_url(&url).message_body("x").delay_seconds(60).send().await.unwrap();
    let dead = sqs.get_queue_url().queue_name("acme-dispatch-dead").send().await.unwrap().queue_url.unwrap();
    sqs.send_message().queue_url(dead).message_body("x").send().await.unwrap();

    let list = ["--stack", "acme", "queues", "list"];
    let listed = run(&app, HashMap::new(), &[&list[..], &["--json"]].concat()).await.json();
    let none = json!({"visible": 0, "inFlight": 0, "delayed": 0});
    let expected = json!({"data": [
        {"queue": "delivery", "messages": none, "dead": none},
        {"queue": "retry", "messages": {"visible": 1, "inFlight": 0, "delayed": 1}, "dead": none},
        {"queue": "dispatch", "messages": null, "dead": {"visible": 1, "inFlight": 0, "delayed": 0}},
    ]});
    assert_eq!(listed, expected);
    let text = run(&app, HashMap::new(), &list).await.out;
    let words: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        words,
        [["delivery", "0", "0", "0", "0"], ["retry", "1", "0", "1", "0"], ["dispatch", "-", "-", "-", "1"]]
    );
}

#[tokio::test]
async fn what_was_not_dispatched_has_no_queue_to_go_back_to() {
    let app = TestApp::start().await;
    let refusal = admin(&app, &["queues", "redrive", "dispatch"]).await;
    assert!(refusal.complaint(1).contains("/replay"), "{}", refusal.err);
}

#[tokio::test]
async fn a_delivery_is_shown_as_the_api_shows_it_and_bodies_only_when_asked_for() {
    let (app, receiver) = (TestApp::start().await, Receiver::start().await);
    receiver.answer(|_| tests::Answer::status(500).body("\u{1b}[2Jno"));
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    let id = app.only_delivery().await.id;
    let command = ["deliveries", "show", &id, "--account", &app.account];

    let mut api = app.get(&format!("/api/deliveries/{id}")).await.expect(200).body;
    let whole = admin(&app, &[&command[..], &["--body", "--json"]].concat()).await.json();
    assert_eq!(whole, api);
    api.as_object_mut().unwrap().remove("requestBody");
    api["attempts"][0].as_object_mut().unwrap().remove("responseBody");
    assert_eq!(admin(&app, &[&command[..], &["--json"]].concat()).await.json(), api);

    let text = admin(&app, &command).await.out;
    assert!(text.contains("retrying") && text.contains("http_status") && !text.contains("WO-1"), "{text}");
    let text = admin(&app, &[&command[..], &["--body"]].concat()).await.out;
    assert!(text.contains("WO-1") && text.contains("[2Jno") && !text.contains('\u{1b}'), "{text}");
}

#[tokio::test]
async fn alerts_are_listed_as_the_api_lists_them() {
    let (app, receiver) = (TestApp::builder().retry_schedule("1").start().await, Receiver::start().await);
    receiver.answer_with([410]);
    app.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&app, "WO-1").await;
    app.drain().await;
    let api = app.get("/api/alerts").await.expect(200).body;
    let listed = admin(&app, &["alerts", "list", "--account", &app.account, "--json"]).await.json();
    assert!(!api["data"].as_array().unwrap().is_empty());
    assert_eq!((&listed["data"], &listed["next"]), (&api["data"], &json!(null)));
    let text = admin(&app, &["alerts", "list", "--account", &app.account]).await.out;
    assert!(text.contains("delivery.failed"), "{text}");
}

#[tokio::test]
async fn what_is_not_there_is_said_by_its_id() {
    let app = TestApp::start().await;
    let [acc, key, dlv] = ["acc_", "key_", "dlv_"].map(|prefix| new_id(&app, prefix));
    let own = app.account.clone();
    let [other_account, other_key, _] = account(&app, "Other").await;
    for (command, missing) in [
        (vec!["keys", "list", "--account", &acc], &acc),
        (vec!["keys", "create", "--account", &acc, "--name", "x", "--scope", "inbound"], &acc),
        (vec!["keys", "set-limits", &key, "--account", &own, "--per-hour", "1"], &key),
        (vec!["keys", "set-limits", &other_key, "--account", &own, "--per-hour", "1"], &other_key),
        (vec!["keys", "revoke", &other_key, "--account", &own], &other_key),
        (vec!["deliveries", "show", &dlv, "--account", &own], &dlv),
        (vec!["alerts", "list", "--account", &acc], &acc),
    ] {
        let done = admin(&app, &command).await;
        assert!(done.complaint(1).contains(missing.as_str()), "{command:?}: {}", done.err);
    }
    let keys = admin(&app, &["keys", "list", "--account", &other_account, "--json"]).await.json();
    assert_eq!(keys["data"][0]["limits"], json!({"perHour": 1000, "perMinute": 50}), "another account's key stays");
}

#[tokio::test]
async fn a_table_or_queue_that_is_missing_is_named_with_what_to_check() {
    let app = TestApp::start().await;
    for (command, place) in [
        (&["accounts", "list"][..], "the table nowhere-api-keys at http://embedded.invalid"),
        (&["accounts", "create", "--name", "x"], "the table nowhere-api-keys"),
        (&["queues", "list"], "the queue nowhere-"),
        (&["queues", "redrive", "retry"], "the queue nowhere-retry-dead"),
    ] {
        let done = run(&app, HashMap::new(), &[command, &["--stack", "nowhere"]].concat()).await;
        let complaint = done.complaint(3);
        assert!(complaint.contains(place) && complaint.contains("--stack"), "{command:?}: {complaint}");
    }
    let done = run(&app, HashMap::new(), &["accounts", "list"]).await;
    assert!(done.complaint(3).contains("workskedge-webhooks-api-keys"), "{}", done.err);
}

#[tokio::test]
async fn a_variable_wins_over_the_stack_and_says_so() {
    let app = TestApp::start().await;
    let done = admin(&app, &["--stack", "nowhere", "accounts", "list", "--json"]).await;
    assert_eq!(done.json()["data"].as_array().map(Vec::len), Some(2));
    assert!(done.err.contains("API_KEYS_TABLE"), "{}", done.err);
}

#[tokio::test]
async fn what_can_not_be_read_is_a_misuse_and_changes_nothing() {
    let app = TestApp::start().await;
    let key = new_id(&app, "key_");
    for command in [
        &["accounts", "create"][..],
        &["accounts", "create", "--name", "x", "--time-zone", "Mars/Olympus", "--currency", "usd"],
        &["accounts", "create", "--name", ""],
        &["keys", "list", "--account", "acc_1"],
        &["keys", "set-limits", &key, "--account", &app.account],
        &["keys", "set-limits", &key, "--account", &app.account, "--per-hour", "0"],
        &["keys", "create", "--account", &app.account, "--name", "x", "--scope", "admin"],
        &["queues", "redrive", "orders"],
        &[],
    ] {
        let done = admin(&app, command).await;
        assert_eq!((done.code, done.out.as_str()), (2, ""), "{command:?}: {}", done.err);
        assert!(!done.err.is_empty());
    }
    let done = admin(&app, &["accounts", "create", "--name", "x", "--time-zone", "Mars", "--currency", "usd"]).await;
    let complaint = done.complaint(2);
    assert!(complaint.contains("--time-zone must be") && complaint.contains("--currency must be"), "{complaint}");
    assert_eq!(account_names(&app).await, ["Test", "Local"]);
}
