//! `Idempotency-Key`: a request that is repeated gets the answer to the first, `docs/contract.md#idempotency-key`.

use domain::defect::DefectCode;
use domain::json;
use jiff::Timestamp;
use lambda_http::Request;
use lambda_http::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::StoreError;
use store::idempotency::{Claim, Idempotency};
use store::seal::Sealer;
use telemetry::causes::causes;

use super::answer::Reply;
use super::caller::Caller;
use crate::problem::{Problem, ProblemCode};

const MAX_KEY: usize = 128;

/// Keeps the answers to requests with an idempotency key, and gives them again.
#[derive(Debug)]
pub(super) struct IdempotencyGuard {
    store: Idempotency,
    sealer: Option<Sealer>,
}

/// What the idempotency key of a request says.
pub(super) enum Status {
    /// There is none: do the work.
    NoKey,
    /// It is new, and claimed for this request: do the work, then [`IdempotencyGuard::settle`].
    Claimed(Claimed),
    /// The first request with it was answered like this.
    Answered(Reply),
}

/// A key that is claimed for one request.
pub(super) struct Claimed {
    key: String,
    /// That request's id.
    owner: String,
}

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    body: String,
    location: Option<String>,
}

impl IdempotencyGuard {
    pub(super) fn new(store: Idempotency) -> Self {
        Self { store, sealer: None }
    }

    /// With answers sealed.
    pub(super) fn sealing(self, sealer: Sealer) -> Self {
        Self { sealer: Some(sealer), ..self }
    }

    pub(super) async fn check(&self, request: &Request, caller: &Caller, now: Timestamp) -> Result<Status, Problem> {
        if request.method() != Method::POST {
            return Ok(Status::NoKey);
        }
        let Some(key) = idempotency_key(request.headers())? else { return Ok(Status::NoKey) };
        let (account, path) = (&caller.account.id, request.uri().path());
        let key = match &self.sealer {
            // The answer may hold more than another key or link may see.
            Some(_) => format!("{account}#{path}#{}#{key}", caller.own_name()),
            None => format!("{account}#{path}#{key}"),
        };
        let fingerprint = hex::encode(Sha256::digest(super::body(request)));
        let reused = || {
            let detail = "This Idempotency-Key came with another body before. Use a new key for a new request.";
            Problem::new(ProblemCode::IdempotencyKeyReused, detail)
        };
        match self.store.claim(&key, &caller.request_id, &fingerprint, now).await? {
            Claim::Ours => Ok(Status::Claimed(Claimed { key, owner: caller.request_id.clone() })),
            Claim::Done { fingerprint: first, .. } | Claim::Running { fingerprint: first } if first != fingerprint => {
                Err(reused())
            }
            Claim::Running { .. } => {
                let detail = "The first request with this Idempotency-Key is still running. Send it again in a moment.";
                Err(Problem::new(ProblemCode::IdempotencyKeyInUse, detail))
            }
            Claim::Done { answer, .. } => self.replay(&key, answer).await.map(Status::Answered),
        }
    }

    /// What a dry run has of its key: it must be one, and is left for the call itself.
    pub(super) fn pass_over(request: &Request) -> Result<Status, Problem> {
        idempotency_key(request.headers()).map(|_| Status::NoKey)
    }

    /// Keeps the answer of a request that claimed its key. An error releases the key: what was missing (a parent, for example)
    /// may be there when the same request comes again. So does an answer that asks for a part of the request again.
    pub(super) async fn settle(&self, claimed: &Claimed, outcome: &Result<Reply, Problem>) {
        let Claimed { key, owner } = claimed;
        let done = match outcome {
            Ok(reply) if reply.is_final => self.keep_or_try_again(claimed, &Kept::of(reply)).await,
            Ok(_) | Err(_) => self.store.release(key, owner).await.map_err(Problem::from),
        };
        if let Err(problem) = done {
            // The work is done and answered. Only who repeats it within a minute is told that it is still running.
            let error = problem.cause.as_ref().map(|cause| causes(cause)).unwrap_or_default();
            tracing::warn!(error, "the answer to an Idempotency-Key was not kept");
        }
    }

    /// The work is done: what the SDK's tries could not write is tried once more, since the contract promises this answer
    /// to whoever repeats the request.
    async fn keep_or_try_again(&self, claimed: &Claimed, kept: &Kept) -> Result<(), Problem> {
        match self.keep(claimed, kept).await {
            Err(_) => self.keep(claimed, kept).await,
            kept => kept,
        }
    }

    async fn keep(&self, claimed: &Claimed, kept: &Kept) -> Result<(), Problem> {
        let text = json::write(kept);
        let text = match &self.sealer {
            Some(sealer) => sealer.seal(text.as_bytes(), &claimed.key).await?,
            None => text,
        };
        Ok(self.store.complete(&claimed.key, &claimed.owner, &text).await?)
    }

    async fn replay(&self, key: &str, answer: String) -> Result<Reply, Problem> {
        let text = match &self.sealer {
            Some(sealer) => String::from_utf8(sealer.open(&answer, key).await?).map_err(Problem::internal)?,
            None => answer,
        };
        let kept: Kept = serde_json::from_str(&text).map_err(|error| {
            Problem::internal(StoreError::malformed("idempotency", String::new(), "answer", &error))
        })?;
        let status = StatusCode::from_u16(kept.status).map_err(Problem::internal)?;
        let mut reply = Reply::new(status, &());
        reply.body = kept.body;
        reply.facts.action = Some("replayed");
        if let Some(location) = &kept.location {
            reply = reply.with_header(header::LOCATION, location);
        }
        Ok(reply.with_header(HeaderName::from_static("idempotency-replayed"), "true"))
    }
}

impl Kept {
    fn of(reply: &Reply) -> Self {
        let location = reply.headers.iter().find(|(name, _)| *name == header::LOCATION);
        let location = location.and_then(|(_, value)| value.to_str().ok()).map(str::to_owned);
        Self { status: reply.status.as_u16(), body: reply.body.clone(), location }
    }
}

/// The key: 1 to 128 printable ASCII characters, bare or in quotes, as the draft of the header has it.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    let key = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    if key.is_empty() || key.len() > MAX_KEY || !key.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        let message = "must have 1 to 128 printable ASCII characters";
        return Err(Problem::invalid_field("Idempotency-Key", DefectCode::InvalidFormat, message));
    }
    Ok(Some(key.to_owned()))
}

#[cfg(test)]
mod tests {
    use lambda_http::http::HeaderValue;

    use super::*;

    #[test]
    fn a_key_may_be_quoted_or_bare() {
        let key = |value: &[u8]| {
            let headers = HeaderMap::from_iter([(
                HeaderName::from_static("idempotency-key"),
                HeaderValue::from_bytes(value).unwrap(),
            )]);
            idempotency_key(&headers)
        };
        assert_eq!(key(b"abc").unwrap().unwrap(), "abc");
        assert_eq!(key(b"\"a b\"").unwrap().unwrap(), "a b");
        assert!(
            key(b"\"\"").is_err() && key(b"").is_err() && key(&[b'x'; 129]).is_err() && key("ä".as_bytes()).is_err()
        );
        assert_eq!(idempotency_key(&HeaderMap::new()).unwrap(), None);
    }
}
