//! Attempts against real servers on loopback, well-behaved and otherwise.

mod addresses;
mod details;
mod reuse;
mod servers;
mod tls;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use domain::attempt::{ErrorDetail, KEPT_LIMIT, RetryAfter};
use domain::endpoint::HeaderValue;
use domain::signing::SigningSecret;
use domain::trace::TraceContext;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;

use self::servers::{answer_with, listen, read_request, server, tcp_server};
use super::*;

const BODY: &str = r#"{"event":"workorder.created","timestamp":"2025-10-20T14:30:00Z","data":{}}"#;
const SENT: i64 = 1_760_970_600;

/// Always the same answer, or one answer after the other, and then the last one for ever.
#[derive(Debug)]
struct Scripted(Mutex<VecDeque<Vec<IpAddr>>>);

impl Scripted {
    fn answering(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        Arc::new(Self(Mutex::new(answers.iter().map(parse).collect())))
    }
}

impl Directory for Scripted {
    fn lookup(&self, _host: String) -> Lookup {
        let mut answers = self.0.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Box::pin(async move { answer.ok_or(LookupError::NoSuchName) })
    }
}

/// A resolver that does not answer.
#[derive(Debug)]
struct Mute;
impl Directory for Mute {
    fn lookup(&self, _host: String) -> Lookup {
        Box::pin(std::future::pending())
    }
}

fn options() -> SenderOptions {
    SenderOptions { allow_private: true, ..SenderOptions::new("WorkSkedge-Webhooks/0.1 (+https://example.com/docs)") }
}

fn local_sender() -> Sender {
    Sender::new(options()).unwrap()
}

fn secret() -> SigningSecret {
    SigningSecret::from_bytes([7; 32])
}

async fn send_within(sender: &Sender, url: &str, timeout: Duration) -> Answer {
    let signers = Signers::new(Arc::new(secret()), Vec::new(), 0);
    let outgoing = Outgoing {
        url,
        event: "workorder.created",
        event_id: "evt_01K80J3Z40ABCDEFGHJKMNPQRT",
        delivery_id: "dlv_01K80J3Z40ABCDEFGHJKMNPQRS",
        retry: 2,
        content_type: "application/json",
        body: Bytes::from_static(BODY.as_bytes()),
        signers: &signers,
        headers: &[("X-Tenant", "7"), ("Host", "evil.example")]
            .map(|(name, value)| (name.to_owned(), HeaderValue::new(value)))
            .into(),
        timestamp: SENT,
        trace: TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap(),
        timeout,
    };
    sender.send(outgoing).await
}

async fn send(sender: &Sender, url: &str) -> Answer {
    send_within(sender, url, Duration::from_secs(10)).await
}

#[tokio::test]
async fn a_delivery_arrives_signed_and_whole() {
    let (url, mut received) = server(answer_with("202 Accepted", "thanks")).await;
    let answer = send(&local_sender(), &url).await;
    assert_eq!((answer.status_code, answer.error), (Some(202), None));
    assert_eq!(answer.response_body.as_deref(), Some("thanks"));

    let (_, request) = received.recv().await.unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, BODY);
    assert!(head.starts_with("POST /hook?tenant=7 HTTP/1.1\r\n"), "{head}");
    let values = |name: &str| -> Vec<&str> {
        let fields = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        fields.filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    };
    let signature = values("X-Webhook-Signature")[0];
    let now = jiff::Timestamp::from_second(SENT).unwrap();
    domain::signing::verify(&secret(), signature, values("X-Webhook-Timestamp")[0], body.as_bytes(), now).unwrap();
    for (name, expected) in [
        ("Content-Type", "application/json"),
        ("X-Webhook-ID", "dlv_01K80J3Z40ABCDEFGHJKMNPQRS"),
        ("X-Webhook-Event", "workorder.created"),
        ("X-Webhook-Event-ID", "evt_01K80J3Z40ABCDEFGHJKMNPQRT"),
        ("X-Webhook-Retry", "2"),
        ("User-Agent", "WorkSkedge-Webhooks/0.1 (+https://example.com/docs)"),
        ("X-Tenant", "7"),
        ("webhook-id", "dlv_01K80J3Z40ABCDEFGHJKMNPQRS"),
        ("Host", url.trim_start_matches("http://").split('/').next().unwrap()),
    ] {
        assert_eq!(values(name), [expected], "{name}");
    }
    assert!(values("Accept-Encoding").is_empty() && values("Cookie").is_empty() && values("Referer").is_empty());
}

