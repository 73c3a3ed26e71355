//! The SDK's requests go out over `reqwest`, so that a function has one HTTP client and one TLS stack.
//!
//! The SDK's own client would be a second one, with HTTP/2, which none of the services speaks, and with the certificate
//! authorities of the system, which it reads at every cold start. The endpoints of AWS chain up to five of them.

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::retries::ErrorKind;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use reqwest::redirect::Policy;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

/// The certificate authorities that AWS endpoints chain up to: <https://www.amazontrust.com/repository/>. As DER:
/// decoding PEM was a tenth of what a function did before its first poll.
const ROOTS: [&[u8]; 5] = [
    include_bytes!("roots/amazon-root-ca-1.der"),
    include_bytes!("roots/amazon-root-ca-2.der"),
    include_bytes!("roots/amazon-root-ca-3.der"),
    include_bytes!("roots/amazon-root-ca-4.der"),
    include_bytes!("roots/starfield-services-root-certificate-authority-g2.der"),
];
/// How long making a connection may take before it is tried again.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// An HTTP client for the AWS SDK. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Https(reqwest::Client);

impl Https {
    /// A client that trusts Amazon's certificate authorities only. It also speaks plain `http`, for services on this
    /// machine.
    #[must_use]
    pub fn new() -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(ROOTS.map(CertificateDer::from));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT).redirect(Policy::none()).no_proxy();
        let builder = match tls {
            Ok(tls) => builder.tls_backend_preconfigured(tls.with_root_certificates(roots).with_no_client_auth()),
            Err(_) => builder,
        };
        Self(builder.build().unwrap_or_default())
    }
}

impl Default for Https {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpClient for Https {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Https {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = client.execute(in_memory(request)?);
            let response = http::Response::<reqwest::Body>::from(request.await.map_err(failure)?);
            let (head, body) = response.into_parts();
            // Answers are read whole: none of the services streams them.
            let body = reqwest::Response::from(http::Response::new(body)).bytes().await.map_err(failure)?;
            let response = http::Response::from_parts(head, SdkBody::from(body));
            HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

fn in_memory(request: HttpRequest) -> Result<reqwest::Request, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let request = request.map(|body| body.bytes().map(Bytes::copy_from_slice).unwrap_or_default());
    reqwest::Request::try_from(request).map_err(|error| ConnectorError::user(error.into()))
}

/// The class of an error, by which the SDK decides whether to try again.
fn failure(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else if error.is_connect() || error.is_request() || error.is_body() {
        ConnectorError::io(error.into())
    } else {
        ConnectorError::other(error.into(), Some(ErrorKind::TransientError))
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::TrustAnchor;

    use super::*;

    #[test]
    fn the_roots_are_amazons_and_everybody_trusts_them() {
        let mut ours = RootCertStore::empty();
        assert_eq!(ours.add_parsable_certificates(ROOTS.map(CertificateDer::from)), (5, 0));
        let is_known = |root: &TrustAnchor| webpki_roots::TLS_SERVER_ROOTS.iter().any(|known| known == root);
        assert!(ours.roots.iter().all(is_known), "one is not in Mozilla's list any more");
    }
}
