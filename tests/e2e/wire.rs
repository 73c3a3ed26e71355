//! Raw bytes on the socket: requests that break off, come in a row, or are none.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;
use tests::InboundApp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::crew::{WORK_ORDER, work_order};
use crate::expect::accepted;

/// A connection on which nothing is taken for granted.
struct Wire(TcpStream);

impl Wire {
    async fn open(app: &InboundApp) -> Self {
        let url = app.system().base_url();
        let address = url.strip_prefix("http://").expect("an address");
        Self(TcpStream::connect(address).await.expect("a connection"))
    }

    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        // A peer that hangs up early may not read it all.
        let _ = self.0.write_all(bytes.as_ref()).await;
    }

    /// What comes back until the other side hangs up.
    async fn read(mut self) -> String {
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(20), self.0.read_to_end(&mut bytes)).await;
        let _ = read.expect("an answer or the end of the connection");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// A whole request, and the end of the connection if `last`.
fn request(app: &InboundApp, number: &str, last: bool) -> String {
    let body = json!({"workOrderNumber": number, "title": "x"}).to_string();
    let close = if last { "connection: close\r\n" } else { "" };
    format!(
        "POST {WORK_ORDER} HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\ncontent-type: application/json\r\n{close}content-length: {}\r\n\r\n{body}",
        app.key,
        body.len()
    )
}

#[tokio::test]
async fn requests_that_are_cut_off_leave_nothing_behind() {
    let app = InboundApp::start().await;
    let whole = request(&app, "WO-CUT", true);
    for length in [1, 4, 20, 60, whole.len() - 40, whole.len() - 1] {
        let mut wire = Wire::open(&app).await;
        wire.send(&whole[..length]).await;
        wire.0.shutdown().await.expect("half closed");
        let answer = wire.read().await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{length}: {answer}");
    }
    let created = app.post(WORK_ORDER, json!({"workOrderNumber": "WO-CUT", "title": "x", "operation": "create"})).await;
    accepted(&created, "created");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let app = InboundApp::start().await;
    let mut wire = Wire::open(&app).await;
    let numbers: Vec<String> = (0..5).map(|i| format!("WO-{i}")).collect();
    let all: String = numbers.iter().map(|number| request(&app, number, number == "WO-4")).collect();
    wire.send(all).await;
    let answers = wire.read().await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 5, "{answers}");
    let places: Vec<_> =
        numbers.iter().map(|number| answers.find(&format!(r#""workOrderNumber":"{number}""#))).collect();
    assert!(places.is_sorted() && places.iter().all(Option::is_some), "{places:?}");
}

#[tokio::test]
async fn malformed_heads_are_refused() {
    let app = InboundApp::start().await;
    let key = &app.key;
    let head = |extra: &str| {
        format!("POST {WORK_ORDER} HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\nconnection: close\r\n{extra}\r\n\r\n")
    };
    let heads = [
        "\r\n\r\n\r\n\r\nnonsense\r\n\r\n".to_owned(),
        "GET\r\n\r\n".to_owned(),
        "POST /api HTTP/9.9\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}".to_owned(),
        head("content-length: -1"),
        head("content-length: 99999999999999999999"),
        head("content-length: 1\r\ncontent-length: 2"),
        head("content-length: 2\r\ntransfer-encoding: nonsense"),
        head("transfer-encoding: chunked\r\n\r\nzz\r\n{}"),
        head(&format!("x-long: {}", "x".repeat(1_000_000))),
        head(&(0..2000).map(|i| format!("x-{i}: x")).collect::<Vec<_>>().join("\r\n")),
        head("bad header\u{0}: x"),
        format!("POST /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(100_000)),
    ];
    for head in heads {
        let mut wire = Wire::open(&app).await;
        wire.send(&head).await;
        let _ = wire.0.shutdown().await;
        let answer = wire.read().await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{}: {answer}", &head[..head.len().min(80)]);
    }
    work_order(&app, "WO-ALIVE", json!({})).await;
}

#[tokio::test]
async fn a_body_in_chunks_is_a_body() {
    let app = InboundApp::start().await;
    let mut wire = Wire::open(&app).await;
    let head = format!(
        "POST {WORK_ORDER} HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\ncontent-type: application/json\r\nconnection: close\r\n",
        app.key
    );
    let body = json!({"workOrderNumber": "WO-1", "title": "x"}).to_string();
    let chunks = body.chars().fold(String::new(), |mut chunks, c| {
        write!(chunks, "1\r\n{c}\r\n").expect("room");
        chunks
    });
    wire.send(format!("{head}transfer-encoding: chunked\r\n\r\n{chunks}0\r\n\r\n")).await;
    let answer = wire.read().await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains(r#""action":"created""#), "{answer}");
}
