//! The gate of every HTTP function: API key, scope, rate limit, repetition; then the function's own work.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use lambda_http::http::{HeaderMap, HeaderValue};
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt, Response};

use super::answer::{Line, Reply};
use super::repeat::{Repeat, Ticket};
use crate::account::Account;
use crate::api_key::{ApiKey, KeyHash, Scope};
use crate::problem::{Problem, ProblemCode};
use crate::rate_limit::{Limits, RateLimit};
use crate::seal::Sealer;
use crate::store::StoreError;
use crate::store::api_keys::ApiKeys;
use crate::store::idempotency::Idempotency;
use crate::store::rate_windows::RateWindows;

/// A warm function knows a key for this long. A revoked key has to be refused within 60 seconds (contract section 9); the
/// rest is for a request that is under way.
const KEY_CACHE_SECONDS: i64 = 55;
/// More keys than this are not remembered.
const KEY_CACHE_ENTRIES: usize = 10_000;

/// Who is calling.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The tenant.
    pub account: Account,
    /// The key that was sent.
    pub key: ApiKey,
    /// `req_` + ULID of this request.
    pub request_id: String,
}

/// Lets callers in.
#[derive(Debug)]
pub struct Gate {
    function: &'static str,
    keys: ApiKeys,
    rates: RateWindows,
    repeat: Repeat,
    known: Mutex<HashMap<KeyHash, Known>>,
}

/// A key that was looked up not long ago.
#[derive(Debug, Clone)]
struct Known {
    key: ApiKey,
    account: Account,
    since: Timestamp,
}

/// What the gate found out about a request, whatever comes of it.
#[derive(Default)]
struct Admission {
    caller: Option<Caller>,
    rate: Option<RateLimit>,
}

impl Gate {
    /// A gate in front of `function`. `answers` seals the answers that are kept for repetitions; a function whose
    /// answers hold secrets needs it.
    #[must_use]
    pub fn new(
        function: &'static str,
        keys: ApiKeys,
        rates: RateWindows,
        idempotency: Idempotency,
        answers: Option<Sealer>,
    ) -> Self {
        let repeat = Repeat::new(idempotency, answers);
        Self { function, keys, rates, repeat, known: Mutex::default() }
    }

    /// Answers `request`: lets the caller in, does `work`, and turns whatever comes of it into a response. Never fails.
    pub async fn serve<W, F>(&self, request: &Request, scope: Scope, now: Timestamp, work: W) -> Response<Body>
    where
        W: FnOnce(Caller) -> F,
        F: Future<Output = Result<Reply, Problem>>,
    {
        let started = Instant::now();
        let request_id = crate::ids::new_id("req_", now);
        let mut admission = Admission::default();
        let outcome = self.pass(request, scope, now, &request_id, &mut admission, work).await;

        self.finish(request, outcome, &admission, &request_id, started, now)
    }

    /// Answers a request that anybody may make: nobody is let in, nothing is counted, and `answer` may cost nothing.
    pub fn serve_open(
        &self,
        request: &Request,
        now: Timestamp,
        answer: impl FnOnce() -> Result<Reply, Problem>,
    ) -> Response<Body> {
        let started = Instant::now();
        let request_id = crate::ids::new_id("req_", now);
        self.finish(request, answer(), &Admission::default(), &request_id, started, now)
    }

    /// The response, with its line in the log.
    fn finish(
        &self,
        request: &Request,
        outcome: Result<Reply, Problem>,
        admission: &Admission,
        request_id: &str,
        started: Instant,
        now: Timestamp,
    ) -> Response<Body> {
        let caller = admission.caller.as_ref();
        let line = Line {
            function: self.function,
            request_id,
            account: caller.map_or("", |caller| &caller.account.id),
            key_id: caller.map_or("", |caller| &caller.key.id),
            method: request.method().as_str(),
            path: &loggable(request.uri().path()),
            started,
            now,
        };
        let mut response = match outcome {
            Ok(reply) => {
                line.write(reply.status, Ok(&reply.facts));
                reply.into_response()
            }
            Err(problem) => {
                line.write(problem.code.status(), Err(&problem));
                problem.into_response(request_id)
            }
        };
        if let Ok(value) = HeaderValue::from_str(request_id) {
            response.headers_mut().insert("x-request-id", value);
        }
        if let Some(rate) = admission.rate {
            rate.write_headers(response.headers_mut());
        }
        response
    }

