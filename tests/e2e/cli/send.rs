//! `send`: records from a file, within the limits of the key, through interruptions.

use std::fmt::Write as _;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::rate_limit::Limits;
use inbound::http::MAX_BATCH_BYTES;
use serde_json::{Value, json};
use tests::{InboundApp, Relay, TestApp};

use super::{User, Waiting};
use crate::records::put;

const HEAD: &str = "employeeNumber,firstName,lastName,role,skills[0].name,languages\n";

fn employees(count: usize) -> String {
    let mut table = HEAD.to_owned();
    for number in 1..=count {
        writeln!(table, "E-{number},Ana,Ruiz,carpenter,framing,en;es").unwrap();
    }
    table
}

async fn record(app: &InboundApp, number: &str) -> Value {
    app.get(&format!("/api/records/employee/{number}")).await.expect(200).body
}

#[tokio::test]
async fn a_table_is_sent_and_sent_again_without_harm() {
    let app = InboundApp::start().await;
    let user = User::of(&app, Waiting::Advances);
    let file = user.file("employees.csv", &format!("\u{feff}{}", employees(3)));
    let report = user.run(&["send", "employee", &file, "--json"]).await.json();
    assert_eq!((&report["rows"], &report["accepted"]), (&json!(3), &json!({"created": 3})));
    let stored = record(&app, "E-2").await;
    assert_eq!((&stored["record"]["languages"], &stored["version"]), (&json!(["en", "es"]), &json!(1)));
    assert_eq!(user.run(&["send", "employee", &file, "--json"]).await.json()["accepted"], json!({"unchanged": 3}));
    let left: Vec<_> = std::fs::read_dir(user.home()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["employees.csv"], "nothing is left to remember");

    let lines = "{\"employeeNumber\":\"E-1\",\"email\":\"ana@example.com\"}\n{\"employeeNumber\":\"E-9\",\"operation\":\"delete\"}\n";
    let done = user.run(&["send", "employee", &user.file("more.jsonl", lines)]).await;
    assert!(done.code == 1 && done.out.contains("2 rows: 1 updated, 1 refused"), "{}", done.out);
    assert!(done.out.lines().any(|line| line.starts_with("2    E-9     not_found")), "{}", done.out);
}

#[tokio::test]
async fn nothing_is_sent_while_a_row_can_not_be_right() {
    let app = InboundApp::start().await;
    let user = User::of(&app, Waiting::Advances);
    let table = "employeeNumber,firstName,lastName,role,hireDat\nE-1,Ana,Ruiz,carpenter,2025-01-01\n";
    let file = user.file("employees.csv", table);
    for command in [&["send", "employee", &file, "--json"][..], &["send", "employee", &file, "--json", "--check"]] {
        let done = user.run(command).await;
        let report = done.json();
        assert_eq!((done.code, &report["sent"]), (1, &json!(false)));
        assert_eq!((&report["refused"][0]["row"], &report["refused"][0]["number"]), (&json!(2), &json!("E-1")));
        let error = &report["refused"][0]["errors"][0];
        assert!(error["message"].as_str().unwrap().contains("did you mean hireDate?"), "{error}");
    }
    app.get("/api/records/employee/E-1").await.expect(404);
    let done = user.run(&["send", "employee", &file, "--no-check"]).await;
    assert!(done.code == 1 && done.out.contains("hireDat is not a field"), "the API says the same: {}", done.out);

    let two = user.file(
        "two.csv",
        "employeeNumber,firstName,lastName,role,hireDate\nE-1,A,B,carpenter,soon\nE-2,A,B,carpenter,\n",
    );
    let done = user.run(&["send", "employee", &two, "--valid-only", "--json"]).await;
    assert_eq!((done.code, done.json()["accepted"].clone()), (1, json!({"created": 1})));
}

#[tokio::test]
async fn what_was_refused_is_sent_again_by_the_next_run_and_nothing_else() {
    let app = InboundApp::start().await;
    let user = User::of(&app, Waiting::Advances);
    let bodies = json!([
        { "workOrderNumber": "WO-1", "title": "One" },
        { "workOrderNumber": "WO-2", "title": "Two", "projectNumber": "P-1" },
    ]);
    let file = user.file("orders.json", &bodies.to_string());
    let report = user.run(&["send", "workorder", &file, "--json"]).await;
    assert_eq!((report.code, &report.json()["accepted"]), (1, &json!({"created": 1})));
    assert_eq!(report.json()["refused"][0]["errors"][0]["code"], "unknown_reference");
    app.post("/api/webhook/project", json!({ "projectNumber": "P-1", "name": "Tower" })).await.expect(200);
    let report = user.run(&["send", "workorder", &file, "--json"]).await.json();
    assert_eq!((&report["accepted"], &report["acceptedBefore"]), (&json!({"created": 1}), &json!(1)));
}

