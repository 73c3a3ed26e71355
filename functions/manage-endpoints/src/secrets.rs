//! The calls on an endpoint's signing secret, and how it is sealed.

use domain::audit::Action;
use domain::defect::Defects;
use domain::endpoint::{Endpoint, MAX_PREVIOUS_SECRETS, PreviousSecret, SealedSecret, TooMany, secret_context};
use domain::ids;
use domain::signing::SigningSecret;
use inbound::http::Reply;
use inbound::manage;
use inbound::manage::bodies::SECRET_ROTATION;
use inbound::manage::body;
use inbound::manage::body::Form;
use inbound::manage::overlap;
use inbound::problem::{Problem, ProblemCode};
use jiff::Timestamp;
use serde_json::{Map, Value};
use store::StoreError;
use store::seal::SealError;

use crate::Call;
use crate::calls::facts;
use crate::view::SecretView;

impl Call<'_> {
    /// The secret, for its owner: not for who can only look, since whoever has it can send what looks like ours.
    pub(crate) async fn secret(&self, id: &str) -> Result<Reply, Problem> {
        if self.caller.is_read_only() {
            let detail = "This portal link can only look: signing secrets are not shown to it.";
            return Err(Problem::new(ProblemCode::Forbidden, detail));
        }
        let endpoint = self.read(id).await?;
        let secret = self.open(&endpoint).await?;
        let view = SecretView::new(&secret, &endpoint.previous_secrets, self.now);
        Ok(Reply::ok(&view).with_facts(facts("secret_read", id)))
    }

    /// Creates a new secret that signs at once; the previous ones sign too until their overlaps end. Unless the new one
    /// is promoted now, the old one goes on signing `X-Webhook-Signature`, which receivers with a single secret read.
    pub(crate) async fn rotate_secret(&self, id: &str, body: Map<String, Value>) -> Result<Reply, Problem> {
        let mut defects = Defects::default();
        let asked = body::read(&SECRET_ROTATION, body, Form::Change, &mut defects);
        if !defects.is_empty() {
            return Err(Problem::invalid(defects));
        }
        let valid_until = self.now + overlap::of(&asked);
        let later = asked.get("promote").and_then(Value::as_str) != Some("now");
        let secret = SigningSecret::from_bytes(ids::random());
        let sealed = self.seal(&secret, id).await?;
        for _ in 0..manage::MAX_TRIES {
            let seen = self.read(id).await?;
            let mut endpoint = seen.clone();
            let old = std::mem::replace(&mut endpoint.secret, sealed.clone());
            // One that leads already goes on: receivers know it, and perhaps not yet the one that is replaced now.
            let leads = later && endpoint.previous_secrets.lead(self.now) == 0;
            let old = PreviousSecret { sealed: old.sealed, valid_until, leads };
            endpoint.previous_secrets.replace(old, self.now).map_err(too_many)?;
            if !later {
                endpoint.previous_secrets.promote(valid_until);
            }
            self.seal_headers(&mut endpoint, None).await?;
            endpoint.version += 1;
            endpoint.updated_at = self.now;
            if let Some(stored) = self.store(&endpoint, &seen, Action::SecretRotated).await? {
                let view = SecretView::new(&secret, &stored.previous_secrets, self.now);
                return Ok(Reply::ok(&view).with_facts(facts("secret_rotated", id)));
            }
        }
        Err(Problem::contention())
    }

    /// Has the newest secret sign `X-Webhook-Signature` from now on. Writes nothing if it does already.
    pub(crate) async fn promote_secret(&self, id: &str, body: Map<String, Value>) -> Result<Reply, Problem> {
        let mut defects = Defects::default();
        body::read(&[], body, Form::Change, &mut defects);
        if !defects.is_empty() {
            return Err(Problem::invalid(defects));
        }
        for _ in 0..manage::MAX_TRIES {
            let seen = self.read(id).await?;
            let (mut endpoint, waits) = (seen.clone(), seen.previous_secrets.promotes_at(self.now).is_some());
            if waits {
                endpoint.previous_secrets.promote(Timestamp::MAX);
                self.seal_headers(&mut endpoint, None).await?;
                endpoint.version += 1;
                endpoint.updated_at = self.now;
                if self.store(&endpoint, &seen, Action::SecretPromoted).await?.is_none() {
                    continue;
                }
            }
            let secret = self.open(&endpoint).await?;
            let view = SecretView::new(&secret, &endpoint.previous_secrets, self.now);
            let action = if waits { "secret_promoted" } else { "unchanged" };
            return Ok(Reply::ok(&view).with_facts(facts(action, id)));
        }
        Err(Problem::contention())
    }

    /// Stores an endpoint with other secrets than those that were seen; `None` when it was changed meanwhile.
    async fn store(
        &self,
        endpoint: &Endpoint,
        seen: &Endpoint,
        action: Action,
    ) -> Result<Option<Endpoint>, StoreError> {
        self.function.endpoints.update(self.account(), endpoint, seen, None, (action, self.log())).await
    }

    /// Seals `secret` for the caller's endpoint `id`.
    pub(crate) async fn seal(&self, secret: &SigningSecret, id: &str) -> Result<SealedSecret, SealError> {
        let context = secret_context(self.account(), id);
        let sealed = self.function.sealer.seal(secret.expose().as_bytes(), &context).await?;
        Ok(SealedSecret { sealed, hint: secret.hint() })
    }

    /// The secret of the caller's endpoint.
    pub(crate) async fn open(&self, endpoint: &Endpoint) -> Result<SigningSecret, SealError> {
        let context = secret_context(self.account(), &endpoint.id);
        let opened = self.function.sealer.open(&endpoint.secret.sealed, &context).await?;
        let text = String::from_utf8(opened).map_err(|_| SealError::Unopenable)?;
        SigningSecret::parse(text).map_err(|_| SealError::Unopenable)
    }
}

/// 409 until one of the previous secrets has expired.
fn too_many(_: TooMany) -> Problem {
    let detail = format!(
        "The endpoint has {MAX_PREVIOUS_SECRETS} previous secrets that are still valid, the most allowed. Wait until one \
         expires (GET its /secret shows when), or rotate with overlapHours 0.",
    );
    Problem::new(ProblemCode::LimitReached, detail)
}
