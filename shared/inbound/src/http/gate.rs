//! What every call of the API passes, in this order: CloudFront if there is one, API key, rate limit, scope, route, query,
//! idempotency key; then the function's own work.

use std::collections::HashSet;
use std::future::{Future, ready};
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::api_key::Scope;
use domain::audit::Author;
use jiff::Timestamp;
use lambda_http::http::{HeaderValue, Method};
use lambda_http::{Body, Request, Response};
use store::config::{ConfigError, Environment};
use store::rate_windows::RateWindows;
use store::seal::Sealer;
use tracing::{Instrument as _, Span, field};

use super::answer::{Line, Reply};
use super::authentication::{Identity, KnownKeys};
use super::caller::{Admission, Caller};
use super::guard::Guard;
use super::head::{method, without_body_for_head};
use super::idempotency::{IdempotencyGuard, Status};
use super::query::{NO_PARAMETERS, Query, TakesParameters};
use super::rate_limit::Allowance;
use super::refusals::RefusalLog;
use super::visit::{ReadAhead, Visit};
use crate::problem::{Problem, ProblemCode};

/// The most keys that are remembered as used up; when there are more, all are forgotten.
const MAX_USED_UP: usize = 10_000;

/// Authenticates callers and counts their calls.
#[derive(Debug)]
pub struct Gate {
    function: &'static str,
    keys: KnownKeys,
    rates: RateWindows,
    guard: Guard,
    idempotency: IdempotencyGuard,
    refusals: RefusalLog,
    /// Keys whose latest call was refused because it was one too many: nothing is read ahead for them.
    used_up: Mutex<HashSet<String>>,
}

impl Gate {
    /// The gate of the function with this name. Reads `API_KEYS_TABLE`, `IDEMPOTENCY_TABLE`, `REQUESTS_TABLE` and
    /// what [`Guard::from_environment`] does.
    ///
    /// # Errors
    /// When a variable is not set, or can't be used.
    pub fn from_environment(environment: &Environment, function: &'static str) -> Result<Self, ConfigError> {
        Ok(Self {
            function,
            keys: KnownKeys::new(environment.api_keys()?),
            rates: environment.rate_windows()?,
            guard: Guard::from_environment(environment)?,
            idempotency: IdempotencyGuard::new(environment.idempotency()?),
            refusals: RefusalLog::from_environment(environment)?,
            used_up: Mutex::default(),
        })
    }

    /// Seals the answers that are kept under idempotency keys: for a function whose answers hold secrets.
    #[must_use]
    pub fn sealing_answers(self, sealer: Sealer) -> Self {
        Self { idempotency: self.idempotency.sealing(sealer), ..self }
    }

    /// Answers `request`: `find` says which call it is, `work` does it. Never fails: an error is a response, too.
    pub async fn serve<C, W, F>(
        &self,
        request: &Request,
        admission: impl Into<Admission>,
        now: Timestamp,
        find: impl FnOnce() -> Result<C, Problem>,
        work: W,
    ) -> Response<Body>
    where
        C: TakesParameters,
        W: FnOnce(Caller, C, Query) -> F,
        F: Future<Output = Result<Reply, Problem>>,
    {
        let work = |caller, call, query, ()| work(caller, call, query);
        self.serve_ahead(request, admission, now, |_| ready(()), find, work).await
    }

    /// The same with `ahead`, which reads for the account while the call is counted, and hands what it read to `work`. It
    /// must be cheap and write nothing: the call may still be refused, or answered already. For a key that had no calls left
    /// at its latest call it waits until the call is granted.
    pub(crate) async fn serve_ahead<C, T, A, B, W, F>(
        &self,
        request: &Request,
        admission: impl Into<Admission>,
        now: Timestamp,
        ahead: A,
        find: impl FnOnce() -> Result<C, Problem>,
        work: W,
    ) -> Response<Body>
    where
        C: TakesParameters,
        T: ReadAhead,
        A: FnOnce(String) -> B,
        B: Future<Output = T>,
        W: FnOnce(Caller, C, Query, T) -> F,
        F: Future<Output = Result<Reply, Problem>>,
    {
        let Admission { scope, allowance } = admission.into();
        let mut visit = Visit::new(request, allowance, now);
        let span = self.span(&visit);
        let outcome = self.pass(&mut visit, scope, ahead, find, work).instrument(span.clone()).await;
        match &outcome {
            Ok(reply) if reply.refused.is_empty() => {}
            Ok(reply) => self.refusals.keep_parts(&visit, &reply.refused).instrument(span).await,
            Err(problem) => self.refusals.keep(&visit, problem).instrument(span).await,
        }
        self.finish(visit, outcome)
    }

    /// Who makes the changes of this request, for the audit log.
    #[must_use]
    pub fn author(&self, caller: &Caller, request: &Request, now: Timestamp) -> Author {
        let (address, request_id) = (self.guard.address_of(request), Some(caller.request_id.clone()));
        Author { actor: caller.actor(), address, request_id, now }
    }

    /// Answers a request that needs no key and takes no parameters. `answer` must be cheap: only calls that are refused are
    /// counted, against the caller's address.
    pub async fn serve_open(
        &self,
        request: &Request,
        now: Timestamp,
        answer: impl FnOnce() -> Result<Reply, Problem>,
    ) -> Response<Body> {
        let mut visit = Visit::new(request, Allowance::Calls, now);
        if let Err(refusal) = self.guard.admit(request) {
            return self.finish(visit, Err(refusal));
        }
        let outcome = answer().and_then(|reply| Query::of(request, NO_PARAMETERS).map(|_| reply));
        let status = outcome.as_ref().map_or_else(|problem| problem.code.status(), |reply| reply.status);
        let (span, address) = (self.span(&visit), self.guard.address_of(request));
        visit.rate = self.guard.window(address.as_deref(), status, now).instrument(span).await;
        self.finish(visit, outcome)
    }

