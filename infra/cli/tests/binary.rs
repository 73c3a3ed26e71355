//! The program as a process: its help, its exit codes, what it says when something is missing. What its commands do with a
//! deployment is tested end to end, in `tests/e2e/cli`.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output};

use tokio::net::TcpSocket;

const KEY: (&str, &str) = ("WORKSKEDGE_API_KEY", "wsk_test_secret");
/// Of the known answers in `shared/domain/src/signing/tests.rs`, which were made with OpenSSL.
const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const BODY: &str = r#"{"event":"workorder.created"}"#;
const SIGNATURE: &str = "79a257e08dd0aba4b5cec003376099264f5003257a93d7e7fae999568adbf543";

/// Runs the program with these variables and no others, in a directory of its own.
fn run(directory: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_workskedge"));
    command.env_clear().current_dir(directory).env("HOME", directory).envs(variables.iter().copied());
    command.args(arguments).output().unwrap()
}

#[track_caller]
fn complaint(output: &Output, code: i32) -> String {
    let err = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(code), &b""[..]), "{err}");
    assert!(err.starts_with("workskedge: ") && err.ends_with(".\n") && err.lines().count() == 1, "{err}");
    assert!(!err.contains(KEY.1), "{err}");
    err
}

#[test]
fn help_documents_exit_codes_variables_and_every_command() {
    let directory = tempfile::tempdir().unwrap();
    let help = run(directory.path(), &["--help"], &[]);
    let text = String::from_utf8(help.stdout).unwrap();
    assert_eq!((help.status.code(), help.stderr.as_slice()), (Some(0), &b""[..]));
    for words in
        ["Exit codes:", "WORKSKEDGE_URL", "WORKSKEDGE_API_KEY", "WORKSKEDGE_SIGNING_SECRET", "Scopes of the key:"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    for command in ["listen", "trigger", "send", "events", "deliveries", "verify", "completions"] {
        assert!(text.contains(&format!("\n  {command}")), "{command}: {text}");
    }
}

#[test]
fn a_misuse_is_2() {
    let directory = tempfile::tempdir().unwrap();
    for wrong in [
        &["listen"][..],
        &["listen", "--forward", "localhost:3000"],
        &["trigger", "workorder.created"],
        &["send", "people", "people.csv"],
        &["deliveries", "retry", "dlv_1"],
        &["events", "tail", "--since", "yesterday"],
        &["verify", "body.json", "--signature", "x"],
    ] {
        assert_eq!(run(directory.path(), wrong, &[KEY]).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn what_is_missing_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let tail = ["events", "tail", "--once"];
    assert!(complaint(&run(directory.path(), &tail, &[]), 2).contains("set WORKSKEDGE_API_KEY"));
    let keyed = [&tail[..], &["--key-file", "key"]].concat();
    assert!(complaint(&run(directory.path(), &keyed, &[KEY]), 2).contains("the key file key can't be used"));
    std::fs::write(directory.path().join("key"), "nothing that is one\n").unwrap();
    let sentence = complaint(&run(directory.path(), &keyed, &[KEY]), 2);
    assert!(sentence.contains("is not an API key") && !sentence.contains("nothing that"), "{sentence}");
    let plain = run(directory.path(), &tail, &[KEY, ("WORKSKEDGE_URL", "http://webhooks.example.com")]);
    assert!(complaint(&plain, 2).contains("--plain-http"));
    let send = ["send", "employee", "people.xlsx"];
    assert!(complaint(&run(directory.path(), &send, &[KEY]), 2).contains("people.xlsx"));
}

#[test]
fn a_deployment_that_does_not_answer_is_3() {
    let directory = tempfile::tempdir().unwrap();
    // Bound and not listening, so that no other test gets this port meanwhile.
    let nobody = TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    let trigger = ["trigger", "workorder.created", "--publish", "--url", &url];
    let sentence = complaint(&run(directory.path(), &trigger, &[KEY]), 3);
    assert!(sentence.contains(&url) && sentence.contains("does not answer"), "{sentence}");
}

#[test]
fn completions_are_scripts_for_the_shells() {
    let directory = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let done = run(directory.path(), &["completions", shell], &[]);
        let script = String::from_utf8(done.stdout).unwrap();
        assert!(done.status.success() && script.contains("deliveries"), "{shell}: {script}");
    }
    std::fs::write(directory.path().join("script"), run(directory.path(), &["completions", "bash"], &[]).stdout)
        .unwrap();
    let checked = Command::new("bash").args(["-n", "script"]).current_dir(directory.path()).status().unwrap();
    assert!(checked.success());
}

#[test]
fn a_signature_that_does_not_verify_says_which_mistake_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let verify = |body: &str, secret: &str, timestamp: &str| {
        std::fs::write(directory.path().join("body"), body).unwrap();
        let arguments = ["verify", "body", "--signature", SIGNATURE, "--timestamp", timestamp, "--json"];
        let done = run(directory.path(), &arguments, &[("WORKSKEDGE_SIGNING_SECRET", secret)]);
        assert_eq!(done.status.code(), Some(1));
        let found: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        assert!(!String::from_utf8(done.stdout).unwrap().contains(&secret[8..]));
        (found["verdict"].as_str().unwrap().to_owned(), found["wrong"].clone())
    };
    assert!(verify(BODY, SECRET, "1760970600").0.contains("too old"), "which is all that is wrong with a recorded one");
    assert_eq!(verify(BODY, &SECRET[6..], "1760970600").1, serde_json::json!(["secret"]));
    assert_eq!(verify(&format!("{BODY}\n"), SECRET, "1760970600000").1, serde_json::json!(["timestamp", "body"]));
    assert!(verify("{}", SECRET, "1760970600").0.contains("no known mistake"));
}
