//! The program, killed in the middle and started again.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::HashSet;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use domain::audit::Author;
use domain::rate_limit::Limits;
use serde_json::{Value, json};
use tests::{InboundApp, Received, Receiver, TestApp};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

/// The program with a key of the application and a home of its own.
fn program(app: &InboundApp, home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_workskedge"));
    command.env_clear().env("XDG_STATE_HOME", home).env("WORKSKEDGE_URL", app.system().base_url());
    command.env("WORKSKEDGE_API_KEY", &app.key).args(arguments).kill_on_drop(true);
    command
}

fn number(request: &Received) -> String {
    request.json()["data"]["vendorNumber"].as_str().unwrap().to_owned()
}

fn json_of(output: &Output) -> Value {
    let shown = || String::from_utf8_lossy(&output.stderr).into_owned();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", shown()))
}

/// SIGKILL, so that it can't do anything at its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listen_loses_nothing_and_repeats_one_event_at_most() {
    const EVENTS: usize = 40;
    // Its signatures are of the machine's time.
    let app = TestApp::builder().at_present().start_inbound().await;
    let (here, home) = (Receiver::start().await, tempfile::tempdir().unwrap());
    for number in 1..=EVENTS {
        let body = json!({ "vendorNumber": format!("V-{number}"), "name": "Rebar", "vendorType": "supplier" });
        app.post("/api/webhook/vendor", body).await.expect(200);
        app.advance(Duration::from_millis(1)).await;
    }
    app.advance(Duration::from_secs(21)).await;
    let url = here.url();
    let listen = ["listen", "--forward", &url, "--once", "--json"];
    let mut kills = 0;
    loop {
        let since: &[&str] = if kills == 0 { &["--since", "1h"] } else { &[] };
        let mut running = program(&app, home.path(), &[&listen[..], since].concat());
        let mut running = running.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
        // A few events, and then it is killed wherever it is.
        let mut told = 0;
        while told < 3 && lines.next_line().await.unwrap().is_some() {
            told += 1;
        }
        if told < 3 {
            assert!(running.wait().await.unwrap().success());
            break;
        }
        running.kill().await.unwrap();
        kills += 1;
    }
    let mut numbers: Vec<String> = here.requests().iter().map(number).collect();
    assert!(numbers.len() <= EVENTS + kills, "{} requests, {kills} kills", numbers.len());
    numbers.dedup();
    assert_eq!(numbers, (1..=EVENTS).map(|number| format!("V-{number}")).collect::<Vec<_>>());
    let ids: HashSet<_> = here.requests().iter().map(|request| request.header("webhook-id").to_owned()).collect();
    assert_eq!(ids.len(), EVENTS, "an event has one id, whichever run sends it");
}

/// Killed after its first batch was answered and before that was noted, which is what the note says without its last line.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn send_goes_on_with_the_batch_that_it_was_killed_at() {
    // One batch an hour: it waits after the first one.
    let few = Limits { per_hour: 10, per_minute: 10 };
    let app = TestApp::builder().limits(Some(few)).start_inbound().await;
    let home = tempfile::tempdir().unwrap();
    let (file, note) = (home.path().join("vendors.json"), home.path().join("vendors.json.workskedge"));
    // Each would be refused if it were sent a second time.
    let bodies: Vec<Value> = (1..=120)
        .map(|number| json!({ "vendorNumber": format!("V-{number}"), "name": "Rebar", "vendorType": "supplier", "operation": "create" }))
        .collect();
    std::fs::write(&file, json!(bodies).to_string()).unwrap();
    let send = ["send", "vendor", file.to_str().unwrap(), "--json"];
    let mut killed = program(&app, home.path(), &send).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(killed.stderr.take().unwrap()).lines();
    let line = said.next_line().await.unwrap().unwrap();
    assert!(line.contains("100 of 120 are sent; it waits"), "{line}");
    killed.kill().await.unwrap();
    let text = std::fs::read_to_string(&note).unwrap();
    let end = text.rfind("{\"sent\":").unwrap();
    std::fs::write(&note, &text[..end]).unwrap();

    let listed = app.get("/api/keys").await.expect(200).body;
    let key = listed["data"][0]["id"].as_str().unwrap().to_owned();
    let (keys, audit) = (app.system().environment().api_keys().unwrap(), app.system().environment().audit().unwrap());
    let operator = Author::operator(Some("test"), app.now());
    let many = |key: &mut domain::api_key::ApiKey| key.limits = Some(Limits { per_hour: 1_000, per_minute: 1_000 });
    keys.update(&app.account, &key, many, audit.of(&operator)).await.unwrap();
    app.advance(Duration::from_secs(61)).await;
    let report = json_of(&program(&app, home.path(), &send).output().await.unwrap());
    assert_eq!((&report["accepted"], &report["acceptedBefore"]), (&json!({"created": 120}), &json!(0)), "{report}");
    assert!(!note.exists());
}
