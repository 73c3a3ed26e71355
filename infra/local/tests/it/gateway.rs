//! The gateway against senders of all kinds, over raw sockets.

use std::time::Duration;

use aws_lambda_events::sqs::SqsBatchResponse;
use aws_lambda_events::streams::DynamoDbEventResponse;
use lambda_http::Response;
use local::functions::Functions;
use local::gateway::{Patience, Route, Routes, http_handler};
use local::queues::queue_handler;
use local::schedule::schedule_handler;
use local::stream::stream_handler;
use local::{Clock, Options, System};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A problem of the gateway's own is as private as the functions' answers, and below `/api` it speaks of the limits, too.
fn assert_own_answer(answer: &str, is_api: bool) {
    for header in ["cache-control: no-store", "x-content-type-options: nosniff", "x-request-id: req_"] {
        assert!(answer.contains(header), "{header}: {answer}");
    }
    for header in
        ["x-ratelimit-limit: 50", "x-ratelimit-remaining: ", "x-ratelimit-reset: ", "ratelimit: ", "ratelimit-policy: "]
    {
        assert_eq!(answer.contains(&format!("\r\n{header}")), is_api, "{header}: {answer}");
    }
}

/// What takes longer hangs.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// A system that answers `POST /echo` with the body, and `POST /panic` with a panic.
pub(crate) fn echo() -> Functions {
    let echo = http_handler(|request| async move { Response::new(request.into_body()) });
    let panic = http_handler(|_| async { panic!("on purpose") });
    Functions {
        routes: Routes::new(vec![
            Route::new("POST", "/echo", "echo", echo.clone()),
            Route::new("POST", "/panic", "panic", panic.clone()),
            Route::new("POST", "/api/echo", "echo", echo),
            Route::new("POST", "/api/panic", "panic", panic),
        ]),
        dispatcher: stream_handler(|_| async { DynamoDbEventResponse::default() }),
        deliverer: queue_handler(|_| async { SqsBatchResponse::default() }),
        retry_worker: queue_handler(|_| async { SqsBatchResponse::default() }),
        slow_worker: queue_handler(|_| async { SqsBatchResponse::default() }),
        sweeper: schedule_handler(|_| async {}),
        recovery: schedule_handler(|_| async {}),
    }
}

async fn start() -> System {
    start_with(Patience::default()).await
}

async fn start_with(patience: Patience) -> System {
    let options = Options { patience, ..Options::for_test(Clock::system()) };
    System::start_with(options, |_, _| Ok(echo())).await.unwrap()
}

/// Sends the bytes and reads until the other side closes.
async fn exchange(system: &System, bytes: &[u8]) -> String {
    let address = system.base_url().replace("http://", "");
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The other side may have had enough before the end.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(LIMIT, stream.read_to_end(&mut answer)).await;
    let _ = read.expect("the gateway hangs");
    String::from_utf8_lossy(&answer).into_owned()
}

fn post(path: &str, length: usize) -> Vec<u8> {
    format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n").into_bytes()
}

/// The last request of its connection.
fn last_post(path: &str, length: usize) -> Vec<u8> {
    format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n").into_bytes()
}

