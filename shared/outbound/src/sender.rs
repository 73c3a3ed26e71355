//! One attempt at one delivery, `docs/contract.md#request`: a signed POST to a subscriber's URL, and its outcome.
//!
//! Neither the URL nor the server behind it is trusted. Only public addresses are connected to ([`is_public`]),
//! the very ones that were checked; redirects are not followed, proxies of the environment not used, cookies not kept,
//! responses not decompressed, and no more of them read than the log needs. The connections are our own, not those of
//! an HTTP client, because it matters which one failed: see [`Sender::send`].

mod address;
mod answer;
mod connection;
mod endpoint_url;
mod failure;
mod headers;
mod own_header;
mod pool;
mod resolver;
#[cfg(test)]
mod tests;
mod tls;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{HeaderValue, InvalidHeaderValue};
use hyper::http;
use hyper::{Request, Response};
use rustls::client::VerifierBuilderError;
use rustls::pki_types::CertificateDer;
use tokio::time::{Instant, timeout, timeout_at};
use url::{Host, Position, Url};

pub use self::address::is_public;
pub use self::answer::READ_LIMIT;
pub use self::endpoint_url::{UrlDefect, check_endpoint_url};
pub use self::own_header::{HeaderDefect, LONGEST_NAME, LONGEST_VALUE, check_own_header};
pub use self::resolver::{Directory, Lookup, LookupError, SystemDirectory};

use domain::attempt::{Answer, AttemptError};
use domain::endpoint::OwnHeaders;
use domain::signing::Signers;
use domain::trace::TraceContext;
use store::config::{ConfigError, Environment};

use self::connection::{CONNECT_TIMEOUT, Connection, Dialer};
use self::failure::Failure;
use self::headers::delivery_headers;
use self::pool::{Place, Pool};
use self::resolver::{GuardedResolver, ResolveError};

/// How a [`Sender`] is set up.
#[derive(Debug, Clone)]
pub struct SenderOptions {
    /// Whether addresses that are not public, and plain HTTP, may be used: in the local system and in tests only.
    pub allow_private: bool,
    /// Certificate authorities that are trusted in addition to Mozilla's.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// `User-Agent`: `WorkSkedge-Webhooks/<version> (+<docs URL>)`.
    pub user_agent: String,
    /// Resolves host names: [`SystemDirectory`], except in tests.
    pub directory: Arc<dyn Directory>,
}

impl SenderOptions {
    /// The options on AWS: public addresses only, Mozilla's roots, the system's resolver.
    #[must_use]
    pub fn new(user_agent: impl Into<String>) -> Self {
        Self {
            allow_private: false,
            extra_roots: Vec::new(),
            user_agent: user_agent.into(),
            directory: Arc::new(SystemDirectory),
        }
    }
}