#[tokio::test]
async fn a_file_takes_as_long_as_the_limits_say_and_is_never_refused() {
    // 3 batches an hour and 4 a minute.
    let limits = Limits { per_hour: 30, per_minute: 20 };
    let app = TestApp::builder().limits(Some(limits)).start_inbound().await;
    let user = User::of(&app, Waiting::Advances);
    let file = user.file("employees.csv", &employees(750));
    let done = user.run(&["send", "employee", &file, "--json"]).await;
    let report = done.json();
    assert_eq!(report["accepted"], json!({"created": 750}), "{}", done.err);
    // 3 in the half hour that is left at the start, 3 in the next hour; the last 2 then.
    let minutes = report["seconds"].as_u64().unwrap() / 60;
    assert!((90..=91).contains(&minutes), "{minutes} minutes");
    let refused = app.get("/api/requests").await.expect(200).body;
    assert_eq!(refused["data"], json!([]), "no call was too many");
}

/// A tenth of the windows is left to others. At this pace 5,000 take five minutes.
#[tokio::test]
async fn nine_batches_a_minute_go_with_the_default_limits() {
    let app = TestApp::builder().limits(None).start_inbound().await;
    let user = User::of(&app, Waiting::Advances);
    let file = user.file("employees.csv", &employees(1_000));
    let report = user.run(&["send", "employee", &file, "--json"]).await.json();
    assert_eq!(report["accepted"], json!({"created": 1_000}));
    assert_eq!(report["seconds"], 60, "nine in the first minute, and the last one in the next");
}

#[tokio::test]
async fn an_interrupted_file_goes_on_where_it_stopped() {
    // One batch a minute.
    let app = TestApp::builder().limits(Some(Limits { per_hour: 1_000, per_minute: 5 })).start_inbound().await;
    let mut way = Relay::to(&app.system().base_url());
    let user = User::at(&app, &way.url(&app.system().base_url()), Waiting::Follows);
    let file = user.file("employees.csv", &employees(250));
    let (running, _) = user.start(&["send", "employee", &file]);
    user.waits.subscribe().wait_for(|waits| *waits).await.unwrap();
    running.abort();
    let _ = running.await;
    user.waits.send_replace(false);
    way.cut().await;
    let (running, written) = user.start(&["send", "employee", &file]);
    let code = tokio::select! {
        () = user.pass_time(&app) => 0,
        code = running => code.unwrap(),
    };
    assert_eq!(code, 3, "{}", written.text());
    assert!(written.text().contains("the same command sends the rest, 150 of 150 rows"), "{}", written.text());
    way.mend();
    let again = ["send", "employee", &file, "--json"];
    let report = tokio::select! {
        () = user.pass_time(&app) => Value::Null,
        done = user.run(&again) => done.json(),
    };
    assert_eq!((&report["acceptedBefore"], &report["accepted"]), (&json!(100), &json!({"created": 150})));
    for number in [1, 101, 250] {
        assert_eq!(record(&app, &format!("E-{number}")).await["version"], 1);
    }
}

/// Large records go in as many batches as the body of one has room for.
#[tokio::test]
async fn a_batch_is_no_larger_than_its_body_may_be() {
    let app = InboundApp::start().await;
    let user = User::of(&app, Waiting::Advances);
    let scope = "\u{20ac}".repeat(8_000);
    let line = |number| json!({ "workOrderNumber": format!("WO-{number}"), "title": "Pour slab", "description": scope, "instructions": scope });
    let lines = (1..=50).map(|number| line(number).to_string()).collect::<Vec<_>>().join("\n");
    assert!(lines.len() > 2 * MAX_BATCH_BYTES);
    let report = user.run(&["send", "workorder", &user.file("orders.jsonl", &lines), "--json"]).await.json();
    assert_eq!(report["accepted"], json!({"created": 50}), "{report}");
}

