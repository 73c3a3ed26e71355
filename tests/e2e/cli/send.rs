//! `send`: records from a file, within the limits of the key, through interruptions.

use std::fmt::Write as _;

use domain::rate_limit::Limits;
use serde_json::{Value, json};
use tests::{InboundApp, Relay, TestApp};

use super::{User, Waiting};

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
    let limits = Limits { per_hour: 100, per_minute: 20 };
    let app = TestApp::builder().limits(Some(limits)).start_inbound().await;
    let user = User::of(&app, Waiting::Advances);
    let file = user.file("employees.csv", &employees(250));
    let done = user.run(&["send", "employee", &file, "--json"]).await;
    let report = done.json();
    assert_eq!(report["accepted"], json!({"created": 250}), "{}", done.err);
    // 90 in the half hour that is left at the start, 90 in the next hour; 70 in the third, 18 a minute.
    let minutes = report["seconds"].as_u64().unwrap() / 60;
    assert!((90..=96).contains(&minutes), "{minutes} minutes");
    let refused = app.get("/api/requests").await.expect(200).body;
    assert_eq!(refused["data"], json!([]), "no call was too many");
}

#[tokio::test]
async fn an_interrupted_file_goes_on_where_it_stopped() {
    let app = InboundApp::start().await;
    let mut way = Relay::to(&app.system().base_url());
    let user = User::at(&app, &way.url(&app.system().base_url()), Waiting::Follows);
    let file = user.file("employees.csv", &employees(30));
    let journal = format!("{file}.workskedge");
    let sent = || std::fs::read_to_string(&journal).unwrap_or_default().matches("created").count();
    let (running, _) = user.start(&["send", "employee", &file]);
    while sent() < 5 {
        tokio::task::yield_now().await;
    }
    running.abort();
    let _ = running.await;
    let first = sent();
    assert!(first < 30);
    way.cut().await;
    let (running, written) = user.start(&["send", "employee", &file]);
    let code = tokio::select! {
        () = user.pass_time(&app) => 0,
        code = running => code.unwrap(),
    };
    assert_eq!(code, 3, "{}", written.text());
    let left = format!("the same command sends the rest, {0} of {0} rows", 30 - first);
    assert!(written.text().contains(&left), "{}", written.text());
    way.mend();
    let report = user.run(&["send", "employee", &file, "--json"]).await.json();
    // One whose answer was lost is answered as it was the first time.
    assert_eq!((&report["acceptedBefore"], &report["accepted"]), (&json!(first), &json!({"created": 30 - first})));
    for number in 1..=30 {
        assert_eq!(record(&app, &format!("E-{number}")).await["version"], 1);
    }
}
