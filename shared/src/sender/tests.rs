//! Attempts against real servers on loopback, well-behaved and otherwise.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::{WantsServerCert, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};
use rustls::{ConfigBuilder, RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::endpoint::HeaderValue;

type WantsVerifier = ConfigBuilder<ServerConfig, rustls::WantsVerifier>;
type WantsCertificate = ConfigBuilder<ServerConfig, WantsServerCert>;

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
        Box::pin(async move { answer.ok_or_else(|| io::Error::other("no answer")) })
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
    let outgoing = Outgoing {
        url,
        event: "workorder.created",
        delivery_id: "dlv_01K80J3Z40ABCDEFGHJKMNPQRS",
        retry: 2,
        body: Bytes::from_static(BODY.as_bytes()),
        secret: &secret(),
        previous: &[],
        headers: &[("X-Tenant", "7"), ("Host", "evil.example")]
            .map(|(name, value)| (name.to_owned(), HeaderValue::new(value)))
            .into(),
        timestamp: SENT,
        timeout,
    };
    sender.send(outgoing).await
}

async fn send(sender: &Sender, url: &str) -> Answer {
    send_within(sender, url, Duration::from_secs(10)).await
}

/// Reads one request: its head, and a body as long as the head says.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut request = Vec::new();
    loop {
        if stream.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            return Some(text.into_owned());
        }
    }
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A server that answers each request with `answer`, on connections that it keeps open. Passes on what it was sent.
async fn server(answer: impl Into<Vec<u8>>) -> (String, mpsc::UnboundedReceiver<(SocketAddr, String)>) {
    let answer: Arc<[u8]> = answer.into().into();
    let (listener, address) = listen().await;
    let (requests, received) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (mut stream, peer) = listener.accept().await.unwrap();
            let (answer, requests) = (answer.clone(), requests.clone());
            tokio::spawn(async move {
                while let Some(request) = read_request(&mut stream).await {
                    let _ = requests.send((peer, request));
                    if stream.write_all(&answer).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    (format!("http://{address}/hook?tenant=7"), received)
}

fn answer_with(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// A server that does with each connection what it is told.
async fn tcp_server<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(stream));
        }
    });
    format!("http://{address}/")
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
    crate::signing::verify(&secret(), signature, values("X-Webhook-Timestamp")[0], body.as_bytes(), now).unwrap();
    for (name, expected) in [
        ("Content-Type", "application/json"),
        ("X-Webhook-ID", "dlv_01K80J3Z40ABCDEFGHJKMNPQRS"),
        ("X-Webhook-Event", "workorder.created"),
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

    let sender = Sender::new(SenderOptions { directory: Arc::new(Mute), ..options() }).unwrap();
    assert_eq!(send_within(&sender, "http://slow.example/", short).await.error, Some(AttemptError::Timeout));
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

/// A sender as in AWS, whose resolver gives these answers.
fn guarded(answers: &[&[&str]]) -> Sender {
    let directory = Scripted::answering(answers);
    Sender::new(SenderOptions { allow_private: false, directory, ..options() }).unwrap()
}

#[tokio::test]
async fn addresses_that_are_not_public_are_refused_before_anything_is_sent() {
    let (listener, address) = listen().await;
    let port = address.port();
    let strict = guarded(&[&["127.0.0.1"]]);
    for url in [
        format!("https://127.0.0.1:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        format!("https://2130706433:{port}/"),
        format!("https://localhost:{port}/"),
        format!("http://example.com:{port}/"),
        format!("https://hooks.example.com:{port}/"),
    ] {
        let answer = send(&strict, &url).await;
        assert_eq!((answer.status_code, answer.error), (None, Some(AttemptError::ForbiddenAddress)), "{url}");
    }
    let mixed = guarded(&[&["8.8.8.8", "10.0.0.1"]]);
    assert_eq!(send(&mixed, "https://mixed.example/").await.error, Some(AttemptError::ForbiddenAddress));
    assert_eq!(mixed.resolve_and_check("https://mixed.example/").await, Err(UrlDefect::ForbiddenAddress));
    assert!(timeout(Duration::from_millis(50), listener.accept()).await.is_err(), "nobody connected");
}

#[tokio::test]
async fn a_name_that_changes_its_address_after_registration_gains_nothing() {
    let (listener, address) = listen().await;
    let url = format!("https://rebinding.example:{}/", address.port());
    let sender = guarded(&[&["8.8.8.8"], &["127.0.0.1"]]);
    assert!(sender.resolve_and_check(&url).await.is_ok());
    assert_eq!(send(&sender, &url).await.error, Some(AttemptError::ForbiddenAddress));
    assert!(timeout(Duration::from_millis(50), listener.accept()).await.is_err(), "nobody connected");
}

/// A certificate authority, and HTTPS servers with its certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A sender that trusts it, and takes every name for this machine's.
    fn sender(&self) -> Sender {
        let directory = Scripted::answering(&[&["127.0.0.1"]]);
        Sender::new(SenderOptions { extra_roots: vec![self.0.der().clone()], directory, ..options() }).unwrap()
    }

    /// The port of a server with a certificate of these parameters.
    async fn server(&self, params: CertificateParams) -> u16 {
        self.serve(params, WantsVerifier::with_no_client_auth, &[&TLS12, &TLS13]).await
    }

    /// The same, with these demands on its clients.
    async fn serve(
        &self,
        params: CertificateParams,
        demand: impl FnOnce(WantsVerifier) -> WantsCertificate,
        versions: &[&'static SupportedProtocolVersion],
    ) -> u16 {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        let config = demand(builder).with_single_cert(vec![certificate.der().clone()], key.into()).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let (listener, address) = listen().await;
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        greet(stream).await;
                    }
                });
            }
        });
        address.port()
    }
}