#[tokio::test]
async fn requests_in_one_go_are_answered_in_order() {
    let system = start().await;
    let request =
        [post("/echo", 3), b"one".to_vec(), post("/nowhere", 0), last_post("/echo", 3), b"two".to_vec()].concat();
    let answer = exchange(&system, &request).await;
    let at = |part: &str| answer.find(part).unwrap_or_else(|| panic!("no {part} in {answer}"));
    assert!(at("one") < at("/docs/errors/not_found") && at("/docs/errors/not_found") < at("two"));
    assert_eq!(answer.matches("x-request-id: req_").count(), 3);
    system.shutdown().await;
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let system = start().await;
    for head in ["GET /echo", "HEAD /echo", "OPTIONS /echo", "OPTIONS *", "DELETE /", "PATCH /echo/x", "FOO /echo"] {
        let answer =
            exchange(&system, format!("{head} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{head}: {answer}");
        assert!(answer.contains("application/problem+json"), "{head}: {answer}");
        let is_head = head.starts_with("HEAD");
        assert!(answer.contains("content-length: ") && answer.ends_with("\r\n\r\n") == is_head, "{head}: {answer}");
    }
}

#[tokio::test]
async fn an_invalid_host_is_a_problem() {
    let system = start().await;
    for host in ["Host: a b", "Host:", "Host: a:99999", "Host: [::1", "Host: u@a", "Host: a\r\nHost: b", "Accept: */*"]
    {
        let answer =
            exchange(&system, format!("POST /echo HTTP/1.1\r\n{host}\r\nConnection: close\r\n\r\n").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains(r#""field":"Host""#), "{host}: {answer}");
    }
    for head in ["HTTP/1.0\r\n", "HTTP/1.1\r\nHost: [::1]:3000\r\n", "HTTP/1.1\r\nHost: a.example\r\n"] {
        let answer = exchange(&system, format!("POST /echo {head}Connection: close\r\n\r\n").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.") && answer.contains(" 200 OK"), "{head}: {answer}");
    }
}

#[tokio::test]
async fn headers_that_proxies_add_are_read_as_lists() {
    let system = start().await;
    for header in [
        "X-Forwarded-Proto: https,http",
        "X-Forwarded-Proto:",
        "X-Forwarded-Proto: http\r\nX-Forwarded-Proto: https",
        "X-Forwarded-Proto: 1\r\nX-Forwarded-Host: a b\r\nX-Forwarded-Port: x\r\nForwarded: for=",
        "X-Forwarded-Proto: file",
        "X-Forwarded-Proto: \u{e9}",
    ] {
        let head = format!("POST /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{header}\r\n\r\n");
        let answer = exchange(&system, head.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{header}: {answer}");
    }
}

#[tokio::test]
async fn targets_of_all_forms_are_answered() {
    let system = start().await;
    let long = format!("/echo?{}", "a".repeat(65_000));
    for (target, status) in [
        ("/echo?%zz&%&a=%ff", 200),
        ("/echo?a=[]{}|^`", 200),
        ("/echo?\u{e9}=\u{20ac}", 200),
        ("http://elsewhere/echo", 200),
        ("http://u:p@elsewhere:99999/echo", 200),
        ("//echo", 404),
        ("/echo/..", 404),
        ("*", 404),
        ("elsewhere:80", 404),
        (&long, 400),
    ] {
        let head = format!("POST {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let answer = exchange(&system, head.as_bytes()).await;
        let problem = status == 200 || answer.contains("application/problem+json") || answer.ends_with("\r\n\r\n");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && problem, "{target:.60}: {answer}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_cut_off() {
    let system = start().await;
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01".as_slice(),
        b"GET\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nbad header\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nnot hex\r\n",
    ] {
        let answer = exchange(&system, bytes).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    let many: String = (0..200).flat_map(|number| ["h".to_owned(), number.to_string(), ": x\r\n".to_owned()]).collect();
    let answer = exchange(&system, format!("POST /echo HTTP/1.1\r\n{many}\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn half_a_request_is_not_waited_for() {
    let system = start_with(Patience { body: Duration::ZERO, ..Patience::default() }).await;
    let answer = exchange(&system, &[post("/echo", 100), b"half".to_vec()].concat()).await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("request_timeout"), "{answer}");
    let system = start_with(Patience { head: Duration::ZERO, ..Patience::default() }).await;
    exchange(&system, b"POST /echo HTTP/1.1\r\nHost").await;
    exchange(&system, b"").await;
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_is_cut_off() {
    const MUCH: usize = 1024 * 1024;
    let system = start_with(Patience { answer: Duration::ZERO, ..Patience::default() }).await;
    let mut client = system.connect();
    client.write_all(&[post("/echo", MUCH), vec![b'a'; MUCH]].concat()).await.unwrap();
    // The gateway reads no further before it has written; nobody takes these bytes until it gives up.
    let next = tokio::time::timeout(LIMIT, client.write_all(&vec![b'a'; MUCH])).await;
    assert!(next.expect("the gateway waits for ever").is_err());
    system.shutdown().await;
}

#[tokio::test]
async fn shutdown_does_not_wait_for_silent_clients() {
    let options = Options::for_test(Clock::system());
    let system = System::start_with(options, |_, _| Ok(echo())).await.unwrap();
    let silent = system.connect();
    let mut half = system.connect();
    half.write_all(b"POST /echo HTTP/1.1\r\nHost").await.unwrap();
    let mut deaf = system.connect();
    deaf.write_all(&[post("/echo", 500_000), vec![b'a'; 500_000]].concat()).await.unwrap();
    let mut idle = system.connect();
    idle.write_all(&[post("/echo", 2), b"ok".to_vec()].concat()).await.unwrap();
    let mut answer = [0; 1024];
    let read = idle.read(&mut answer).await.unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 200 "));
    let stopped = tokio::time::timeout(LIMIT, system.shutdown()).await;
    stopped.expect("the connections hold up the end");
    drop((silent, half, deaf, idle));
}

#[tokio::test]
async fn a_body_has_at_most_ten_megabytes() {
    const MOST: usize = 10 * 1024 * 1024;
    let options = Options::for_test(Clock::system());
    let system = System::start_with(options, |_, _| Ok(echo())).await.unwrap();
    let answer = exchange(&system, &[last_post("/echo", MOST), vec![b'a'; MOST]].concat()).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.len() > MOST, "{}", &answer[..200.min(answer.len())]);
    let answer = exchange(&system, &[post("/echo", MOST + 1), vec![b'a'; MOST + 1]].concat()).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("payload_too_large"), "{answer}");
}

#[tokio::test]
async fn a_panic_is_a_problem_and_the_next_request_is_fine() {
    let system = start().await;
    let answer = exchange(&system, &[post("/panic", 0), last_post("/echo", 2), b"ok".to_vec()].concat()).await;
    assert!(answer.starts_with("HTTP/1.1 500 ") && answer.contains("internal_error"), "{answer}");
    assert!(answer.ends_with("ok"), "{answer}");
}

#[tokio::test]
async fn the_gateways_own_answers_have_the_headers_of_the_functions() {
    let system = start_with(Patience { body: Duration::ZERO, ..Patience::default() }).await;
    for (root, is_api) in [("/api", true), ("", false)] {
        let late = exchange(&system, &[post(&format!("{root}/echo"), 100), b"half".to_vec()].concat()).await;
        assert!(late.starts_with("HTTP/1.1 408 "), "{late}");
        assert_own_answer(&late, is_api);
        let head = format!("POST {root}/panic HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let panicked = exchange(&system, head.as_bytes()).await;
        assert!(panicked.starts_with("HTTP/1.1 500 "), "{panicked}");
        assert_own_answer(&panicked, is_api);
        let nowhere = format!("GET {root}/nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let nowhere = exchange(&system, nowhere.as_bytes()).await;
        assert!(nowhere.starts_with("HTTP/1.1 404 "), "{nowhere}");
        assert_own_answer(&nowhere, is_api);
    }
}

#[tokio::test]
async fn a_binary_body_comes_back_unchanged() {
    let system = start().await;
    let address = system.base_url().replace("http://", "");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&[post("/echo", 2), vec![0xff, 0x00]].concat()).await.unwrap();
    let mut answer = vec![0; 1024];
    let read = stream.read(&mut answer).await.unwrap();
    assert!(answer[..read].ends_with(&[0xff, 0x00]));
}
