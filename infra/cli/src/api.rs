//! Calls of the API.

use std::fmt;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, StatusCode, redirect};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::{Host, Url};

use crate::Surroundings;
use crate::arguments::Connection;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::rates::Rates;
use crate::secrets::{self, ApiKey};

/// Where the local system listens.
const LOCAL: &str = "http://127.0.0.1:3000";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// API Gateway ends a call after 30 seconds.
const TIMEOUT: Duration = Duration::from_secs(40);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A deployment, and the key to call it with.
#[derive(Clone)]
pub(crate) struct Api {
    client: Client,
    base: Url,
    key: Option<ApiKey>,
    pub(crate) clock: Clock,
}

/// A call before it is made.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<&'a Value>,
    idempotency_key: Option<String>,
}

/// A 2xx answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) body: Value,
    pub(crate) rates: Rates,
}

/// Why a call has no 2xx answer.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// No answer, or one that says that it will pass. A sentence.
    Passing(String),
    /// The key has no calls left for so long.
    Limited(Duration),
    /// The call is refused, and would be again.
    Refused(Box<Problem>, Rates),
}

/// The problem of an answer (RFC 9457).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<Defect>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
}

/// A single defect.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Defect {
    pub(crate) field: String,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Api {
    /// The deployment that is asked for, with a key if there is one.
    pub(crate) fn connect(connection: &Connection, surroundings: &Surroundings) -> Result<Self, Failure> {
        let url = connection.url.as_deref().or_else(|| surroundings.variable(secrets::URL));
        let base = base_url(url.unwrap_or(LOCAL), connection.plain_http)?;
        let key = secrets::api_key(connection.key_file.as_deref(), surroundings)?;
        // Which TLS implementation; when another is there already, as in tests, that is as good.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = Client::builder()
            .user_agent(concat!("workskedge/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            // The key goes to nobody else.
            .redirect(redirect::Policy::none());
        // A proxy is for other machines, whatever the environment says.
        let client = if is_this_machine(&base) { client.no_proxy() } else { client };
        let client =
            client.build().map_err(|error| Failure::Api(format!("TLS can't be set up: {}", causes(&error))))?;
        Ok(Self { client, base, key, clock: surroundings.clock.clone() })
    }

    /// The same, where a call needs a key.
    pub(crate) fn with_key(self) -> Result<Self, Failure> {
        self.key()?;
        Ok(self)
    }

    /// The key.
    pub(crate) fn key(&self) -> Result<&ApiKey, Failure> {
        self.key.as_ref().ok_or_else(|| {
            Failure::Usage(format!("there is no API key; set {} or name a file with --key-file", secrets::API_KEY))
        })
    }

    /// The deployment's URL, without a slash at its end.
    pub(crate) fn url(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// Makes one call.
    pub(crate) async fn call(&self, call: &Call<'_>) -> Result<Answer, Trouble> {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}", self.base.path().trim_end_matches('/'), call.path));
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let mut request = self.client.request(call.method.clone(), url);
        if let Some(key) = &self.key {
            request = request.header("X-API-Key", key.header());
        }
        if let Some(key) = &call.idempotency_key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(body) = call.body {
            request = request.header("Content-Type", "application/json").body(body.to_string());
        }
        let unanswered = |error: reqwest::Error| {
            Trouble::Passing(format!("{} does not answer: {}", self.url(), causes(&error.without_url())))
        };
        let response = request.send().await.map_err(unanswered)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.map_err(unanswered)?;
        self.judge(status, &headers, &body)
    }

    /// Makes one call. A trouble that may pass ends the command, too.
    pub(crate) async fn once(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        self.call(call).await.map_err(Failure::from)
    }

    fn judge(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Answer, Trouble> {
        let rates = rates(headers);
        let not_json = || format!("{} answers {status} without JSON; is it the address of the API?", self.url());
        if status.is_success() {
            return match serde_json::from_slice(body) {
                Ok(body) => Ok(Answer { body, rates }),
                Err(_) => Err(Trouble::Refused(Box::new(Problem::of(status, not_json())), rates)),
            };
        }
        let problem = serde_json::from_slice(body).unwrap_or_else(|_| Problem::of(status, not_json()));
        let problem = Problem { status: status.as_u16(), ..problem };
        Err(match status.as_u16() {
            429 => Trouble::Limited(retry_after(headers).unwrap_or(LONGEST_PAUSE)),
            408 | 502..=504 => Trouble::Passing(format!("{} answers {status}: {}", self.url(), problem.detail)),
            _ => Trouble::Refused(Box::new(problem), rates),
        })
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl<'a> Call<'a> {
    /// A GET.
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), query: Vec::new(), body: None, idempotency_key: None }
    }

    /// A POST with a JSON body.
    pub(crate) fn post(path: impl Into<String>, body: &'a Value) -> Self {
        Self { method: Method::POST, body: Some(body), ..Self::get(path) }
    }

    /// Adds a parameter to the query.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Sets the header `Idempotency-Key`.
    pub(crate) fn once_for(mut self, key: String) -> Self {
        self.idempotency_key = Some(key);
        self
    }
}

impl Problem {
    fn of(status: StatusCode, detail: String) -> Self {
        Self { status: status.as_u16(), detail, ..Self::default() }
    }

    /// Whether it is about the key and not about this call.
    pub(crate) const fn is_about_the_key(&self) -> bool {
        matches!(self.status, 401 | 403)
    }

    /// What is wrong, in one line: each defect, or else the detail.
    pub(crate) fn reason(&self) -> String {
        if self.errors.is_empty() {
            return self.detail.clone();
        }
        let defects: Vec<String> = self.errors.iter().map(Defect::sentence).collect();
        defects.join("; ")
    }
}

impl Defect {
    /// `title is required`.
    pub(crate) fn sentence(&self) -> String {
        format!("{} {}", self.field, self.message)
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Passing(sentence) => Self::Api(sentence),
            Trouble::Limited(wait) => {
                Self::Api(format!("the key has used up its calls; there are more in {} seconds", wait.as_secs()))
            }
            Trouble::Refused(problem, _) if problem.status == 401 => Self::Api(
                "the API refuses the key: it is unknown, revoked, expired, or of another deployment".to_owned(),
            ),
            Trouble::Refused(problem, _) if problem.status == 403 => Self::Api(problem.detail),
            Trouble::Refused(problem, _) if problem.status >= 500 => Self::Api(problem.detail),
            Trouble::Refused(problem, _) => Self::Impossible(problem.reason()),
        }
    }
}

/// The pause before the try after `failures` that have failed: 1, 2, 4, ... seconds, at most 30.
pub(crate) fn backoff(failures: u32) -> Duration {
    let doubled = 2_u64.saturating_pow(failures.saturating_sub(1));
    Duration::from_secs(doubled).min(LONGEST_PAUSE)
}

/// The deployment's URL. The key is not sent unencrypted over a network, unless that is asked for.
fn base_url(text: &str, plain_http: bool) -> Result<Url, Failure> {
    let wrong = |why: &str| Failure::Usage(format!("the URL of the deployment {why}"));
    let url = Url::parse(text).map_err(|_| wrong("must be one such as https://webhooks.example.com"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wrong("must begin with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("must not contain a user name, a query or a fragment"));
    }
    if url.scheme() == "http" && !is_this_machine(&url) && !plain_http {
        return Err(wrong("must begin with https://, or the key could be read on its way; --plain-http allows it"));
    }
    Ok(url)
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn rates(headers: &HeaderMap) -> Rates {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Rates::read(text("ratelimit"), text("ratelimit-policy"))
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER).map(HeaderValue::to_str)?.ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// An error with its causes: the last one says what happened.
fn causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut texts: Vec<String> = causes.map(ToString::to_string).collect();
    texts.dedup();
    texts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_goes_over_https_or_stays_on_this_machine() {
        for good in
            ["https://webhooks.example.com", "http://127.0.0.1:3000", "http://localhost:3000/", "http://[::1]:1"]
        {
            assert!(base_url(good, false).is_ok(), "{good}");
        }
        for bad in ["webhooks.example.com", "http://webhooks.example.com", "http://10.0.0.1", "ftp://localhost"] {
            assert!(base_url(bad, false).is_err(), "{bad}");
        }
        assert!(base_url("http://10.0.0.1:3000", true).is_ok());
        assert!(base_url("https://user:secret@webhooks.example.com", true).is_err());
    }

    #[test]
    fn pauses_grow_to_half_a_minute() {
        assert_eq!([1, 2, 3, 5, 6, 99].map(|failures| backoff(failures).as_secs()), [1, 2, 4, 16, 30, 30]);
    }
}