    /// Its fields are on every line that is logged during the request. The last line has them as fields of its own.
    fn span(&self, visit: &Visit<'_>) -> Span {
        let (request_id, trace_id) = (&visit.request_id, visit.trace.trace_id());
        tracing::info_span!("request", function = self.function, request_id, trace_id, account = field::Empty)
    }

    /// Writes the request's line and makes its response.
    fn finish(&self, visit: Visit<'_>, outcome: Result<Reply, Problem>) -> Response<Body> {
        let Visit { request, request_id, trace, started, caller, rate, is_dry_run, .. } = visit;
        let line = Line {
            function: self.function,
            request_id: &request_id,
            trace_id: &trace.trace_id(),
            account: caller.as_ref().map(|caller| caller.account.id.as_str()),
            key_id: caller.as_ref().map(|caller| caller.key.id.as_str()),
            method: request.method().as_str(),
            path: request.uri().path(),
            is_dry_run,
            started,
        };
        let mut response = match outcome {
            Ok(reply) => {
                line.write(reply.status, Ok(&reply.facts));
                reply.into_response()
            }
            Err(problem) => {
                line.write(problem.code.status(), Err(&problem));
                Problem { is_dry_run, ..problem }.into_response(&request_id)
            }
        };
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert("x-request-id", value);
        }
        if let Some(rate) = rate {
            rate.write_headers(response.headers_mut());
        }
        without_body_for_head(request, response)
    }

    async fn pass<C, T, A, B, W, F>(
        &self,
        visit: &mut Visit<'_>,
        scope: Scope,
        ahead: A,
        find: impl FnOnce() -> Result<C, Problem>,
        work: W,
    ) -> Result<Reply, Problem>
    where
        C: TakesParameters,
        T: ReadAhead,
        A: FnOnce(String) -> B,
        B: Future<Output = T>,
        W: FnOnce(Caller, C, Query, T) -> F,
        F: Future<Output = Result<Reply, Problem>>,
    {
        let (request, now) = (visit.request, visit.now);
        let (caller, read) = self.admit(visit, scope, ahead).await?;
        // Before the idempotency key: an answer is never given again to a request that asks for something else.
        let call = find()?;
        let query = Query::of(request, call.parameters())?;
        visit.is_dry_run = query.is_dry_run();
        let status = if visit.is_dry_run {
            IdempotencyGuard::pass_over(request)?
        } else {
            self.idempotency.check(request, &caller, now).await?
        };
        match status {
            Status::Answered(reply) => Ok(reply),
            Status::NoKey => work(caller, call, query, read).await,
            Status::Claimed(claimed) => {
                let outcome = work(caller, call, query, read).await;
                self.idempotency.settle(&claimed, &outcome).await;
                outcome
            }
        }
    }

    /// The caller, if it has a valid key, calls left and the scope; and what was read ahead for it.
    async fn admit<T, B>(
        &self,
        visit: &mut Visit<'_>,
        scope: Scope,
        ahead: impl FnOnce(String) -> B,
    ) -> Result<(Caller, T), Problem>
    where
        T: ReadAhead,
        B: Future<Output = T>,
    {
        let now = visit.now;
        self.guard.admit(visit.request)?;
        let Some(who) = self.keys.authenticate(visit.request.headers(), now).await? else {
            return Err(self.turn_away(visit).await?);
        };
        let Identity { account, key, link } = who;
        Span::current().record("account", &account.id);
        let caller = Caller { account, key, link, request_id: visit.request_id.clone(), trace: visit.trace };
        visit.caller = Some(caller.clone());
        let (limits, counted) = visit.allowance.of(&caller);
        let take = self.rates.take(&counted, limits, now);
        let reads_ahead = caller.key.allows(scope) && !self.used_up().contains(&counted);
        let (usage, read) = if reads_ahead {
            let (usage, read) = tokio::join!(take, ahead(caller.account.id.clone()));
            visit.subject = read.subject();
            (usage, Ok(read))
        } else {
            (take.await, Err(ahead))
        };
        let rate = visit.allowance.rate(limits, usage?, now);
        visit.rate = Some(rate);
        if let Some(refusal) = rate.refusal("This key") {
            self.remember_used_up(counted);
            return Err(refusal);
        }
        self.used_up().remove(&counted);
        if !caller.key.allows(scope) {
            let detail = format!("This call needs a key with the scope {}.", scope.as_str());
            return Err(Problem::new(ProblemCode::Forbidden, detail));
        }
        if caller.is_read_only() && method(visit.request) != Method::GET {
            return Err(Problem::new(ProblemCode::Forbidden, "This portal link can only look: it makes no changes."));
        }
        let read = match read {
            Ok(read) => read,
            Err(ahead) => ahead(caller.account.id.clone()).await,
        };
        visit.subject = read.subject();
        Ok((caller, read))
    }

    fn remember_used_up(&self, counted: String) {
        let mut used_up = self.used_up();
        if used_up.len() >= MAX_USED_UP {
            used_up.clear();
        }
        used_up.insert(counted);
    }

    fn used_up(&self) -> MutexGuard<'_, HashSet<String>> {
        self.used_up.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same answer for a missing, unknown, revoked and expired key, counted against the address that it came from.
    async fn turn_away(&self, visit: &mut Visit<'_>) -> Result<Problem, Problem> {
        let rate = self.guard.charge(self.guard.address_of(visit.request).as_deref(), visit.now).await?;
        visit.rate = Some(rate);
        Ok(rate.refusal("An address without a valid API key").unwrap_or_else(|| {
            Problem::new(ProblemCode::Unauthorized, "Send a valid API key in the header X-API-Key.")
        }))
    }
}
