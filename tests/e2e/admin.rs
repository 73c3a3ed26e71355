//! `workskedge-admin`: what the operator does shows over HTTP, and what the operator sees is what is there.

mod accounts;
mod erasure;
mod export;
mod people;
mod people_found;
mod planted;
mod queues;
mod refusals;
mod refused_calls;

use std::collections::HashMap;

use admin::Surroundings;
use serde_json::{Value, json};
use store::tables;
use tests::{InboundApp, Receiver, Reply, TestApp};

use crate::crew::WORK_ORDER;
use crate::deliveries::create_work_order;

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
async fn admin(app: &InboundApp, arguments: &[&str]) -> Done {
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

async fn run(app: &InboundApp, variables: HashMap<String, String>, arguments: &[&str]) -> Done {
    let aws = Some(app.system().sdk_config().clone());
    let surroundings = Surroundings { variables, aws, now: Some(app.now()), listen_seconds: 0 };
    let arguments = std::iter::once("workskedge-admin").chain(arguments.iter().copied());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = admin::run(arguments, &surroundings, &mut out, &mut err).await;
    Done { code, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

/// An account with its first key: `(account, key id, key)`.
async fn account(app: &InboundApp, name: &str) -> [String; 3] {
    let made = admin(app, &["accounts", "create", "--name", name, "--json"]).await.json();
    [&made["account"]["id"], &made["key"]["id"], &made["key"]["key"]].map(|text| text.as_str().unwrap().to_owned())
}

/// The names of the accounts, newest first; the last is the one that the local system made at its first start.
async fn account_names(app: &InboundApp) -> Vec<String> {
    let page = admin(app, &["accounts", "list", "--json"]).await.json();
    page["data"].as_array().unwrap().iter().map(|account| account["name"].as_str().unwrap().to_owned()).collect()
}

/// A call that costs one request and changes nothing.
async fn call(app: &InboundApp, key: &str) -> Reply {
    app.request("POST", WORK_ORDER).key(key).json(&json!({})).send().await
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
    for answer in ["responseHeaders", "responseBody"] {
        api["attempts"][0].as_object_mut().unwrap().remove(answer).unwrap();
    }
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
