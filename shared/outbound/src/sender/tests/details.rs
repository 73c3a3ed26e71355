//! What exactly failed.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::pki_types::PrivatePkcs8KeyDer;

use super::tls::{Authority, accept_with, valid_for};
use super::*;

const NAME: &str = "hooks.example.com";

async fn failure_of(sender: &Sender, url: &str) -> (Option<AttemptError>, Option<ErrorDetail>) {
    let answer = send(sender, url).await;
    assert_eq!(answer.status_code, None, "{url}");
    (answer.error, answer.error_detail)
}

async fn tls_failure_of(sender: &Sender, port: u16) -> Option<ErrorDetail> {
    let (error, detail) = failure_of(sender, &format!("https://{NAME}:{port}/")).await;
    assert_eq!(error, Some(AttemptError::Tls));
    detail
}

/// A server that reads what begins the handshake and then says this, and no more.
async fn saying(bytes: &'static [u8]) -> u16 {
    let url = tcp_server(move |mut stream| async move {
        let _ = stream.read(&mut [0; 4_096]).await;
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    Url::parse(&url).unwrap().port().unwrap()
}

#[tokio::test]
async fn a_certificate_is_refused_for_what_is_wrong_with_it() {
    let authority = Authority::new();
    let sender = authority.sender();
    let with = |change: fn(&mut CertificateParams)| {
        let mut params = valid_for(NAME);
        change(&mut params);
        params
    };
    let expired = with(|params| params.not_after = date_time_ymd(2021, 1, 1));
    let early = with(|params| params.not_before = date_time_ymd(2090, 1, 1));
    for (params, detail) in [
        (expired, ErrorDetail::CertificateExpired),
        (early, ErrorDetail::CertificateNotYetValid),
        (valid_for("other.example.com"), ErrorDetail::WrongName),
        (valid_for("127.0.0.1"), ErrorDetail::WrongName),
    ] {
        let port = authority.server(params).await;
        assert_eq!(tls_failure_of(&sender, port).await, Some(detail));
    }
    let port = authority.server(valid_for(NAME)).await;
    let by_address = failure_of(&sender, &format!("https://127.0.0.1:{port}/")).await;
    assert_eq!(by_address, (Some(AttemptError::Tls), Some(ErrorDetail::WrongName)));
    assert_eq!(tls_failure_of(&Authority::new().sender(), port).await, Some(ErrorDetail::UnknownIssuer));
}

#[tokio::test]
async fn a_chain_without_its_middle_has_an_unknown_issuer() {
    let authority = Authority::new();
    let port = authority.server_without_intermediate(valid_for(NAME)).await;
    assert_eq!(tls_failure_of(&authority.sender(), port).await, Some(ErrorDetail::UnknownIssuer));
}

#[tokio::test]
async fn a_self_signed_certificate_is_told_from_one_of_an_unknown_authority() {
    let sender = Authority::new().sender();
    for ca in [IsCa::NoCa, IsCa::ExplicitNoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let mut params = valid_for(NAME);
        params.is_ca = ca;
        params.distinguished_name.push(DnType::CommonName, NAME);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let port = accept_with(builder.with_single_cert(vec![certificate], key.into()).unwrap()).await;
        assert_eq!(tls_failure_of(&sender, port).await, Some(ErrorDetail::SelfSigned));
    }
}

/// The beginning of an answer in TLS 1.0: a server hello with its version, 32 random bytes, no session, a cipher suite.
const OLD_HELLO: &[u8] = b"\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01\
    0123456789abcdef0123456789abcdef\x00\xc0\x13\x00";

#[tokio::test]
async fn a_server_that_has_nothing_in_common_with_us() {
    let authority = Authority::new();
    let sender = authority.sender();
    let provider = rustls::crypto::CryptoProvider { kx_groups: vec![kx_group::MLKEM1024], ..default_provider() };
    let port = authority.server_with(provider, valid_for(NAME)).await;
    assert_eq!(tls_failure_of(&sender, port).await, Some(ErrorDetail::NoCommonCipher));

    for (bytes, detail) in [
        (OLD_HELLO, Some(ErrorDetail::NoCommonVersion)),
        // Alerts: protocol_version, handshake_failure, insufficient_security, unrecognized_name, internal_error.
        (b"\x15\x03\x01\x00\x02\x02\x46", Some(ErrorDetail::NoCommonVersion)),
        (b"\x15\x03\x03\x00\x02\x02\x28", Some(ErrorDetail::NoCommonCipher)),
        (b"\x15\x03\x03\x00\x02\x02\x47", Some(ErrorDetail::NoCommonCipher)),
        (b"\x15\x03\x03\x00\x02\x02\x70", Some(ErrorDetail::WrongName)),
        (b"\x15\x03\x03\x00\x02\x02\x50", None),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Some(ErrorDetail::NotTls)),
        (b"SSH-2.0-OpenSSH_9.6\r\n", Some(ErrorDetail::NotTls)),
        (b"", Some(ErrorDetail::HandshakeClosed)),
        (b"\x16\x03\x03\x00", Some(ErrorDetail::HandshakeClosed)),
    ] {
        let port = saying(bytes).await;
        assert_eq!(tls_failure_of(&sender, port).await, detail, "{bytes:?}");
    }
}

#[tokio::test]
async fn a_handshake_that_is_reset_was_closed() {
    let url = tcp_server(|mut stream| async move {
        let _ = stream.read(&mut [0]).await;
        stream.set_zero_linger().unwrap();
    })
    .await;
    let failure = failure_of(&local_sender(), &url.replace("http:", "https:")).await;
    assert_eq!(failure, (Some(AttemptError::Tls), Some(ErrorDetail::HandshakeClosed)));
}

/// A resolver that fails.
#[derive(Debug)]
struct Failing;
impl Directory for Failing {
    fn lookup(&self, _host: String) -> Lookup {
        Box::pin(std::future::ready(Err(LookupError::ServerFailure)))
    }
}

#[tokio::test]
async fn a_name_is_not_resolved_for_a_reason() {
    let directories: [(Arc<dyn Directory>, ErrorDetail); 4] = [
        (Scripted::answering(&[]), ErrorDetail::NoSuchName),
        (Scripted::answering(&[&[]]), ErrorDetail::NoSuchName),
        (Arc::new(Failing), ErrorDetail::ServerFailure),
        (Arc::new(Mute), ErrorDetail::NoAnswer),
    ];
    for (directory, detail) in directories {
        let sender = Sender::new(SenderOptions { directory, ..options() }).unwrap();
        let answer = send_within(&sender, "http://hooks.example/", Duration::from_millis(200)).await;
        assert_eq!((answer.error, answer.error_detail), (Some(AttemptError::Dns), Some(detail)));
    }
}

#[tokio::test]
async fn a_connection_fails_for_a_reason() {
    let nobody = TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let refused = failure_of(&local_sender(), &format!("https://{}/", nobody.local_addr().unwrap())).await;
    assert_eq!(refused, (Some(AttemptError::Connect), Some(ErrorDetail::Refused)));

    let resetting = tcp_server(|mut stream| async move {
        let _ = stream.read(&mut [0]).await;
        stream.set_zero_linger().unwrap();
    })
    .await;
    let reset = failure_of(&local_sender(), &resetting).await;
    assert_eq!(reset, (Some(AttemptError::Connect), Some(ErrorDetail::Reset)));

    let closing = tcp_server(|mut stream| async move { drop(read_request(&mut stream).await) }).await;
    assert_eq!(failure_of(&local_sender(), &closing).await, (Some(AttemptError::Connect), None));
}

#[tokio::test]
async fn no_connection_in_time_is_told_from_no_answer_in_time() {
    // Whoever connects to a full queue waits.
    let crowded = TcpSocket::new_v4().unwrap();
    crowded.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let crowded = crowded.listen(1).unwrap();
    let address = crowded.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = timeout(Duration::from_millis(300), TcpStream::connect(address)).await {
        waiting.push(stream.unwrap());
    }
    let answer = send_within(&local_sender(), &format!("http://{address}/"), Duration::from_millis(300)).await;
    assert_eq!((answer.error, answer.error_detail), (Some(AttemptError::Connect), Some(ErrorDetail::TimedOut)));
}