async fn greet(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    while read_request(&mut stream).await.is_some() {
        stream.write_all(answer_with("200 OK", "hello").as_bytes()).await.unwrap();
    }
}

fn valid_for(name: &str) -> CertificateParams {
    CertificateParams::new([name.to_owned()]).unwrap()
}

#[tokio::test]
async fn https_is_verified() {
    let authority = Authority::new();
    let sender = authority.sender();
    let port = authority.server(valid_for("hooks.example.com")).await;

    let answer = send(&sender, &format!("https://hooks.example.com:{port}/")).await;
    assert_eq!((answer.status_code, answer.error), (Some(200), None));
    assert_eq!(answer.response_body.as_deref(), Some("hello"));

    let wrong_name = send(&sender, &format!("https://other.example.com:{port}/")).await;
    assert_eq!((wrong_name.status_code, wrong_name.error), (None, Some(AttemptError::Tls)));
    let wrong_name = send(&sender, &format!("https://127.0.0.1:{port}/")).await;
    assert_eq!(wrong_name.error, Some(AttemptError::Tls));
    let untrusted = send(&Authority::new().sender(), &format!("https://hooks.example.com:{port}/")).await;
    assert_eq!(untrusted.error, Some(AttemptError::Tls));

    let mut params = valid_for("hooks.example.com");
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2021, 1, 1);
    let port = authority.server(params).await;
    let expired = send(&sender, &format!("https://hooks.example.com:{port}/")).await;
    assert_eq!(expired.error, Some(AttemptError::Tls));
}

#[tokio::test]
async fn tls_1_2_is_enough() {
    let authority = Authority::new();
    let port = authority.serve(valid_for("hooks.example.com"), WantsVerifier::with_no_client_auth, &[&TLS12]).await;
    let answer = send(&authority.sender(), &format!("https://hooks.example.com:{port}/")).await;
    assert_eq!((answer.status_code, answer.error), (Some(200), None));
}

#[tokio::test]
async fn a_server_that_wants_a_client_certificate_is_a_tls_failure() {
    let authority = Authority::new();
    let mut roots = RootCertStore::empty();
    roots.add(authority.0.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build().unwrap();
    for version in [&TLS12, &TLS13] {
        let demand = |builder: WantsVerifier| builder.with_client_cert_verifier(verifier.clone());
        let port = authority.serve(valid_for("hooks.example.com"), demand, &[version]).await;
        let answer = send(&authority.sender(), &format!("https://hooks.example.com:{port}/")).await;
        assert_eq!((answer.status_code, answer.error), (None, Some(AttemptError::Tls)), "{version:?}");
    }
}

#[tokio::test]
async fn a_handshake_that_breaks_is_a_tls_failure() {
    let closing = tcp_server(|stream| async move { drop(stream) }).await;
    let plain = tcp_server(|mut stream| async move {
        let _ = stream.read(&mut [0; 4_096]).await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    for url in [closing, plain] {
        let answer = send(&local_sender(), &url.replace("http:", "https:")).await;
        assert_eq!((answer.status_code, answer.error), (None, Some(AttemptError::Tls)), "{url}");
    }
}