#[tokio::test]
async fn connections_are_used_again_also_after_failures() {
    let (url, mut received) = server(answer_with("500 Internal Server Error", &"x".repeat(READ_LIMIT - 1))).await;
    let sender = local_sender();
    for _ in 0..3 {
        let answer = send(&sender, &url).await;
        assert_eq!((answer.status_code, answer.error), (Some(500), Some(AttemptError::HttpStatus)));
    }
    let peers = [received.recv().await, received.recv().await, received.recv().await].map(|r| r.unwrap().0);
    assert!(peers.iter().all(|peer| *peer == peers[0]), "{peers:?}");
}

#[tokio::test]
async fn redirects_are_failures_and_not_followed() {
    let (target, mut reached) = server(answer_with("200 OK", "")).await;
    for status in ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent"] {
        let redirect = format!("HTTP/1.1 {status}\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
        let (url, _received) = server(redirect).await;
        let answer = send(&local_sender(), &url).await;
        assert_eq!(answer.error, Some(AttemptError::HttpStatus), "{status}");
        assert_eq!(answer.status_code.map(|code| code.to_string()).as_deref(), status.get(..3));
    }
    assert!(reached.try_recv().is_err());
}

#[tokio::test]
async fn an_answer_carries_retry_after_and_a_cut_body() {
    let body = "é".repeat(5_000);
    let head = format!("HTTP/1.1 429 Too Many\r\nRetry-After: 77\r\nContent-Length: {}\r\n\r\n", body.len());
    let (url, _received) = server(head + &body).await;
    let answer = send(&local_sender(), &url).await;
    assert_eq!((answer.status_code, answer.error), (Some(429), Some(AttemptError::HttpStatus)));
    assert_eq!(answer.retry_after, Some(RetryAfter::Seconds(77)));
    assert_eq!(answer.response_body.unwrap(), "é".repeat(KEPT_LIMIT / 2));
}

#[tokio::test]
async fn of_an_endless_answer_16_kib_are_read_and_a_2xx_stays_a_success() {
    let (written, mut total) = mpsc::unbounded_channel();
    let url = tcp_server(move |mut stream| {
        let written = written.clone();
        async move {
            read_request(&mut stream).await;
            let mut bytes = 0;
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            while stream.write_all(&[b'x'; 1_024]).await.is_ok() {
                bytes += 1_024;
            }
            written.send(bytes).unwrap();
        }
    })
    .await;
    let answer = send(&local_sender(), &url).await;
    assert_eq!((answer.status_code, answer.error), (Some(200), None));
    assert_eq!(answer.response_body.unwrap().len(), KEPT_LIMIT);
    let bytes: usize = total.recv().await.unwrap();
    assert!(bytes < 16 * 1_024 * 1_024, "the connection was closed, after {bytes} bytes in buffers");
}

#[tokio::test]
async fn a_body_that_stalls_or_breaks_off_does_not_undo_the_status() {
    for (status, error) in [("200 OK", None), ("500 Oops", Some(AttemptError::HttpStatus))] {
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: 100\r\n\r\npart");
        let (url, _received) = server(head.clone()).await;
        let stalled = send_within(&local_sender(), &url, Duration::from_millis(300)).await;
        assert_eq!((stalled.error, stalled.response_body.as_deref()), (error, Some("part")));
        assert!((300..5_000).contains(&stalled.duration_ms), "{}", stalled.duration_ms);

        let url = tcp_server(move |mut stream| {
            let head = head.clone();
            async move {
                read_request(&mut stream).await;
                stream.write_all(head.as_bytes()).await.unwrap();
            }
        })
        .await;
        let broken = send(&local_sender(), &url).await;
        assert_eq!((broken.error, broken.response_body.as_deref()), (error, Some("part")));
    }
}

