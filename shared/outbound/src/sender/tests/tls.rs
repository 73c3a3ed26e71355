//! HTTPS: certificates, versions, and handshakes that fail.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::{WantsServerCert, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};
use rustls::{ConfigBuilder, RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio_rustls::TlsAcceptor;

use super::*;

type WantsVerifier = ConfigBuilder<ServerConfig, rustls::WantsVerifier>;
type WantsCertificate = ConfigBuilder<ServerConfig, WantsServerCert>;

/// A certificate authority, and HTTPS servers with its certificates.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new() -> Self {
        Self(CertifiedIssuer::self_signed(for_authority("Root"), KeyPair::generate().unwrap()).unwrap())
    }

    /// A sender that trusts it, and takes every name for this machine's.
    pub(super) fn sender(&self) -> Sender {
        let directory = Scripted::answering(&[&["127.0.0.1"]]);
        Sender::new(SenderOptions { extra_roots: vec![self.0.der().clone()], directory, ..options() }).unwrap()
    }

    /// The port of a server with a certificate of these parameters.
    pub(super) async fn server(&self, params: CertificateParams) -> u16 {
        self.serve(params, WantsVerifier::with_no_client_auth, &[&TLS12, &TLS13]).await
    }

    /// The same, with these demands on its clients.
    async fn serve(
        &self,
        params: CertificateParams,
        demand: impl FnOnce(WantsVerifier) -> WantsCertificate,
        versions: &[&'static SupportedProtocolVersion],
    ) -> u16 {
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        serve_as(params, &self.0, demand(builder.with_protocol_versions(versions).unwrap())).await
    }

    /// The same, with these cipher suites and key exchanges.
    pub(super) async fn server_with(&self, provider: CryptoProvider, params: CertificateParams) -> u16 {
        let builder = ServerConfig::builder_with_provider(Arc::new(provider));
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        serve_as(params, &self.0, builder).await
    }

    /// The same, with a certificate of an authority that this one vouches for, which the server does not say.
    pub(super) async fn server_without_intermediate(&self, params: CertificateParams) -> u16 {
        let key = KeyPair::generate().unwrap();
        let between = CertifiedIssuer::signed_by(for_authority("Between"), key, &self.0).unwrap();
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        serve_as(params, &between, builder).await
    }
}

fn for_authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

async fn serve_as(params: CertificateParams, issuer: &Issuer<'_, KeyPair>, builder: WantsCertificate) -> u16 {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    accept_with(builder.with_single_cert(vec![certificate.der().clone()], key.into()).unwrap()).await
}

/// The port of a server that is set up like this.
pub(super) async fn accept_with(config: ServerConfig) -> u16 {
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

async fn greet(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    while read_request(&mut stream).await.is_some() {
        stream.write_all(answer_with("200 OK", "hello").as_bytes()).await.unwrap();
    }
}

pub(super) fn valid_for(name: &str) -> CertificateParams {
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
    let provider = Arc::new(default_provider());
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