/// A [`Sender`] could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    /// An extra root is not a usable certificate.
    #[error("the TLS roots can't be used")]
    Tls(#[from] rustls::Error),
    /// The verifier of certificates can't be made of the roots.
    #[error("the TLS roots can't be used")]
    Roots(#[from] VerifierBuilderError),
    /// The user agent is no header value.
    #[error("the user agent can't be used")]
    UserAgent(#[from] InvalidHeaderValue),
}

/// One attempt, as it is sent.
#[derive(Debug, Clone)]
pub struct Outgoing<'a> {
    /// The endpoint's URL.
    pub url: &'a str,
    /// The event's name: `X-Webhook-Event`.
    pub event: &'a str,
    /// The event's id, the same at every endpoint: `X-Webhook-Event-ID`.
    pub event_id: &'a str,
    /// The delivery's id, the same over all its attempts: `X-Webhook-ID`.
    pub delivery_id: &'a str,
    /// 0 for the first attempt of a delivery, then 1, 2, ...: `X-Webhook-Retry`.
    pub retry: u32,
    /// `Content-Type` of the body.
    pub content_type: &'static str,
    /// The event's bytes, in the endpoint's format.
    pub body: Bytes,
    /// The endpoint's valid secrets, which sign it.
    pub signers: &'a Signers,
    /// The subscriber's own headers, checked with [`check_own_header`] when they were stored and again when they are
    /// sent.
    pub headers: &'a OwnHeaders,
    /// The Unix second at which this attempt is sent.
    pub timestamp: i64,
    /// The step of a trace that this attempt is: `traceparent`.
    pub trace: TraceContext,
    /// How long until the response headers must have arrived.
    pub timeout: Duration,
}

/// Sends deliveries. Cheap to clone; its clones share their connections.
#[derive(Clone)]
pub struct Sender {
    dialer: Dialer,
    pool: Pool,
    user_agent: HeaderValue,
}

impl Sender {
    /// `ALLOW_PRIVATE_ENDPOINTS` (`true` only where everything is on one machine) and `DOCS_URL` for the `User-Agent`.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let docs = environment.optional("DOCS_URL").unwrap_or_else(|| "https://workskedge.com/docs".to_owned());
        let agent = format!("WorkSkedge-Webhooks/{} (+{docs})", env!("CARGO_PKG_VERSION"));
        let mut options = SenderOptions::new(agent);
        options.allow_private = environment.allow_private_endpoints();
        options.extra_roots = environment.extra_roots().to_vec();
        Self::new(options).map_err(|error| ConfigError::Invalid { name: "DOCS_URL", reason: error.to_string() })
    }

    /// A sender with a connection pool of its own.
    ///
    /// # Errors
    /// When the options can't be used.
    pub fn new(options: SenderOptions) -> Result<Self, SenderError> {
        let resolver = GuardedResolver { directory: options.directory, allow_private: options.allow_private };
        let tls = Arc::new(tls::client_config(options.extra_roots)?);
        let user_agent = HeaderValue::try_from(options.user_agent)?;
        Ok(Self { dialer: Dialer { resolver, tls }, pool: Pool::default(), user_agent })
    }

    /// Makes one attempt. Never fails: errors are outcomes too. A wait for a connection that is in use is our doing, and
    /// counts neither as a part of the attempt nor against its timeout.
    pub async fn send(&self, outgoing: Outgoing<'_>) -> Answer {
        // A literal address in the URL never comes to the resolver, so it is checked here, at every attempt.
        let Ok(url) = check_endpoint_url(outgoing.url, self.dialer.resolver.allow_private) else {
            return answer::failed(AttemptError::ForbiddenAddress.into(), Instant::now());
        };
        let patience = outgoing.timeout;
        let Ok(request) = self.request(&url, outgoing) else {
            return answer::failed(AttemptError::Connect.into(), Instant::now());
        };
        let (mut place, kept) = self.pool.place(&url[..Position::BeforePath]).await;
        let started = Instant::now();
        let deadline = started + patience;
        let exchanged = timeout_at(deadline, self.exchange(&url, request, (&mut place, kept), deadline)).await;
        match exchanged.unwrap_or(Err(AttemptError::Timeout.into())) {
            Ok((response, connection)) => {
                let (answer, ended) = answer::read(response, started, deadline).await;
                if ended {
                    keep(place, connection, deadline).await;
                }
                answer
            }
            Err(failure) => answer::failed(failure, started),
        }
    }

    /// Sends a request on a kept connection, or else on a new one. Servers may close or reset kept connections at any
    /// time, which says nothing about their health: when a kept one fails before the first byte of a response, the
    /// request is sent once more, at once, on a new one.
    async fn exchange(
        &self,
        url: &Url,
        request: Request<Full<Bytes>>,
        (place, kept): (&mut Place, Option<Connection>),
        deadline: Instant,
    ) -> Result<(Response<Incoming>, Connection), Failure> {
        if let Some(mut kept) = kept {
            match kept.send(request.clone()).await {
                Ok(response) => return Ok((response, kept)),
                Err(unanswered) if !unanswered.untouched => return Err(unanswered.into()),
                Err(_) => {}
            }
        }
        let mut fresh = Box::pin(self.dialer.connect(url, deadline)).await?;
        place.begin();
        let response = fresh.send(request).await?;
        Ok((response, fresh))
    }

    /// Checks the URL of a new endpoint: its text, and that every address behind it is public.
    ///
    /// # Errors
    /// The first rule that it breaks; [`UrlDefect::Unresolvable`] also when the resolver takes more than 5 seconds.
    pub async fn resolve_and_check(&self, url: &str) -> Result<Url, UrlDefect> {
        let url = check_endpoint_url(url, self.dialer.resolver.allow_private)?;
        if let Some(Host::Domain(name)) = url.host() {
            let resolved = timeout(CONNECT_TIMEOUT, self.dialer.resolver.resolve(name.to_owned())).await;
            match resolved {
                Ok(Ok(_)) => {}
                Ok(Err(ResolveError::ForbiddenAddress)) => return Err(UrlDefect::ForbiddenAddress),
                Ok(Err(ResolveError::Dns(_))) | Err(_) => return Err(UrlDefect::Unresolvable),
            }
        }
        Ok(url)
    }

    fn request(&self, url: &Url, outgoing: Outgoing<'_>) -> http::Result<Request<Full<Bytes>>> {
        let headers = delivery_headers(url, &self.user_agent, &outgoing)?;
        let target = &url[Position::BeforePath..Position::AfterQuery];
        let mut request = Request::post(target).body(Full::new(outgoing.body))?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// Keeps a connection for the next delivery, if its server keeps it open too.
async fn keep(place: Place, mut connection: Connection, deadline: Instant) {
    if timeout_at(deadline, connection.is_reusable()).await == Ok(true) {
        place.keep(connection);
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("allow_private", &self.dialer.resolver.allow_private).finish_non_exhaustive()
    }
}