#[tokio::test]
async fn silence_is_a_timeout_in_every_phase() {
    let short = Duration::from_millis(200);
    let silent = tcp_server(|stream| async move {
        tokio::time::sleep(Duration::from_mins(1)).await;
        drop(stream);
    })
    .await;
    let answer = send_within(&local_sender(), &silent, short).await;
    assert_eq!((answer.status_code, answer.error), (None, Some(AttemptError::Timeout)));
    assert!((200..5_000).contains(&answer.duration_ms));
    let in_handshake = send_within(&local_sender(), &silent.replace("http:", "https:"), short).await;
    assert_eq!(in_handshake.error, Some(AttemptError::Timeout));

    let (half_a_head, _received) = server("HTTP/1.1 200 OK\r\nContent-Le").await;
    assert_eq!(send_within(&local_sender(), &half_a_head, short).await.error, Some(AttemptError::Timeout));
}

#[tokio::test]
async fn no_connection_after_five_seconds_is_a_timeout_too() {
    let silent = tcp_server(|stream| async move {
        tokio::time::sleep(Duration::from_mins(1)).await;
        drop(stream);
    })
    .await;
    let answer = send_within(&local_sender(), &silent.replace("http:", "https:"), Duration::from_secs(30)).await;
    assert_eq!(answer.error, Some(AttemptError::Timeout));
    assert!((5_000..9_000).contains(&answer.duration_ms), "{}", answer.duration_ms);
}

#[tokio::test]
async fn broken_connections_are_connect_failures() {
    // Bound and not listening, so that no other test gets this port meanwhile.
    let nobody = TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = nobody.local_addr().unwrap();
    let refused = send(&local_sender(), &format!("http://{address}/")).await;
    assert_eq!((refused.status_code, refused.error), (None, Some(AttemptError::Connect)));
    let refused = send(&local_sender(), &format!("https://{address}/")).await;
    assert_eq!(refused.error, Some(AttemptError::Connect), "before TLS had its turn");

    let closing = tcp_server(|mut stream| async move { drop(read_request(&mut stream).await) }).await;
    assert_eq!(send(&local_sender(), &closing).await.error, Some(AttemptError::Connect));
    let (gibberish, _received) = server("SSH-2.0-OpenSSH_9.6\r\n").await;
    assert_eq!(send(&local_sender(), &gibberish).await.error, Some(AttemptError::Connect));
}

#[tokio::test]
async fn a_head_without_an_end_is_too_large() {
    let many = "HTTP/1.1 200 OK\r\n".to_owned() + &"X-A: b\r\n".repeat(200) + "\r\n";
    let (url, _received) = server(many).await;
    assert_eq!(send(&local_sender(), &url).await.error, Some(AttemptError::ResponseTooLarge));
    let long = format!("HTTP/1.1 200 OK\r\nX-A: {}\r\n\r\n", "b".repeat(1_000_000));
    let (url, _received) = server(long).await;
    assert_eq!(send(&local_sender(), &url).await.error, Some(AttemptError::ResponseTooLarge));
}

#[tokio::test]
async fn names_that_do_not_resolve_are_dns_failures() {
    let sender = local_sender();
    let answer = send(&sender, "http://no-such-host.invalid/").await;
    assert_eq!((answer.status_code, answer.error), (None, Some(AttemptError::Dns)));
    assert_eq!(sender.resolve_and_check("http://no-such-host.invalid/").await, Err(UrlDefect::Unresolvable));
    let empty = Sender::new(SenderOptions { directory: Scripted::answering(&[&[]]), ..options() }).unwrap();
    assert_eq!(send(&empty, "http://empty.example/").await.error, Some(AttemptError::Dns));
}
