//! Connections to receivers: how they are made, and what is known when one fails.

use std::future::{Ready, ready};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use domain::attempt::{AttemptError, ErrorDetail};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tower_service::Service;
use url::{Host, Url};

use super::failure::{self, Failure};
use super::resolver::{GuardedResolver, ResolveError};

/// The limit for name resolution, TCP and TLS together, within the timeout of the attempt.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Makes connections.
#[derive(Clone)]
pub(super) struct Dialer {
    pub(super) resolver: GuardedResolver,
    pub(super) tls: Arc<ClientConfig>,
}

/// A connection to a receiver, for one request at a time.
pub(super) struct Connection {
    requests: SendRequest<Full<Bytes>>,
    /// How many bytes of responses have arrived.
    received: Arc<AtomicUsize>,
}

/// Why a request got no response.
pub(super) struct Unanswered {
    error: hyper::Error,
    /// Whether the connection failed before the first byte of a response.
    pub(super) untouched: bool,
}

impl From<Unanswered> for Failure {
    fn from(unanswered: Unanswered) -> Self {
        failure::of_exchange(&unanswered.error)
    }
}

impl Dialer {
    /// A fresh connection to the server behind `url`, at one of the addresses that are checked here.
    pub(super) async fn connect(&self, url: &Url, deadline: Instant) -> Result<Connection, Failure> {
        let deadline = deadline.min(Instant::now() + CONNECT_TIMEOUT);
        let port = url.port_or_known_default().unwrap_or_default();
        let addresses = timeout_at(deadline, self.addresses(url))
            .await
            .unwrap_or(Err(Failure::of(AttemptError::Dns, ErrorDetail::NoAnswer)))?;
        let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect();
        let stream = timeout_at(deadline, connect_tcp(addresses, deadline))
            .await
            .unwrap_or(Err(Failure::of(AttemptError::Connect, ErrorDetail::TimedOut)))?;
        let greeted = async {
            if url.scheme() != "https" {
                return handshake(stream).await;
            }
            let name = server_name(url).ok_or(Failure::from(AttemptError::Tls))?;
            let stream = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await;
            handshake(stream.map_err(|error| failure::of_handshake(&error))?).await
        };
        timeout_at(deadline, greeted).await.unwrap_or(Err(AttemptError::Timeout.into()))
    }

    async fn addresses(&self, url: &Url) -> Result<Vec<IpAddr>, Failure> {
        match url.host() {
            Some(Host::Domain(name)) => Ok(self.resolver.resolve(name.to_owned()).await?),
            // Checked with the URL, at every attempt.
            Some(Host::Ipv4(address)) => Ok(vec![address.into()]),
            Some(Host::Ipv6(address)) => Ok(vec![address.into()]),
            None => Err(AttemptError::Connect.into()),
        }
    }
}

impl From<ResolveError> for Failure {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Dns(error) => Self { error: AttemptError::Dns, detail: error.detail() },
            ResolveError::ForbiddenAddress => AttemptError::ForbiddenAddress.into(),
        }
    }
}

/// Connects to the first of these addresses that responds; both IP families are tried concurrently.
async fn connect_tcp(addresses: Vec<SocketAddr>, deadline: Instant) -> Result<TcpStream, Failure> {
    let mut connector = HttpConnector::new_with_resolver(Resolved(addresses));
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(deadline.saturating_duration_since(Instant::now())));
    // The name is not used: its addresses are there.
    let stream = connector.call(Uri::from_static("http://resolved")).await;
    stream.map(TokioIo::into_inner).map_err(|error| failure::of_connect(&error))
}

/// What the name in the certificate has to be, and the name that is asked for (SNI).
fn server_name(url: &Url) -> Option<ServerName<'static>> {
    match url.host()? {
        Host::Domain(name) => ServerName::try_from(name.to_owned()).ok(),
        Host::Ipv4(address) => Some(IpAddr::from(address).into()),
        Host::Ipv6(address) => Some(IpAddr::from(address).into()),
    }
}

/// Starts HTTP/1.1 on a connection.
pub(super) async fn handshake(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
) -> Result<Connection, Failure> {
    let received = Arc::default();
    let stream = Counted { stream, received: Arc::clone(&received) };
    let (requests, connection) = http1::Builder::new()
        // Receivers that compare header names by case exist, and so do those that answer with malformed headers.
        .title_case_headers(true)
        .ignore_invalid_headers_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failure::of_exchange(&error))?;
    // It ends with the connection. Whatever went wrong, the request that suffers from it is told.
    tokio::spawn(connection);
    Ok(Connection { requests, received })
}

impl Connection {
    /// Sends a request and waits for the head of its answer.
    pub(super) async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Unanswered> {
        let before = self.received.load(Ordering::Acquire);
        self.requests.send_request(request).await.map_err(|error| {
            // A request that was cancelled was never sent: what came then was no answer to it.
            let untouched = error.is_canceled() || self.received.load(Ordering::Acquire) == before;
            Unanswered { error, untouched }
        })
    }

    /// Waits until it can take another request. False when it can't: the receiver closes it, or the last answer was not
    /// read to its end.
    pub(super) async fn is_reusable(&mut self) -> bool {
        self.requests.ready().await.is_ok()
    }

    /// Whether it can take a request now, as far as is known.
    pub(super) fn is_ready(&self) -> bool {
        self.requests.is_ready()
    }
}

/// A resolver's answer that is there already.
#[derive(Clone)]
struct Resolved(Vec<SocketAddr>);

impl Service<Name> for Resolved {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        ready(Ok(self.0.clone().into_iter()))
    }
}

/// A stream that counts the bytes that come from it.
struct Counted<S> {
    stream: S,
    received: Arc<AtomicUsize>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.received.fetch_add(buf.filled().len() - before, Ordering::AcqRel);
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
