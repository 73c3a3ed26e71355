//! The program as a process: how it finds AWS, what it says when that is not to be had, and its exit codes. What its
//! commands do is tested end to end, in `tests/e2e/admin.rs`.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};
use std::thread;

use tokio::net::TcpSocket;

const CREDENTIALS: [(&str, &str); 3] =
    [("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_REGION", "eu-west-1")];

/// Runs the program with these variables and no others.
fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_workskedge-admin"));
    // Nobody's own configuration, and no credentials of the machine that runs the test.
    command.env_clear().env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    command.env("AWS_EC2_METADATA_DISABLED", "true").envs(variables.iter().copied());
    command.args(arguments).output().unwrap()
}

#[track_caller]
fn complaint(output: &Output, code: i32) -> String {
    let err = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(code), &b""[..]), "{err}");
    assert!(err.starts_with("workskedge-admin: ") && err.ends_with(".\n") && err.lines().count() == 1, "{err}");
    err
}

/// An AWS-alike that gives every call the same answer, until the test ends.
fn service(status: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || listener.incoming().flatten().for_each(|stream| answer(stream, status, body)));
    url
}

fn answer(stream: TcpStream, status: &str, body: &str) {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or_default() <= 2 {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
    }
    let mut request = vec![0; length];
    let _ = reader.read_exact(&mut request);
    let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    let _ = reader.get_mut().write_all(format!("{head}{body}").as_bytes());
}

#[test]
fn help_documents_exit_codes_variables_and_every_command() {
    let help = run(&["--help"], &[]);
    let text = String::from_utf8(help.stdout).unwrap();
    assert_eq!((help.status.code(), help.stderr.as_slice()), (Some(0), &b""[..]));
    for words in [
        "Exit codes:",
        "KEY_ENVIRONMENT",
        "DISPATCH_DEAD_QUEUE_URL",
        "AWS_ENDPOINT_URL",
        "accounts",
        "queues redrive",
        "Permissions:",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    for table in store::tables::ALL {
        assert!(text.contains(table.variable), "{}", table.variable);
    }
}

#[test]
fn a_misuse_is_2() {
    assert_eq!(run(&["accounts", "destroy"], &CREDENTIALS).status.code(), Some(2));
    assert_eq!(run(&["accounts", "list", "--endpoint-url", "localhost:4566"], &CREDENTIALS).status.code(), Some(2));
}

#[test]
fn without_a_region_or_credentials_it_says_what_to_set() {
    let none = run(&["accounts", "list"], &CREDENTIALS[..2]);
    assert!(complaint(&none, 3).contains("set AWS_REGION"));
    let none = run(&["accounts", "list", "--region", "eu-west-1"], &[]);
    let sentence = complaint(&none, 3);
    assert!(sentence.contains("no AWS credentials that can be used") && sentence.contains("AWS_PROFILE"), "{sentence}");
}

#[test]
fn an_endpoint_that_does_not_answer_is_3() {
    // Bound and not listening, so that no other test gets this port meanwhile.
    let nobody = TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    for (command, place) in [
        (["accounts", "list"], "the table workskedge-webhooks-api-keys"),
        (["queues", "list"], "the queue workskedge-webhooks-"),
    ] {
        let sentence = complaint(&run(&[&command[..], &["--endpoint-url", &url]].concat(), &CREDENTIALS), 3);
        assert!(sentence.contains(place) && sentence.contains(&url), "{sentence}");
        assert!(sentence.contains("did not answer") && !sentence.contains("secret"), "{sentence}");
    }
}

#[test]
fn a_permission_that_is_missing_is_3_and_named() {
    let body = r#"{"__type":"com.amazon.coral.service#AccessDeniedException",
        "Message":"User: arn:aws:iam::1:user/ops is not authorized to perform: dynamodb:Query"}"#;
    let url = service("400 Bad Request", body);
    let variables = [&CREDENTIALS[..], &[("AWS_ENDPOINT_URL", url.as_str()), ("API_KEYS_TABLE", "prod-keys")]].concat();
    let sentence = complaint(&run(&["accounts", "list"], &variables), 3);
    assert!(sentence.contains("the table prod-keys") && sentence.contains("may not be used"), "{sentence}");
    assert!(sentence.contains("not authorized to perform: dynamodb:Query"), "{sentence}");
}

#[test]
fn a_list_from_an_aws_alike_is_json() {
    let url = service("200 OK", r#"{"Items":[],"Count":0,"ScannedCount":0}"#);
    let output = run(&["accounts", "list", "--json", "--endpoint-url", &url], &CREDENTIALS);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), json), (Some(0), serde_json::json!({"data": [], "next": null})));
}

/// What the preflight finds against a service that gives every call the same answer.
fn findings(url: &str, code: i32) -> Vec<(String, String, String)> {
    let output = run(&["preflight", "--json", "--endpoint-url", url], &CREDENTIALS);
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |one: &serde_json::Value, name: &str| one[name].as_str().unwrap().to_owned();
    let data = json["data"].as_array().unwrap().iter();
    data.map(|one| (text(one, "result"), text(one, "check"), text(one, "finding"))).collect()
}

#[test]
fn a_preflight_that_may_see_nothing_warns_and_names_each_permission() {
    let body = r#"{"__type":"AccessDeniedException","message":"not authorized"}"#;
    let found = findings(&service("400 Bad Request", body), 0);
    assert!(found.iter().all(|(result, ..)| result == "warning"), "{found:?}");
    let sentences: Vec<String> = found.into_iter().map(|(_, check, finding)| format!("{check}: {finding}")).collect();
    let sentences = sentences.join("\n");
    for permission in [
        "cloudformation:DescribeStacks",
        "dynamodb:DescribeTable",
        "sqs:GetQueueUrl",
        "lambda:GetFunctionConcurrency",
        "logs:DescribeLogGroups",
        "lambda:GetAccountSettings",
        "dynamodb:DescribeLimits",
        "cloudformation:DescribeType",
    ] {
        assert!(sentences.contains(&format!("without the permission {permission}")), "{permission}: {sentences}");
    }
    assert!(!sentences.contains("secret"), "{sentences}");
}

#[test]
fn a_preflight_whose_credentials_are_refused_or_that_reaches_nobody_is_3() {
    let body = "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>expired</Message></Error></ErrorResponse>";
    let expired = run(&["preflight", "--endpoint-url", &service("403 Forbidden", body)], &CREDENTIALS);
    assert!(complaint(&expired, 3).contains("ExpiredToken"), "{expired:?}");
    let nobody = TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    assert!(
        complaint(&run(&["preflight", "--endpoint-url", &url], &CREDENTIALS), 3).contains("does not say who calls")
    );
}

#[test]
fn a_preflight_takes_the_parameters_that_matter_and_no_others() {
    let misuse = run(&["preflight", "--parameter", "Stage=prod"], &CREDENTIALS);
    assert_eq!(misuse.status.code(), Some(2));
    assert!(String::from_utf8(misuse.stderr).unwrap().contains("DeliveryConcurrency"));
}