#[tokio::test]
async fn what_there_was_no_time_for_is_sent_again_in_its_order() {
    // One record of each batch is begun.
    let app = TestApp::builder().batch_patience(Duration::ZERO).start_inbound().await;
    let user = User::of(&app, Waiting::Advances);
    let lines = ["A", "B", "C", "B"].map(|title| format!("{}\n", json!({ "workOrderNumber": "WO-1", "title": title })));
    let report = user.run(&["send", "workorder", &user.file("orders.jsonl", &lines.concat()), "--json"]).await.json();
    assert_eq!(report["accepted"], json!({"created": 1, "updated": 3}));
    let stored = app.get("/api/records/workorder/WO-1").await.expect(200).body;
    assert_eq!((&stored["record"]["title"], &stored["version"]), (&json!("B"), &json!(4)));
}

/// A record that can't be read fails inside whenever something is sent about it.
#[tokio::test]
async fn a_record_at_which_the_api_fails_is_named_and_keeps_no_other_back() {
    let app = InboundApp::start().await;
    let user = User::of(&app, Waiting::Advances);
    let order = |number: usize| json!({ "workOrderNumber": format!("WO-{number}"), "title": "Pour slab" });
    for number in [2, 5] {
        app.post("/api/webhook/workorder", order(number)).await.expect(200);
        put(&app, "workorder", &format!("WO-{number}"), "body", AttributeValue::S("no JSON".to_owned())).await;
    }
    let report = async |numbers: &[usize]| {
        let orders: Vec<Value> = numbers.iter().map(|number| order(*number)).collect();
        let file = user.file("orders.json", &json!(orders).to_string());
        let done = user.run(&["send", "workorder", &file, "--again", "--json"]).await;
        assert_eq!(done.code, 1);
        let report = done.json();
        let refused = report["refused"].as_array().unwrap().iter();
        (report["accepted"].clone(), refused.map(|one| json!([one["row"], one["code"]])).collect::<Vec<_>>())
    };
    let failed = |row: usize| json!([row, "internal_error"]);
    assert_eq!(report(&[1, 2, 3, 2]).await, (json!({"created": 2}), vec![failed(2), failed(4)]));
    // Here the whole call fails, and the others are found by sending less.
    assert_eq!(report(&[2, 5, 2]).await, (json!({}), vec![failed(1), failed(2), failed(3)]));
    assert_eq!(report(&[5, 6]).await, (json!({"created": 1}), vec![failed(1)]));
}

#[tokio::test]
async fn a_dry_run_has_the_api_check_all_and_stores_nothing() {
    let app = InboundApp::start().await;
    let user = User::of(&app, Waiting::Advances);
    let bodies = json!([
        { "workOrderNumber": "WO-1", "title": "One" },
        { "workOrderNumber": "WO-2", "title": "Two", "projectNumber": "P-1" },
        { "workOrderNumber": "WO-3", "title": "Three", "parentWorkOrderNumber": "WO-1" },
    ]);
    let file = user.file("orders.json", &bodies.to_string());
    let done = user.run(&["send", "workorder", &file, "--dry-run", "--json"]).await;
    let report = done.json();
    assert_eq!((done.code, &report["sent"], &report["dryRun"]), (1, &json!(false), &json!(true)));
    assert_eq!((&report["accepted"], &report["refused"][0]["row"]), (&json!({"created": 2}), &json!(2)));
    app.get("/api/records/workorder/WO-1").await.expect(404);
    let left: Vec<_> = std::fs::read_dir(user.home()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["orders.json"]);
    let done = user.run(&["send", "workorder", &file, "--dry-run"]).await;
    assert!(done.out.contains("3 rows: 2 would be created, 1 would be refused"), "{}", done.out);
    let report = user.run(&["send", "workorder", &file, "--json"]).await.json();
    assert_eq!(report["accepted"], json!({"created": 2}), "nothing of it is left in the way");
}

#[tokio::test]
async fn a_deployment_without_batches_is_named() {
    let app = InboundApp::start().await;
    // Below this path nothing is known.
    let user = User::at(&app, &format!("{}/api", app.system().base_url()), Waiting::Advances);
    let done = user.run(&["send", "employee", &user.file("employees.csv", &employees(1))]).await;
    assert!(done.code == 3 && done.err.contains("takes no batches; it is older than this program"), "{}", done.err);
}
