//! The TLS side of the delivery client: TLS 1.2 or newer, certificates verified against Mozilla's roots.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::CertificateDer;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};

/// For how many servers a session is kept, so that the next connection to them takes a shorter handshake.
const RESUMABLE_SERVERS: usize = 1_024;

/// A client configuration that trusts Mozilla's roots and `extra_roots`.
///
/// # Errors
/// When one of `extra_roots` is no certificate authority's certificate.
pub(super) fn client_config(extra_roots: Vec<CertificateDer<'static>>) -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for root in extra_roots {
        roots.add(root)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = Resumption::in_memory_sessions(RESUMABLE_SERVERS);
    Ok(config)
}