    async fn pass<W, F>(
        &self,
        request: &Request,
        scope: Scope,
        now: Timestamp,
        request_id: &str,
        admission: &mut Admission,
        work: W,
    ) -> Result<Reply, Problem>
    where
        W: FnOnce(Caller) -> F,
        F: Future<Output = Result<Reply, Problem>>,
    {
        let Some((account, key)) = self.authenticate(request.headers(), now).await? else {
            return Err(self.turn_away(request, now, admission).await?);
        };
        let limits = key.limits();
        let usage = self.rates.take(&key.id, limits, now).await.map_err(|error| unavailable(&error))?;
        let rate = RateLimit::new(limits, usage, now);
        admission.rate = Some(rate);
        let caller = Caller { account, key, request_id: request_id.to_owned() };
        admission.caller = Some(caller.clone());
        if let Some(refusal) = rate.refusal("This key") {
            return Err(refusal);
        }
        if !caller.key.allows(scope) {
            let detail = format!("This call needs a key with the scope {}.", scope.as_str());
            return Err(Problem::new(ProblemCode::Forbidden, detail));
        }
        match self.repeat.check(request, &caller.account.id, request_id, now).await? {
            Ticket::Answered(reply) => Ok(reply),
            Ticket::None => work(caller).await,
            Ticket::Claimed(claimed) => {
                let outcome = work(caller).await;
                self.repeat.settle(&claimed, &outcome).await;
                outcome
            }
        }
    }

    /// The key that was sent, if it is one and works.
    async fn authenticate(&self, headers: &HeaderMap, now: Timestamp) -> Result<Option<(Account, ApiKey)>, Problem> {
        let sent = headers.get("x-api-key").and_then(|value| value.to_str().ok());
        let Some(sent) = sent.filter(|key| key.starts_with("wsk_") && key.len() <= 100) else { return Ok(None) };
        let hash = KeyHash::of(sent);
        let known = match self.remembered(&hash, now) {
            Some(known) => Some(known),
            None => self.look_up(hash, now).await.map_err(|error| unavailable(&error))?,
        };
        Ok(known.filter(|known| !known.key.expired(now)).map(|known| (known.account, known.key)))
    }

    fn remembered(&self, hash: &KeyHash, now: Timestamp) -> Option<Known> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(hash).filter(|known| now.as_second() - known.since.as_second() < KEY_CACHE_SECONDS).cloned()
    }

    async fn look_up(&self, hash: KeyHash, now: Timestamp) -> Result<Option<Known>, StoreError> {
        let Some((key, account)) = self.keys.by_hash(&hash).await? else { return Ok(None) };
        if let Err(error) = self.keys.touch(&account.id, &key.id, now).await {
            tracing::warn!(%error, key_id = key.id, "the last use of a key was not noted");
        }
        let entry = Known { key, account, since: now };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEY_CACHE_ENTRIES {
            known.clear();
        }
        known.insert(hash, entry.clone());
        Ok(Some(entry))
    }

    /// One identical answer for a missing, unknown, revoked or expired key, counted against the address it came from.
    async fn turn_away(
        &self,
        request: &Request,
        now: Timestamp,
        admission: &mut Admission,
    ) -> Result<Problem, Problem> {
        let address = match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
            _ => None,
        };
        let guard = format!("addr#{}", address.as_deref().unwrap_or("unknown"));
        let limits = Limits::default();
        let usage = self.rates.take(&guard, limits, now).await.map_err(|error| unavailable(&error))?;
        let rate = RateLimit::new(limits, usage, now);
        admission.rate = Some(rate);
        Ok(rate.refusal("An address without a valid API key").unwrap_or_else(|| {
            Problem::new(ProblemCode::Unauthorized, "Send a valid API key in the header X-API-Key.")
        }))
    }
}

/// The path without what can only be a secret that was put there by mistake.
fn loggable(path: &str) -> String {
    let secret = |segment: &str| segment.len() > 60 || segment.starts_with("wsk_") || segment.starts_with("whsec_");
    let segments = path.split('/').map(|segment| if secret(segment) { "[redacted]" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

/// 503, with the cause in the log only.
pub(crate) fn unavailable(error: &(dyn std::error::Error + 'static)) -> Problem {
    tracing::error!(error = %error, "a part of the system can't be reached");
    Problem::new(ProblemCode::Unavailable, "Send the same request again in a moment: it is safe to repeat.")
}

/// For functions whose own work fails in the store.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        unavailable(&error)
    }
}

impl From<crate::seal::SealError> for Problem {
    fn from(error: crate::seal::SealError) -> Self {
        unavailable(&error)
    }
}
