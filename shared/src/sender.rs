//! One attempt at one delivery (contract section 8): a signed POST to a subscriber's URL, and what came of it.
//!
//! The URL is somebody else's and so is the server behind it. Only public addresses are connected to ([`is_public`]), the
//! very ones that were checked; redirects are not followed, proxies of the environment not used, cookies not kept,
//! answers not decompressed, and no more of them read than the log needs.

mod address;
mod answer;
mod endpoint_url;
mod failure;
mod own_header;
mod resolver;
#[cfg(test)]
mod tests;
mod tls;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, retry};
use rustls::pki_types::CertificateDer;
use tokio::time::{Instant, timeout, timeout_at};
use url::{Host, Url};

pub use self::address::is_public;
pub use self::answer::{Answer, KEPT_LIMIT, READ_LIMIT, RetryAfter};
pub use self::endpoint_url::{LONGEST_URL, UrlDefect, check_endpoint_url};
pub use self::failure::AttemptError;
pub use self::own_header::{HeaderDefect, LONGEST_NAME, LONGEST_VALUE, check_own_header};
pub use self::resolver::{Directory, Lookup, SystemDirectory};

use self::resolver::{GuardedResolver, ResolveError};
use crate::endpoint::OwnHeaders;
use crate::signing::{Signers, signature_headers};

/// How long name resolution, TCP and TLS may take together, within the attempt's own time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an unused connection is kept. Less than the 5 seconds after which common servers (Node.js, Apache) close
/// theirs: a request on a connection that is just being closed would count as a failed attempt. It also bounds the idle
/// connections to the endpoints of the last few seconds, however many endpoints there are.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// How many unused connections are kept for one endpoint.
const IDLE_PER_ENDPOINT: usize = 128;

/// How a [`Sender`] is set up.
#[derive(Debug, Clone)]
pub struct SenderOptions {
    /// Whether addresses that are not public, and plain HTTP, may be used: in the local system and in tests only.
    pub allow_private: bool,
    /// Certificate authorities that are trusted beside Mozilla's.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// `User-Agent`: `WorkSkedge-Webhooks/<version> (+<docs URL>)`.
    pub user_agent: String,
    /// Where addresses come from: [`SystemDirectory`], unless in a test.
    pub directory: Arc<dyn Directory>,
}

impl SenderOptions {
    /// What AWS uses: public addresses only, Mozilla's roots, the system's resolver.
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
    /// The HTTP client refused its settings, such as a user agent that is no header value.
    #[error("the HTTP client can't be set up")]
    Client(#[from] reqwest::Error),
}

/// One attempt, as it goes out.
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
    /// The event's bytes.
    pub body: Bytes,
    /// The endpoint's secrets that sign it.
    pub signers: &'a Signers,
    /// The subscriber's own headers, checked with [`check_own_header`] when they were stored. Any that would not pass is
    /// left out.
    pub headers: &'a OwnHeaders,
    /// The Unix second at which this attempt is sent.
    pub timestamp: i64,
    /// How long it may take until the head of the answer is there: 30 seconds, or what is left of the function's time.
    pub timeout: Duration,
}

/// Sends deliveries. Cheap to clone; its clones share their connections.
#[derive(Clone)]
pub struct Sender {
    client: Client,
    resolver: GuardedResolver,
}

impl Sender {
    /// A sender with a connection pool of its own.
    ///
    /// # Errors
    /// When the options can't be used.
    pub fn new(options: SenderOptions) -> Result<Self, SenderError> {
        let resolver = GuardedResolver { directory: options.directory, allow_private: options.allow_private };
        let client = Client::builder()
            .tls_backend_preconfigured(tls::client_config(options.extra_roots)?)
            .dns_resolver(resolver.clone())
            .user_agent(options.user_agent)
            .https_only(!options.allow_private)
            .http1_only()
            .redirect(Policy::none())
            .retry(retry::never())
            .no_proxy()
            .referer(false)
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            // Receivers that compare header names by case exist, and so do those that answer with malformed headers.
            .http1_title_case_headers()
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .tcp_nodelay(true)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_PER_ENDPOINT)
            .build()?;
        Ok(Self { client, resolver })
    }

    /// Makes one attempt. Never fails: whatever happens is the answer.
    pub async fn send(&self, outgoing: Outgoing<'_>) -> Answer {
        let started = Instant::now();
        let deadline = started + outgoing.timeout;
        // A literal address in the URL never comes to the resolver, so it is checked here, at every attempt.
        let Ok(url) = check_endpoint_url(outgoing.url, self.resolver.allow_private) else {
            return Answer::failed(AttemptError::ForbiddenAddress, started);
        };
        match timeout_at(deadline, self.request(url, outgoing).send()).await {
            Ok(Ok(response)) => Answer::read(response, started, deadline).await,
            Ok(Err(error)) => Answer::failed(failure::classify(&error), started),
            Err(_) => Answer::failed(AttemptError::Timeout, started),
        }
    }

    /// Checks the URL of an endpoint that is to be registered: its text, and that every address behind it is public.
    ///
    /// # Errors
    /// The first rule that it breaks; [`UrlDefect::Unresolvable`] also when the resolver takes more than 5 seconds.
    pub async fn resolve_and_check(&self, url: &str) -> Result<Url, UrlDefect> {
        let url = check_endpoint_url(url, self.resolver.allow_private)?;
        if let Some(Host::Domain(name)) = url.host() {
            let resolved = timeout(CONNECT_TIMEOUT, self.resolver.resolve(name.to_owned())).await;
            match resolved {
                Ok(Ok(_)) => {}
                Ok(Err(ResolveError::ForbiddenAddress)) => return Err(UrlDefect::ForbiddenAddress),
                Ok(Err(ResolveError::Dns(_))) | Err(_) => return Err(UrlDefect::Unresolvable),
            }
        }
        Ok(url)
    }

    fn request(&self, url: Url, outgoing: Outgoing<'_>) -> RequestBuilder {
        let mut request = self.client.post(url);
        for (name, value) in outgoing.headers {
            if check_own_header(name, value.expose()).is_ok() {
                request = request.header(name, value.expose());
            }
        }
        let Outgoing { signers, delivery_id, timestamp, body, .. } = outgoing;
        for (name, value) in signature_headers(signers, delivery_id, timestamp, &body) {
            request = request.header(name, value);
        }
        request
            .header("Content-Type", "application/json")
            .header("X-Webhook-Event", outgoing.event)
            .header("X-Webhook-Event-ID", outgoing.event_id)
            .header("X-Webhook-Retry", outgoing.retry)
            .body(body)
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("allow_private", &self.resolver.allow_private).finish_non_exhaustive()
    }
}
